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
//! All of that is the business of a `course`, which knows messages and timers by number and no protocol. The
//! simulator keeps what the numbers mean, and speaks to the relation. Properties, verdicts and records
//! are not known here.
//!
//! Two relatives look for what one setup alone would not show: [`swarm`] draws a setup from a setup, and a
//! [`walk`] knows no time and draws from all that is enabled.

mod contents;
mod course;
mod drawn;
mod scripted;
pub mod setup;
pub mod swarm;
pub mod walk;

use std::fmt::Debug;
use std::sync::Arc;

pub use course::kind;
pub use scripted::Scripted;

use crate::model::event::label;
use crate::model::network::Fate;
use crate::model::promise::Promise;
use crate::model::{
    Cluster, Command, Cut, Envelope, Event, Few, Id, Lasting, Link, LinkOrder, Node, Protocol,
    Reaction, StartEffects, System, Time, TimerRange, View, World,
};
use crate::run::{Divergence, Moment, Next, Scheduler};
use contents::Contents;
use course::{Course, Deed, Doing, Numbered, Scene, Standing};
use setup::Setup;

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

/// Time and chance as a scheduler: the course of a run, and what its numbers mean.
pub struct Simulator<P: Protocol> {
    course: Course,
    messages: Contents<P::Msg>,
    timers: Contents<P::Timer>,
    /// The draw that decided the last event, in words.
    drawn: Option<String>,
}

impl<P: Protocol> Simulator<P> {
    /// A run with this setup and seed. Nodes that start late, or not in every run, must be absent by
    /// the system's rules.
    pub fn new(setup: &Setup, seed: u64, cluster: &Cluster) -> Self {
        Simulator {
            course: Course::new(setup, seed, cluster.len()),
            messages: Contents::new(),
            timers: Contents::new(),
            drawn: None,
        }
    }

    /// The same run, telling of each event by which draw it was decided. That takes time.
    #[must_use]
    pub fn telling_draws(mut self) -> Self {
        self.course.keep_notes();
        self
    }

    /// The time of the last step.
    pub fn now(&self) -> Time {
        self.course.now()
    }

    /// Why the run ended; `None` if someone else ended it.
    pub fn end(&self) -> Option<End> {
        self.course.end()
    }

    /// Whether the run ended because nothing was left that could happen.
    pub fn is_quiescent(&self) -> bool {
        self.end() == Some(End::Quiescent)
    }

    /// The planned faults whose moment has not come, as the scenario wrote them.
    pub fn unreached(&self) -> Vec<String> {
        self.course.unreached()
    }

    /// Whether each option that the setup is about was offered, node by node.
    pub fn offered(&self) -> Vec<bool> {
        self.course.offered()
    }

    /// The planned faults whose moment came, but that could not happen then: a crash of a node
    /// that was down, say.
    pub fn futile(&self) -> Vec<&str> {
        self.course.futile()
    }
}

impl<P: Protocol> Scheduler<P> for Simulator<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, starts: &[StartEffects<P>]) {
        let messages = &self.messages;
        let is_fifo = system.rules.links.order == LinkOrder::Fifo;
        self.course.starts(is_fifo, &Seen { world, messages });
        for effects in starts {
            if let Some((id, reaction)) = &effects.reaction {
                self.carry_out(*id, reaction, &effects.unsent, true);
                self.note_choices(world, *id);
            }
        }
    }

    fn next(&mut self, system: &System<P>, world: &mut World<P>) -> Result<Next<P>, Divergence> {
        let messages = &self.messages;
        let Some(event) = self.course.next(&Seen { world, messages }) else {
            return Ok(None);
        };
        let event = self.spell_out(world, event);
        let event = self.strike_inside(system, world, event);
        if let Some(drawn) = self.course.drawn() {
            self.drawn = Some(drawn::in_words(drawn, &event, &system.cluster));
        }
        if cfg!(debug_assertions)
            && let Some(obstacle) = system.obstacle(world, &event)
        {
            // Where to crash was asked of the handler a moment ago. All else is this simulator's own doing.
            let text = format!("`{}`: {obstacle}", event.notation(&system.cluster));
            match event {
                Event::CrashInside { .. } => Promise::Pure.complain(text),
                _ => panic!("{text}"),
            }
        }
        Ok(Some((Some(self.now()), event)))
    }

    fn drawn(&mut self) -> Option<String> {
        self.drawn.take()
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        let own = self.course.steps(moment.now);
        self.follow(moment.event, own);
        if let Some((id, reaction)) = &moment.effects.reaction {
            self.carry_out(*id, reaction, &moment.effects.unsent, own);
        }
        if let Event::CrashInside { event, .. } = moment.event {
            let id = event.node().expect("a handler belongs to a node");
            self.course.note_crash(id);
        } else if !moment.effects.lost_at_down {
            self.note_done(moment.event, own);
        }
        if let Some(id) = moment.event.node() {
            self.note_choices(moment.world, id);
        }
    }
}

