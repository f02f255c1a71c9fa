//! Predicates over parts by number: asked once for each distinct set of parts that they read.
//!
//! Invariant: an answer is remembered under exactly the parts that the predicate read to give it,
//! in the order in which it read them. A predicate is a pure function, so the part that it reads
//! first is always the same, and each further one depends on what it read before: the remembered
//! answers are a tree, in which every step is a part and the branches are its numbers.

use std::cell::RefCell;

use super::books::{Books, Shelf, number};
use super::intern::Number;
use super::memo::{Memo, question};
use crate::check::reduction::Reads;
use crate::model::cluster::index;
use crate::model::globals::Globals;
use crate::model::{Answer, Channel, Id, Link, Node, Predicate, Protocol, View};

/// What a predicate does next, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Reads(usize),
    /// The answer, and what was read to give it.
    Answers(bool, Reads),
}

/// A predicate and its answers.
pub struct Remembering<P: Protocol> {
    predicate: Predicate<P>,
    /// For a predicate of the history alone: by its number, whether it is known, and the answer.
    /// The tree would be no more than that, but slower.
    of_history: Vec<Option<bool>>,
    /// From the root, which is the first; empty before the first answer.
    steps: Vec<Step>,
    /// From a step and the number of the part that is read to the next step.
    branches: Memo,
    /// How many steps are remembered, at most. A predicate that reads nearly everything gains
    /// nothing from more.
    steps_max: usize,
}

impl<P: Protocol> Remembering<P> {
    pub fn new(predicate: Predicate<P>, steps_max: usize) -> Self {
        Remembering {
            predicate,
            of_history: Vec::new(),
            steps: Vec::new(),
            branches: Memo::default(),
            steps_max,
        }
    }

    /// The same predicate, nothing of which is known yet.
    pub fn afresh(&self) -> Self {
        Remembering::new(self.predicate, self.steps_max)
    }

    /// The answer for a world of so many parts, of which each can be looked up, and what was read to
    /// give it; if it is known.
    #[inline]
    pub fn known(&self, parts: usize, part: impl Fn(usize) -> Number) -> Option<(bool, Reads)> {
        if let Predicate::History(_) = self.predicate {
            let history = part(parts - 1);
            let known = self.of_history.get(history as usize).copied().flatten();
            return known.map(|answer| (answer, Reads::default()));
        }
        let mut at = 0;
        loop {
            match *self.steps.get(at)? {
                Step::Answers(answer, read) => return Some((answer, read)),
                Step::Reads(read) => {
                    at = self.branches.get(question(number(at), part(read)))? as usize;
                }
            }
        }
    }

    /// Asks the predicate itself, and remembers. Answers with what it read, too.
    pub fn ask(&mut self, protocol: &P, books: &Books<P>, parts: &[Number]) -> (Answer, Reads) {
        let traced = Traced {
            shelf: books.shelf(parts),
            read: RefCell::default(),
        };
        let answer = self.predicate.ask(protocol, &traced);
        let parts_read = traced.read.into_inner();
        let mut read = Reads::default();
        for &part in &parts_read {
            read.channels |= (books.nodes..books.at_globals()).contains(&part);
            read.globals |= part == books.at_globals();
        }
        if let Predicate::History(_) = self.predicate {
            let history = parts[books.at_history()] as usize;
            let known = self.of_history.len().max(history + 1);
            self.of_history.resize(known, None);
            self.of_history[history] = Some(answer.is_ok());
        } else if self.steps.len() < self.steps_max {
            let answer = Step::Answers(answer.is_ok(), read);
            self.learn(&parts_read, parts, answer);
        }
        (answer, read)
    }

    fn learn(&mut self, read: &[usize], parts: &[Number], answer: Step) {
        let mut at = 0;
        let steps = read.iter().map(|part| Step::Reads(*part));
        for step in steps.chain([answer]) {
            match self.steps.get(at) {
                None => {
                    debug_assert_eq!(at, self.steps.len());
                    self.steps.push(step);
                }
                Some(known) => assert!(*known == step, "a predicate must be a pure function"),
            }
            if let Step::Reads(part) = step {
                let question = question(number(at), parts[part]);
                at = if let Some(next) = self.branches.get(question) {
                    next as usize
                } else {
                    self.branches.put(question, number(self.steps.len()));
                    self.steps.len()
                };
            }
        }
    }

    pub fn bytes(&self) -> usize {
        self.of_history.capacity()
            + self.steps.capacity() * size_of::<Step>()
            + self.branches.bytes()
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

    fn history(&self) -> &P::History {
        self.note(self.shelf.at_history());
        self.shelf.history()
    }
}
