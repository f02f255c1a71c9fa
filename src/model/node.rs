//! One node's part of the world, and what an input does to it.
//!
//! What a handler did becomes a [`Reaction`], and a reaction changes one [`Node`] and nothing else.
//! What a reaction means for channels, budgets and the history is the business of
//! [`System`](super::System).
//!
//! Invariants: a node that is down has no volatile state, by type; commands are carried out in
//! the order in which the handler gave them; after a crash inside a handler no later command is.

use derive_where::derive_where;
use serde::{Deserialize, Serialize};

use super::actor::{self, Command, Handled, Input, Out, Start};
use super::crash::{CrashPoint, Lasting};
use super::event::label;
use super::few::{Few, FewMap};
use super::id::Id;
use super::promise::{Promise, answered};
use super::protocol::Protocol;
use super::step::Breach;

/// One node's part of the world.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Node<P: Protocol> {
    /// Has not started yet; it may join later.
    Absent,
    /// Crashed. Only what was last saved is left.
    Down {
        storage: Option<P::Storage>,
    },
    Up(Up<P>),
}

/// A node that is up.
#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Up<P: Protocol> {
    pub state: P::State,
    /// The timers that are armed. (When they fire is the scheduler's business.)
    pub timers: Few<P::Timer>,
    /// The choices that the environment has yet to settle.
    pub choices: FewMap<String, Vec<P::Choice>>,
    /// What was last saved; `None` if nothing ever was.
    pub storage: Option<P::Storage>,
}

/// What one input did to one node: a value, so that it can be remembered and compared.
#[derive_where(Debug)]
pub struct Reaction<P: Protocol> {
    /// The commands that were carried out, in order.
    pub commands: Vec<Command<P>>,
    /// What the handler observed, as far as it took effect.
    pub observations: Vec<P::Observation>,
    /// The step properties that this broke.
    pub breaches: Vec<Breach>,
    /// The volatile state is another than before, be it new or lost.
    pub changed: bool,
    /// The node crashed inside the handler, right behind the last of `commands`.
    pub crashed: bool,
}

impl<P: Protocol> Reaction<P> {
    /// Whether the node is left with another volatile state than it had.
    pub(super) fn is_of_a_new_state(&self) -> bool {
        self.changed && !self.crashed
    }

    /// The messages sent, in order.
    pub fn sends(&self) -> impl Iterator<Item = (Id, &P::Msg)> {
        self.commands.iter().filter_map(|c| match c {
            Command::Send(dst, msg) => Some((*dst, msg)),
            _ => None,
        })
    }

    /// The first send among the commands from this position on, with its own position.
    pub fn next_send(&self, from: usize) -> Option<(usize, Id, &P::Msg)> {
        let commands = self.commands.iter().enumerate().skip(from);
        let mut sends = commands.filter_map(|(at, command)| match command {
            Command::Send(dst, msg) => Some((at, *dst, msg)),
            _ => None,
        });
        sends.next()
    }

    /// The last thing saved, if anything was.
    pub fn saved(&self) -> Option<&P::Storage> {
        self.saves().next_back()
    }

    /// Everything saved, in order.
    pub fn saves(&self) -> impl DoubleEndedIterator<Item = &P::Storage> {
        self.commands.iter().filter_map(Command::saved)
    }
}

impl<P: Protocol> Node<P> {
    pub fn up(&self) -> Option<&Up<P>> {
        match self {
            Node::Up(up) => Some(up),
            _ => None,
        }
    }

    pub fn is_up(&self) -> bool {
        self.up().is_some()
    }

    /// The volatile state, if the node is up.
    pub fn state(&self) -> Option<&P::State> {
        self.up().map(|up| &up.state)
    }

    /// The n-th option of the first choice that the environment has yet to settle.
    pub fn option(&self, nth: usize) -> Option<(&str, &P::Choice)> {
        let (key, options) = self.up()?.choices.first_key_value()?;
        Some((key, options.get(nth)?))
    }

    /// What was last saved, if anything ever was.
    pub fn storage(&self) -> Option<&P::Storage> {
        match self {
            Node::Absent => None,
            Node::Down { storage } => storage.as_ref(),
            Node::Up(up) => up.storage.as_ref(),
        }
    }

    /// Loses everything volatile.
    pub fn crash(&mut self) {
        let storage = match std::mem::replace(self, Node::Absent) {
            Node::Up(up) => up.storage,
            Node::Down { storage } => storage,
            Node::Absent => None,
        };
        *self = Node::Down { storage };
    }

    /// Runs the handler for `input` and carries out its commands: all of them, or only those before the
    /// point at which the node crashes.
    ///
    /// # Panics
    /// If the input cannot happen to the node: whoever asks has to make sure that it can.
    pub fn react(
        &mut self,
        protocol: &P,
        id: Id,
        input: Input<'_, P>,
        crash: Option<&CrashPoint>,
    ) -> Reaction<P> {
        let mut handled = self.ask(protocol, id, input);
        let reaction = self.consider(protocol, id, input, &mut handled, crash);
        self.absorb(input, &reaction, handled);
        reaction
    }