/// What happens next.
impl<P: Protocol> Simulator<P> {
    /// An event by its contents.
    fn spell_out(&mut self, world: &World<P>, event: Event<Numbered>) -> Event<P> {
        match event {
            Event::Deliver(e) => Event::Deliver(self.taken(&e)),
            Event::Drop(e) => Event::Drop(self.taken(&e)),
            Event::Duplicate(e) => {
                let msg = self.messages.get(e.msg).clone();
                let (src, dst) = (e.src, e.dst);
                Event::Duplicate(Envelope { src, dst, msg })
            }
            Event::Timeout { id, timer } => {
                let timer = self.timers.get(timer).clone();
                Event::Timeout { id, timer }
            }
            Event::Choose { id, .. } => self.settle(world, id),
            Event::Crash(id) => Event::Crash(id),
            Event::Recover(id) => Event::Recover(id),
            Event::Cut(cut) => Event::Cut(cut),
            Event::Heal(cut) => Event::Heal(cut),
            Event::CrashInside { .. } => unreachable!("where to crash is asked by contents"),
        }
    }

    /// A message that leaves its link.
    fn taken(&mut self, e: &Envelope<Numbered>) -> Envelope<P> {
        let msg = self.messages.take(e.msg);
        let (src, dst) = (e.src, e.dst);
        Envelope { src, dst, msg }
    }

    /// Draws an option of the first choice that a node has to settle.
    fn settle(&mut self, world: &World<P>, id: Id) -> Event<P> {
        let up = world.node(id).up();
        let up = up.expect("a node that is down has no choices");
        let (key, options) = up.choices.first_key_value().expect("it is undecided");
        let names = || options.iter().map(label).collect();
        let nth = self.course.settle(id, key, options.len(), &names);
        let (key, value) = (key.clone(), options[nth].clone());
        Event::Choose { id, key, value }
    }

    /// Turns an event into a crash inside its handler, where the plan or the nemesis wants one.
    fn strike_inside(&mut self, system: &System<P>, world: &World<P>, event: Event<P>) -> Event<P> {
        let Some((id, input)) = event.input() else {
            return event;
        };
        let node = world.node(id);
        let runs = node.is_up() || matches!(event, Event::Recover(_));
        if !runs || !self.course.may_strike_inside(id) {
            return event;
        }
        let commands = node.preview(&system.protocol, id, input);
        let lasting = Lasting::of(&commands, input);
        let commands: Vec<Deed<'_>> = commands.iter().map(deed).collect();
        let messages = &self.messages;
        let scene = Seen { world, messages };
        match self.course.strike_inside(&scene, id, &commands, &lasting) {
            Some(point) => Event::CrashInside {
                event: Arc::new(event),
                point,
            },
            None => event,
        }
    }
}

fn deed<P: Protocol>(command: &Command<P>) -> Deed<'_> {
    match command {
        Command::Send(dst, msg) => Deed::Send(*dst, msg),
        Command::Save { .. } => Deed::Save,
        _ => Deed::Other,
    }
}

