//! A caller asks its peers in rounds, and asks again when an answer fails to come. Small, but with
//! everything that a simulator has to deal with: storage, timers set, put off and cancelled,
//! choices, messages to itself, and nodes that do nothing but wait.

use jury::model::{
    Actor, Answer, BadParameter, Cluster, Expectation, Id, NodeSet, Observation, Out, Predicate,
    Property, Protocol, Reason, Start, Step, TimerRange, Value, View,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Params {
    pub peers: usize,
    pub rounds: u64,
    pub idlers: usize,
    /// Whether peers choose something when they start.
    pub choices: bool,
    /// Whether the caller keeps to itself that a round is completed. (Its audit finds that.)
    #[serde(default)]
    pub silent: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            peers: 3,
            rounds: 10,
            idlers: 0,
            choices: false,
            silent: false,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Rounds(pub Params);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    Ask(u64),
    Answer(u64),
    /// From the caller to itself: all have answered.
    Next,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    Resend,
    Idle,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Caller { round: u64, missing: NodeBits },
    Peer { round: u64, mood: u8 },
    Idler,
}

/// A [`NodeSet`] as plain data.
pub type NodeBits = u128;

const RESEND: TimerRange = TimerRange::millis(50, 100);
const IDLE: TimerRange = TimerRange::millis(150, 300);

impl Rounds {
    fn peers(&self) -> NodeSet {
        NodeSet::first(self.0.peers + 1).without(Id::from(0))
    }

    fn is_peer(&self, id: Id) -> bool {
        self.peers().contains(id)
    }

    fn ask(&self, round: u64, out: &mut Out<Self>) -> State {
        if round > self.0.rounds {
            out.cancel_timer(Timer::Resend);
            return State::Caller { round, missing: 0 };
        }
        for peer in self.peers().iter() {
            out.send(peer, Msg::Ask(round));
        }
        out.set_timer(Timer::Resend, RESEND);
        let missing = self.peers().bits();
        State::Caller { round, missing }
    }
}

impl Actor for Rounds {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = u64;
    type Choice = u8;
    type Observation = Observation;

    fn on_start(&self, id: Id, start: Start<'_, u64>, out: &mut Out<Self>) -> State {
        let round = start.storage().copied().unwrap_or(0);
        if id == Id::from(0) {
            out.set_timer(Timer::Resend, RESEND);
            let missing = self.peers().bits();
            let round = round + 1;
            State::Caller { round, missing }
        } else if self.is_peer(id) {
            if self.0.choices {
                out.choose("mood", vec![1, 2, 3]);
            }
            State::Peer { round, mood: 0 }
        } else {
            out.set_timer(Timer::Idle, IDLE);
            State::Idler
        }
    }

    fn on_message(&self, _: Id, state: &mut State, src: Id, msg: Msg, out: &mut Out<Self>) {
        match (&*state, msg) {
            (State::Peer { round, mood }, Msg::Ask(asked)) => {
                if asked > *round {
                    out.save(asked);
                    let mood = *mood;
                    *state = State::Peer { round: asked, mood };
                }
                out.send(src, Msg::Answer(asked));
            }
            (State::Caller { round, missing }, Msg::Answer(answered)) if answered == *round => {
                let left = NodeSet::from_bits(*missing).without(src);
                if left.is_empty() && *missing != 0 {
                    let (subject, value) = (*round, Value::Number(*round));
                    if !self.0.silent {
                        out.observe(Observation::Decided { subject, value });
                    }
                    out.save(*round);
                    out.send(Id::from(0), Msg::Next);
                }
                let (round, missing) = (*round, left.bits());
                *state = State::Caller { round, missing };
            }
            (State::Caller { round, .. }, Msg::Next) => {
                *state = self.ask(round + 1, out);
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut State, timer: &Timer, out: &mut Out<Self>) {
        match (&*state, timer) {
            (State::Caller { round, missing }, Timer::Resend) => {
                for peer in NodeSet::from_bits(*missing).iter() {
                    out.send(peer, Msg::Ask(*round));
                }
                out.set_timer(Timer::Resend, RESEND);
            }
            _ => out.set_timer(Timer::Idle, IDLE),
        }
    }

    fn on_choice(&self, _: Id, state: &mut State, random: &u8, _: &mut Out<Self>) {
        if let State::Peer { round, .. } = *state {
            let mood = *random;
            *state = State::Peer { round, mood };
        }
    }
}

impl Protocol for Rounds {
    const NAME: &'static str = "rounds";
    const ABOUT: &'static str = "A caller asks its peers in rounds.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = Params;
    /// The rounds that were completed.
    type History = Vec<u64>;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        Ok(Rounds(params.clone()))
    }

    fn cluster(&self) -> Cluster {
        let peers = (1..=self.0.peers).map(|i| (format!("P{i}"), "peer"));
        let idlers = (1..=self.0.idlers).map(|i| (format!("I{i}"), "idler"));
        let caller = std::iter::once(("C".to_owned(), "caller"));
        Cluster::new(caller.chain(peers).chain(idlers))
    }

    /// The round that the caller has on its disk is completed.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Observation> {
        let recorded = step.newly(|_, storage| storage.copied().filter(|_| step.id == Id::from(0)));
        recorded.map(|subject| Observation::Decided {
            subject,
            value: Value::Number(subject),
        })
    }

    fn record(&self, history: &mut Vec<u64>, _: Id, observation: &Observation) {
        if let Observation::Decided { subject, .. } = observation {
            // One entry is enough to see that rounds come in order.
            history.clear();
            history.push(*subject);
        }
    }

    fn awaits(&self, _: Id, state: &State, _: &Timer) -> NodeSet {
        match state {
            State::Caller { missing, .. } => NodeSet::from_bits(*missing),
            _ => NodeSet::EMPTY,
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let always = |name, predicate| Property {
            name,
            about: "",
            citation: "",
            premise: vec![],
            assumes: Vec::new(),
            expectation: Expectation::Always(predicate),
        };
        vec![
            always("bounded", Predicate::History(bounded)),
            always("answered", Predicate::World(answered)),
        ]
    }
}

// The signature is that of a predicate over the history.
#[allow(clippy::ptr_arg)]
fn bounded(rounds: &Rounds, history: &Vec<u64>) -> Answer {
    match history.last() {
        Some(&round) if round > rounds.0.rounds => Err(Reason::new(
            NodeSet::EMPTY,
            format!("round {round} took place"),
        )),
        _ => Ok(()),
    }
}

/// No peer is ahead of the caller's last round by more than one.
fn answered(rounds: &Rounds, world: &dyn View<Rounds>) -> Answer {
    let done = world.node(Id::from(0)).storage().copied().unwrap_or(0);
    let ahead = |id: &Id| world.node(*id).storage().is_some_and(|&r| r > done + 1);
    match rounds.peers().iter().find(ahead) {
        Some(id) => Err(Reason::new(NodeSet::only(id), "a peer is ahead")),
        None => Ok(()),
    }
}
