//! A second carrier of parts, as unlike the plain one as can be: a world is a list of numbers.
//!
//! Every part and every input lives in one store and is known by its number there. What a change
//! does to a part is looked up by the two numbers, and only asked of the model the first time. If
//! the relation depended on anything but the parts it is given, this carrier would disagree with
//! the plain one.

use std::ops::Deref;
use std::rc::Rc;

use derive_where::derive_where;
use indexmap::{IndexMap, IndexSet};
use jury::check::Keyed;
use jury::model::globals::{Globals, GlobalsChange};
use jury::model::network::{ChannelChange, Fate};
use jury::model::{
    Carrier, Channel, CrashPoint, Cut, Event, Id, Input, Link, LinkOrder, Node, NodeSet, Past,
    Protocol, Reaction, Rules, System, View, World,
};

/// The number of a part or of (a piece of) a change.
type Number = u32;

/// Anything that is known by a number.
#[derive_where(PartialEq, Eq, Hash)]
enum Part<P: Protocol> {
    Node(Node<P>),
    Channel(Channel<P::Msg>),
    Globals(Globals),
    Past(Past<P>),
    Msg(P::Msg),
    Timer(P::Timer),
    Choice(String, P::Choice),
    Cut(Cut),
}

/// An input by number: what sort it is, who sent it, and its contents.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    Start,
    Message(Id, Number),
    Timeout(Number),
    Choice(Number),
}