    /// What of that which the handler for `input` did is carried out. Changes nothing. (States are large: the new
    /// one stays where it is.)
    pub(super) fn consider(
        &self,
        protocol: &P,
        id: Id,
        input: Input<'_, P>,
        handled: &mut Handled<P>,
        crash: Option<&CrashPoint>,
    ) -> Reaction<P> {
        let out = std::mem::take(&mut handled.out);
        let crashed = crash.is_some();
        let carried_out = crash.map(|point| {
            let lasting = Lasting::of(out.commands(), input);
            if !lasting.fits(point) {
                let of = told(protocol, id, input);
                let message = "is not pure: asked a second time, it gives fewer commands";
                Promise::Pure.complain(format!("{of} {message}"));
            }
            lasting.carried_out(point)
        });
        let (commands, observations) = out.only(carried_out.as_deref());
        Reaction {
            commands,
            observations,
            breaches: Vec::new(),
            changed: crashed || self.state() != Some(&handled.state),
            crashed,
        }
    }

    /// What the handler for `input` would do, as far as crashes inside it are concerned. Changes nothing.
    pub fn lasting(&self, protocol: &P, id: Id, input: Input<'_, P>) -> Lasting {
        Lasting::of(self.ask(protocol, id, input).out.commands(), input)
    }

    /// What a crash behind the first few of the commands that the handler gave leaves of the node, as
    /// [`Self::react`] does, without asking the handler again.
    #[must_use]
    pub fn crashed_behind(&self, commands: &[Command<P>]) -> Self {
        let saved = commands.iter().rev().find_map(Command::saved);
        Node::Down {
            storage: saved.or(self.storage()).cloned(),
        }
    }

    /// The commands that the handler for `input` would give, in order. Changes nothing.
    pub fn preview(&self, protocol: &P, id: Id, input: Input<'_, P>) -> Vec<Command<P>> {
        self.ask(protocol, id, input).out.only(None).0
    }

    /// Calls the handler. Changes nothing.
    pub(super) fn ask(&self, protocol: &P, id: Id, input: Input<'_, P>) -> Handled<P> {
        let complaint = |panic: &str| {
            let of = told(protocol, id, input);
            protocol.cluster().naming(&match self.state() {
                Some(state) => format!("{of} panics in {state:?}: {panic}"),
                None => format!("{of} panics: {panic}"),
            })
        };
        let start = match (input, self) {
            (Input::Start, Node::Absent) => Start::First,
            (Input::Start, Node::Down { storage }) => Start::Again(storage.as_ref()),
            (_, Node::Up(up)) => {
                let mut handled = Handled {
                    state: up.state.clone(),
                    out: Out::default(),
                };
                answered(|| actor::call(protocol, id, input, &mut handled), complaint);
                return handled;
            }
            _ => panic!("{input:?} cannot happen to a node that is down"),
        };
        answered(|| actor::start(protocol, id, start), complaint)
    }

    /// Takes over what the reaction did: consumes the timer or choice that was the input, then
    /// carries out the commands that concern the node alone.
    pub(super) fn absorb(
        &mut self,
        input: Input<'_, P>,
        reaction: &Reaction<P>,
        Handled { state, .. }: Handled<P>,
    ) {
        if let Node::Absent | Node::Down { .. } = self {
            let storage = self.storage().cloned();
            *self = if reaction.crashed {
                Node::Down { storage }
            } else {
                Node::Up(Up {
                    state,
                    timers: Few::new(),
                    choices: FewMap::new(),
                    storage,
                })
            };
        } else if let Node::Up(up) = self {
            match input {
                Input::Timeout(timer) => {
                    up.timers.remove(timer);
                }
                Input::Choice { key, .. } => {
                    up.choices.remove(key);
                }
                Input::Start | Input::Message { .. } => {}
            }
            if reaction.is_of_a_new_state() {
                up.state = state;
            }
        }
        for command in &reaction.commands {
            self.carry_out(command);
        }
        if reaction.crashed {
            self.crash();
        }
    }

    fn carry_out(&mut self, command: &Command<P>) {
        match (self, command) {
            (Node::Up(up), Command::SetTimer(timer, _)) => {
                up.timers.insert(timer.clone());
            }
            (Node::Up(up), Command::CancelTimer(timer)) => {
                up.timers.remove(timer);
            }
            (Node::Up(up), Command::Choose(key, options)) => {
                if options.is_empty() {
                    up.choices.remove(key);
                } else {
                    up.choices.insert(key.clone(), options.clone());
                }
            }
            (
                Node::Up(Up { storage, .. }) | Node::Down { storage },
                Command::Save { record, .. },
            ) => *storage = Some(record.clone()),
            // A node that crashed inside `on_start` keeps what it saved and has nothing else;
            // sends are for the channels.
            _ => {}
        }
    }
}

/// A handler in words: the handler of P2 for `Prepare(1)` from C.
fn told<P: Protocol>(protocol: &P, id: Id, input: Input<'_, P>) -> String {
    let cluster = protocol.cluster();
    let name = cluster.name(id);
    match input {
        Input::Start => format!("the handler of {name} for its start"),
        Input::Message { src, msg } => {
            let src = cluster.name(src);
            format!("the handler of {name} for `{}` from {src}", label(msg))
        }
        Input::Timeout(timer) => format!("the handler of {name} for its timer `{}`", label(timer)),
        Input::Choice { key, value } => {
            format!(
                "the handler of {name} for the choice `{key}={}`",
                label(value)
            )
        }
    }
}
