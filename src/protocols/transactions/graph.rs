//! The direct serialization graph (ALO, section 4): who comes before whom, and why.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use super::history::Record;
use super::versions::Versions;
use super::{Level, Txn, Version};
use crate::model::FewMap;
use crate::protocols::key_value::Key;

/// A transaction that comes before another in whatever order there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Edge {
    pub from: Txn,
    pub to: Txn,
    pub why: Why,
}

/// Why it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Why {
    /// The second wrote right over the version of the first (ww).
    WriteWrite(Key),
    /// The second read the version of the first (wr).
    WriteRead(Key),
    /// The second wrote right over the version that the first read (rw, an anti-dependency).
    ReadWrite(Key),
    /// The first ended before the second began (rt).
    RealTime,
}

/// Transactions and moments, each before others.
///
/// In time there is a chain of moments: who ended comes before the next moment, and who began behind its own. So it
/// takes no edge for each two transactions.
pub(super) struct Graph {
    /// In ascending order; behind them come the moments.
    transactions: Vec<Txn>,
    /// Of each, what it comes before.
    edges: Vec<Vec<(usize, Why)>>,
}

impl Graph {
    pub fn of(committed: &FewMap<Txn, &Record>, versions: &Versions, level: Level) -> Self {
        let transactions: Vec<Txn> = committed.keys().copied().collect();
        let edges = vec![Vec::new(); transactions.len()];
        let mut graph = Graph {
            transactions,
            edges,
        };
        for (key, over, writer) in versions.pairs() {
            if let Version::By(first) = over {
                graph.add(first, writer, Why::WriteWrite(key));
            }
        }
        for (&reader, record) in committed {
            for &(key, version) in &record.reads {
                if let Version::By(writer) = version {
                    graph.add(writer, reader, Why::WriteRead(key));
                }
                for writer in versions.over(key, version) {
                    if writer != reader {
                        graph.add(reader, writer, Why::ReadWrite(key));
                    }
                }
            }
        }
        if level == Level::Strict {
            graph.add_time(committed);
        }
        graph
    }

    fn place(&self, txn: Txn) -> usize {
        let place = self.transactions.binary_search(&txn);
        place.expect("whoever is read or written over counts as committed")
    }

    fn add(&mut self, from: Txn, to: Txn, why: Why) {
        let (from, to) = (self.place(from), self.place(to));
        self.edges[from].push((to, why));
    }

    fn add_time(&mut self, committed: &FewMap<Txn, &Record>) {
        let last = committed.values().map(|record| record.began).max();
        let last = usize::from(last.unwrap_or_default());
        let moments = self.transactions.len();
        self.edges.resize(moments + last + 1, Vec::new());
        for moment in 0..last {
            self.edges[moments + moment].push((moments + moment + 1, Why::RealTime));
        }
        for (place, record) in committed.values().enumerate() {
            if record.began > 0 {
                let began = moments + usize::from(record.began);
                self.edges[began].push((place, Why::RealTime));
            }
            if let Some(ended) = record.ended().map(usize::from)
                && ended < last
            {
                self.edges[place].push((moments + ended + 1, Why::RealTime));
            }
        }
    }

    /// An order in which nobody comes before whom it follows, or a shortest cycle.
    pub fn order(&self) -> Result<Vec<Txn>, Vec<Edge>> {
        let mut before = vec![0_usize; self.edges.len()];
        for (to, _) in self.edges.iter().flatten() {
            before[*to] += 1;
        }
        let free = (0..before.len()).filter(|place| before[*place] == 0);
        // Of those that are free the first, so that the order does not stray without need.
        let mut free: BinaryHeap<Reverse<usize>> = free.map(Reverse).collect();
        let mut order = Vec::new();
        while let Some(Reverse(place)) = free.pop() {
            order.extend(self.transactions.get(place));
            for &(to, _) in &self.edges[place] {
                before[to] -= 1;
                if before[to] == 0 {
                    free.push(Reverse(to));
                }
            }
        }
        if order.len() == self.transactions.len() {
            return Ok(order);
        }
        let stuck = |place: &usize| before[*place] > 0;
        let starts = (0..self.transactions.len()).filter(stuck);
        let mut shortest: Option<(u64, Vec<Edge>)> = None;
        for start in starts {
            let bound = shortest.as_ref().map_or(u64::MAX, |(cost, _)| *cost);
            shortest = self.cycle(start, bound).or(shortest);
        }
        let (_, cycle) = shortest.expect("whoever is stuck is in a cycle, or behind one");
        Err(cycle)
    }

    /// The cycle through a transaction that costs least, and what it costs: if it is less than that (Dijkstra 1959).
    fn cycle(&self, start: usize, bound: u64) -> Option<(u64, Vec<Edge>)> {
        let mut least = vec![bound; self.edges.len()];
        let mut from = vec![None; self.edges.len()];
        let mut open = BinaryHeap::from([Reverse((0, start))]);
        while let Some(Reverse((cost, place))) = open.pop() {
            if place == start && cost > 0 {
                return Some((cost, self.way(start, &from)));
            }
            if cost > least[place] {
                continue;
            }
            for &(to, why) in &self.edges[place] {
                // The way between moments, and out of them, is paid for already.
                let is_transaction = place < self.transactions.len();
                let cost = cost + if is_transaction { why.cost() } else { 0 };
                if cost < least[to] {
                    least[to] = cost;
                    from[to] = Some((place, why));
                    open.push(Reverse((cost, to)));
                }
            }
        }
        None
    }

    /// The cycle that was found, without moments.
    fn way(&self, start: usize, from: &[Option<(usize, Why)>]) -> Vec<Edge> {
        let mut cycle = Vec::new();
        let mut to = start;
        let mut at = start;
        while let Some((before, why)) = from[at] {
            at = before;
            if let Some(&txn) = self.transactions.get(at) {
                let edge = |to: usize| Edge {
                    from: txn,
                    to: self.transactions[to],
                    why,
                };
                cycle.push(edge(to));
                to = at;
                if at == start {
                    break;
                }
            }
        }
        cycle.reverse();
        cycle
    }
}

impl Why {
    /// A cycle is the better the shorter it is; then the less there is in it of time, of reads that were overwritten,
    /// and of reads: the weaker is what it breaks.
    fn cost(self) -> u64 {
        let rank = match self {
            Why::WriteWrite(_) => 0,
            Why::WriteRead(_) => 1,
            Why::ReadWrite(_) => 1 << 16,
            Why::RealTime => 1 << 32,
        };
        (1 << 48) + rank
    }
}
