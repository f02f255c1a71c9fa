//! The course of one run: what is to come, and what comes next.
//!
//! A [`Course`] knows messages and timers by number and choices by their node, so it is compiled once and not
//! once for each protocol; what the numbers mean is known to the [`Simulator`](super::Simulator). It reads the world
//! through a [`Scene`].

mod agenda;
mod chance;
mod choose;
mod clock;
mod follow;
mod in_flight;
mod latency;
mod nemesis;
mod notes;
mod plan;
mod strike;
mod timers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;

pub use chance::{Chance, Drawn, Keyed, Purpose, below, kind};
pub use plan::Deed;

use super::setup::{Latency, NodeSetup, Ratio, Setup};
use super::{End, STEPS_AT_ONCE_MAX};
use agenda::{Agenda, Rank};
use chance::{Draw, happens};
use in_flight::InFlight;
use nemesis::Adversary;
use notes::Notes;
use plan::Plan;
use timers::Timers;

use crate::model::event::Vocabulary;
use crate::model::{CrashPoint, Cut, Event, Few, Id, Link, NodeSet, Time};

/// What a course knows the parts of events by: messages and timers by number; of a choice only whose it is.
pub enum Numbered {}

impl Vocabulary for Numbered {
    type Msg = u32;
    type Timer = u32;
    type Key = ();
    type Choice = ();
    type Cut = Cut;
    type Point = CrashPoint;
}

/// What a course asks about the world.
pub trait Scene {
    fn standing(&self, id: Id) -> Standing;

    /// The cuts that last.
    fn cuts(&self) -> &Few<Cut>;

    /// Whether a message equal to this one is in flight on a link.
    fn offers(&self, link: Link, message: u32) -> bool;

    fn message(&self, number: u32) -> &dyn Debug;
}

/// How it is with a node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Up,
    Down,
    Absent,
}

/// Whose step it is that commands are carried out of.
#[derive(Clone, Copy)]
pub struct Doing {
    /// It was chosen here.
    pub own: bool,
    /// The node crashed inside its handler, right behind the last of them.
    pub crashed: bool,
}

/// What is to come in one run.
pub struct Course {
    until: Time,
    steps_max: u64,
    nodes: Vec<NodeSetup>,
    latency: Latency,
    /// The links that differ from the rest.
    latencies: BTreeMap<Link, Latency>,
    loss: Ratio,
    duplication: Ratio,
    /// When loss and duplication end.
    reliable_from: Time,
    fifo: bool,

    now: Time,
    steps: u64,
    /// How many of them were taken now.
    at_once: u64,
    /// Someone else chose events up to here; what was planned before is past.
    followed_until: Time,
    agenda: Agenda,
    chance: Chance,
    in_flight: InFlight,
    /// For fifo links, from `src * nodes + dst`: when the last message arrives.
    last_arrival: Vec<Time>,
    timers: Timers,
    plan: Plan,
    adversary: Option<Adversary>,
    /// What was drawn for the next crash and the next cut of the nemesis.
    next_crash: Draw,
    next_cut: Draw,
    /// Repairs of the nemesis that are entered: a node and which of its crashes, or a cut.
    recoveries: Vec<(Id, u32)>,
    healings: Vec<Cut>,
    /// How often each node has crashed.
    crashes: Vec<u32>,
    /// Nodes with choices to settle.
    undecided: NodeSet,
    /// The options that a node is inclined to, and was offered: by node, and place in its setup.
    offered: BTreeSet<(Id, usize)>,
    /// What happens on the spot, in order.
    urgent: VecDeque<Urgent>,
    /// The event that was handed out last is this simulator's choice.
    chosen: bool,
    end: Option<End>,
    /// Which draws decide what, where somebody wants to know.
    notes: Option<Box<Notes>>,
}

/// Something that happens on the spot if it can, and the planned fault that it is.
struct Urgent {
    what: What,
    planned: Option<usize>,
}

enum What {
    Event(Event<Numbered>),
    /// As many events as cuts last by then.
    HealAll,
}

impl Course {
    pub fn new(setup: &Setup, seed: u64, n: usize) -> Self {
        let mut nodes = setup.nodes.clone();
        nodes.resize(n, NodeSetup::default());
        let nemesis = setup.nemesis.clone();
        let none = Draw([0; 4]);
        Course {
            until: setup.until,
            steps_max: setup.steps_max,
            nodes,
            latency: setup.network.latency,
            latencies: setup.network.links.iter().copied().collect(),
            loss: setup.network.loss,
            duplication: setup.network.duplication,
            reliable_from: nemesis
                .as_ref()
                .map_or(Time(u64::MAX), |nemesis| nemesis.until),
            fifo: false,
            now: Time::ZERO,
            steps: 0,
            at_once: 0,
            followed_until: Time::ZERO,
            agenda: Agenda::default(),
            chance: Chance::new(seed, n),
            in_flight: InFlight::default(),
            last_arrival: Vec::new(),
            timers: Timers::new(n),
            plan: Plan::new(setup.plan.clone()),
            adversary: nemesis.map(|nemesis| Adversary::new(nemesis, n)),
            next_crash: none,
            next_cut: none,
            recoveries: Vec::new(),
            healings: Vec::new(),
            crashes: vec![0; n],
            undecided: NodeSet::EMPTY,
            offered: BTreeSet::new(),
            urgent: VecDeque::new(),
            chosen: false,
            end: None,
            notes: None,
        }
    }

