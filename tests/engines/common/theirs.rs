//! Actors of ours in Stateright's actor model.

use std::borrow::Cow;
use std::fmt::Debug;

use jury::model::{Actor, Command, Id, Out, Start};
use stateright::actor as theirs;

/// An actor of ours, for Stateright's trait.
///
/// It takes states whole even where nothing changes, so that every delivery is a step there, too: that
/// leaves out what borrows the state and gives no command.
#[derive(Clone, Debug)]
pub struct Theirs<A>(pub A);

fn our_id(id: theirs::Id) -> Id {
    usize::from(id).into()
}

fn give<A: Actor + Clone + Debug>(out: &Out<A>, o: &mut theirs::Out<Theirs<A>>) {
    for command in out.commands() {
        match command.clone() {
            Command::Send(dst, msg) => o.send(usize::from(dst).into(), msg),
            Command::SetTimer(timer, _) => o.set_timer(timer, theirs::model_timeout()),
            Command::CancelTimer(timer) => o.cancel_timer(timer),
            Command::Choose(key, options) => o.choose_random(key, options),
            Command::Save { record, .. } => o.save(record),
        }
    }
}

impl<A: Actor + Clone + Debug> theirs::Actor for Theirs<A> {
    type Msg = A::Msg;
    type Timer = A::Timer;
    type State = A::State;
    type Storage = A::Storage;
    type Random = A::Choice;

    fn on_start(
        &self,
        id: theirs::Id,
        storage: &Option<A::Storage>,
        o: &mut theirs::Out<Self>,
    ) -> A::State {
        let mut out = Out::default();
        let start = storage
            .as_ref()
            .map_or(Start::First, |s| Start::Again(Some(s)));
        let state = self.0.on_start(our_id(id), start, &mut out);
        give(&out, o);
        state
    }

    fn on_msg(
        &self,
        id: theirs::Id,
        state: &mut Cow<'_, A::State>,
        src: theirs::Id,
        msg: A::Msg,
        o: &mut theirs::Out<Self>,
    ) {
        let mut out = Out::default();
        let (id, src) = (our_id(id), our_id(src));
        self.0.on_message(id, state.to_mut(), src, msg, &mut out);
        give(&out, o);
    }

    fn on_timeout(
        &self,
        id: theirs::Id,
        state: &mut Cow<'_, A::State>,
        timer: &A::Timer,
        o: &mut theirs::Out<Self>,
    ) {
        let mut out = Out::default();
        self.0
            .on_timeout(our_id(id), state.to_mut(), timer, &mut out);
        give(&out, o);
    }

    fn on_random(
        &self,
        id: theirs::Id,
        state: &mut Cow<'_, A::State>,
        choice: &A::Choice,
        o: &mut theirs::Out<Self>,
    ) {
        let mut out = Out::default();
        self.0
            .on_choice(our_id(id), state.to_mut(), choice, &mut out);
        give(&out, o);
    }
}
