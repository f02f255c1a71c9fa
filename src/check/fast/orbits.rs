//! The one that stands for all worlds that differ by names: the canonical world of an orbit.
//!
//! It is the least, by the numbers of its parts, among the worlds that a world becomes by the
//! renamings that are *admissible* for it:
//!
//! - A renaming keeps the order of the nodes that have a choice to settle, because the relation has
//!   them settle it in that order. So two worlds of one orbit have the same future exactly, and not
//!   only as far as verdicts go.
//! - Where no choice is open, a renaming puts the nodes of a set in the order of their *signatures*:
//!   the numbers of what is a node's own (its part, what is in flight between it and the nodes that
//!   nobody trades names with), each renamed as if the node were the first of its set. What names
//!   others of the nodes that are alike has no say in it, since it depends on their names. Nodes that
//!   may trade names without changing the world at all need no trying out either.
//!
//! Both depend on the orbit alone, so that all of its worlds find the same one. Which one that is
//! depends on the numbers, and so on who found what first; but in one search they are the same for
//! all, and nothing that is told depends on it.
//!
//! Invariant: two worlds have the same canonical world if and only if an admissible renaming makes
//! one the other. How a value is renamed is the protocol's word: it is compared with what renaming it
//! trade by trade gives, and handlers are asked renamed questions (`equivariance`).

use std::sync::Arc;

use super::books::{Books, NONE, number};
use super::equivariance::{Checks, Question};
use super::intern::Number;
use super::memo::{Memo, question};
use super::names::{Names, Nth, rank};
use crate::model::{Id, Link, Protocol, Renaming, System};

/// What one worker knows of renamings.
pub struct Orbits<P: Protocol> {
    names: Arc<Names<P>>,
    /// For each place, from part and renaming to the part that it becomes.
    renamed: Vec<Memo>,
    /// For each place that has a say in a signature, what each part says.
    said: Vec<Vec<Number>>,
    checks: Checks<P>,
    /// The least world so far.
    least: Vec<Number>,
    /// For each member of a set, its signature.
    signatures: Vec<Vec<Number>>,
    /// The ranks that are to be tried out, for each set.
    ranks: Vec<Vec<usize>>,
}

/// What says nothing, because it depends on the names of others.
const SILENT: Number = 0;

impl<P: Protocol> Orbits<P> {
    pub fn new(names: Arc<Names<P>>) -> Self {
        let places = names.order.len();
        Orbits {
            renamed: (0..places).map(|_| Memo::default()).collect(),
            said: vec![Vec::new(); places],
            checks: Checks::default(),
            least: vec![0; places],
            signatures: Vec::new(),
            ranks: vec![Vec::new(); names.sets.len()],
            names,
        }
    }

    /// The same renamings, for another worker.
    pub fn for_another(&self) -> Self {
        Orbits::new(Arc::clone(&self.names))
    }

    pub fn names(&self) -> &Arc<Names<P>> {
        &self.names
    }

    /// Asks a question by all names, and compares the answers.
    pub fn check(&mut self, system: &System<P>, question: &Question<P>) {
        self.checks.check(system, &self.names, question);
    }

    /// The parts of the world that stands for this one.
    pub fn canonical(
        &mut self,
        system: &System<P>,
        books: &mut Books<P>,
        parts: &[Number],
    ) -> &[Number] {
        let undecided: Vec<usize> = (0..books.nodes)
            .filter(|at| books.node[*at].facts[parts[*at] as usize].undecided)
            .collect();
        let names = Arc::clone(&self.names);
        let mut first = true;
        if undecided.is_empty() {
            for set in 0..names.sets.len() {
                self.arrange(system, books, parts, set);
            }
            let ranks = std::mem::take(&mut self.ranks);
            let mut nth = vec![0; ranks.len()];
            loop {
                let chosen: Vec<usize> = nth.iter().zip(&ranks).map(|(n, r)| r[*n]).collect();
                self.try_out(system, books, parts, names.nth(&chosen), first);
                first = false;
                if !step(&mut nth, &ranks) {
                    break;
                }
            }
            self.ranks = ranks;
        } else {
            for (nth, renaming) in names.renamings.iter().enumerate() {
                if keeps_order(renaming, &undecided) {
                    self.try_out(system, books, parts, number(nth), first);
                    first = false;
                }
            }
        }
        &self.least
    }

