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

pub mod agenda;
pub mod chance;
pub mod clock;
mod in_flight;
pub mod latency;
mod nemesis;
mod plan;
mod scripted;
pub mod setup;
mod timers;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::Duration;

pub use scripted::Scripted;

use crate::model::cluster::index;
use crate::model::network::Fate;
use crate::model::{
    Cluster, Command, Cut, Envelope, Event, Id, Link, LinkOrder, Node, NodeSet, Protocol, Reaction,
    StartEffects, System, Time, View, World,
};
use crate::run::{Divergence, Moment, Scheduler};
use agenda::{Agenda, Class, Entry};
use chance::{Chance, Draw, below, between, happens};
use in_flight::{InFlight, Luck};
use nemesis::Adversary;
use plan::{Hits, Plan};
use setup::{Fault, Latency, NodeSetup, Ratio, Setup};
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
}

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
    /// Someone else chose events up to here; what was planned before is past.
    followed_until: Time,
    agenda: Agenda,
    chance: Chance,
    in_flight: InFlight<P>,
    /// For fifo links, from `src * nodes + dst`: when the last message arrives.
    last_arrival: Vec<Time>,
    timers: Timers<P>,
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
    /// What happens on the spot, in order.
    urgent: VecDeque<Urgent<P>>,
    /// The event that was handed out last is this simulator's choice.
    chosen: bool,
    /// A handler asked for something that has no meaning.
    refused: Option<Divergence>,
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
    /// A run with this setup and seed. Nodes that start late must be absent by the system's
    /// rules.
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
            urgent: VecDeque::new(),
            chosen: false,
            refused: None,
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
            self.agenda.add(at, Class::Plan, small(hit));
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let absent = matches!(world.node(Id::from(at)), Node::Absent);
            if absent && node.start_delay > Time::ZERO {
                self.agenda.add(node.start_delay, Class::Start, small(at));
            }
        }
        if let Some(adversary) = &self.adversary {
            self.agenda.add(adversary.until(), Class::Truce, 0);
        }
        self.enter_crash();
        self.enter_cut();
        for effects in starts {
            if let Some((id, reaction)) = &effects.reaction {
                self.carry_out(system, *id, reaction, &effects.unsent, true);
                self.note_choices(world, *id);
            }
        }
    }

    fn next(
        &mut self,
        system: &System<P>,
        world: &mut World<P>,
    ) -> Result<Option<(Option<Time>, Event<P>)>, Divergence> {
        if let Some(refused) = self.refused.take() {
            return Err(refused);
        }
        if self.steps >= self.steps_max {
            self.end = Some(End::Steps);
            return Ok(None);
        }
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
            self.carry_out(moment.system, *id, reaction, &moment.effects.unsent, own);
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

/// Choosing what happens next.
impl<P: Protocol> Simulator<P> {
    fn choose(&mut self, world: &World<P>) -> Option<Event<P>> {
        if let Some(id) = self.undecided.iter().next() {
            return Some(self.settle(world, id));
        }
        loop {
            while let Some(Urgent { what, planned }) = self.urgent.pop_front() {
                let event = match what {
                    What::Event(event) => Some(event),
                    What::HealAll => self.heal_all(world),
                };
                if let Some(event) = event.filter(|event| is_possible(world, event, self.fifo)) {
                    return Some(event);
                }
                if let Some(hit) = planned {
                    self.plan.note_futile(hit);
                }
            }
            let Some(entry) = self.agenda.pop() else {
                self.end = Some(End::Quiescent);
                return None;
            };
            if entry.due > self.until {
                let more = self.is_live(entry) || self.agenda.iter().any(|e| self.is_live(e));
                self.agenda.push(entry);
                self.end = Some(if more { End::Time } else { End::Quiescent });
                return None;
            }
            if let Some(event) = self.comes_due(world, entry) {
                return Some(event);
            }
        }
    }

    /// Draws an option of the first choice that a node has to settle.
    fn settle(&mut self, world: &World<P>, id: Id) -> Event<P> {
        let up = world
            .node(id)
            .up()
            .expect("a node that is down has no choices");
        let (key, options) = up.choices.first_key_value().expect("it is undecided");
        let Draw([word, ..]) = self.chance.choice(id, key);
        let nth = below(word, options.len() as u64);
        let nth = usize::try_from(nth).expect("options fit in memory");
        Event::Choose {
            id,
            key: key.clone(),
            value: options[nth].clone(),
        }
    }

    /// Whether anything comes of an entry.
    fn is_live(&self, entry: Entry) -> bool {
        match entry.class() {
            Class::Arrival => self.in_flight.is_live(entry),
            Class::Timeout => self.timers.is_live(entry),
            _ => true,
        }
    }

    /// An entry comes out of the agenda: the event that it means, if it means one by itself.
    fn comes_due(&mut self, world: &World<P>, entry: Entry) -> Option<Event<P>> {
        let at = entry.index as usize;
        if entry.class() == Class::Arrival {
            return self.arrive(entry);
        }
        if entry.class() == Class::Timeout {
            let (id, timer) = self.timers.due(&mut self.agenda, entry)?;
            self.now = self.now.max(entry.due);
            return Some(Event::Timeout { id, timer });
        }
        let past = entry.due < self.followed_until;
        self.now = self.now.max(entry.due);
        match entry.class() {
            Class::Plan => {
                self.plan.reach(at);
                if !past {
                    self.strike(at, None);
                }
            }
            Class::Start => {
                let id = Id::from(at);
                return matches!(world.node(id), Node::Absent).then_some(Event::Recover(id));
            }
            Class::Truce => self.repair_all(world),
            Class::Recovery => {
                let (id, crash) = self.recoveries[at];
                let is_down = matches!(world.node(id), Node::Down { .. });
                let same = self.crashes[index(id)] == crash;
                return (is_down && same).then_some(Event::Recover(id));
            }
            Class::Healing => {
                let heal = Event::Heal(self.healings[at].clone());
                return is_possible(world, &heal, self.fifo).then_some(heal);
            }
            Class::Crash => {
                let draw = self.next_crash;
                self.enter_crash();
                if !past {
                    return self.nemesis_crash(world, draw);
                }
            }
            Class::Cut => {
                let draw = self.next_cut;
                self.enter_cut();
                if !past {
                    return self.nemesis_cut(world, draw);
                }
            }
            Class::Arrival | Class::Timeout => unreachable!("they came first"),
        }
        None
    }

    /// A message arrives, unless it is lost or the plan has something else in mind.
    fn arrive(&mut self, entry: Entry) -> Option<Event<P>> {
        if !self.in_flight.is_live(entry) {
            return None;
        }
        self.now = self.now.max(entry.due);
        let pending = self.in_flight.get_mut(entry.index)?;
        let lost = match pending.luck {
            Luck::Arrives => false,
            Luck::Unlucky => self.now < self.reliable_from,
            Luck::Doomed => true,
        };
        if !lost && !pending.announced {
            pending.announced = true;
            let Envelope { src, dst, msg } = &pending.envelope;
            let hits = self.plan.arrival(Link::new(*src, *dst), msg);
            if !hits.is_empty() {
                // It arrives once more, after what the plan does now; unless it is lost by then.
                self.agenda.push(entry);
                self.strike_all(hits, Some(entry.index));
                return None;
            }
        }
        let envelope = self.in_flight.take(entry.index)?;
        Some(if lost {
            Event::Drop(envelope)
        } else {
            Event::Deliver(envelope)
        })
    }

    /// Turns an event into a crash inside its handler, where the plan or the nemesis wants one.
    fn strike_inside(&mut self, system: &System<P>, world: &World<P>, event: Event<P>) -> Event<P> {
        let Some((id, input)) = event.input() else {
            return event;
        };
        let planned = self.plan.may_crash_inside(id);
        let ambushed = self.adversary.as_ref().is_some_and(|a| a.is_ambushed(id));
        let runs = world.node(id).is_up() || matches!(event, Event::Recover(_));
        if !runs || !(planned || ambushed) {
            return event;
        }
        let node = world.node(id);
        let points = node.crash_points(&system.protocol, id, input);
        let commands = node.preview(&system.protocol, id, input);
        let mut after = self
            .plan
            .crash_inside::<P>(id, &commands)
            .filter(|after| points.contains(after));
        if after.is_none() && ambushed && !points.is_empty() {
            after = self.spring(world, id, &points);
        }
        match after {
            Some(after) => Event::CrashInside {
                event: Box::new(event),
                after,
            },
            None => event,
        }
    }
}

/// Planned faults.
impl<P: Protocol> Simulator<P> {
    fn strike_all(&mut self, hits: Hits, message: Option<u32>) {
        for hit in hits {
            self.strike(hit, message);
        }
    }

    /// A planned fault strikes. `message` is where the message is that its anchor names, if it is
    /// in flight.
    fn strike(&mut self, hit: usize, message: Option<u32>) {
        let what = match self.plan.fault(hit).clone() {
            Fault::Crash(id) => What::Event(Event::Crash(id)),
            Fault::Recover(id) => What::Event(Event::Recover(id)),
            Fault::Cut(cut) => What::Event(Event::Cut(cut)),
            Fault::Heal(Some(cut)) => What::Event(Event::Heal(cut)),
            Fault::Heal(None) => What::HealAll,
            fault @ (Fault::DropIt | Fault::DuplicateIt | Fault::DelayIt(_)) => {
                return self.strike_message(hit, &fault, message);
            }
        };
        let planned = Some(hit);
        self.urgent.push_back(Urgent { what, planned });
    }

    fn strike_message(&mut self, hit: usize, fault: &Fault, message: Option<u32>) {
        let found = message.and_then(|at| Some((at, self.in_flight.get_mut(at)?)));
        let Some((at, pending)) = found else {
            return self.plan.note_futile(hit);
        };
        let link = pending.envelope.link();
        match fault {
            Fault::DropIt if link.is_loop() => self.plan.note_futile(hit),
            Fault::DropIt => pending.luck = Luck::Doomed,
            Fault::DelayIt(by) => {
                let due = pending.arrives().max(self.now);
                let due = Time(due.0.saturating_add(by.0));
                self.in_flight.delay(&mut self.agenda, at, due, self.fifo);
                self.in_order(link, due);
            }
            _ => {
                let what = What::Event(Event::Duplicate(pending.envelope.clone()));
                let planned = Some(hit);
                self.urgent.push_back(Urgent { what, planned });
            }
        }
    }

    /// Heals one of the cuts that last, and comes back for the others.
    fn heal_all(&mut self, world: &World<P>) -> Option<Event<P>> {
        let cuts = &world.globals().cuts;
        if cuts.len() > 1 {
            let (what, planned) = (What::HealAll, None);
            self.urgent.push_front(Urgent { what, planned });
        }
        cuts.first().cloned().map(Event::Heal)
    }
}

/// The nemesis.
impl<P: Protocol> Simulator<P> {
    fn enter_crash(&mut self) {
        let Some(adversary) = &self.adversary else {
            return;
        };
        if let Some((at, draw)) = adversary.next_crash(&mut self.chance, self.now) {
            self.next_crash = draw;
            self.agenda.add(at, Class::Crash, 0);
        }
    }

    fn enter_cut(&mut self) {
        let Some(adversary) = &self.adversary else {
            return;
        };
        if let Some((at, draw)) = adversary.next_cut(&mut self.chance, self.now) {
            self.next_cut = draw;
            self.agenda.add(at, Class::Cut, 0);
        }
    }

    fn nemesis_crash(&mut self, world: &World<P>, draw: Draw) -> Option<Event<P>> {
        let adversary = self.adversary.as_mut()?;
        let victim = if let Some(waiting) = adversary.ambushed() {
            adversary.call_off(waiting);
            if !adversary.may_down(down(world)) {
                return None;
            }
            waiting
        } else {
            let strike = adversary.strike(draw, world.up(), down(world))?;
            if strike.inside {
                adversary.ambush(strike.victim);
                return None;
            }
            strike.victim
        };
        let Draw([.., word]) = draw;
        self.enter_recovery(victim, word);
        Some(Event::Crash(victim))
    }

    /// The victim of an ambush is about to run a handler: behind how many commands it crashes.
    fn spring(&mut self, world: &World<P>, id: Id, points: &[usize]) -> Option<usize> {
        let adversary = self.adversary.as_mut()?;
        if !adversary.may_down(down(world)) {
            adversary.call_off(id);
            return None;
        }
        let Draw([which, word, ..]) = self.chance.point(id);
        let nth = below(which, points.len() as u64);
        self.enter_recovery(id, word);
        points.get(usize::try_from(nth).ok()?).copied()
    }

    /// The nemesis crashes a node now, and recovers it later.
    fn enter_recovery(&mut self, id: Id, word: u64) {
        let Some(adversary) = &self.adversary else {
            return;
        };
        let at = adversary.recovers_at(self.now, word);
        let entered = small(self.recoveries.len());
        self.recoveries.push((id, self.crashes[index(id)] + 1));
        self.agenda.add(at, Class::Recovery, entered);
    }

    fn nemesis_cut(&mut self, world: &World<P>, draw: Draw) -> Option<Event<P>> {
        let adversary = self.adversary.as_mut()?;
        let cut = adversary.cut(&self.chance, draw);
        let event = Event::Cut(cut.clone());
        if !is_possible(world, &event, self.fifo) {
            return None;
        }
        let at = adversary.heals_at(self.now, draw);
        let entered = small(self.healings.len());
        self.healings.push(cut);
        self.agenda.add(at, Class::Healing, entered);
        Some(event)
    }

    /// The nemesis stops: every cut is healed and every node that is down recovers, whoever did
    /// it.
    fn repair_all(&mut self, world: &World<P>) {
        if let Some(adversary) = &mut self.adversary {
            adversary.stop();
        }
        let heals = world.globals().cuts.iter().cloned().map(Event::Heal);
        let is_down = |id: &Id| matches!(world.node(*id), Node::Down { .. });
        let recoveries = world.ids().filter(is_down).map(Event::Recover);
        self.urgent
            .extend(heals.chain(recoveries).map(|event| Urgent {
                what: What::Event(event),
                planned: None,
            }));
    }
}

/// Following what happened.
impl<P: Protocol> Simulator<P> {
    /// What an event takes away.
    fn follow(&mut self, event: &Event<P>, own: bool) {
        match event {
            Event::CrashInside { event, .. } => self.follow(event, own),
            // Its own arrivals have left the agenda and the messages pending already.
            Event::Deliver(_) | Event::Drop(_) if own => {}
            Event::Deliver(e) => {
                self.in_flight.take_equal(e);
                self.plan.arrival(e.link(), &e.msg);
            }
            Event::Drop(e) => self.in_flight.take_equal(e),
            Event::Duplicate(e) => {
                let draw = self.chance.copy(e.link(), chance::kind(&e.msg));
                let due = self.now.0.saturating_add(self.law(e.link()).drawn(draw).0);
                let luck = Luck::Arrives;
                self.in_flight
                    .add(&mut self.agenda, e.clone(), Time(due), luck);
            }
            Event::Timeout { id, timer } => self.timers.disarm(*id, timer),
            Event::Crash(id) => self.note_crash(*id),
            Event::Cut(cut) => {
                self.in_flight.lose(|link| cut.contains(link));
                if self.fifo {
                    for link in cut.iter() {
                        let at = self.at(link);
                        self.last_arrival[at] = Time::ZERO;
                    }
                }
            }
            Event::Choose { .. } | Event::Recover(_) | Event::Heal(_) => {}
        }
    }

    fn note_crash(&mut self, id: Id) {
        self.timers.disarm_all(id);
        self.crashes[index(id)] += 1;
        if let Some(adversary) = &mut self.adversary {
            adversary.call_off(id);
        }
    }

    /// An event is over, and all commands of its handler are done.
    fn note_done(&mut self, event: &Event<P>, own: bool) {
        let hits = match event {
            Event::Deliver(e) => self.plan.delivery(e.link(), &e.msg),
            Event::Timeout { id, timer } => self.plan.timeout(*id, timer),
            _ => return,
        };
        if own {
            self.strike_all(hits, None);
        }
    }

    fn note_choices(&mut self, world: &World<P>, id: Id) {
        let up = world.node(id).up();
        if up.is_some_and(|up| !up.choices.is_empty()) {
            self.undecided.insert(id);
        } else {
            self.undecided.remove(id);
        }
    }

    /// What the commands of a handler bring about.
    fn carry_out(
        &mut self,
        system: &System<P>,
        id: Id,
        reaction: &Reaction<P>,
        unsent: &[(usize, Fate)],
        own: bool,
    ) {
        let mut unsent = unsent.iter().peekable();
        let mut sends = 0;
        for command in &reaction.commands {
            match command {
                Command::Send(dst, msg) => {
                    let lost = unsent.next_if(|(nth, _)| *nth == sends).is_some();
                    sends += 1;
                    let link = Link::new(id, *dst);
                    let at = self.enter_message(link, msg, lost);
                    let hits = self.plan.send(link, msg);
                    self.strike_behind(id, reaction, hits, at, own);
                }
                Command::Save(_) => {
                    let hits = self.plan.save(id);
                    self.strike_behind(id, reaction, hits, None, own);
                }
                Command::SetTimer(timer, range) => {
                    match self.duration(id, timer, range) {
                        Some(duration) => {
                            let due = Time(self.now.0.saturating_add(duration.0));
                            self.timers.arm(&mut self.agenda, id, timer, due);
                        }
                        None => self.refuse(system, id, timer, range),
                    };
                }
                Command::CancelTimer(timer) => self.timers.disarm(id, timer),
                Command::ChooseRandom(..) => {}
            }
        }
    }

    /// Faults planned right behind a command. What they do commutes with the commands that
    /// follow, except a crash of the node itself, which has happened by now if it had to.
    fn strike_behind(
        &mut self,
        id: Id,
        reaction: &Reaction<P>,
        mut hits: Hits,
        message: Option<u32>,
        own: bool,
    ) {
        if own && !hits.is_empty() {
            hits.retain(|&hit| !reaction.crashed || *self.plan.fault(hit) != Fault::Crash(id));
            self.strike_all(hits, message);
        }
    }

    /// A message was sent: where it is pending, unless it was lost at once. What is lost draws as
    /// well, so that a cut more or less changes nothing for the messages after it.
    fn enter_message(&mut self, link: Link, msg: &P::Msg, lost: bool) -> Option<u32> {
        let envelope = || Envelope {
            src: link.src,
            dst: link.dst,
            msg: msg.clone(),
        };
        if link.is_loop() {
            // A node reaches itself at once, and without fail.
            let (due, luck) = (self.now, Luck::Arrives);
            let add = || self.in_flight.add(&mut self.agenda, envelope(), due, luck);
            return (!lost).then(add);
        }
        let draw = self.chance.message(link, chance::kind(msg));
        if lost {
            return None;
        }
        let Draw([_, _, loss, duplication]) = draw;
        let due = Time(self.now.0.saturating_add(self.law(link).drawn(draw).0));
        let due = self.in_order(link, due);
        let luck = if happens(loss, self.loss) {
            Luck::Unlucky
        } else {
            Luck::Arrives
        };
        let duplicates = !self.fifo && self.now < self.reliable_from;
        if duplicates && happens(duplication, self.duplication) {
            self.urgent.push_back(Urgent {
                what: What::Event(Event::Duplicate(envelope())),
                planned: None,
            });
        }
        Some(self.in_flight.add(&mut self.agenda, envelope(), due, luck))
    }

    /// On a fifo link nothing arrives before what was sent earlier.
    fn in_order(&mut self, link: Link, due: Time) -> Time {
        if !self.fifo {
            return due;
        }
        let at = self.at(link);
        let last = &mut self.last_arrival[at];
        *last = due.max(*last);
        *last
    }

    fn at(&self, link: Link) -> usize {
        index(link.src) * self.nodes.len() + index(link.dst)
    }

    fn law(&self, link: Link) -> Latency {
        if self.latencies.is_empty() {
            return self.latency;
        }
        self.latencies.get(&link).copied().unwrap_or(self.latency)
    }

    /// How long a timer runs; `None` if its range leaves it no time.
    fn duration(&mut self, id: Id, timer: &P::Timer, range: &Range<Duration>) -> Option<Time> {
        let (min, end) = (nanos(range.start), nanos(range.end));
        // Nothing is between a start and an end that is not behind it, and a timer that runs no
        // time at all would stop the clock.
        let max = end.checked_sub(1).filter(|&max| max >= min && max > 0)?;
        let Draw([word, ..]) = self.chance.timer(id, chance::kind(timer));
        let own = Time(between(word, min, max));
        Some(clock::elapsed(own, self.nodes[index(id)].drift_ppm))
    }

    fn refuse(&mut self, system: &System<P>, id: Id, timer: &P::Timer, range: &Range<Duration>) {
        let name = system.cluster.name(id);
        self.refused.get_or_insert(Divergence {
            step: usize::try_from(self.steps).unwrap_or(usize::MAX),
            event: format!("timeout {name} {timer:?}"),
            obstacle: format!("{name} set its timer to run {range:?}, which leaves it no time"),
        });
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

/// How many nodes have crashed and not recovered.
fn down<P: Protocol>(world: &World<P>) -> usize {
    let is_down = |id: &Id| matches!(world.node(*id), Node::Down { .. });
    world.ids().filter(is_down).count()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A position in a list that is never that long.
fn small(position: usize) -> u32 {
    u32::try_from(position).expect("a list of fewer than four billion")
}
