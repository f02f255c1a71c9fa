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

use std::fmt::Debug;
use std::sync::Arc;

use super::books::{Books, NONE, number};
use super::equivariance::{Checks, Question};
use super::intern::Number;
use super::memo::{Memo, question};
use super::names::{Names, Nth, rank};
use crate::model::cluster::index;
use crate::model::globals::Globals;
use crate::model::promise::Promise;
use crate::model::{Id, Link, Protocol, Renaming, System};

/// What one worker knows of renamings.
pub struct Orbits<P: Protocol> {
    names: Arc<Names<P>>,
    renamed: Renamed,
    checks: Checks<P>,
    /// The least world so far.
    least: Vec<Number>,
    /// For each member of a set, its signature.
    signatures: Vec<Vec<Number>>,
    /// For each set, the ranks that are to be tried out, and which of them is.
    ranks: Vec<Vec<usize>>,
    nth: Vec<usize>,
    undecided: Vec<usize>,
}

/// What renaming takes.
pub struct Desk<'a, P: Protocol> {
    pub system: &'a System<P>,
    pub books: &'a mut Books<P>,
    pub names: &'a Names<P>,
}

/// What parts become by renamings.
struct Renamed {
    /// For each place, from part and renaming to the part that it becomes.
    parts: Vec<Memo>,
    /// For each place that has a say in a signature, what each part says.
    said: Vec<Vec<Number>>,
}

/// What says nothing, because it depends on the names of others.
const SILENT: Number = 0;

