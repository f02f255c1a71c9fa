//! What a run came to see: abstract states, arms of handlers, goals.

use crate::model::arms::Arm;
use crate::model::cluster::index;
use crate::model::{
    Cluster, Event, Few, Id, Input, Predicate, Property, Protocol, Sense, StartEffects, System,
    View, World,
};
use crate::run::{Moment, Witness};
use crate::sim::kind;

/// What a run came to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The abstract states, by number, in order. Of each node such a state has how its status begins, up to the
    /// first number or mark: *leader of term*, *down*.
    pub states: Vec<u64>,
    /// The arms that ran: of which role, and what it was told.
    pub arms: Few<(&'static str, Arm)>,
    /// The goals, and what is to be reachable, that were reached: by property.
    pub goals: Few<&'static str>,
}

/// What there is to be seen of a scenario, whoever looks.
#[derive(Clone, Debug, Default)]
pub struct Sights {
    /// The nodes, by name.
    pub nodes: Vec<String>,
    /// What each role is meant to be told.
    pub arms: Vec<(&'static str, Arm)>,
    /// The properties that have a goal, or ask for something that can be reached.
    pub goals: Vec<&'static str>,
}

/// Watches a run for what it comes to see.
pub struct Lookout<P: Protocol> {
    /// For each node what its status begins with, by number.
    nodes: Vec<u64>,
    seen: Seen,
    /// For each node and for messages and timers, the kinds that are known.
    heard: Vec<[KindSet; 2]>,
    /// What is to be reachable and was not reached yet.
    wanted: Vec<(&'static str, Predicate<P>)>,
}

/// A set of kinds.
type KindSet = [u64; 4];

impl<P: Protocol> Lookout<P> {
    pub fn new(cluster: &Cluster, properties: &[Property<P>]) -> Self {
        let to_reach = |p: &&Property<P>| p.expectation.sense() == Sense::Reachable;
        let wanted = properties.iter().filter(to_reach);
        let wanted = wanted.map(|p| (p.name, p.expectation.predicate().clone()));
        Lookout {
            nodes: vec![0; cluster.len()],
            seen: Seen::default(),
            heard: vec![[[0; 4]; 2]; cluster.len()],
            wanted: wanted.collect(),
        }
    }

    /// What was seen, at the end of a run.
    pub fn finish(
        mut self,
        system: &System<P>,
        properties: &[Property<P>],
        world: &World<P>,
    ) -> Seen {
        self.look_for_goals(system, world);
        for property in properties {
            let goal = property.expectation.goal();
            if goal.is_some_and(|goal| goal.ask(&system.protocol, world).is_ok()) {
                self.seen.goals.insert(property.name);
            }
        }
        tidy(&mut self.seen.states);
        self.seen
    }

    fn look_at(&mut self, system: &System<P>, world: &World<P>, ids: impl Iterator<Item = Id>) {
        for id in ids {
            self.nodes[index(id)] = stands(&system.protocol.status(world.node(id)));
        }
        let state = together(&self.nodes);
        let states = &mut self.seen.states;
        if states.last() != Some(&state) {
            states.push(state);
        }
        // Most runs go to and fro between a few.
        if states.len().is_multiple_of(1 << 12) {
            tidy(states);
        }
    }

    fn look_for_goals(&mut self, system: &System<P>, world: &World<P>) {
        let goals = &mut self.seen.goals;
        self.wanted.retain(|(name, wanted)| {
            let is_reached = wanted.ask(&system.protocol, world).is_ok();
            if is_reached {
                goals.insert(name);
            }
            !is_reached
        });
    }

    fn hear(&mut self, cluster: &Cluster, id: Id, input: Input<'_, P>) {
        let (nth, kind) = match input {
            Input::Message { msg, .. } => (0, kind(msg)),
            Input::Timeout(timer) => (1, kind(timer)),
            Input::Start | Input::Choice { .. } => return,
        };
        let known = &mut self.heard[index(id)][nth][usize::from(kind / 64)];
        let bit = 1 << (kind % 64);
        if *known & bit == 0 {
            *known |= bit;
            let role = cluster.role(id);
            self.seen.arms.extend(Arm::of(input).map(|arm| (role, arm)));
        }
    }
}

impl<P: Protocol> Witness<P> for Lookout<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, _: &[StartEffects<P>]) {
        self.look_at(system, world, system.cluster.ids());
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        let Moment { system, world, .. } = moment;
        let inner = match moment.event {
            Event::CrashInside { event, .. } => event,
            event => event,
        };
        let reaction = moment.effects.reaction.as_ref();
        if let (Some((id, input)), Some(_)) = (inner.input(), reaction) {
            self.hear(&system.cluster, id, input);
        }
        if !self.wanted.is_empty() && reaction.is_some_and(|(_, r)| !r.observations.is_empty()) {
            self.look_for_goals(system, world);
        }
        // A node that crashes does not react.
        let changed = reaction.is_none_or(|(_, r)| r.changed || r.crashed);
        if let Some(id) = moment.event.node().filter(|_| changed) {
            self.look_at(system, world, std::iter::once(id));
        }
    }
}

/// The abstract state of a world.
pub fn abstract_state<P: Protocol>(system: &System<P>, world: &dyn View<P>) -> u64 {
    let ids = system.cluster.ids();
    let nodes = ids.map(|id| stands(&system.protocol.status(world.node(id))));
    together(&nodes.collect::<Vec<u64>>())
}

/// In order, and each once.
pub fn tidy(states: &mut Vec<u64>) {
    states.sort_unstable();
    states.dedup();
}

/// FNV-1a, 64 bits: where it begins, and a step of it.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// The number of how a status begins: of its words in front of the first with a number in it, or behind which there
/// is more than a space.
fn stands(status: &str) -> u64 {
    let is_plain = |word: &&str| word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let words = status.split(' ').take_while(is_plain);
    words.fold(FNV, |hash, word| word.bytes().chain([b' ']).fold(hash, fnv))
}

fn together(nodes: &[u64]) -> u64 {
    let bytes = nodes.iter().flat_map(|node| node.to_le_bytes());
    bytes.fold(FNV, fnv)
}

#[cfg(test)]
mod tests {
    use super::{stands, together};

    #[test]
    fn a_status_begins_alike_whatever_numbers_and_details_follow() {
        let leader = stands("leader of term 3, [1:a1], 1 committed");
        assert_eq!(leader, stands("leader of term 12, [], 0 committed"));
        assert_ne!(leader, stands("candidate of term 3, [], 0 committed"));
        assert_eq!(stands("down"), stands("down (prepared)"));
    }

    #[test]
    fn it_matters_who_stands_where() {
        let (a, b) = (stands("leader"), stands("follower"));
        assert_ne!(together(&[a, b]), together(&[b, a]));
    }
}
