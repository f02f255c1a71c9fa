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

use super::equivariance::{Checks, Query};
use super::renamings::{Nth, Renamings, rank};
use crate::check::fast::store::books::Books;
use crate::check::fast::store::memo::{Memo, question};
use crate::check::intern::{NONE, Number, number};
use crate::model::cluster::index;
use crate::model::globals::Globals;
use crate::model::promise::Promise;
use crate::model::{Id, Link, Protocol, Renaming, Symmetry, System};

/// What one worker knows of renamings.
pub struct Orbits<P: Protocol> {
    symmetry: Arc<Symmetry<P>>,
    names: Arc<Renamings>,
    renamed: Renamed,
    checks: Checks<P>,
}

/// What renaming takes.
struct Desk<'a> {
    names: &'a Renamings,
    contents: &'a mut dyn Contents,
}

/// What is asked of parts by their contents.
trait Contents {
    /// The part that a part becomes by a renaming.
    fn rename(&mut self, names: &Renamings, place: usize, part: Number, by: Nth) -> Number;

    /// Whether a node has a choice to settle.
    fn is_undecided(&self, node: usize, part: Number) -> bool;
}

/// The parts of a protocol.
struct Known<'a, P: Protocol> {
    system: &'a System<P>,
    books: &'a mut Books<P>,
    symmetry: &'a Symmetry<P>,
}

/// What parts become by renamings.
struct Renamed {
    /// For each place, from part and renaming to the part that it becomes.
    parts: Vec<Memo>,
    /// For each place that has a say in a signature, what each part says.
    said: Vec<Vec<Number>>,
    /// The least world so far.
    least: Vec<Number>,
    /// For each member of a set, its signature.
    signatures: Vec<Vec<Number>>,
    /// For each set, the ranks that are to be tried out, and which of them is.
    ranks: Vec<Vec<usize>>,
    nth: Vec<usize>,
    undecided: Vec<usize>,
}

/// What says nothing, because it depends on the names of others.
const SILENT: Number = 0;

impl<P: Protocol> Orbits<P> {
    pub fn new(symmetry: Arc<Symmetry<P>>, names: Arc<Renamings>) -> Self {
        Orbits {
            renamed: Renamed::by(&names),
            checks: Checks::default(),
            symmetry,
            names,
        }
    }

    /// The same renamings, for another worker.
    pub fn for_another(&self) -> Self {
        Orbits::new(Arc::clone(&self.symmetry), Arc::clone(&self.names))
    }

    pub fn names(&self) -> &Arc<Renamings> {
        &self.names
    }

    /// Asks a question by all names, and compares the answers.
    pub fn check(&mut self, system: &System<P>, question: Query<P>) {
        let trades = &self.names.trades;
        self.checks.check(system, &self.symmetry, trades, question);
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
        let mut known = Known {
            system,
            books,
            symmetry: &self.symmetry,
        };
        let mut desk = Desk {
            names: &self.names,
            contents: &mut known,
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
        let mut known = Known {
            system,
            books,
            symmetry: &self.symmetry,
        };
        let mut desk = Desk {
            names: &self.names,
            contents: &mut known,
        };
        self.renamed.canonical(&mut desk, parts);
        &self.renamed.least
    }

    pub fn bytes(&self) -> usize {
        self.renamed.bytes() + self.checks.bytes()
    }
}

impl Renamed {
    fn by(names: &Renamings) -> Self {
        let places = names.order.len();
        Renamed {
            parts: (0..places).map(|_| Memo::default()).collect(),
            said: vec![Vec::new(); places],
            least: vec![0; places],
            signatures: Vec::new(),
            ranks: vec![Vec::new(); names.sets.len()],
            nth: vec![0; names.sets.len()],
            undecided: Vec::new(),
        }
    }

    fn bytes(&self) -> usize {
        let renamed: usize = self.parts.iter().map(Memo::bytes).sum();
        let said: usize = self.said.iter().map(Vec::capacity).sum();
        renamed + said * size_of::<Number>()
    }

    /// Finds the parts of the world that stands for this one: the least.
    fn canonical(&mut self, desk: &mut Desk<'_>, parts: &[Number]) {
        let names = desk.names;
        let is_undecided = |at: &usize| desk.contents.is_undecided(*at, parts[*at]);
        self.undecided.clear();
        self.undecided
            .extend((0..names.own.len()).filter(is_undecided));
        let mut first = true;
        if self.undecided.is_empty() {
            for set in 0..names.sets.len() {
                self.arrange(desk, parts, set);
            }
            loop {
                let ranks = self.nth.iter().zip(&self.ranks).map(|(nth, all)| all[*nth]);
                self.try_out(desk, parts, names.nth(ranks), first);
                first = false;
                if !step(&mut self.nth, &self.ranks) {
                    break;
                }
            }
        } else {
            for (nth, renaming) in names.all.iter().enumerate() {
                if keeps_order(renaming, &self.undecided) {
                    self.try_out(desk, parts, number(nth), first);
                    first = false;
                }
            }
        }
    }

