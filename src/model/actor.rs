//! The seam to algorithms: the handlers of a node, and the only place where one is called.
//!
//! A handler is a pure function of (configuration, id, state, input). What it does is the new state,
//! the commands that it gives, in order, and what it observes of itself on the way. What commands
//! mean for a node is the business of [`Node`](super::node::Node), what they mean for everything else
//! that of [`System`](super::System).

use std::fmt::Debug;
use std::hash::Hash;

use derive_where::derive_where;
use serde::Serialize;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use super::event::Vocabulary;
use super::id::Id;
use super::observation::Observed;
use super::time::TimerRange;

/// Plain data: what can be copied, compared, printed and written down.
///
/// Checkpoints hold states, storages and histories as bytes without names, so these may not be
/// `#[serde(untagged)]` and the like; if they are, a checkpoint is refused.
pub trait Data:
    Clone + Debug + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<T> Data for T where
    T: Clone + Debug + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

/// An algorithm: what a node does about each input.
///
/// One value configures every node of the cluster; handlers tell roles apart by id and state. They
/// ask nobody and change nothing but the state that they are handed: the same question always gets the
/// same answer.
pub trait Actor: Sized + Send + Sync + 'static {
    type Msg: Data + Ord;
    type Timer: Data + Ord;
    /// What a crash takes away.
    type State: Data;
    /// What survives a crash.
    type Storage: Data;
    /// An option among which the environment chooses.
    type Choice: Data + Ord;
    /// What a handler says that a step means: an [`Observation`](super::Observation), or a type of the
    /// algorithm's own that can be put as one.
    type Observation: Observed<Self>;

    fn on_start(&self, id: Id, start: Start<'_, Self::Storage>, o: &mut Out<Self>) -> Self::State;

    fn on_message(
        &self,
        id: Id,
        state: &mut Self::State,
        src: Id,
        msg: Self::Msg,
        o: &mut Out<Self>,
    );

    fn on_timeout(&self, id: Id, state: &mut Self::State, timer: &Self::Timer, o: &mut Out<Self>) {
        let _ = (id, state, timer, o);
    }

    /// The environment has made a choice that the node left to it.
    fn on_choice(&self, id: Id, state: &mut Self::State, choice: &Self::Choice, o: &mut Out<Self>) {
        let _ = (id, state, choice, o);
    }
}

/// How a node comes up.
#[derive_where(Clone, Copy)]
#[derive(Debug)]
pub enum Start<'a, Storage> {
    /// For the first time.
    First,
    /// After a crash, with what was last saved, if anything ever was.
    Again(Option<&'a Storage>),
}

impl<'a, Storage> Start<'a, Storage> {
    /// What is on stable storage.
    pub fn storage(self) -> Option<&'a Storage> {
        match self {
            Start::First => None,
            Start::Again(storage) => storage,
        }
    }
}

/// What a handler answers to.
#[derive_where(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input<'a, V: Vocabulary> {
    /// The node starts for the first time, or after a crash.
    Start,
    Message {
        src: Id,
        msg: &'a V::Msg,
    },
    Timeout(&'a V::Timer),
    /// The environment settled the choice `key`.
    Choice {
        key: &'a V::Key,
        value: &'a V::Choice,
    },
}

/// Something that a handler has done, in the order in which it is carried out.
#[derive_where(Clone, Debug, PartialEq, Eq)]
pub enum Command<A: Actor> {
    Send(Id, A::Msg),
    /// Arms a timer (again, if it is armed) to run for a time out of the range.
    SetTimer(A::Timer, TimerRange),
    CancelTimer(A::Timer),
    /// Leaves a choice to the environment; withdraws it if there are no options.
    Choose(String, Vec<A::Choice>),
    /// Writes the storage as a whole. It is on the disk at once, whether that is `forced` or not; but
    /// only what is forced costs the node a wait.
    Save {
        record: A::Storage,
        forced: bool,
    },
}

impl<A: Actor> Command<A> {
    /// Whether a crash right behind it leaves something: a message sent, or a record.
    pub fn lasts(&self) -> bool {
        matches!(self, Command::Send(..) | Command::Save { .. })
    }

    /// What it saves, if it saves anything.
    pub fn saved(&self) -> Option<&A::Storage> {
        match self {
            Command::Save { record, .. } => Some(record),
            _ => None,
        }
    }
}