    /// From now on notes are kept of which draws decide what.
    pub fn keep_notes(&mut self) {
        self.notes = Some(Box::default());
    }

    /// The draw that decided the last event, if one did and notes are kept.
    #[inline]
    pub fn drawn(&self) -> Option<Drawn> {
        self.notes.as_ref()?.decided
    }

    /// The time of the last step.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Why the run ended; `None` if someone else ended it.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The planned faults whose moment has not come, as the scenario wrote them.
    pub fn unreached(&self) -> Vec<String> {
        self.plan.unreached().map(str::to_owned).collect()
    }

    /// Whether each option that the setup is about was offered, node by node.
    pub fn offered(&self) -> Vec<bool> {
        let options = |(at, node): (usize, &NodeSetup)| {
            let places = 0..node.choices.len();
            places.map(move |nth| (Id::from(at), nth))
        };
        let options = self.nodes.iter().enumerate().flat_map(options);
        let was_offered = options.map(|option| self.offered.contains(&option));
        was_offered.collect()
    }

    /// The planned faults whose moment came, but that could not happen then: a crash of a node
    /// that was down, say.
    pub fn futile(&self) -> Vec<&str> {
        self.plan.futile().collect()
    }

    /// A run begins in which links keep the order of messages, or do not.
    pub fn starts(&mut self, fifo: bool, scene: &dyn Scene) {
        self.fifo = fifo;
        if fifo {
            let n = self.nodes.len();
            self.last_arrival = vec![Time::ZERO; n * n];
        }
        for (hit, at) in self.plan.moments() {
            self.agenda.add(at, Rank::Plan, small(hit));
        }
        for at in 0..self.nodes.len() {
            let (id, node) = (Id::from(at), &self.nodes[at]);
            let is_late = node.start_delay > Time::ZERO || !node.up.is_certain();
            if !is_late || scene.standing(id) != Standing::Absent {
                continue;
            }
            let Draw([drawn, ..]) = self.chance.start(id);
            if happens(drawn, node.up) {
                self.agenda.add(node.start_delay, Rank::Start, small(at));
                self.note_draw(Rank::Start, small(at));
            }
        }
        if let Some(adversary) = &self.adversary {
            self.agenda.add(adversary.until(), Rank::Truce, 0);
        }
        self.enter_crash();
        self.enter_cut();
    }

    /// What happens next, and at [what time](Self::now), if anything does.
    pub fn next(&mut self, scene: &dyn Scene) -> Option<Event<Numbered>> {
        if self.steps >= self.steps_max {
            self.end = Some(End::Steps);
            return None;
        }
        if self.at_once >= STEPS_AT_ONCE_MAX {
            self.end = Some(End::AtOnce);
            return None;
        }
        let before = self.now;
        let event = self.choose(scene)?;
        self.at_once = if self.now > before {
            1
        } else {
            self.at_once + 1
        };
        self.chosen = true;
        Some(event)
    }

    /// A step was taken, at its time if it has one. The answer is whether it was chosen here.
    pub fn steps(&mut self, at: Option<Time>) -> bool {
        let own = std::mem::take(&mut self.chosen);
        self.steps += 1;
        if let Some(at) = at {
            self.now = self.now.max(at);
        }
        if !own {
            self.followed_until = self.now;
        }
        own
    }

    /// The nodes that stand so.
    fn nodes_that_are(&self, standing: Standing, scene: &dyn Scene) -> NodeSet {
        let ids = (0..self.nodes.len()).map(Id::from);
        ids.filter(|id| scene.standing(*id) == standing).collect()
    }

    /// Whether what was to happen on the spot can happen in this world. What the agenda hands out can
    /// in any case.
    fn is_possible(&self, scene: &dyn Scene, event: &Event<Numbered>) -> bool {
        match event {
            Event::Crash(id) => scene.standing(*id) == Standing::Up,
            Event::Recover(id) => scene.standing(*id) != Standing::Up,
            Event::Cut(cut) => !cut.is_empty() && !scene.cuts().contains(cut),
            Event::Heal(cut) => scene.cuts().contains(cut),
            Event::Duplicate(e) => {
                !self.fifo && !e.link().is_loop() && scene.offers(e.link(), e.msg)
            }
            _ => true,
        }
    }
}

/// A position in a list that is never that long.
fn small(position: usize) -> u32 {
    u32::try_from(position).expect("a list of fewer than four billion")
}
