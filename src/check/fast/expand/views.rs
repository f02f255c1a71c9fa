//! Predicates over parts by number: asked once for each distinct set of parts that they read.
//!
//! Invariant: an answer is remembered under exactly the parts that the predicate read to give it,
//! in the order in which it read them. A predicate is a pure function, so the part that it reads
//! first is always the same, and each further one depends on what it read before: the remembered
//! answers are a tree, in which every step is a part and the branches are its numbers.

use std::cell::RefCell;
use std::sync::Arc;

use super::cursor::Cursor;
use super::orbits::Orbits;
use super::renamings::Renamings;
use crate::check::fast::store::books::{Books, Shelf};
use crate::check::fast::store::memo::{Memo, question};
use crate::check::intern::{Number, number};
use crate::check::reduction::Reads;
use crate::model::cluster::index;
use crate::model::globals::Globals;
use crate::model::promise::Promise;
use crate::model::{
    Answer, Channel, Cluster, Id, Link, Node, Past, Predicate, Protocol, System, View,
};

/// What a predicate does next, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TreeNode {
    Reads(usize),
    /// The answer, and what was read to give it.
    Answers(bool, Reads),
}

/// A predicate and its answers.
pub struct Remembering<P: Protocol> {
    predicate: Predicate<P>,
    answers: Answers,
}

/// What is known of a predicate.
struct Answers {
    /// Of the property that it belongs to.
    name: &'static str,
    /// It reads nothing else.
    reads_the_past_alone: bool,
    /// For a predicate of the history alone: by its number, whether it is known, and the answer.
    /// The tree would be no more than that, but slower.
    of_history: Vec<Option<bool>>,
    tree: DecisionTree,
    /// Where worlds that differ by names are one, the tree is of what the predicate says by all names,
    /// and reads to say so. This one is of the predicate by itself.
    by_one_name: DecisionTree,
    /// How many steps are remembered, at most. A predicate that reads nearly everything gains
    /// nothing from more.
    steps_max: usize,
}

/// Whoever asks a predicate, whatever its protocol.
trait Asking {
    /// What the predicate says of one world, and what it reads to say so.
    fn ask(&self, parts: &[Number]) -> (Answer, Vec<usize>);

    /// The part that a part becomes by a renaming.
    fn rename(&mut self, place: usize, part: Number, by: Number) -> Number;
}

/// Where parts are that are not nodes.
#[derive(Clone, Copy)]
struct Places {
    channels: usize,
    globals: usize,
    history: usize,
}

/// Remembered answers.
#[derive(Default)]
struct DecisionTree {
    /// From the root, which is the first; empty before the first answer.
    steps: Vec<TreeNode>,
    /// From a step and the number of the part that is read to the next step.
    branches: Memo,
}

impl<P: Protocol> Remembering<P> {
    pub fn new(name: &'static str, predicate: Predicate<P>, steps_max: usize) -> Self {
        Remembering {
            answers: Answers::new(name, predicate.reads_the_past_alone(), steps_max),
            predicate,
        }
    }

    /// The same predicate, nothing of which is known yet.
    pub fn afresh(&self) -> Self {
        Remembering::new(
            self.answers.name,
            self.predicate.clone(),
            self.answers.steps_max,
        )
    }

    /// The answer for a world of so many parts, of which each can be looked up, and what was read to
    /// give it; if it is known.
    #[inline]
    pub fn known(&self, parts: usize, part: impl Fn(usize) -> Number) -> Option<(bool, Reads)> {
        if self.answers.reads_the_past_alone {
            let known = self.answers.known_of_history(part(parts - 1));
            return known.map(|answer| (answer, Reads::default()));
        }
        self.answers.tree.known(part)
    }

    /// Asks the predicate itself, by all names if there are several, and remembers. Answers with what
    /// it read, too.
    pub fn ask(&mut self, cursor: &mut Cursor<P>, parts: &[Number]) -> (Answer, Reads) {
        let (system, books, orbits) = cursor.desk();
        let places = Places {
            channels: books.nodes,
            globals: books.at_globals(),
            history: books.at_history(),
        };
        let names = orbits.as_ref().map(|orbits| Arc::clone(orbits.names()));
        let mut asker = Asker {
            predicate: &self.predicate,
            system,
            books,
            orbits,
        };
        let (answer, read) = asker.ask(parts);
        let names = names.as_deref().map(|names| (names, &system.cluster));
        let read = self
            .answers
            .agree(&mut asker, places, parts, names, (answer.is_ok(), read));
        (answer, read)
    }