    /// Finds the arrangements of a set that are worth trying out: those in the order of signatures.
    fn arrange(&mut self, system: &System<P>, books: &mut Books<P>, parts: &[Number], set: usize) {
        let names = Arc::clone(&self.names);
        let members = &names.sets[set];
        let mut signatures = std::mem::take(&mut self.signatures);
        signatures.resize_with(signatures.len().max(members.len()), Vec::new);
        for (nth, member) in members.iter().enumerate() {
            let signature = &mut signatures[nth];
            signature.clear();
            self.sign(system, books, parts, (set, nth), *member, signature);
        }
        let mut sorted: Vec<usize> = (0..members.len()).collect();
        sorted.sort_by(|a, b| signatures[*a].cmp(&signatures[*b]));
        // Of those with equal signatures, who can trade names with whom at no change at all.
        let mut class: Vec<usize> = (0..members.len()).collect();
        let mut ties = Vec::with_capacity(members.len());
        for at in 0..sorted.len() {
            let tied = at > 0 && signatures[sorted[at]] == signatures[sorted[at - 1]];
            ties.push(if tied { ties[at - 1] } else { at });
            let equals = (ties[at]..at).map(|before| sorted[before]);
            let mut others: Vec<usize> = equals.filter(|other| class[*other] == *other).collect();
            others.retain(|other| {
                let swap = names.swap(set, *other, sorted[at]);
                self.changes_nothing(system, books, parts, swap)
            });
            if let Some(other) = others.first() {
                class[sorted[at]] = *other;
            }
        }
        self.signatures = signatures;
        let ranks = &mut self.ranks[set];
        ranks.clear();
        arrangements(&sorted, &ties, &class, &mut Vec::new(), ranks);
    }

    /// What a node is, apart from its name.
    fn sign(
        &mut self,
        system: &System<P>,
        books: &mut Books<P>,
        parts: &[Number],
        (set, nth): (usize, usize),
        member: usize,
        signature: &mut Vec<Number>,
    ) {
        let names = Arc::clone(&self.names);
        let channel = |src, dst| books.nodes + src * books.nodes + dst;
        let own = [member, channel(member, member)];
        let with = |other: &usize| [channel(member, *other), channel(*other, member)];
        let places = own.into_iter().chain(names.outsiders.iter().flat_map(with));
        let places: Vec<usize> = places.collect();
        let as_first = names.swap(set, 0, nth);
        for place in places {
            let part = parts[place];
            let known = self.said[place].get(part as usize).copied();
            let says = known.filter(|says| *says != NONE).unwrap_or_else(|| {
                let mut others = names.others[member].iter();
                let names_nobody =
                    others.all(|trade| self.rename(system, books, place, part, *trade) == part);
                let says = if names_nobody {
                    1 + self.rename(system, books, place, part, as_first)
                } else {
                    SILENT
                };
                let known = &mut self.said[place];
                known.resize(known.len().max(part as usize + 1), NONE);
                known[part as usize] = says;
                says
            });
            signature.push(says);
        }
    }

    /// Whether a renaming leaves a world as it is.
    fn changes_nothing(
        &mut self,
        system: &System<P>,
        books: &mut Books<P>,
        parts: &[Number],
        by: Nth,
    ) -> bool {
        let names = Arc::clone(&self.names);
        let from = &names.from[by as usize];
        names.order.iter().all(|place| {
            let from = from[*place];
            self.rename(system, books, from, parts[from], by) == parts[*place]
        })
    }

    /// Renames a world, and keeps it if it is less than the least so far.
    fn try_out(
        &mut self,
        system: &System<P>,
        books: &mut Books<P>,
        parts: &[Number],
        by: Nth,
        first: bool,
    ) {
        let names = Arc::clone(&self.names);
        let from = &names.from[by as usize];
        let mut less = first;
        for &place in &names.order {
            let part = self.rename(system, books, from[place], parts[from[place]], by);
            if !less && part != self.least[place] {
                if part > self.least[place] {
                    return;
                }
                less = true;
            }
            self.least[place] = part;
        }
    }

    /// The part that a part becomes by a renaming. It lies at another place, maybe.
    #[inline]
    pub fn rename(
        &mut self,
        system: &System<P>,
        books: &mut Books<P>,
        place: usize,
        part: Number,
        by: Nth,
    ) -> Number {
        let is_channel = books.nodes <= place && place < books.at_globals();
        // Nothing in flight names nobody.
        if by == 0 || (is_channel && part == 0) {
            return part;
        }
        let asked = question(part, by);
        if let Some(known) = self.renamed[place].get(asked) {
            return known;
        }
        let renamed = self.rename_anew(system, books, place, part, by);
        self.renamed[place].put(asked, renamed);
        renamed
    }

