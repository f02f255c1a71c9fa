//! The same in the types of a protocol, and without them.

use std::cell::OnceCell;

use super::{AnyData, Untyped};
use crate::model::actor::{Command, Input, Start};
use crate::model::cluster::{Link, index};
use crate::model::globals::Globals;
use crate::model::id::Id;
use crate::model::network::Channel;
use crate::model::node::{Node, Reaction, Up};
use crate::model::protocol::Protocol;
use crate::model::step::Breaches;
use crate::model::world::{Past, View, World};

pub fn typed_start<P: Protocol>(start: Start<'_, AnyData>) -> Start<'_, P::Storage> {
    match start {
        Start::First => Start::First,
        Start::Again(storage) => Start::Again(storage.map(AnyData::as_of)),
    }
}

pub fn typed_input<P: Protocol>(input: Input<'_, Untyped>) -> Input<'_, P> {
    match input {
        Input::Start => Input::Start,
        Input::Message { src, msg } => Input::Message {
            src,
            msg: msg.as_of(),
        },
        Input::Timeout(timer) => Input::Timeout(timer.as_of()),
        Input::Choice { key, value } => Input::Choice {
            key,
            value: value.as_of(),
        },
    }
}

pub fn untyped_command<P: Protocol>(command: Command<P>) -> Command<Untyped> {
    match command {
        Command::Send(dst, msg) => Command::Send(dst, AnyData::in_order(msg)),
        Command::SetTimer(timer, range) => Command::SetTimer(AnyData::in_order(timer), range),
        Command::CancelTimer(timer) => Command::CancelTimer(AnyData::in_order(timer)),
        Command::Choose(key, options) => {
            Command::Choose(key, options.into_iter().map(AnyData::in_order).collect())
        }
        Command::Save { record, forced } => Command::Save {
            record: AnyData::new(record),
            forced,
        },
    }
}

fn typed_command<P: Protocol>(command: &Command<Untyped>) -> Command<P> {
    match command {
        Command::Send(dst, msg) => Command::Send(*dst, typed(msg)),
        Command::SetTimer(timer, range) => Command::SetTimer(typed(timer), *range),
        Command::CancelTimer(timer) => Command::CancelTimer(typed(timer)),
        Command::Choose(key, options) => {
            Command::Choose(key.clone(), options.iter().map(typed).collect())
        }
        Command::Save { record, forced } => Command::Save {
            record: typed(record),
            forced: *forced,
        },
    }
}

pub fn typed_reaction<P: Protocol>(reaction: &Reaction<Untyped>) -> Reaction<P> {
    Reaction {
        commands: reaction.commands.iter().map(typed_command).collect(),
        observations: reaction.observations.iter().map(typed).collect(),
        breaches: reaction.breaches.clone(),
        changed: reaction.changed,
        crashed: reaction.crashed,
    }
}

pub fn typed_node<P: Protocol>(node: &Node<Untyped>) -> Node<P> {
    let of_storage = |storage: &Option<AnyData>| storage.as_ref().map(typed);
    match node {
        Node::Absent => Node::Absent,
        Node::Down { storage } => Node::Down {
            storage: of_storage(storage),
        },
        Node::Up(up) => Node::Up(Up {
            state: typed(&up.state),
            timers: up.timers.iter().map(typed).collect(),
            choices: up
                .choices
                .iter()
                .map(|(key, options)| (key.clone(), options.iter().map(typed).collect()))
                .collect(),
            storage: of_storage(&up.storage),
        }),
    }
}

pub fn untyped_node<P: Protocol>(node: &Node<P>) -> Node<Untyped> {
    let of_storage = |storage: &Option<P::Storage>| storage.clone().map(AnyData::new);
    match node {
        Node::Absent => Node::Absent,
        Node::Down { storage } => Node::Down {
            storage: of_storage(storage),
        },
        Node::Up(up) => Node::Up(Up {
            state: AnyData::new(up.state.clone()),
            timers: up.timers.iter().cloned().map(AnyData::in_order).collect(),
            choices: up
                .choices
                .iter()
                .map(|(key, options)| {
                    let options = options.iter().cloned();
                    (key.clone(), options.map(AnyData::in_order).collect())
                })
                .collect(),
            storage: of_storage(&up.storage),
        }),
    }
}

pub fn untyped_channel<P: Protocol>(channel: &Channel<P::Msg>) -> Channel<AnyData> {
    channel.told(|msg| AnyData::in_order(msg.clone()))
}

pub fn untyped_past<P: Protocol>(past: Past<P>) -> Past<Untyped> {
    Past {
        history: AnyData::new(past.history),
        breaches: past.breaches,
    }
}

impl<P: Protocol> World<P> {
    /// The same for whoever does not know the types.
    pub fn untyped(&self) -> World<Untyped> {
        World::of(
            &(0..self.nodes()).map(Id::from).collect::<Vec<_>>(),
            |id| untyped_node(self.node(id)),
            |link| untyped_channel::<P>(self.channel(link)),
            self.globals().clone(),
            untyped_past(self.past().clone()),
        )
    }
}

fn typed<T: Clone + 'static>(value: &AnyData) -> T {
    value.as_of::<T>().clone()
}

/// A world as a protocol sees it that knows the types. What predicates mostly read is not copied.
pub struct Typed<'a, P: Protocol> {
    world: &'a dyn View<Untyped>,
    /// The parts that were asked for as a whole.
    nodes: OnceCell<Vec<OnceCell<Node<P>>>>,
    channels: OnceCell<Vec<OnceCell<Channel<P::Msg>>>>,
    past: OnceCell<Past<P>>,
}

