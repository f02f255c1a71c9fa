//! One execution: time and chance choose what happens next.
//!
//! A [`Simulator`] keeps an agenda of what is to come and hands out one event after the other. It
//! follows what happened, whoever chose it: sends enter arrivals, timers enter timeouts, crashes
//! and cuts take away what they destroy. A world is only read here, and changes through the
//! relation alone; which events are *enabled* is never asked, so a step costs as much as the
//! agenda is deep, and an idle node costs nothing.
//!
//! Invariants: every event handed out is possible in the world it is handed out for; the same
//! setup and seed hand out the same events; time never goes back. Choices are settled before
//! anything else, then comes what a planned fault or the nemesis does on the spot, then the
//! agenda.
//!
//! Properties, verdicts and records are not known here.

mod agenda;
mod chance;
mod choose;
mod clock;
mod follow;
mod in_flight;
mod latency;
mod nemesis;
mod plan;
mod scripted;
pub mod setup;
mod strike;
mod timers;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use scripted::Scripted;

use crate::model::{
    Cluster, Cut, Event, Id, Link, LinkOrder, Node, NodeSet, Protocol, StartEffects, System, Time,
    View, World,
};
use crate::run::{Divergence, Moment, Scheduler};
use agenda::{Agenda, Rank};
use chance::{Chance, Draw, happens};
use in_flight::InFlight;
use nemesis::Adversary;
use plan::Plan;
use setup::{Latency, NodeSetup, Ratio, Setup};
use timers::Timers;

/// Why a run ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is left that could happen.
    Quiescent,
    /// The run has lasted as long as it may.
    Time,
    /// The run has taken as many steps as it may.
    Steps,
    /// It has taken as many as it may without any time passing.
    AtOnce,
}

/// The most steps at one instant. Whoever takes more does not let time go on.
pub const STEPS_AT_ONCE_MAX: u64 = 100_000;

/// Time and chance as a scheduler.
pub struct Simulator<P: Protocol> {
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
    in_flight: InFlight<P::Msg>,
    /// For fifo links, from `src * nodes + dst`: when the last message arrives.
    last_arrival: Vec<Time>,
    timers: Timers<P::Timer>,
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
    urgent: VecDeque<Urgent<P>>,
    /// The event that was handed out last is this simulator's choice.
    chosen: bool,
    end: Option<End>,
}

/// Something that happens on the spot if it can, and the planned fault that it is.
struct Urgent<P: Protocol> {
    what: What<P>,
    planned: Option<usize>,
}

enum What<P: Protocol> {
    Event(Event<P>),
    /// As many events as cuts last by then.
    HealAll,
}

impl<P: Protocol> Simulator<P> {
    /// A run with this setup and seed. Nodes that start late, or not in every run, must be absent by
    /// the system's rules.
    pub fn new(setup: &Setup, seed: u64, cluster: &Cluster) -> Self {
        let n = cluster.len();
        let mut nodes = setup.nodes.clone();
        nodes.resize(n, NodeSetup::default());
        let nemesis = setup.nemesis.clone();
        let none = Draw([0; 4]);
        Simulator {
            until: setup.until,
            steps_max: setup.steps_max,
            nodes,
            latency: setup.network.latency,
            latencies: setup.network.links.iter().copied().collect(),
            loss: setup.network.loss,
            duplication: setup.network.duplication,
            reliable_from: nemesis.as_ref().map_or(Time(u64::MAX), |n| n.until),
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
        }
    }

    /// The time of the last step.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Why the run ended; `None` if someone else ended it.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether the run ended because nothing was left that could happen.
    pub fn is_quiescent(&self) -> bool {
        self.end == Some(End::Quiescent)
    }

    /// The planned faults whose moment has not come, as the scenario wrote them.
    pub fn unreached(&self) -> Vec<&str> {
        self.plan.unreached().collect()
    }

    /// Whether each option that the setup is about was offered, node by node.
    pub fn offered(&self) -> impl Iterator<Item = bool> {
        let options = |(at, node): (usize, &NodeSetup)| {
            let places = 0..node.choices.len();
            places.map(move |nth| (Id::from(at), nth))
        };
        let options = self.nodes.iter().enumerate().flat_map(options);
        options.map(|option| self.offered.contains(&option))
    }