    /// Asks once more what is known, and compares.
    pub fn ask_again(&mut self, cursor: &mut Cursor<P>, parts: &[Number], known: bool) {
        let (answer, _) = self.ask(cursor, parts);
        insist(answer.is_ok() == known, self.answers.name);
    }

    pub fn bytes(&self) -> usize {
        self.answers.bytes()
    }
}

/// A predicate, and what it takes to ask it.
struct Asker<'a, P: Protocol> {
    predicate: &'a Predicate<P>,
    system: &'a System<P>,
    books: &'a mut Books<P>,
    orbits: Option<&'a mut Orbits<P>>,
}

impl<P: Protocol> Asking for Asker<'_, P> {
    fn ask(&self, parts: &[Number]) -> (Answer, Vec<usize>) {
        let traced = Traced {
            shelf: self.books.shelf(parts),
            read: RefCell::default(),
        };
        let answer = self.predicate.ask(&self.system.protocol, &traced);
        (answer, traced.read.into_inner())
    }

    fn rename(&mut self, place: usize, part: Number, by: Number) -> Number {
        let orbits = self
            .orbits
            .as_mut()
            .expect("only what has names is renamed");
        orbits.rename(self.system, self.books, place, part, by)
    }
}

impl Answers {
    fn new(name: &'static str, reads_the_past_alone: bool, steps_max: usize) -> Self {
        Answers {
            name,
            reads_the_past_alone,
            of_history: Vec::new(),
            tree: DecisionTree::default(),
            by_one_name: DecisionTree::default(),
            steps_max,
        }
    }

    #[inline]
    fn known_of_history(&self, history: Number) -> Option<bool> {
        self.of_history.get(history as usize).copied().flatten()
    }

    /// Remembers what a predicate said of a world, for which it read so many parts, after it was asked by all
    /// names. The answer is what it read by all names.
    fn agree(
        &mut self,
        asker: &mut dyn Asking,
        places: Places,
        parts: &[Number],
        names: Option<(&Renamings, &Cluster)>,
        (is_ok, mut read): (bool, Vec<usize>),
    ) -> Reads {
        if let Some((names, cluster)) = names {
            for by in 1..names.all.len() {
                let from = &names.from[by];
                let (says, also_read) = self.ask_by(asker, places, parts, (from, number(by)));
                if says != is_ok {
                    let moved = cluster.names(names.all[by].moved());
                    refuse(self.name, names, &moved, [is_ok, says]);
                }
                for place in also_read {
                    if !read.contains(&from[place]) {
                        read.push(from[place]);
                    }
                }
            }
        }
        self.remember(|of| &mut of.tree, places, &read, parts, is_ok);
        places.reads(&read)
    }

    /// What a predicate says of a world by other names, and which parts of that it read; as it is remembered,
    /// or asked.
    fn ask_by(
        &mut self,
        asker: &mut dyn Asking,
        places: Places,
        parts: &[Number],
        (from, by): (&[usize], Number),
    ) -> (bool, Vec<usize>) {
        let mut renamed = |place: usize| {
            let place = from[place];
            asker.rename(place, parts[place], by)
        };
        let mut also_read = Vec::new();
        let known = if self.reads_the_past_alone {
            self.known_of_history(renamed(places.history))
        } else {
            let known = self.by_one_name.known(|place| {
                also_read.push(place);
                renamed(place)
            });
            known.map(|(answer, _)| answer)
        };
        if let Some(says) = known {
            return (says, also_read);
        }
        let renamed: Vec<Number> = (0..parts.len()).map(renamed).collect();
        let (answer, read) = asker.ask(&renamed);
        let is_ok = answer.is_ok();
        self.remember(|of| &mut of.by_one_name, places, &read, &renamed, is_ok);
        (is_ok, read)
    }

    fn remember(
        &mut self,
        tree: impl Fn(&mut Self) -> &mut DecisionTree,
        places: Places,
        read: &[usize],
        parts: &[Number],
        answer: bool,
    ) {
        if self.reads_the_past_alone {
            let history = parts[places.history] as usize;
            let known = self.of_history.len().max(history + 1);
            self.of_history.resize(known, None);
            self.of_history[history] = Some(answer);
            return;
        }
        let (steps_max, name) = (self.steps_max, self.name);
        let tree = tree(self);
        if tree.steps.len() < steps_max {
            let answer = TreeNode::Answers(answer, places.reads(read));
            insist(tree.learn(read, parts, answer), name);
        }
    }