impl<'a, P: Protocol> Typed<'a, P> {
    pub fn new(world: &'a dyn View<Untyped>) -> Self {
        Typed {
            world,
            nodes: OnceCell::new(),
            channels: OnceCell::new(),
            past: OnceCell::new(),
        }
    }
}

fn cells<T>(count: usize) -> Vec<OnceCell<T>> {
    (0..count).map(|_| OnceCell::new()).collect()
}

impl<P: Protocol> View<P> for Typed<'_, P> {
    fn nodes(&self) -> usize {
        self.world.nodes()
    }

    fn node(&self, id: Id) -> &Node<P> {
        let nodes = self.nodes.get_or_init(|| cells(self.nodes()));
        nodes[index(id)].get_or_init(|| typed_node(self.world.node(id)))
    }

    fn channel(&self, link: Link) -> &Channel<P::Msg> {
        let nodes = self.nodes();
        let channels = self.channels.get_or_init(|| cells(nodes * nodes));
        let at = index(link.src) * nodes + index(link.dst);
        channels[at].get_or_init(|| self.world.channel(link).told(typed))
    }

    fn globals(&self) -> &Globals {
        self.world.globals()
    }

    fn past(&self) -> &Past<P> {
        let past = || Past {
            history: self.history().clone(),
            breaches: self.breaches().clone(),
        };
        self.past.get_or_init(past)
    }

    fn history(&self) -> &P::History {
        self.world.history().as_of()
    }

    fn breaches(&self) -> &Breaches {
        self.world.breaches()
    }

    fn state(&self, id: Id) -> Option<&P::State> {
        self.world.state(id).map(AnyData::as_of)
    }

    fn storage(&self, id: Id) -> Option<&P::Storage> {
        self.world.storage(id).map(AnyData::as_of)
    }

    fn is_up(&self, id: Id) -> bool {
        self.world.is_up(id)
    }

    fn is_down(&self, id: Id) -> bool {
        self.world.is_down(id)
    }

    fn is_undecided(&self, id: Id) -> bool {
        self.world.is_undecided(id)
    }

    fn is_silent(&self, link: Link) -> bool {
        self.world.is_silent(link)
    }
}