/// Where a handler puts its commands, and among them what it observes.
///
/// An observation belongs to the next send or save, or, if none follows, to the end of the handler. It
/// stands in front of it and takes effect with it: so a claim is made before the save that makes it
/// true, and a crash inside the handler cuts both or neither. A handler that ignores its input
/// observes nothing.
#[derive_where(Debug)]
pub struct Out<A: Actor> {
    commands: Vec<Command<A>>,
    observations: Vec<A::Observation>,
    /// For each of them, the number of commands that were given before it. (A step observes little:
    /// there is no need to allocate for that.)
    places: SmallVec<[usize; 4]>,
}

impl<A: Actor> Out<A> {
    pub fn send(&mut self, dst: Id, msg: A::Msg) {
        self.give(Command::Send(dst, msg));
    }

    /// Sends the same to several, in the order of their ids.
    pub fn broadcast(&mut self, whom: super::NodeSet, msg: &A::Msg) {
        for id in whom.iter() {
            self.send(id, msg.clone());
        }
    }

    pub fn set_timer(&mut self, timer: A::Timer, range: TimerRange) {
        self.give(Command::SetTimer(timer, range));
    }

    pub fn cancel_timer(&mut self, timer: A::Timer) {
        self.give(Command::CancelTimer(timer));
    }

    /// Leaves a choice to the environment, which settles it before anything else happens.
    pub fn choose(&mut self, key: impl Into<String>, options: Vec<A::Choice>) {
        self.give(Command::Choose(key.into(), options));
    }

    /// Forces the storage to the disk.
    pub fn save(&mut self, record: A::Storage) {
        let forced = true;
        self.give(Command::Save { record, forced });
    }

    /// Writes the storage without waiting for the disk.
    pub fn save_lazily(&mut self, record: A::Storage) {
        let forced = false;
        self.give(Command::Save { record, forced });
    }

    /// Says what this step means.
    pub fn observe(&mut self, observation: impl Into<A::Observation>) {
        self.places.push(self.commands.len());
        self.observations.push(observation.into());
    }

    /// Does what a part of the algorithm has done that is an algorithm of its own, in the order in which it did it.
    /// `record` is what the whole writes where the part writes something.
    ///
    /// # Panics
    ///
    /// If the part leaves a choice to the environment.
    pub fn take_over<B: Actor>(&mut self, part: Out<B>, record: impl Fn(B::Storage) -> A::Storage)
    where
        A: Actor<Msg: From<B::Msg>, Timer: From<B::Timer>, Observation: From<B::Observation>>,
    {
        part.each_in_order(&mut |done| match done {
            Done::Observed(observation) => self.observe(observation),
            Done::Gave(command) => self.give(match command {
                Command::Send(dst, msg) => Command::Send(dst, msg.into()),
                Command::SetTimer(timer, range) => Command::SetTimer(timer.into(), range),
                Command::CancelTimer(timer) => Command::CancelTimer(timer.into()),
                Command::Choose(key, _) => panic!("{key}: no part may leave a choice"),
                Command::Save {
                    record: part,
                    forced,
                } => Command::Save {
                    record: record(part),
                    forced,
                },
            }),
        });
    }

    /// Shows all that was done, in the order in which it was.
    pub fn each_in_order(self, see: &mut dyn FnMut(Done<A>)) {
        let mut observations = self.places.into_iter().zip(self.observations).peekable();
        for (place, command) in self.commands.into_iter().enumerate() {
            while let Some((_, observation)) = observations.next_if(|(before, _)| *before <= place)
            {
                see(Done::Observed(observation));
            }
            see(Done::Gave(command));
        }
        for (_, observation) in observations {
            see(Done::Observed(observation));
        }
    }

    /// Gives a command that there is already, of an algorithm that is a part of this one.
    pub fn give(&mut self, command: Command<A>) {
        if self.commands.capacity() == 0 {
            // Room for those of nearly every handler: a list that grows is copied.
            self.commands = Vec::with_capacity(8);
        }
        self.commands.push(command);
    }

    /// What was given so far, in order.
    pub fn commands(&self) -> &[Command<A>] {
        &self.commands
    }

    /// What was observed so far, in order.
    pub fn observed(&self) -> impl Iterator<Item = &A::Observation> {
        self.observations.iter()
    }