impl<P: Protocol> Orbits<P> {
    pub fn new(names: Arc<Names<P>>) -> Self {
        let places = names.order.len();
        Orbits {
            renamed: Renamed {
                parts: (0..places).map(|_| Memo::default()).collect(),
                said: vec![Vec::new(); places],
            },
            checks: Checks::default(),
            least: vec![0; places],
            signatures: Vec::new(),
            ranks: vec![Vec::new(); names.sets.len()],
            nth: vec![0; names.sets.len()],
            undecided: Vec::new(),
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

    /// The part that a part becomes by a renaming.
    pub fn rename(
        &mut self,
        system: &System<P>,
        books: &mut Books<P>,
        place: usize,
        part: Number,
        by: Nth,
    ) -> Number {
        let names = &*self.names;
        let mut desk = Desk {
            system,
            books,
            names,
        };
        self.renamed.part(&mut desk, place, part, by)
    }

    /// The parts of the world that stands for this one.
    pub fn canonical(
        &mut self,
        system: &System<P>,
        books: &mut Books<P>,
        parts: &[Number],
    ) -> &[Number] {
        let names = &*self.names;
        let is_undecided = |at: &usize| books.node[*at].facts[parts[*at] as usize].undecided;
        self.undecided.clear();
        self.undecided.extend((0..books.nodes).filter(is_undecided));
        let (renamed, least) = (&mut self.renamed, &mut self.least);
        let mut desk = Desk {
            system,
            books,
            names,
        };
        let mut first = true;
        if self.undecided.is_empty() {
            for (set, ranks) in self.ranks.iter_mut().enumerate() {
                ranks.clear();
                renamed.arrange(&mut desk, parts, set, &mut self.signatures, ranks);
            }
            loop {
                let ranks = self.nth.iter().zip(&self.ranks).map(|(nth, all)| all[*nth]);
                renamed.try_out(&mut desk, parts, names.nth(ranks), first, least);
                first = false;
                if !step(&mut self.nth, &self.ranks) {
                    break;
                }
            }
        } else {
            for (nth, renaming) in names.renamings.iter().enumerate() {
                if keeps_order(renaming, &self.undecided) {
                    renamed.try_out(&mut desk, parts, number(nth), first, least);
                    first = false;
                }
            }
        }
        least
    }

    pub fn bytes(&self) -> usize {
        let renamed: usize = self.renamed.parts.iter().map(Memo::bytes).sum();
        let said: usize = self.renamed.said.iter().map(Vec::capacity).sum();
        renamed + said * size_of::<Number>() + self.checks.bytes()
    }
}

impl Renamed {
    /// Finds the arrangements of a set that are worth trying out: those in the order of signatures.
    fn arrange<P: Protocol>(
        &mut self,
        desk: &mut Desk<'_, P>,
        parts: &[Number],
        set: usize,
        signatures: &mut Vec<Vec<Number>>,
        ranks: &mut Vec<usize>,
    ) {
        let members = &desk.names.sets[set];
        signatures.resize_with(signatures.len().max(members.len()), Vec::new);
        for (nth, signature) in signatures.iter_mut().enumerate().take(members.len()) {
            signature.clear();
            self.sign(desk, parts, (set, nth), signature);
        }
        let mut sorted: Vec<usize> = (0..members.len()).collect();
        sorted.sort_by(|a, b| signatures[*a].cmp(&signatures[*b]));
        // Of those with equal signatures, who can trade names with whom at no change at all.
        let mut class: Vec<usize> = (0..members.len()).collect();
        let mut ties: Vec<usize> = Vec::with_capacity(members.len());
        let mut all_alike = true;
        for at in 0..sorted.len() {
            let is_tied = at > 0 && signatures[sorted[at]] == signatures[sorted[at - 1]];
            let tie = if is_tied { ties[at - 1] } else { at };
            ties.push(tie);
            let equals = sorted[tie..at].iter().copied();
            let mut first_of_class = equals.filter(|other| class[*other] == *other);
            let alike = first_of_class.find(|other| {
                let swap = desk.names.swap(set, *other, sorted[at]);
                self.changes_nothing(desk, parts, swap)
            });
            match alike {
                Some(other) => class[sorted[at]] = other,
                None => all_alike &= !is_tied,
            }
        }
        if all_alike {
            ranks.push(rank(&sorted));
        } else {
            arrangements(&sorted, &ties, &class, &mut Vec::new(), ranks);
        }
    }

    /// What a node is, apart from its name.
    fn sign<P: Protocol>(
        &mut self,
        desk: &mut Desk<'_, P>,
        parts: &[Number],
        (set, nth): (usize, usize),
        signature: &mut Vec<Number>,
    ) {
        let names = desk.names;
        let member = names.sets[set][nth];
        for &place in &names.own[member] {
            let part = parts[place];
            let known = self.said[place].get(part as usize).copied();
            let says = known.filter(|says| *says != NONE).unwrap_or_else(|| {
                let mut others = names.others[member].iter();
                let names_nobody = others.all(|by| self.part(desk, place, part, *by) == part);
                let says = if names_nobody {
                    1 + self.part(desk, place, part, names.swap(set, 0, nth))
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
    fn changes_nothing<P: Protocol>(
        &mut self,
        desk: &mut Desk<'_, P>,
        parts: &[Number],
        by: Nth,
    ) -> bool {
        let names = desk.names;
        let from = &names.from[by as usize];
        names.order.iter().all(|place| {
            let from = from[*place];
            self.part(desk, from, parts[from], by) == parts[*place]
        })
    }

    /// Renames a world, and keeps it if it is less than the least so far.
    fn try_out<P: Protocol>(
        &mut self,
        desk: &mut Desk<'_, P>,
        parts: &[Number],
        by: Nth,
        first: bool,
        least: &mut [Number],
    ) {
        let names = desk.names;
        let from = &names.from[by as usize];
        let mut less = first;
        for &place in &names.order {
            let part = self.part(desk, from[place], parts[from[place]], by);
            if !less && part != least[place] {
                if part > least[place] {
                    return;
                }
                less = true;
            }
            least[place] = part;
        }
    }

    /// The part that a part becomes by a renaming. It lies at another place, maybe.
    #[inline]
    fn part<P: Protocol>(
        &mut self,
        desk: &mut Desk<'_, P>,
        place: usize,
        part: Number,
        by: Nth,
    ) -> Number {
        let is_channel = desk.books.nodes <= place && place < desk.books.at_globals();
        // Nothing in flight names nobody.
        if by == 0 || (is_channel && part == 0) {
            return part;
        }
        let asked = question(part, by);
        if let Some(known) = self.parts[place].get(asked) {
            return known;
        }
        let renamed = desk.rename(place, part, by);
        self.parts[place].put(asked, renamed);
        renamed
    }
}

impl<P: Protocol> Desk<'_, P> {
    /// Renames a part by its contents.
    fn rename(&mut self, place: usize, part: Number, by: Nth) -> Number {
        let (system, books, names) = (self.system, &mut *self.books, self.names);
        let symmetry = &names.symmetry;
        let order = system.rules.links.order;
        let renaming = &names.renamings[by as usize];
        let nodes = books.nodes;
        if place < nodes {
            let node = books.node[place].values.get(part);
            let renamed = at_once(names, by, &**node, |node, by| symmetry.node(node, by));
            let id = renaming.id(Id::from(place));
            books.node[index(id)].intern(&system.protocol, id, renamed)
        } else if place < books.at_globals() {
            let (src, dst) = ((place - nodes) / nodes, (place - nodes) % nodes);
            let channel = books.channel[place - nodes].values.get(part);
            let rename = |channel: &_, by: &_| symmetry.channel(channel, order, by);
            let renamed = at_once(names, by, &**channel, rename);
            let link = renaming.link(Link::new(Id::from(src), Id::from(dst)));
            let at = books.at_link(link);
            books.channel[at].intern(order, renamed)
        } else if place == books.at_globals() {
            let globals = books.globals.values.get(part);
            let renamed = at_once(names, by, &**globals, Globals::renamed);
            books.globals.intern(nodes, &system.rules, renamed)
        } else {
            let known = books.history.values.get(part);
            let renamed = at_once(names, by, &**known, |past, by| symmetry.past(past, by));
            books.history.values.intern(renamed)
        }
    }
}

/// A value renamed at once: the same as if it is renamed trade by trade, and the way back leads back,
/// or how it is renamed is wrong. (Who takes a renaming for its inverse gets each trade right; who
/// forgets something makes values equal that are not.)
fn at_once<P: Protocol, T: Clone + PartialEq + Debug>(
    names: &Names<P>,
    by: Nth,
    value: &T,
    rename: impl Fn(&T, &Renaming) -> T,
) -> T {
    let renamed = rename(value, &names.renamings[by as usize]);
    let steps = names.steps[by as usize].iter();
    let trade = |value: T, nth: &usize| rename(&value, &names.trades[*nth]);
    let by_steps = steps.clone().fold(value.clone(), trade);
    let back = steps.rev().fold(by_steps.clone(), trade);
    if renamed != by_steps || back != *value {
        Promise::Symmetry.is_broken(format!(
            "node symmetry is broken: the protocol does not rename well. {value:?} becomes \
             {renamed:?}, trade by trade {by_steps:?}, and back {back:?}",
        ));
    }
    renamed
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