    fn bytes(&self) -> usize {
        self.of_history.capacity() + self.tree.bytes() + self.by_one_name.bytes()
    }
}

impl Places {
    /// What was read beside nodes and the history, when these parts were.
    fn reads(self, parts: &[usize]) -> Reads {
        let is_channel = |part: &usize| (self.channels..self.globals).contains(part);
        Reads {
            channels: parts.iter().any(is_channel),
            globals: parts.contains(&self.globals),
        }
    }
}

impl DecisionTree {
    #[inline]
    fn known(&self, mut part: impl FnMut(usize) -> Number) -> Option<(bool, Reads)> {
        let mut at = 0;
        loop {
            match *self.steps.get(at)? {
                TreeNode::Answers(answer, read) => return Some((answer, read)),
                TreeNode::Reads(read) => {
                    at = self.branches.get(question(number(at), part(read)))? as usize;
                }
            }
        }
    }

    /// Whether it agrees with what is known.
    #[must_use]
    fn learn(&mut self, read: &[usize], parts: &[Number], answer: TreeNode) -> bool {
        let mut at = 0;
        let steps = read.iter().map(|part| TreeNode::Reads(*part));
        for step in steps.chain([answer]) {
            match self.steps.get(at) {
                None => {
                    debug_assert_eq!(at, self.steps.len());
                    self.steps.push(step);
                }
                Some(known) if *known == step => {}
                Some(_) => return false,
            }
            if let TreeNode::Reads(part) = step {
                let question = question(number(at), parts[part]);
                at = if let Some(next) = self.branches.get(question) {
                    next as usize
                } else {
                    self.branches.put(question, number(self.steps.len()));
                    self.steps.len()
                };
            }
        }
        true
    }

    fn bytes(&self) -> usize {
        self.steps.capacity() * size_of::<TreeNode>() + self.branches.bytes()
    }
}

/// Complains of a predicate that answers otherwise where these have traded names.
fn refuse(name: &str, names: &Renamings, moved: &str, [is_ok, says]: [bool; 2]) -> ! {
    Promise::Symmetry.complain(format!(
        "node symmetry is broken: {name} makes a difference between worlds that differ by the names of \
         nodes that are alike: where these are {:?}, it is {is_ok}, and where {moved} trade names, it \
         is {says}",
        names.tell(),
    ))
}

/// Complains if a predicate answered otherwise the second time.
fn insist(is_same: bool, name: &str) {
    if !is_same {
        Promise::Pure.complain(format!(
            "{name} is not pure: asked about the same a second time, it answered otherwise"
        ));
    }
}

/// A view that notes which parts are read, each once.
struct Traced<'a, P: Protocol> {
    shelf: Shelf<'a, P>,
    read: RefCell<Vec<usize>>,
}

impl<P: Protocol> Traced<'_, P> {
    fn note(&self, part: usize) {
        let mut read = self.read.borrow_mut();
        if !read.contains(&part) {
            read.push(part);
        }
    }
}