    fn rename_anew(
        &self,
        system: &System<P>,
        books: &mut Books<P>,
        place: usize,
        part: Number,
        by: Nth,
    ) -> Number {
        let names = &*self.names;
        let symmetry = &names.symmetry;
        let order = system.rules.links.order;
        let renaming = &names.renamings[by as usize];
        let nodes = books.nodes;
        if place < nodes {
            let node = books.node[place].values.get(part);
            let renamed = self.at_once(by, &**node, |node, by| symmetry.node(node, by));
            let id = renaming.id(Id::from(place));
            books.node[usize::from(id)].intern(&system.protocol, id, renamed)
        } else if place < books.at_globals() {
            let (src, dst) = ((place - nodes) / nodes, (place - nodes) % nodes);
            let channel = books.channel[place - nodes].values.get(part);
            let rename = |channel: &_, by: &_| symmetry.channel(channel, order, by);
            let renamed = self.at_once(by, &**channel, rename);
            let link = renaming.link(Link::new(Id::from(src), Id::from(dst)));
            let at = books.at_link(link);
            books.channel[at].intern(order, renamed)
        } else if place == books.at_globals() {
            let globals = books.globals.values.get(part);
            let renamed = self.at_once(by, &**globals, |globals, by| globals.renamed(by));
            books.globals.intern(nodes, &system.rules, renamed)
        } else {
            let history = books.history.values.get(part);
            let renamed = self.at_once(by, &**history, symmetry.history);
            books.history.values.intern(renamed)
        }
    }

    /// A value renamed at once: the same as if it is renamed trade by trade, or how it is renamed is
    /// wrong. (Who takes a renaming for its inverse gets each trade right.)
    fn at_once<T: Clone + PartialEq + std::fmt::Debug>(
        &self,
        by: Nth,
        value: &T,
        rename: impl Fn(&T, &Renaming) -> T,
    ) -> T {
        let renamed = rename(value, &self.names.renamings[by as usize]);
        let steps = self.names.steps[by as usize].iter();
        let trade = |value: T, nth: &usize| rename(&value, &self.names.trades[*nth]);
        let by_steps = steps.fold(value.clone(), trade);
        assert!(
            renamed == by_steps,
            "the symmetry of the protocol does not rename well: {value:?} becomes {renamed:?}, but              trade by trade {by_steps:?}",
        );
        renamed
    }

    pub fn bytes(&self) -> usize {
        let renamed: usize = self.renamed.iter().map(Memo::bytes).sum();
        let said: usize = self.said.iter().map(Vec::capacity).sum();
        let places = self.names.from.len() * self.least.len() * size_of::<usize>();
        renamed + said * size_of::<Number>() + places + self.checks.bytes()
    }
}

/// Whether a renaming keeps these nodes, which are in ascending order, in that order.
fn keeps_order(renaming: &Renaming, nodes: &[usize]) -> bool {
    let name = |at: usize| renaming.id(Id::from(at));
    nodes.windows(2).all(|pair| name(pair[0]) < name(pair[1]))
}

/// Goes on to the next choice of one from each list; whether there is one.
fn step<T>(nth: &mut [usize], lists: &[Vec<T>]) -> bool {
    for (nth, list) in nth.iter_mut().zip(lists) {
        *nth += 1;
        if *nth < list.len() {
            return true;
        }
        *nth = 0;
    }
    false
}

/// The ranks of all arrangements that differ from a sorted one by trades within ties, of those that
/// differ by trades within classes one.
fn arrangements(
    sorted: &[usize],
    ties: &[usize],
    class: &[usize],
    begun: &mut Vec<usize>,
    ranks: &mut Vec<usize>,
) {
    let at = begun.len();
    if at == sorted.len() {
        ranks.push(rank(begun));
        return;
    }
    let mut tried = Vec::new();
    for other in 0..sorted.len() {
        let who = sorted[other];
        if ties[other] != ties[at] || begun.contains(&who) || tried.contains(&class[who]) {
            continue;
        }
        tried.push(class[who]);
        begun.push(who);
        arrangements(sorted, ties, class, begun, ranks);
        begun.pop();
    }
}
