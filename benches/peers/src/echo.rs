//! The client and the servers, as Jury's handlers.
//!
//! Where nothing fails the client goes on from reply to reply, as it does under the peers. Where something may, it
//! keeps a window that begins at the first request without an answer, writes down where that is, and asks again
//! for what is missing when its window has not moved for some time.

use jury::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::workload::{Echo, Tally, server};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Params {
    #[schemars(skip)]
    pub echo: Echo,
    /// Whether it asks again for what is missing.
    pub asks_again: bool,
}

impl Default for Params {
    fn default() -> Self {
        let echo = Echo {
            window: 1,
            requests: 1,
        };
        let asks_again = false;
        Params { echo, asks_again }
    }
}

#[derive(Clone, Debug)]
pub struct Echoes(Params);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    Request(u64),
    Reply(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    Resend,
}

/// Longer than a request and its reply ever take.
const PATIENCE: TimerRange = TimerRange::millis(21, 40);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Client {
        /// The requests below this were asked.
        asked: u64,
        tally: Tally,
    },
    CarefulClient {
        asked: u64,
        /// All below this are answered; it is on the disk.
        done: u64,
        got: Numbers,
    },
    Server {
        /// The requests that it has seen are below this.
        seen: u64,
    },
}

/// The numbers of a window that begins somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Numbers([u64; 16]);

impl Numbers {
    /// As many as it has room for.
    const MAX: u64 = 16 * 64;

    fn place(number: u64) -> (usize, u64) {
        let place = number % Self::MAX;
        let word = usize::try_from(place / 64).expect("below 16");
        (word, 1 << (place % 64))
    }

    fn contains(&self, number: u64) -> bool {
        let (word, bit) = Self::place(number);
        self.0[word] & bit != 0
    }

    fn insert(&mut self, number: u64) {
        let (word, bit) = Self::place(number);
        self.0[word] |= bit;
    }

    fn remove(&mut self, number: u64) -> bool {
        let was_there = self.contains(number);
        let (word, bit) = Self::place(number);
        self.0[word] &= !bit;
        was_there
    }
}

fn client() -> Id {
    Id::from(0)
}

/// The requests below this are answered, as the client knows.
pub fn done(world: &impl View<Echoes>) -> u64 {
    match world.state(client()) {
        Some(State::Client { tally, .. }) => tally.echoes,
        Some(State::CarefulClient { done, .. }) => *done,
        _ => 0,
    }
}

pub fn tally(world: &impl View<Echoes>) -> Tally {
    match world.state(client()) {
        Some(State::Client { tally, .. }) => *tally,
        state => panic!("no client that counts: {state:?}"),
    }
}

impl Echoes {
    fn ask(number: u64, o: &mut Out<Self>) {
        o.send(Id::from(1 + server(number)), Msg::Request(number));
    }

    /// The end of a window that begins here.
    fn window_end(&self, begin: u64) -> u64 {
        let Echo { window, requests } = self.0.echo;
        (begin + window).min(requests)
    }

    /// The reply that the window began with has come: it moves on.
    fn move_on(&self, asked: &mut u64, done: &mut u64, got: &mut Numbers, o: &mut Out<Self>) {
        while got.remove(*done) {
            *done += 1;
        }
        o.observe(Observation::Returned {
            subject: *done,
            value: Value::Number(*done),
        });
        o.save(*done);
        let end = self.window_end(*done);
        for number in *asked..end {
            Self::ask(number, o);
        }
        *asked = end;
        o.set_timer(Timer::Resend, PATIENCE);
    }
}

