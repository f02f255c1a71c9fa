//! What really happened in a run, and what it cost: both are folds over its steps.
//!
//! [`Facts`] are what assumptions are judged on. [`Costs`] are counted as the literature counts
//! them: messages between different nodes, forced and lazy records, message delays on the longest
//! causal chain to a decision, time with locks held, how long clients wait for answers.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::Arc;

use derive_where::derive_where;
use serde::{Deserialize, Serialize};

use super::actor::Command;
use super::cluster::{Link, NodeSet, index};
use super::event::Event;
use super::few::FewMap;
use super::id::Id;
use super::node::Reaction;
use super::observation::{Observed, Tally};
use super::protocol::Protocol;
use super::system::{Effects, Suspicion, System};
use super::time::Time;
use super::world::View;

/// What happened in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Facts {
    pub steps: u64,
    pub delivered: u64,
    pub timeouts: u64,
    /// For each node.
    pub crashes: Vec<u32>,
    pub recoveries: u32,
    /// Messages lost by a fault of the link.
    pub drops: u64,
    /// Messages lost to a cut, or at a node that was down.
    pub lost_to_cuts: u64,
    pub lost_at_down: u64,
    /// Those of the latter that came before their node had started for the first time, where time passes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u64,
    pub duplicates: u64,
    /// Messages delivered before an older one of their link.
    pub reorderings: u64,
    pub cuts: u32,
    pub suspicions: Suspicions,
    /// The largest drift of any clock, in parts per million. Only time can tell: the simulator
    /// sets it.
    pub drift_ppm_max: u32,
    /// Every set of nodes that was up at once, after the starts and after each crash.
    #[serde(skip)]
    up: Vec<u128>,
}

/// How timers that await peers fired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suspicions {
    /// The peers had failed, and the past was quiet.
    #[serde(rename = "true")]
    pub truly: u64,
    /// The peers had failed, but something was still under way.
    pub early: u64,
    /// A peer had not failed.
    #[serde(rename = "false")]
    pub falsely: u64,
}

impl Facts {
    /// The smallest number of nodes of a set that were up at the same time.
    pub fn fewest_up(&self, nodes: NodeSet) -> usize {
        let up = |&bits: &u128| NodeSet::from_bits(bits).intersection(nodes).len();
        self.up.iter().map(up).min().unwrap_or(nodes.len())
    }

