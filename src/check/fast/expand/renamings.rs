//! Who can trade names in a search: all renamings, and what each does to the places of parts.
//!
//! Invariant: it depends on the system alone, so that all workers of a search share one.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::check::NodeSymmetry;
use crate::model::cluster::index;
use crate::model::{Id, NodeSet, Protocol, Renaming, System};

/// The most renamings that a search goes by: seven nodes that are alike, or some sets of fewer.
const RENAMINGS_MAX: usize = 5_040;

/// The number of a renaming. The identity has number 0.
pub type Nth = u32;

/// All renamings of a system, by number.
pub struct Renamings {
    /// The nodes that are alike, set by set, each in ascending order.
    pub sets: Vec<Vec<usize>>,
    /// For each of these nodes, the places of its own: its part, and what is in flight between it and
    /// itself or those that nobody can trade names with.
    pub own: Vec<Vec<usize>>,
    pub all: Vec<Renaming>,
    /// The trades of two neighbours in a set, of which all renamings are made.
    pub trades: Vec<Renaming>,
    /// How each renaming is made: by trade after trade.
    pub steps: Vec<Vec<usize>>,
    /// For each renaming, and each place of a part: the place whose part gets there.
    pub from: Vec<Vec<usize>>,
    /// For each set and each two members by position: the renaming by which they trade names.
    swaps: Vec<Vec<Vec<Nth>>>,
    /// For each node: trades that make all renamings that leave its name alone.
    pub others: Vec<Vec<Nth>>,
    /// The places in the order in which worlds are compared: first the parts that all share.
    pub order: Vec<usize>,
    by_rank: Vec<Nth>,
}

