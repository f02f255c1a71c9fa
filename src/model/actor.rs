//! The seam to Stateright's actor trait, and the only place where a handler is called.
//!
//! A handler is a pure function of (configuration, id, state, input). Here its commands become a
//! [`Reaction`], and a reaction changes one [`Node`] and nothing else. What a reaction means for
//! channels, budgets and the history is the business of [`System`](super::System).
//!
//! Invariants: a node that is down has no volatile state, by type; commands are carried out in
//! the order in which the handler gave them; after a crash inside a handler no later command is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use derive_where::derive_where;
use serde::{Deserialize, Serialize};
pub use stateright::actor::{Actor, Command, Id, Out};

use super::event::Vocabulary;
use super::protocol::{Observation, Protocol};

/// A command of protocol `P`.
pub type CommandOf<P> =
    Command<<P as Actor>::Msg, <P as Actor>::Timer, <P as Actor>::Random, <P as Actor>::Storage>;

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
        value: &'a V::Random,
    },
}

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
    pub timers: BTreeSet<P::Timer>,
    /// The choices that the environment has yet to settle.
    pub choices: BTreeMap<String, Vec<P::Random>>,
    /// What was last saved; `None` if nothing ever was.
    pub storage: Option<P::Storage>,
}

/// What one input did to one node: a value, so that it can be remembered and compared.
#[derive_where(Debug)]
pub struct Reaction<P: Protocol> {
    /// The commands that were carried out, in order.
    pub commands: Vec<CommandOf<P>>,
    /// What the step meant, in the words of the paper.
    pub observations: Vec<Observation>,
    /// Which of `commands` save a record that need not reach the disk at once.
    pub lazy_saves: Vec<usize>,
    /// The new volatile state; `None` if the handler left it alone, or if the node crashed. Once
    /// a node has taken it over it is gone from here: read it in the node.
    pub state: Option<P::State>,
    /// The node crashed inside the handler, right behind the last of `commands`.
    pub crashed: bool,
}

impl<P: Protocol> Reaction<P> {
    /// The messages sent, in order.
    pub fn sends(&self) -> impl Iterator<Item = (Id, &P::Msg)> {
        self.commands.iter().filter_map(|c| match c {
            Command::Send(dst, msg) => Some((*dst, msg)),
            _ => None,
        })
    }

    /// The last thing saved, if anything was.
    pub fn saved(&self) -> Option<&P::Storage> {
        self.saves().last()
    }