impl<P: Protocol> View<P> for Traced<'_, P> {
    fn nodes(&self) -> usize {
        self.shelf.nodes()
    }

    fn node(&self, id: Id) -> &Node<P> {
        self.note(index(id));
        self.shelf.node(id)
    }

    fn channel(&self, link: Link) -> &Channel<P::Msg> {
        self.note(self.shelf.at_link(link));
        self.shelf.channel(link)
    }

    fn globals(&self) -> &Globals {
        self.note(self.shelf.at_globals());
        self.shelf.globals()
    }

    fn past(&self) -> &Past<P> {
        self.note(self.shelf.at_history());
        self.shelf.past()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Remembering;
    use crate::check::fast::expand::cursor::Cursor;
    use crate::check::fast::expand::reduce::Reducer;
    use crate::check::fast::tuning::Tuning;
    use crate::check::reduction::Reductions;
    use crate::model::cluster::index;
    use crate::model::{
        Actor, Answer, BadParameter, Cluster, Enabled, Id, Limit, NodeSet, Observation, Out,
        Predicate, Property, Protocol, Reason, Rules, Start, System, TimerRange,
    };

    /// Three nodes count their timeouts modulo 3, and tell the next one; how many were told is history.
    struct Counters;

    impl Actor for Counters {
        type Msg = u8;
        type Timer = ();
        type State = u8;
        type Storage = ();
        type Choice = ();
        type Observation = Observation;

        fn on_start(&self, _: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> u8 {
            o.set_timer((), TimerRange::millis(1, 2));
            0
        }

        fn on_message(&self, _: Id, state: &mut u8, _: Id, msg: u8, o: &mut Out<Self>) {
            *state = msg;
            o.observe(Observation::Locked { subject: 0 });
        }

        fn on_timeout(&self, id: Id, state: &mut u8, (): &(), o: &mut Out<Self>) {
            *state = (*state + 1) % 3;
            o.set_timer((), TimerRange::millis(1, 2));
            o.send(Id::from((index(id) + 1) % 3), *state);
        }
    }

    impl Protocol for Counters {
        const NAME: &'static str = "counters";
        const ABOUT: &'static str = "Counts.";
        const SOURCES: &'static [&'static str] = &[];

        type Params = ();
        type History = u8;

        fn new((): &()) -> Result<Self, BadParameter> {
            Ok(Counters)
        }

        fn cluster(&self) -> Cluster {
            Cluster::new((0..3).map(|i| (format!("N{i}"), "node")))
        }

        fn record(&self, told: &mut u8, _: Id, _: &Observation) {
            *told = told.saturating_add(1);
        }

        fn properties(&self) -> Vec<Property<Self>> {
            Vec::new()
        }
    }

    fn says(yes: bool) -> Answer {
        if yes {
            return Ok(());
        }
        Err(Reason::new(NodeSet::EMPTY, "no"))
    }

    /// Which parts each reads depends on what it reads.
    const PREDICATES: [Predicate<Counters>; 3] = [
        Predicate::History(|_, told| says(told % 2 == 0)),
        Predicate::World(|_, world| {
            let state = |id: usize| world.node(Id::from(id)).state().copied();
            let first = state(0);
            says(match first {
                Some(0) => state(1) == Some(1),
                Some(1) => state(2) == first,
                Some(_) => world.history() % 3 == 0,
                None => state(1).is_none() || state(2).is_none(),
            })
        }),
        Predicate::World(|_, world| says(world.globals().spent.timeouts % 2 == 0)),
    ];

    /// Goes to the world with these parts.
    fn stand_at(cursor: &mut Cursor<Counters>, parts: &[u32]) {
        for (part, now) in parts.iter().enumerate() {
            cursor.set(part, *now);
        }
        if cursor.has_outgrown() {
            cursor.repack();
        }
        cursor.changed.clear();
    }

    proptest! {
        /// Whatever worlds come, known answers are those of the predicate; and a predicate of the
        /// history is asked once for each.
        #[test]
        fn what_is_known_is_what_the_predicate_says(
            walks in prop::collection::vec(prop::collection::vec(any::<usize>(), 1..40), 1..6),
            steps_max in prop_oneof![Just(0), 1..100usize, Just(1 << 20)],
        ) {
            let mut rules = Rules::fault_free();
            rules.timeouts = Limit::AtMost(20);
            rules.budgets.crashes = vec![(NodeSet::first(1), Limit::AtMost(1))];
            let system = System::new(Counters, rules);
            let start = system.initial();
            let reducer = Reducer::new(Reductions::NONE, None);
            let mut cursor = Cursor::new(&system, &start, &Tuning::unreduced(), reducer);
            let at_start = cursor.parts().to_vec();
            let remembering = |predicate| Remembering::new("a predicate", predicate, steps_max);
            let mut known = PREDICATES.map(|predicate| (predicate.clone(), remembering(predicate), 0));
            let mut histories = BTreeSet::new();
            let mut enabled = Enabled::default();
            for walk in walks {
                stand_at(&mut cursor, &at_start);
                for pick in walk {
                    let parts = cursor.parts().to_vec();
                    histories.insert(parts[cursor.books().at_history()]);
                    for (predicate, remembering, asked) in &mut known {
                        let says = predicate.ask(&system.protocol, &cursor).is_ok();
                        if let Some((answer, _)) = remembering.known(parts.len(), |at| parts[at]) {
                            prop_assert_eq!(answer, says);
                        } else {
                            *asked += 1;
                            let (answer, _) = remembering.ask(&mut cursor, &parts);
                            prop_assert_eq!(answer.is_ok(), says);
                        }
                    }
                    cursor.enable(&system, &mut enabled);
                    if enabled.events.is_empty() {
                        break;
                    }
                    cursor.step(&system, &enabled, pick % enabled.events.len());
                    let parts = cursor.parts().to_vec();
                    stand_at(&mut cursor, &parts);
                }
            }
            prop_assert_eq!(known[0].2, histories.len());
        }
    }
}