    /// Finds the arrangements of a set that are worth trying out: those in the order of signatures.
    fn arrange(&mut self, desk: &mut Desk<'_>, parts: &[Number], set: usize) {
        let members = &desk.names.sets[set];
        let mut signatures = std::mem::take(&mut self.signatures);
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
        self.signatures = signatures;
        let ranks = &mut self.ranks[set];
        ranks.clear();
        if all_alike {
            ranks.push(rank(&sorted));
        } else {
            arrangements(&sorted, &ties, &class, &mut Vec::new(), ranks);
        }
    }

    /// What a node is, apart from its name.
    fn sign(
        &mut self,
        desk: &mut Desk<'_>,
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
    fn changes_nothing(&mut self, desk: &mut Desk<'_>, parts: &[Number], by: Nth) -> bool {
        let names = desk.names;
        let from = &names.from[by as usize];
        names.order.iter().all(|place| {
            let from = from[*place];
            self.part(desk, from, parts[from], by) == parts[*place]
        })
    }

    /// Renames a world, and keeps it if it is less than the least so far.
    fn try_out(&mut self, desk: &mut Desk<'_>, parts: &[Number], by: Nth, first: bool) {
        let names = desk.names;
        let from = &names.from[by as usize];
        let mut less = first;
        for &place in &names.order {
            let part = self.part(desk, from[place], parts[from[place]], by);
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
    fn part(&mut self, desk: &mut Desk<'_>, place: usize, part: Number, by: Nth) -> Number {
        let (nodes, places) = (desk.names.own.len(), desk.names.order.len());
        // Behind the channels come the globals and the past.
        let is_channel = nodes <= place && place + 2 < places;
        // Nothing in flight names nobody.
        if by == 0 || (is_channel && part == 0) {
            return part;
        }
        let asked = question(part, by);
        if let Some(known) = self.parts[place].get(asked) {
            return known;
        }
        let renamed = desk.contents.rename(desk.names, place, part, by);
        self.parts[place].put(asked, renamed);
        renamed
    }
}

impl<P: Protocol> Contents for Known<'_, P> {
    fn is_undecided(&self, node: usize, part: Number) -> bool {
        self.books.node[node].facts[part as usize].undecided
    }

    fn rename(&mut self, names: &Renamings, place: usize, part: Number, by: Nth) -> Number {
        let (system, symmetry) = (self.system, self.symmetry);
        let books = &mut *self.books;
        let order = system.rules.links.order;
        let renaming = &names.all[by as usize];
        let nodes = books.nodes;
        if place < nodes {
            let node = books.node[place].values.get(part);
            let renamed = at_once(names, by, &**node, &|node, by| symmetry.node(node, by));
            let id = renaming.id(Id::from(place));
            books.node[index(id)].intern(&system.protocol, id, renamed)
        } else if place < books.at_globals() {
            let (src, dst) = ((place - nodes) / nodes, (place - nodes) % nodes);
            let channel = books.channel[place - nodes].values.get(part);
            let rename = |channel: &_, by: &_| symmetry.channel(channel, order, by);
            let renamed = at_once(names, by, &**channel, &rename);
            let link = renaming.link(Link::new(Id::from(src), Id::from(dst)));
            let at = books.at_link(link);
            books.channel[at].intern(order, renamed)
        } else if place == books.at_globals() {
            let globals = books.globals.values.get(part);
            let renamed = at_once(names, by, &**globals, &Globals::renamed);
            books.globals.intern(nodes, &system.rules, renamed)
        } else {
            let known = books.history.values.get(part);
            let renamed = at_once(names, by, &**known, &|past, by| symmetry.past(past, by));
            books.history.values.intern(renamed)
        }
    }
}

/// A value renamed at once: the same as if it is renamed trade by trade, and the way back leads back,
/// or how it is renamed is wrong. (Who takes a renaming for its inverse gets each trade right; who
/// forgets something makes values equal that are not.)
fn at_once<T: Clone + PartialEq + Debug>(
    names: &Renamings,
    by: Nth,
    value: &T,
    rename: &dyn Fn(&T, &Renaming) -> T,
) -> T {
    let renamed = rename(value, &names.all[by as usize]);
    let steps = names.steps[by as usize].iter();
    let trade = |value: T, nth: &usize| rename(&value, &names.trades[*nth]);
    let by_steps = steps.clone().fold(value.clone(), trade);
    let back = steps.rev().fold(by_steps.clone(), trade);
    if renamed != by_steps || back != *value {
        refuse(value, &renamed, &by_steps, &back);
    }
    renamed
}

fn refuse(value: &dyn Debug, renamed: &dyn Debug, by_steps: &dyn Debug, back: &dyn Debug) -> ! {
    Promise::Symmetry.complain(format!(
        "node symmetry is broken: the protocol does not rename well. {value:?} becomes {renamed:?}, \
         trade by trade {by_steps:?}, and back {back:?}",
    ))
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