    /// Everything saved, in order.
    pub fn saves(&self) -> impl Iterator<Item = &P::Storage> {
        self.commands.iter().filter_map(|c| match c {
            Command::Save(storage) => Some(storage),
            _ => None,
        })
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
    pub fn option(&self, nth: usize) -> Option<(&str, &P::Random)> {
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

    /// Runs the handler for `input` and carries out its commands: all of them, or only the first
    /// `crash_after`, behind which the node crashes.
    ///
    /// # Panics
    /// If the input cannot happen to the node: whoever asks has to make sure that it can.
    pub fn react(
        &mut self,
        protocol: &P,
        id: Id,
        input: Input<'_, P>,
        crash_after: Option<usize>,
    ) -> Reaction<P> {
        let mut reaction = self.consider(protocol, id, input);
        if let Some(kept) = crash_after {
            reaction.commands.truncate(kept);
            reaction.state = None;
            reaction.crashed = true;
        }
        let mut observations = Vec::new();
        protocol.observe(id, self, input, &reaction, &mut observations);
        reaction.observations = observations;
        reaction.lazy_saves = self.lazy_saves(protocol, id, &reaction.commands);
        self.absorb(input, &mut reaction);
        reaction
    }

    /// The lengths of the command prefixes behind which a crash inside the handler for `input`
    /// leaves something that no crash between events does: something was sent or saved, and
    /// something else was still to be.
    ///
    /// (A crash before the first of them is a crash, followed by the loss of the message at a
    /// node that is down; one behind the last is the whole step, followed by a crash. But nothing
    /// comes before a choice, no crash either: there, having sent and saved nothing counts too.)
    pub fn crash_points(&self, protocol: &P, id: Id, input: Input<'_, P>) -> Vec<usize> {
        let commands = self.consider(protocol, id, input).commands;
        let mut points = match input {
            Input::Choice { .. } => vec![0],
            _ => Vec::new(),
        };
        let mut lasting = (1..=commands.len())
            .filter(|n| matches!(commands[n - 1], Command::Send(..) | Command::Save(_)));
        if lasting.next_back().is_none() {
            return Vec::new();
        }
        points.extend(lasting);
        points
    }

    /// The commands that the handler for `input` would give, in order. Changes nothing.
    pub fn preview(&self, protocol: &P, id: Id, input: Input<'_, P>) -> Vec<CommandOf<P>> {
        self.consider(protocol, id, input).commands
    }

    /// Calls the handler. Changes nothing.
    fn consider(&self, protocol: &P, id: Id, input: Input<'_, P>) -> Reaction<P> {
        let mut out = Out::new();
        let state = match (input, self) {
            (Input::Start, Node::Absent) => Some(protocol.on_start(id, &None, &mut out)),
            (Input::Start, Node::Down { storage }) => {
                let storage = storage.clone().unwrap_or_else(|| protocol.blank(id));
                Some(protocol.on_start(id, &Some(storage), &mut out))
            }
            (input, Node::Up(up)) => {
                let mut state = Cow::Borrowed(&up.state);
                match input {
                    Input::Start => panic!("a node that is up cannot start"),
                    Input::Message { src, msg } => {
                        protocol.on_msg(id, &mut state, src, msg.clone(), &mut out);
                    }
                    Input::Timeout(timer) => protocol.on_timeout(id, &mut state, timer, &mut out),
                    Input::Choice { value, .. } => {
                        protocol.on_random(id, &mut state, value, &mut out);
                    }
                }
                match state {
                    Cow::Owned(state) => Some(state),
                    Cow::Borrowed(_) => None,
                }
            }
            (input, _) => panic!("{input:?} cannot happen to a node that is down"),
        };
        Reaction {
            commands: out.into_iter().collect(),
            observations: Vec::new(),
            lazy_saves: Vec::new(),
            state,
            crashed: false,
        }
    }

    fn lazy_saves(&self, protocol: &P, id: Id, commands: &[CommandOf<P>]) -> Vec<usize> {
        let mut before = self.storage();
        let mut lazy = Vec::new();
        for (position, command) in commands.iter().enumerate() {
            if let Command::Save(saved) = command {
                if !protocol.forced(id, before, saved) {
                    lazy.push(position);
                }
                before = Some(saved);
            }
        }
        lazy
    }

    /// Takes over what the reaction did: consumes the timer or choice that was the input, then
    /// carries out the commands that concern the node alone.
    fn absorb(&mut self, input: Input<'_, P>, reaction: &mut Reaction<P>) {
        if let Node::Absent | Node::Down { .. } = self {
            let storage = self.storage().cloned();
            *self = match reaction.state.take() {
                Some(state) => Node::Up(Up {
                    state,
                    timers: BTreeSet::new(),
                    choices: BTreeMap::new(),
                    storage,
                }),
                None => Node::Down { storage },
            };
        }
        if let Node::Up(up) = self {
            match input {
                Input::Timeout(timer) => {
                    up.timers.remove(timer);
                }
                Input::Choice { key, .. } => {
                    up.choices.remove(key);
                }
                Input::Start | Input::Message { .. } => {}
            }
            if let Some(state) = reaction.state.take() {
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

    fn carry_out(&mut self, command: &CommandOf<P>) {
        match (self, command) {
            (Node::Up(up), Command::SetTimer(timer, _)) => {
                up.timers.insert(timer.clone());
            }
            (Node::Up(up), Command::CancelTimer(timer)) => {
                up.timers.remove(timer);
            }
            (Node::Up(up), Command::ChooseRandom(key, options)) => {
                if options.is_empty() {
                    up.choices.remove(key);
                } else {
                    up.choices.insert(key.clone(), options.clone());
                }
            }
            (Node::Up(Up { storage, .. }) | Node::Down { storage }, Command::Save(saved)) => {
                *storage = Some(saved.clone());
            }
            // A node that crashed inside `on_start` keeps what it saved and has nothing else;
            // sends are for the channels.
            _ => {}
        }
    }
}