/// Following what happened, whoever chose it.
impl<P: Protocol> Simulator<P> {
    /// What an event takes away.
    fn follow(&mut self, event: &Event<P>, own: bool) {
        match event {
            Event::CrashInside { event, .. } => self.follow(event, own),
            // Its own arrivals have left the agenda and the messages pending already.
            Event::Deliver(_) | Event::Drop(_) if own => {}
            Event::Deliver(e) => {
                self.take_equal(e);
                self.course.note_arrival(e.link(), &e.msg);
            }
            Event::Drop(e) => self.take_equal(e),
            Event::Duplicate(e) => {
                let number = self.course.enter_copy(e.link(), kind(&e.msg));
                self.messages.put(number, e.msg.clone());
            }
            Event::Timeout { id, timer } => self.disarm(*id, timer),
            Event::Crash(id) => self.course.note_crash(*id),
            Event::Cut(cut) => self.course.note_cut(cut),
            Event::Choose { .. } | Event::Recover(_) | Event::Heal(_) => {}
        }
    }

    fn take_equal(&mut self, e: &Envelope<P>) {
        let is_equal = |at| *self.messages.get(at) == e.msg;
        self.course.take_equal(e.link(), &is_equal);
    }

    /// An event is over, and all commands of its handler are done.
    fn note_done(&mut self, event: &Event<P>, own: bool) {
        match event {
            Event::Deliver(e) => self.course.note_delivery(e.link(), &e.msg, own),
            Event::Timeout { id, timer } => self.course.note_timeout(*id, timer, own),
            _ => {}
        }
    }

    fn note_choices(&mut self, world: &World<P>, id: Id) {
        let up = world.node(id).up();
        let are_open = up.is_some_and(|up| !up.choices.is_empty());
        self.course.note_choices(id, are_open);
    }

    /// What the commands of a handler bring about.
    fn carry_out(&mut self, id: Id, reaction: &Reaction<P>, unsent: &[(usize, Fate)], own: bool) {
        let crashed = reaction.crashed;
        let doing = Doing { own, crashed };
        let mut unsent = unsent.iter().peekable();
        let mut sends = 0;
        for command in &reaction.commands {
            match command {
                Command::Send(dst, msg) => {
                    let lost = unsent.next_if(|(nth, _)| *nth == sends).is_some();
                    sends += 1;
                    let link = Link::new(id, *dst);
                    let at = self.enter_message(link, msg, lost);
                    self.course.note_send(link, msg, at, doing);
                }
                Command::Save { .. } => self.course.note_save(id, doing),
                Command::SetTimer(timer, range) => self.arm(id, timer, *range),
                Command::CancelTimer(timer) => self.disarm(id, timer),
                Command::Choose(..) => {}
            }
        }
    }

    /// A message was sent: its number, unless it was lost at once.
    fn enter_message(&mut self, link: Link, msg: &P::Msg, lost: bool) -> Option<u32> {
        let number = if link.is_loop() {
            (!lost).then(|| self.course.enter_own_message(link))
        } else {
            self.course.enter_message(link, kind(msg), lost)
        };
        if let Some(number) = number {
            self.messages.put(number, msg.clone());
        }
        number
    }

    fn arm(&mut self, id: Id, timer: &P::Timer, range: TimerRange) {
        let order = |at| self.timers.get(at).cmp(timer);
        if let Some(number) = self.course.arm(id, kind(timer), range, &order) {
            self.timers.put(number, timer.clone());
        }
    }

    fn disarm(&mut self, id: Id, timer: &P::Timer) {
        let order = |at| self.timers.get(at).cmp(timer);
        self.course.disarm(id, &order);
    }
}

/// A world, as the course of a run sees it.
struct Seen<'a, P: Protocol> {
    world: &'a World<P>,
    messages: &'a Contents<P::Msg>,
}

impl<P: Protocol> Scene for Seen<'_, P> {
    fn standing(&self, id: Id) -> Standing {
        match self.world.node(id) {
            Node::Up(_) => Standing::Up,
            Node::Down { .. } => Standing::Down,
            Node::Absent => Standing::Absent,
        }
    }

    fn cuts(&self) -> &Few<Cut> {
        &self.world.globals().cuts
    }

    fn offers(&self, link: Link, message: u32) -> bool {
        let channel = self.world.channel(link);
        channel.offers(self.messages.get(message), LinkOrder::Unordered)
    }

    fn message(&self, number: u32) -> &dyn Debug {
        self.messages.get(number)
    }
}