    /// Whether no timer fired before its time, and nobody started too late for what it was told: a late start
    /// is a delay.
    pub fn is_synchronous(&self) -> bool {
        self.suspicions.early + self.suspicions.falsely + self.missed == 0
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What a run cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Costs {
    /// Messages sent from one node to another, whatever became of them.
    pub messages: u64,
    /// Forced records, for each node.
    pub forced: Vec<u32>,
    /// Lazy records, for each node.
    pub lazy: Vec<u32>,
    /// Messages on the longest causal chain that ends in a decision.
    pub delays: u32,
    /// Time with locks held, for each node.
    pub locked: Vec<Time>,
    /// How many answers clients got.
    #[serde(default)]
    pub answered: u64,
    /// The longest that one of them waited for that.
    #[serde(default)]
    pub slowest: Time,
}

/// Folds the steps of one run into facts and costs.
#[derive_where(Clone)]
pub struct Ledger<P: Protocol> {
    protocol: Arc<P>,
    /// See [`Rules::time_passes`](super::assumptions::Rules::time_passes).
    time_passes: bool,
    pub facts: Facts,
    pub costs: Costs,
    /// In flight on each link in the order of sending, each with its causal depth: from `src` to
    /// `dst` at `src * nodes + dst`.
    sent: Vec<VecDeque<(P::Msg, u32)>>,
    /// For each node, the messages on the longest causal chain that ends there.
    depth: Vec<u32>,
    /// For each node, what it has locked and since when.
    locks: Vec<FewMap<u64, Time>>,
    /// For each node, since when it has been waiting for an answer.
    asked: Vec<Option<Time>>,
}

impl<P: Protocol> Ledger<P> {
    pub fn new(system: &System<P>) -> Self {
        let nodes = system.cluster.len();
        Ledger {
            protocol: Arc::clone(&system.protocol),
            time_passes: system.rules.time_passes,
            facts: Facts {
                crashes: vec![0; nodes],
                ..Facts::default()
            },
            costs: Costs {
                forced: vec![0; nodes],
                lazy: vec![0; nodes],
                locked: vec![Time::ZERO; nodes],
                ..Costs::default()
            },
            sent: (0..nodes * nodes).map(|_| VecDeque::new()).collect(),
            depth: vec![0; nodes],
            locks: vec![FewMap::new(); nodes],
            asked: vec![None; nodes],
        }
    }

    /// Notes what a timer that is about to fire says of its peers.
    pub fn suspect(&mut self, suspicion: Suspicion) {
        let suspicions = &mut self.facts.suspicions;
        match suspicion {
            Suspicion::Free => {}
            Suspicion::True => suspicions.truly += 1,
            Suspicion::Early => suspicions.early += 1,
            Suspicion::False => suspicions.falsely += 1,
        }
    }

    /// Notes a step: the event, what it did, and the world after it.
    pub fn note<R: Deref<Target = Reaction<P>>>(
        &mut self,
        now: Time,
        event: &Event<P>,
        effects: &Effects<P, R>,
        after: &impl View<P>,
    ) {
        self.facts.steps += 1;
        self.note_event(event, effects.lost_at_down);
        for lost in &effects.lost {
            self.facts.lost_to_cuts += 1;
            self.take(lost.link(), &lost.msg);
        }
        if let Some((id, reaction)) = &effects.reaction {
            self.react(now, *id, reaction, effects);
        }
        if let (Event::Crash(_) | Event::CrashInside { .. }, Some(id)) = (event, event.node()) {
            self.unlock_all(id, now);
            self.note_up(after);
        }
    }

    /// Notes who is up: after the starts, and after each crash.
    pub fn note_up(&mut self, world: &impl View<P>) {
        let up = world.up().bits();
        if !self.facts.up.contains(&up) {
            self.facts.up.push(up);
        }
    }

    /// Notes the first start of a node.
    pub fn note_start<R: Deref<Target = Reaction<P>>>(&mut self, effects: &Effects<P, R>) {
        if let Some((id, reaction)) = &effects.reaction {
            self.react(Time::ZERO, *id, reaction, effects);
        }
    }

    /// What all of it comes to. The locks still held count until the end of the run.
    pub fn close(mut self, now: Time) -> (Facts, Costs) {
        for id in (0..self.locks.len()).map(Id::from) {
            self.unlock_all(id, now);
        }
        (self.facts, self.costs)
    }

    fn note_event(&mut self, event: &Event<P>, lost_at_down: bool) {
        let facts = &mut self.facts;
        match event {
            Event::CrashInside { event, .. } => {
                self.note_event(event, lost_at_down);
                let id = event.node().expect("a handler belongs to a node");
                self.facts.crashes[index(id)] += 1;
            }
            Event::Deliver(e) => {
                if lost_at_down {
                    facts.lost_at_down += 1;
                    let never_crashed = facts.crashes[index(e.dst)] == 0;
                    facts.missed += u64::from(self.time_passes && never_crashed);
                } else {
                    facts.delivered += 1;
                }
                let Some((behind, depth)) = self.take(e.link(), &e.msg) else {
                    // A network that never forgets delivered it before.
                    self.facts.duplicates += 1;
                    return;
                };
                if behind > 0 && !lost_at_down {
                    self.facts.reorderings += 1;
                }
                let at = &mut self.depth[index(e.dst)];
                *at = (*at).max(depth);
            }
            Event::Drop(e) => {
                facts.drops += 1;
                self.take(e.link(), &e.msg);
            }
            Event::Duplicate(e) => {
                facts.duplicates += 1;
                let queue = self.queue(e.link());
                if let Some(at) = queue.iter().position(|(m, _)| *m == e.msg) {
                    let copy = queue[at].clone();
                    queue.insert(at, copy);
                }
            }
            Event::Timeout { .. } => facts.timeouts += 1,
            Event::Crash(id) => facts.crashes[index(*id)] += 1,
            Event::Cut(_) => facts.cuts += 1,
            // A node that joins was never down by a fault.
            Event::Recover(id) if facts.crashes[index(*id)] > 0 => facts.recoveries += 1,
            Event::Recover(_) | Event::Choose { .. } | Event::Heal(_) => {}
        }
    }

    fn queue(&mut self, link: Link) -> &mut VecDeque<(P::Msg, u32)> {
        let nodes = self.depth.len();
        &mut self.sent[index(link.src) * nodes + index(link.dst)]
    }

    /// Takes a message out of the order of sending: how many older ones it left behind, and its
    /// causal depth.
    fn take(&mut self, link: Link, msg: &P::Msg) -> Option<(usize, u32)> {
        let queue = self.queue(link);
        let at = queue.iter().position(|(m, _)| m == msg)?;
        // Nearly always it is the oldest.
        let taken = if at == 0 {
            queue.pop_front()
        } else {
            queue.remove(at)
        };
        Some((at, taken?.1))
    }

    fn react<R: Deref<Target = Reaction<P>>>(
        &mut self,
        now: Time,
        id: Id,
        reaction: &Reaction<P>,
        effects: &Effects<P, R>,
    ) {
        let at = index(id);
        let mut unsent = effects.unsent.iter().peekable();
        let mut nth = 0;
        for command in &reaction.commands {
            match command {
                Command::Send(dst, msg) => {
                    let lost = unsent.next_if(|(n, _)| *n == nth);
                    nth += 1;
                    if *dst != id {
                        self.costs.messages += 1;
                    }
                    match lost {
                        Some((_, super::network::Fate::Cut)) => self.facts.lost_to_cuts += 1,
                        Some(_) => {}
                        None => {
                            let hop = u32::from(*dst != id);
                            let depth = self.depth[at] + hop;
                            let link = Link::new(id, *dst);
                            self.queue(link).push_back((msg.clone(), depth));
                        }
                    }
                }
                Command::Save { forced: true, .. } => self.costs.forced[at] += 1,
                Command::Save { forced: false, .. } => self.costs.lazy[at] += 1,
                _ => {}
            }
        }
        for observation in &reaction.observations {
            match observation.tally(&self.protocol) {
                Some(Tally::Locked(subject)) => {
                    self.locks[at].of_or(subject, || now);
                }
                Some(Tally::Released(subject)) => {
                    if let Some(since) = self.locks[at].remove(&subject) {
                        self.costs.locked[at].0 += now.0.saturating_sub(since.0);
                    }
                }
                Some(Tally::Decided) => {
                    self.costs.delays = self.costs.delays.max(self.depth[at]);
                }
                Some(Tally::Asked) => self.asked[at] = Some(now),
                Some(Tally::Answered) => {
                    if let Some(since) = self.asked[at].take() {
                        self.costs.answered += 1;
                        let waited = Time(now.0.saturating_sub(since.0));
                        self.costs.slowest = self.costs.slowest.max(waited);
                    }
                }
                None => {}
            }
        }
    }

    /// A node that is down holds no locks; it takes them again when it recovers. (Time goes back in a
    /// trace that was damaged; whoever replays it is told so elsewhere.)
    fn unlock_all(&mut self, id: Id, now: Time) {
        for (_, since) in std::mem::take(&mut self.locks[index(id)]) {
            self.costs.locked[index(id)].0 += now.0.saturating_sub(since.0);
        }
    }
}