impl Renamings {
    /// The renamings of a system, or why it has none.
    pub fn of<P: Protocol>(system: &System<P>) -> Result<Self, &'static str> {
        let symmetry = system.protocol.symmetry();
        let symmetry = symmetry.ok_or(
            "the protocol declares none (`Protocol::symmetry`), so every node counts by its name",
        )?;
        let sets = symmetry.sets(&system.cluster, &system.rules);
        if sets.is_empty() {
            return Err("the rules or the parameters tell all nodes apart");
        }
        let factors = sets.iter().flat_map(|set| 1..=set.len());
        let count = factors.fold(1usize, usize::saturating_mul);
        if count > RENAMINGS_MAX {
            return Err("there are more than 5,040 renamings");
        }
        Ok(Renamings::new(&sets, system.cluster.len(), count))
    }

    fn new(sets: &[NodeSet], nodes: usize, count: usize) -> Self {
        let alike = sets.iter().fold(NodeSet::EMPTY, |a, b| a.union(*b));
        let sets: Vec<Vec<usize>> = sets
            .iter()
            .map(|set| set.iter().map(index).collect())
            .collect();
        let trade = |a, b| Renaming::transposition(nodes, Id::from(a), Id::from(b));
        let neighbours = |members: &[usize]| {
            let pairs = members.windows(2).map(|pair| trade(pair[0], pair[1]));
            pairs.collect::<Vec<_>>()
        };
        let trades: Vec<Renaming> = sets.iter().flat_map(|set| neighbours(set)).collect();
        let mut found: IndexSet<Renaming, FxBuildHasher> = IndexSet::default();
        let mut steps = vec![Vec::new()];
        found.insert(Renaming::identity(nodes));
        let mut at = 0;
        while at < found.len() {
            for (nth, trade) in trades.iter().enumerate() {
                if found.insert(found[at].then(trade)) {
                    let longer = steps[at].iter().copied().chain([nth]);
                    steps.push(longer.collect());
                }
            }
            at += 1;
        }
        assert_eq!(found.len(), count, "trades of neighbours make everything");
        let renamings: Vec<Renaming> = found.into_iter().collect();
        let channel = |src, dst| nodes + src * nodes + dst;
        let own = |node| {
            let outsiders = (0..nodes).filter(|at| !alike.contains(Id::from(*at)));
            let with = |other| [channel(node, other), channel(other, node)];
            let own = [node, channel(node, node)];
            own.into_iter().chain(outsiders.flat_map(with)).collect()
        };
        let mut names = Renamings {
            from: renamings.iter().map(places).collect(),
            own: (0..nodes).map(own).collect(),
            order: Vec::new(),
            by_rank: vec![0; count],
            swaps: Vec::new(),
            others: Vec::new(),
            trades,
            steps,
            all: renamings,
            sets,
        };
        for nth in 0..count {
            let rank = names.rank(names.ranks(&names.all[nth]));
            names.by_rank[rank] = nth_of(nth);
        }
        let nth = |renaming: &Renaming| names.nth(names.ranks(renaming));
        let swap = |a: &usize, b: &usize| nth(&trade(*a, *b));
        let swaps = |set: &Vec<usize>| {
            let of = |a| set.iter().map(|b| swap(a, b)).collect();
            set.iter().map(of).collect()
        };
        let swaps = names.sets.iter().map(swaps).collect();
        let others = |node| {
            let without = |set: &Vec<usize>| {
                let others = set.iter().copied().filter(|at| *at != node);
                neighbours(&others.collect::<Vec<_>>())
            };
            let trades = names.sets.iter().flat_map(without);
            trades.map(|trade| nth(&trade)).collect()
        };
        let others = (0..nodes).map(others).collect();
        (names.swaps, names.others) = (swaps, others);
        let places = names.from[0].len();
        let is_alike = |place: &usize| *place < nodes && alike.contains(Id::from(*place));
        names.order = (0..places).rev().collect();
        names.order.sort_by_key(|place| {
            let is_channel = (nodes..nodes + nodes * nodes).contains(place);
            (is_channel, is_alike(place))
        });
        names
    }

    /// What it comes to, for those who read results.
    pub fn tell(&self) -> NodeSymmetry {
        let set = |set: &Vec<usize>| set.iter().map(|at| Id::from(*at)).collect();
        NodeSymmetry::Of(self.sets.iter().map(set).collect())
    }

    /// The renaming by which two members of a set, given by their positions, trade names.
    pub fn swap(&self, set: usize, a: usize, b: usize) -> Nth {
        self.swaps[set][a][b]
    }

    /// The renaming with these ranks, one for each set.
    pub fn nth(&self, ranks: impl IntoIterator<Item = usize>) -> Nth {
        self.by_rank[self.rank(ranks)]
    }

    fn rank(&self, ranks: impl IntoIterator<Item = usize>) -> usize {
        let sets = self.sets.iter().zip(ranks);
        sets.fold(0, |rank, (set, of_set)| {
            rank * (1..=set.len()).product::<usize>() + of_set
        })
    }

    /// The ranks of a renaming in each set.
    fn ranks(&self, renaming: &Renaming) -> Vec<usize> {
        let rank = |set: &Vec<usize>| {
            let name = |at: &usize| index(renaming.id(Id::from(*at)));
            let who: Vec<usize> = set
                .iter()
                .map(|called| set.iter().position(|at| name(at) == *called))
                .map(|position| position.expect("names stay in their set"))
                .collect();
            rank(&who)
        };
        self.sets.iter().map(rank).collect()
    }
}

/// The number of an arrangement, which says for each position who comes there, among all in their
/// alphabetical order.
pub fn rank(who: &[usize]) -> usize {
    let smaller = |at: usize| who[at + 1..].iter().filter(|w| **w < who[at]).count();
    (0..who.len()).fold(0, |rank, at| rank * (who.len() - at) + smaller(at))
}

/// For each place of a part, the place whose part gets there.
fn places(renaming: &Renaming) -> Vec<usize> {
    let nodes = renaming.nodes();
    let who = renaming.list(&(0..nodes).collect::<Vec<_>>());
    let channel = |src: &usize, dst: &usize| nodes + src * nodes + dst;
    let channels = who
        .iter()
        .flat_map(|src| who.iter().map(move |dst| channel(src, dst)));
    let globals = nodes + nodes * nodes;
    let all = who.iter().copied().chain(channels);
    all.chain([globals, globals + 1]).collect()
}

fn nth_of(at: usize) -> Nth {
    Nth::try_from(at).expect("few renamings")
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn arrangements_are_ranked_in_their_order() {
        let all = [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ];
        let ranks = all.map(|who| rank(&who));
        assert_eq!(ranks, [0, 1, 2, 3, 4, 5]);
    }
}