    /// The commands, and what was observed: all, or what is carried out of the commands (by their places, in order),
    /// and the observations that take effect with those.
    pub(super) fn only(
        mut self,
        carried_out: Option<&[usize]>,
    ) -> (Vec<Command<A>>, Vec<A::Observation>) {
        if let Some(carried_out) = carried_out {
            let last = carried_out.iter().rfind(|at| self.commands[**at].lasts());
            let in_effect = |place: &usize| last.is_some_and(|last| place <= last);
            let observations = self.places.iter().take_while(|place| in_effect(place));
            self.observations.truncate(observations.count());
            let mut at = 0..;
            self.commands
                .retain(|_| at.next().is_some_and(|at| carried_out.contains(&at)));
        }
        (self.commands, self.observations)
    }
}

impl<A: Actor> Default for Out<A> {
    fn default() -> Self {
        Out {
            commands: Vec::new(),
            observations: Vec::new(),
            places: SmallVec::new(),
        }
    }
}

/// One thing that a handler has done.
pub enum Done<A: Actor> {
    Observed(A::Observation),
    Gave(Command<A>),
}

/// What a handler did.
pub(super) struct Handled<A: Actor> {
    /// The state afterwards.
    pub state: A::State,
    pub out: Out<A>,
}

/// Starts a node.
pub(super) fn start<A: Actor>(actor: &A, id: Id, start: Start<'_, A::Storage>) -> Handled<A> {
    let mut out = Out::default();
    let state = actor.on_start(id, start, &mut out);
    Handled { state, out }
}

/// Has a node that is up, in the state that is given, answer to an input that is no start.
pub(super) fn call<A: Actor>(actor: &A, id: Id, input: Input<'_, A>, handled: &mut Handled<A>) {
    let Handled { state, out } = handled;
    answer(actor, id, state, input, out);
}

/// The handler of an input that is no start. An algorithm has a part of itself answer so that is an algorithm, too
/// ([`Out::take_over`]).
pub fn answer<A: Actor>(
    actor: &A,
    id: Id,
    state: &mut A::State,
    input: Input<'_, A>,
    out: &mut Out<A>,
) {
    match input {
        Input::Start => panic!("a node that is up cannot start"),
        Input::Message { src, msg } => actor.on_message(id, state, src, msg.clone(), out),
        Input::Timeout(timer) => actor.on_timeout(id, state, timer, out),
        Input::Choice { value, .. } => actor.on_choice(id, state, value, out),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::{Actor, Out, Start};
    use crate::model::{Id, Observation};

    struct Nobody;

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    struct Nothing;

    impl Actor for Nobody {
        type Msg = Nothing;
        type Timer = Nothing;
        type State = Nothing;
        type Storage = Nothing;
        type Choice = Nothing;
        type Observation = Observation;

        fn on_start(&self, _: Id, _: Start<'_, Nothing>, _: &mut Out<Self>) -> Nothing {
            Nothing
        }

        fn on_message(&self, _: Id, _: &mut Nothing, _: Id, _: Nothing, _: &mut Out<Self>) {}
    }

    /// Observed before the save, before the send, and at the end.
    fn claims() -> Out<Nobody> {
        let mut o = Out::<Nobody>::default();
        o.observe(Observation::Locked { subject: 1 });
        o.cancel_timer(Nothing);
        o.save(Nothing);
        o.observe(Observation::Locked { subject: 2 });
        o.send(Id::from(0), Nothing);
        o.cancel_timer(Nothing);
        o.observe(Observation::Locked { subject: 3 });
        o
    }

    #[test]
    fn an_observation_takes_effect_with_the_next_send_or_save() {
        for (kept, in_effect) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2)] {
            let carried_out: Vec<usize> = (0..kept).collect();
            let (commands, observations) = claims().only(Some(&carried_out));
            assert_eq!(
                (commands.len(), observations.len()),
                (kept, in_effect),
                "{kept}"
            );
        }
        let (commands, observations) = claims().only(None);
        assert_eq!((commands.len(), observations.len()), (4, 3));
    }

    /// Whatever else is sent between the same two saves.
    #[test]
    fn what_is_observed_in_front_of_messages_that_do_not_leave_takes_no_effect() {
        let broadcast = || {
            let mut o = Out::<Nobody>::default();
            for subject in [1, 2, 3] {
                o.observe(Observation::Locked { subject });
                o.send(Id::from(0), Nothing);
            }
            o
        };
        for (carried_out, in_effect) in [(vec![0], 1), (vec![1], 2), (vec![0, 2], 3)] {
            let (commands, observations) = broadcast().only(Some(&carried_out));
            assert_eq!(commands.len(), carried_out.len());
            assert_eq!(observations.len(), in_effect, "{carried_out:?}");
        }
    }
}