/// A change of a channel or of the globals: what sort it is, and its contents.
type Changed = (&'static str, Number, Number);

/// What a handler is asked: the node, its part, the input, and where it crashes.
type Question = (Id, Number, Asked, Option<CrashPoint>);

/// A reaction that is remembered.
pub struct Remembered<P: Protocol> {
    number: Number,
    reaction: Rc<Reaction<P>>,
}

impl<P: Protocol> Deref for Remembered<P> {
    type Target = Reaction<P>;

    fn deref(&self) -> &Reaction<P> {
        &self.reaction
    }
}

/// A cursor over interned worlds. It serves one system.
pub struct Interned<P: Protocol> {
    nodes: usize,
    rules: Rules,
    /// The nodes, the channels by source and destination, the globals, the history.
    world: Vec<Number>,
    store: IndexSet<Part<P>>,
    reactions: Vec<Rc<Reaction<P>>>,
    /// The new part, and the number of the reaction.
    reacted: IndexMap<Question, (Number, Number)>,
    crash_points: IndexMap<(Id, Number, Asked), Vec<CrashPoint>>,
    crashed: IndexMap<Number, Number>,
    changed: IndexMap<(Number, Changed), (Number, Fate)>,
    recorded: IndexMap<(Number, Id, Number), Number>,
    /// How often an answer was remembered.
    pub remembered: u64,
}

impl<P: Protocol> Interned<P> {
    pub fn new(system: &System<P>, world: &World<P>) -> Self {
        let mut carrier = Interned {
            nodes: system.cluster.len(),
            rules: system.rules.clone(),
            world: Vec::new(),
            store: IndexSet::new(),
            reactions: Vec::new(),
            reacted: IndexMap::new(),
            crash_points: IndexMap::new(),
            crashed: IndexMap::new(),
            changed: IndexMap::new(),
            recorded: IndexMap::new(),
            remembered: 0,
        };
        carrier.world = carrier.intern_world(world);
        carrier
    }

    /// The numbers of a world's parts.
    pub fn intern_world(&mut self, world: &World<P>) -> Vec<Number> {
        let ids = || (0..self.nodes).map(Id::from);
        let links = ids().flat_map(|src| ids().map(move |dst| Link::new(src, dst)));
        let links: Vec<Link> = links.collect();
        let ids: Vec<Id> = ids().collect();
        let mut numbers = Vec::new();
        for id in ids {
            numbers.push(self.intern(Part::Node(world.node(id).clone())));
        }
        for link in links {
            numbers.push(self.intern(Part::Channel(world.channel(link).clone())));
        }
        numbers.push(self.intern(Part::Globals(world.globals().clone())));
        numbers.push(self.intern(Part::Past(world.past().clone())));
        numbers
    }

    fn intern(&mut self, part: Part<P>) -> Number {
        Number::try_from(self.store.insert_full(part).0).expect("a small store")
    }

    fn part(&self, place: usize) -> &Part<P> {
        &self.store[self.world[place] as usize]
    }

    fn at_link(&self, link: Link) -> usize {
        self.nodes + usize::from(link.src) * self.nodes + usize::from(link.dst)
    }

    fn at_globals(&self) -> usize {
        self.nodes + self.nodes * self.nodes
    }

    fn at_history(&self) -> usize {
        self.at_globals() + 1
    }

    fn asked(&mut self, input: Input<'_, P>) -> Asked {
        match input {
            Input::Start => Asked::Start,
            Input::Message { src, msg } => Asked::Message(src, self.intern(Part::Msg(msg.clone()))),
            Input::Timeout(timer) => Asked::Timeout(self.intern(Part::Timer(timer.clone()))),
            Input::Choice { key, value } => {
                Asked::Choice(self.intern(Part::Choice(key.to_owned(), value.clone())))
            }
        }
    }
}

fn small(id: Id) -> Number {
    Number::try_from(usize::from(id)).expect("a small cluster")
}

impl<P: Protocol> View<P> for Interned<P> {
    fn nodes(&self) -> usize {
        self.nodes
    }

    fn node(&self, id: Id) -> &Node<P> {
        match self.part(usize::from(id)) {
            Part::Node(node) => node,
            _ => unreachable!("nodes come first"),
        }
    }

    fn channel(&self, link: Link) -> &Channel<P::Msg> {
        match self.part(self.at_link(link)) {
            Part::Channel(channel) => channel,
            _ => unreachable!("channels come behind the nodes"),
        }
    }

    fn globals(&self) -> &Globals {
        match self.part(self.at_globals()) {
            Part::Globals(globals) => globals,
            _ => unreachable!("globals come behind the channels"),
        }
    }

    fn past(&self) -> &Past<P> {
        match self.part(self.at_history()) {
            Part::Past(past) => past,
            _ => unreachable!("the history comes last"),
        }
    }
}

impl<P: Protocol> Carrier<P> for Interned<P> {
    type Vocabulary = P;
    type Reaction = Remembered<P>;
    type Points = Vec<CrashPoint>;

    fn deliverable(&self, link: Link, order: LinkOrder, nth: usize) -> Option<P::Msg> {
        let mut distinct: Vec<P::Msg> = self.channel(link).iter().cloned().collect();
        match order {
            LinkOrder::Fifo => distinct.truncate(1),
            LinkOrder::Unordered => distinct.dedup(),
        }
        distinct.into_iter().nth(nth)
    }

    fn in_flight(&self, link: Link, nth: usize) -> Option<P::Msg> {
        self.channel(link).iter().nth(nth).cloned()
    }

    fn copies(&self, link: Link, msg: &P::Msg) -> usize {
        self.channel(link).copies(msg)
    }

    fn armed(&self, id: Id, nth: usize) -> Option<P::Timer> {
        self.node(id).up()?.timers.iter().nth(nth).cloned()
    }

    fn awaits(&self, protocol: &P, id: Id, timer: &P::Timer) -> NodeSet {
        let state = self.node(id).state().expect("its node is up");
        protocol.awaits(id, state, timer)
    }

    fn option(&self, id: Id, nth: usize) -> Option<(String, P::Choice)> {
        let choices = &self.node(id).up()?.choices;
        let (key, options) = choices.iter().next()?;
        Some((key.clone(), options.get(nth)?.clone()))
    }

    fn cut(&self, cut: &Cut) -> Cut {
        cut.clone()
    }

    fn severed(&self, cut: &Cut) -> Vec<Link> {
        cut.iter().collect()
    }

    fn withheld(&mut self, protocol: &P, id: Id, input: Input<'_, P>) -> Option<&'static str> {
        protocol.withheld(id, self.node(id).state()?, input)
    }

    fn spell_out(&self, event: &Event<P>) -> Event<P> {
        event.clone()
    }

    fn react(
        &mut self,
        system: &System<P>,
        id: Id,
        input: Input<'_, P>,
        crash: Option<&CrashPoint>,
    ) -> Remembered<P> {
        let before = self.world[usize::from(id)];
        let question = (id, before, self.asked(input), crash.cloned());
        let (after, number) = if let Some(&answer) = self.reacted.get(&question) {
            self.remembered += 1;
            answer
        } else {
            let mut node = self.node(id).clone();
            let reaction = Rc::new(system.react(&mut node, id, input, crash));
            let number = Number::try_from(self.reactions.len()).expect("few reactions");
            self.reactions.push(reaction);
            let answer = (self.intern(Part::Node(node)), number);
            self.reacted.insert(question, answer);
            answer
        };
        self.world[usize::from(id)] = after;
        Remembered {
            number,
            reaction: Rc::clone(&self.reactions[number as usize]),
        }
    }

    fn addressee(&self, _: Id, reaction: &Remembered<P>, nth: usize) -> Option<(usize, Id)> {
        Some((nth, reaction.sends().nth(nth)?.0))
    }

    fn send(&mut self, id: Id, reaction: &Remembered<P>, nth: usize, rules: &Rules) -> Fate {
        let (dst, msg) = reaction.sends().nth(nth).expect("it was sent");
        self.change_channel(Link::new(id, dst), &ChannelChange::Send(msg), rules)
    }

    fn crash_points(&mut self, system: &System<P>, id: Id, input: Input<'_, P>) -> Vec<CrashPoint> {
        let question = (id, self.world[usize::from(id)], self.asked(input));
        if let Some(answer) = self.crash_points.get(&question) {
            self.remembered += 1;
            return answer.clone();
        }
        let lasting = self.node(id).lasting(&system.protocol, id, input);
        let answer = lasting.points(system.rules.budgets.inside_handlers);
        self.crash_points.insert(question, answer.clone());
        answer
    }

    fn crash(&mut self, id: Id) {
        let before = self.world[usize::from(id)];
        let after = if let Some(&after) = self.crashed.get(&before) {
            self.remembered += 1;
            after
        } else {
            let mut node = self.node(id).clone();
            node.crash();
            let after = self.intern(Part::Node(node));
            self.crashed.insert(before, after);
            after
        };
        self.world[usize::from(id)] = after;
    }

    fn change_channel(
        &mut self,
        link: Link,
        change: &ChannelChange<'_, P::Msg>,
        rules: &Rules,
    ) -> Fate {
        assert_eq!(rules.links, self.rules.links, "it serves one system");
        let at = self.at_link(link);
        // Links of nodes to themselves have rules of their own.
        let own = u32::from(link.is_loop());
        let changed = match *change {
            ChannelChange::Send(msg) => ("send", self.intern(Part::Msg(msg.clone())), own),
            ChannelChange::Take(msg) => ("take", self.intern(Part::Msg(msg.clone())), own),
            ChannelChange::Copy(msg) => ("copy", self.intern(Part::Msg(msg.clone())), own),
            ChannelChange::Clear => ("clear", 0, 0),
        };
        let question = (self.world[at], changed);
        let (after, fate) = if let Some(&answer) = self.changed.get(&question) {
            self.remembered += 1;
            answer
        } else {
            let mut channel = self.channel(link).clone();
            let fate = channel.change(change, rules.links.on(link));
            let answer = (self.intern(Part::Channel(channel)), fate);
            self.changed.insert(question, answer);
            answer
        };
        self.world[at] = after;
        fate
    }

    fn change_globals(&mut self, change: &GlobalsChange<'_>, rules: &Rules) {
        assert_eq!(*rules, self.rules, "it serves one system");
        let at = self.at_globals();
        let changed = match *change {
            GlobalsChange::Timeout => ("timeout", 0, 0),
            GlobalsChange::Crash(id) => ("crash", small(id), 0),
            GlobalsChange::Drop(link) => ("drop", small(link.src), small(link.dst)),
            GlobalsChange::Duplicate => ("duplicate", 0, 0),
            GlobalsChange::Cut(cut) => ("cut", self.intern(Part::Cut(cut.clone())), 0),
            GlobalsChange::Recover => ("recover", 0, 0),
            GlobalsChange::Heal(cut) => ("heal", self.intern(Part::Cut(cut.clone())), 0),
        };
        let question = (self.world[at], changed);
        let after = if let Some(&(after, _)) = self.changed.get(&question) {
            self.remembered += 1;
            after
        } else {
            let mut globals = self.globals().clone();
            globals.change(change, rules);
            let after = self.intern(Part::Globals(globals));
            self.changed.insert(question, (after, Fate::InFlight));
            after
        };
        self.world[at] = after;
    }

    fn record(&mut self, protocol: &P, id: Id, reaction: &Remembered<P>) {
        let at = self.at_history();
        let question = (self.world[at], id, reaction.number);
        let after = if let Some(&after) = self.recorded.get(&question) {
            self.remembered += 1;
            after
        } else {
            let mut past = self.past().clone();
            past.record(protocol, id, &reaction.observations, &reaction.breaches);
            let after = self.intern(Part::Past(past));
            self.recorded.insert(question, after);
            after
        };
        self.world[at] = after;
    }
}

impl<P: Protocol> Keyed<P> for Interned<P> {
    type Key = Vec<Number>;

    fn key(&self) -> &Vec<Number> {
        &self.world
    }

    fn load(&mut self, key: &Vec<Number>) {
        self.world.clone_from(key);
    }
}