impl Actor for Echoes {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = u64;
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, start: Start<'_, u64>, o: &mut Out<Self>) -> State {
        if id != client() {
            return State::Server { seen: 0 };
        }
        let done = start.storage().copied().unwrap_or(0);
        let asked = self.window_end(done);
        for number in done..asked {
            Self::ask(number, o);
        }
        if self.0.asks_again {
            o.set_timer(Timer::Resend, PATIENCE);
            let got = Numbers::default();
            State::CarefulClient { asked, done, got }
        } else {
            let tally = Tally::default();
            State::Client { asked, tally }
        }
    }

    fn on_message(&self, _: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (state, msg) {
            (State::Server { seen }, Msg::Request(number)) => {
                *seen = number.max(*seen) + u64::from(number >= *seen);
                o.send(src, Msg::Reply(number));
            }
            (State::Client { asked, tally }, Msg::Reply(number)) => {
                tally.take(number);
                o.observe(Observation::Returned {
                    subject: number,
                    value: Value::Number(number),
                });
                if let Some(next) = self.0.echo.after(number) {
                    *asked = (*asked).max(next + 1);
                    Self::ask(next, o);
                }
            }
            (State::CarefulClient { asked, done, got }, Msg::Reply(number))
                if (*done..*asked).contains(&number) =>
            {
                got.insert(number);
                if number == *done {
                    self.move_on(asked, done, got, o);
                }
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut State, _: &Timer, o: &mut Out<Self>) {
        if let State::CarefulClient { asked, done, got } = state {
            for number in (*done..*asked).filter(|number| !got.contains(*number)) {
                Self::ask(number, o);
            }
            o.set_timer(Timer::Resend, PATIENCE);
        }
    }
}

impl Protocol for Echoes {
    const NAME: &'static str = "echo";
    const ABOUT: &'static str = "A client asks two servers, which send back what they were asked.";
    type Params = Params;
    /// The largest answer that was observed.
    type History = u64;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        assert!(params.echo.window <= Numbers::MAX);
        Ok(Echoes(params.clone()))
    }

    fn cluster(&self) -> Cluster {
        Cluster::new([("C", "client"), ("S1", "server"), ("S2", "server")])
    }

    fn record(&self, answered: &mut u64, _: Id, observation: &Observation) {
        if let Observation::Returned { subject, .. } = observation {
            *answered = (*answered).max(*subject);
        }
    }

    /// What the client has on its disk was answered.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Observation> {
        let recorded = step.newly(|_, storage| storage.copied());
        recorded.map(|subject| Observation::Returned {
            subject,
            value: Value::Number(subject),
        })
    }

    fn awaits(&self, _: Id, _: &State, _: &Timer) -> NodeSet {
        NodeSet::first(3).without(client())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let bounded = Predicate::History(|echoes: &Echoes, answered: &u64| {
            let most = echoes.0.echo.requests;
            let text = || format!("{answered} was answered");
            Reason::unless(*answered <= most, NodeSet::only(client()), text)
        });
        vec![
            Property::always(
                "asked-before-seen",
                "",
                "",
                Predicate::World(asked_before_seen),
            ),
            Property::always("bounded", "", "", bounded),
            Property::always(
                "never-back",
                "",
                "",
                Predicate::Step("never-back", never_back),
            ),
        ]
    }
}

/// No server has seen what was not asked.
fn asked_before_seen(echoes: &Echoes, world: &dyn View<Echoes>) -> Answer {
    let node = world.node(client());
    let asked = match node.state() {
        Some(State::Client { asked, .. } | State::CarefulClient { asked, .. }) => *asked,
        _ => echoes.window_end(node.storage().copied().unwrap_or(0)),
    };
    for server in [1, 2].map(Id::from) {
        if let Some(State::Server { seen }) = world.node(server).state()
            && *seen > asked
        {
            let text = format!("it has seen request {}", seen - 1);
            return Err(Reason::new(NodeSet::only(server), text));
        }
    }
    Ok(())
}

fn never_back(_: &Echoes, step: &Step<'_, Echoes>) -> StepAnswer {
    let done = |state: &State| match state {
        State::Client { tally, .. } => tally.echoes,
        State::CarefulClient { done, .. } => *done,
        State::Server { seen } => *seen,
    };
    match step.states() {
        Some((before, after)) if done(after) < done(before) => Err("went back".to_owned()),
        _ => Ok(()),
    }
}
