//! Actors that were written for Stateright's trait, run unchanged.
//!
//! [`stateright_actor!`](crate::stateright_actor) makes one an [`Actor`] of ours, if its types can be
//! written down and put in order. It says nothing of what its steps mean, so properties ask its states
//! and storages. A timer whose range leaves it no time (Stateright's `model_timeout`) runs for
//! [`ANY_TIME`].

use std::borrow::Cow;

use stateright::actor as theirs;

use crate::model::{Actor, Id, Out, Start, Time, TimerRange};

/// How long a timer runs of which an actor does not say how long.
pub const ANY_TIME: TimerRange = TimerRange::millis(50, 100);

/// Makes an actor that was written for Stateright's trait one of ours.
#[macro_export]
macro_rules! stateright_actor {
    ($actor:ty) => {
        impl $crate::model::Actor for $actor {
            type Msg = <$actor as ::stateright::actor::Actor>::Msg;
            type Timer = <$actor as ::stateright::actor::Actor>::Timer;
            type State = <$actor as ::stateright::actor::Actor>::State;
            type Storage = <$actor as ::stateright::actor::Actor>::Storage;
            type Choice = <$actor as ::stateright::actor::Actor>::Random;
            type Observation = $crate::model::Observation;

            fn on_start(
                &self,
                id: $crate::model::Id,
                start: $crate::model::Start<'_, Self::Storage>,
                o: &mut $crate::model::Out<Self>,
            ) -> Self::State {
                $crate::adapter::start(self, id, start, o)
            }

            fn on_message(
                &self,
                id: $crate::model::Id,
                state: &mut Self::State,
                src: $crate::model::Id,
                msg: Self::Msg,
                o: &mut $crate::model::Out<Self>,
            ) {
                $crate::adapter::message(self, id, state, src, msg, o);
            }

            fn on_timeout(
                &self,
                id: $crate::model::Id,
                state: &mut Self::State,
                timer: &Self::Timer,
                o: &mut $crate::model::Out<Self>,
            ) {
                $crate::adapter::timeout(self, id, state, timer, o);
            }

            fn on_choice(
                &self,
                id: $crate::model::Id,
                state: &mut Self::State,
                choice: &Self::Choice,
                o: &mut $crate::model::Out<Self>,
            ) {
                $crate::adapter::choice(self, id, state, choice, o);
            }
        }
    };
}

/// An actor of theirs that is one of ours as well.
pub trait Both:
    theirs::Actor
    + Actor<
        Msg = <Self as theirs::Actor>::Msg,
        Timer = <Self as theirs::Actor>::Timer,
        State = <Self as theirs::Actor>::State,
        Storage = <Self as theirs::Actor>::Storage,
        Choice = <Self as theirs::Actor>::Random,
    >
{
}

impl<A> Both for A where
    A: theirs::Actor
        + Actor<
            Msg = <A as theirs::Actor>::Msg,
            Timer = <A as theirs::Actor>::Timer,
            State = <A as theirs::Actor>::State,
            Storage = <A as theirs::Actor>::Storage,
            Choice = <A as theirs::Actor>::Random,
        >
{
}

type StateOf<A> = <A as theirs::Actor>::State;

pub fn start<A: Both>(
    actor: &A,
    id: Id,
    start: Start<'_, <A as theirs::Actor>::Storage>,
    o: &mut Out<A>,
) -> StateOf<A> {
    let mut out = theirs::Out::new();
    let state = theirs::Actor::on_start(actor, their_id(id), &start.storage().cloned(), &mut out);
    give(out, o);
    state
}

pub fn message<A: Both>(
    actor: &A,
    id: Id,
    state: &mut StateOf<A>,
    src: Id,
    msg: <A as theirs::Actor>::Msg,
    o: &mut Out<A>,
) {
    handle(state, o, |state, out| {
        actor.on_msg(their_id(id), state, their_id(src), msg, out);
    });
}

pub fn timeout<A: Both>(
    actor: &A,
    id: Id,
    state: &mut StateOf<A>,
    timer: &<A as theirs::Actor>::Timer,
    o: &mut Out<A>,
) {
    handle(state, o, |state, out| {
        theirs::Actor::on_timeout(actor, their_id(id), state, timer, out);
    });
}

pub fn choice<A: Both>(
    actor: &A,
    id: Id,
    state: &mut StateOf<A>,
    choice: &<A as theirs::Actor>::Random,
    o: &mut Out<A>,
) {
    handle(state, o, |state, out| {
        actor.on_random(their_id(id), state, choice, out);
    });
}

/// Runs a handler of theirs on a state of ours.
fn handle<A: Both>(
    state: &mut StateOf<A>,
    o: &mut Out<A>,
    handler: impl FnOnce(&mut Cow<'_, StateOf<A>>, &mut theirs::Out<A>),
) {
    let (mut new, mut out) = (Cow::Borrowed(&*state), theirs::Out::new());
    handler(&mut new, &mut out);
    if let Cow::Owned(new) = new {
        *state = new;
    }
    give(out, o);
}

fn give<A: Both>(out: theirs::Out<A>, o: &mut Out<A>) {
    for command in out {
        match command {
            theirs::Command::Send(dst, msg) => o.send(our_id(dst), msg),
            theirs::Command::SetTimer(timer, range) => {
                let nanos = |d: std::time::Duration| u64::try_from(d.as_nanos()).map(Time);
                let range = match (nanos(range.start), nanos(range.end)) {
                    (Ok(min), Ok(max)) if min <= max && max > Time::ZERO => TimerRange { min, max },
                    _ => ANY_TIME,
                };
                o.set_timer(timer, range);
            }
            theirs::Command::CancelTimer(timer) => o.cancel_timer(timer),
            theirs::Command::ChooseRandom(key, options) => o.choose(key, options),
            theirs::Command::Save(record) => o.save(record),
        }
    }
}

fn their_id(id: Id) -> theirs::Id {
    usize::from(id).into()
}

fn our_id(id: theirs::Id) -> Id {
    usize::from(id).into()
}