    /// The planned faults whose moment came, but that could not happen then: a crash of a node
    /// that was down, say.
    pub fn futile(&self) -> Vec<&str> {
        self.plan.futile().collect()
    }
}

impl<P: Protocol> Scheduler<P> for Simulator<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, starts: &[StartEffects<P>]) {
        self.fifo = system.rules.links.order == LinkOrder::Fifo;
        if self.fifo {
            let n = system.cluster.len();
            self.last_arrival = vec![Time::ZERO; n * n];
        }
        for (hit, at) in self.plan.moments() {
            self.agenda.add(at, Rank::Plan, small(hit));
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let id = Id::from(at);
            let is_late = node.start_delay > Time::ZERO || !node.up.is_certain();
            if !is_late || !matches!(world.node(id), Node::Absent) {
                continue;
            }
            let Draw([drawn, ..]) = self.chance.start(id);
            if happens(drawn, node.up) {
                self.agenda.add(node.start_delay, Rank::Start, small(at));
            }
        }
        if let Some(adversary) = &self.adversary {
            self.agenda.add(adversary.until(), Rank::Truce, 0);
        }
        self.enter_crash();
        self.enter_cut();
        for effects in starts {
            if let Some((id, reaction)) = &effects.reaction {
                self.carry_out(*id, reaction, &effects.unsent, true);
                self.note_choices(world, *id);
            }
        }
    }

    fn next(
        &mut self,
        system: &System<P>,
        world: &mut World<P>,
    ) -> Result<Option<(Option<Time>, Event<P>)>, Divergence> {
        if self.steps >= self.steps_max {
            self.end = Some(End::Steps);
            return Ok(None);
        }
        if self.at_once >= STEPS_AT_ONCE_MAX {
            self.end = Some(End::AtOnce);
            return Ok(None);
        }
        let before = self.now;
        let Some(event) = self.choose(world) else {
            return Ok(None);
        };
        let event = self.strike_inside(system, world, event);
        debug_assert_eq!(
            system.obstacle(world, &event),
            None,
            "{}",
            event.notation(&system.cluster)
        );
        self.at_once = if self.now > before {
            1
        } else {
            self.at_once + 1
        };
        self.chosen = true;
        Ok(Some((Some(self.now), event)))
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        let own = std::mem::take(&mut self.chosen);
        self.steps += 1;
        if let Some(at) = moment.now {
            self.now = self.now.max(at);
        }
        if !own {
            self.followed_until = self.now;
        }
        self.follow(moment.event, own);
        if let Some((id, reaction)) = &moment.effects.reaction {
            self.carry_out(*id, reaction, &moment.effects.unsent, own);
        }
        if let Event::CrashInside { event, .. } = moment.event {
            self.note_crash(event.node().expect("a handler belongs to a node"));
        } else if !moment.effects.lost_at_down {
            self.note_done(moment.event, own);
        }
        if let Some(id) = moment.event.node() {
            self.note_choices(moment.world, id);
        }
    }
}

/// Whether what was to happen on the spot can happen in this world. What the agenda hands out can
/// in any case.
fn is_possible<P: Protocol>(world: &World<P>, event: &Event<P>, fifo: bool) -> bool {
    let cuts = &world.globals().cuts;
    match event {
        Event::Crash(id) => world.node(*id).is_up(),
        Event::Recover(id) => !world.node(*id).is_up(),
        Event::Cut(cut) => !cut.is_empty() && !cuts.contains(cut),
        Event::Heal(cut) => cuts.contains(cut),
        Event::Duplicate(e) => {
            let link = e.link();
            let offered = || world.channel(link).offers(&e.msg, LinkOrder::Unordered);
            !fifo && !link.is_loop() && offered()
        }
        _ => true,
    }
}

/// A position in a list that is never that long.
fn small(position: usize) -> u32 {
    u32::try_from(position).expect("a list of fewer than four billion")
}
