//! A second opinion: the claims as they came, and all orders of all transactions.
//!
//! It shares nothing with the judge but what a claim is.

use std::collections::{BTreeMap, BTreeSet};

use crate::protocols::key_value::Key;
use crate::protocols::transactions::{Claim, Edge, Level, Txn, Version, Why};

pub type Set = BTreeSet<Txn>;

/// Claims, to be asked.
pub struct Facts<'a>(pub &'a [Claim]);

impl Facts<'_> {
    fn has(&self, claim: Claim) -> bool {
        self.0.contains(&claim)
    }

    fn reads(&self) -> impl Iterator<Item = (Txn, Key, Version)> {
        self.0.iter().filter_map(|claim| match *claim {
            Claim::Read(txn, key, version) if version != Version::By(txn) => {
                Some((txn, key, version))
            }
            _ => None,
        })
    }

    /// Who wrote which key over which version.
    fn installed(&self) -> impl Iterator<Item = (Txn, Key, Version)> {
        self.0.iter().filter_map(|claim| match *claim {
            Claim::Installed(txn, key, over) if over != Version::By(txn) => Some((txn, key, over)),
            _ => None,
        })
    }

    /// All that somebody said a word of.
    fn named(&self) -> Set {
        let mut named = Set::new();
        for claim in self.0 {
            let (txn, version) = match *claim {
                Claim::Read(txn, _, version) | Claim::Installed(txn, _, version) => (txn, version),
                Claim::Began(txn)
                | Claim::Writes(txn, _)
                | Claim::Committed(txn)
                | Claim::Aborted(txn) => (txn, Version::Initial),
            };
            named.insert(txn);
            named.extend(version.writer());
        }
        named
    }

    fn aborted(&self, txn: Txn) -> bool {
        self.has(Claim::Aborted(txn))
    }

    /// Whether it committed for certain, whatever others did.
    fn must_count(&self, txn: Txn) -> bool {
        self.has(Claim::Committed(txn)) || self.installed().any(|(writer, ..)| writer == txn)
    }

    /// Whether somebody says that both happened.
    pub fn is_contradictory(&self) -> bool {
        let both = |txn: Txn| self.aborted(txn) && self.must_count(txn);
        let over = |over: Version| over.writer().is_some_and(|writer| self.aborted(writer));
        self.named().into_iter().any(both) || self.installed().any(|(_, _, v)| over(v))
    }

    /// Whether `a` ended before `b` began.
    fn is_before(&self, a: Txn, b: Txn) -> bool {
        let first = |claim: Claim| self.0.iter().position(|other| *other == claim);
        let (Some(end), Some(begin)) = (first(Claim::Committed(a)), first(Claim::Began(b))) else {
            return false;
        };
        // Who was told before it began did not begin then.
        let is_late = first(Claim::Committed(b)).is_some_and(|told| told < begin);
        end < begin && !is_late
    }

    /// Whether it wrote the key, if these committed.
    fn wrote(&self, all: &Set, txn: Txn, key: Key) -> bool {
        let own = Version::By(txn);
        let is_seen = self.0.iter().any(|claim| match *claim {
            Claim::Read(other, k, version) => {
                k == key && version == own && (other == txn || all.contains(&other))
            }
            Claim::Installed(other, k, over) => k == key && (other == txn || over == own),
            Claim::Writes(other, k) => k == key && other == txn,
            _ => false,
        });
        all.contains(&txn) && is_seen
    }

    fn keys(&self) -> BTreeSet<Key> {
        let keys = self.0.iter().filter_map(|claim| match *claim {
            Claim::Read(_, key, _) | Claim::Installed(_, key, _) | Claim::Writes(_, key) => {
                Some(key)
            }
            _ => None,
        });
        keys.collect()
    }

    /// Whether each transaction, if they run one by one in this order, finds what it was said to have found.
    pub fn is_explained(&self, order: &[Txn], level: Level) -> bool {
        let all: Set = order.iter().copied().collect();
        let mut latest: BTreeMap<Key, Version> = BTreeMap::new();
        let has_all = self
            .named()
            .into_iter()
            .all(|txn| all.contains(&txn) || !self.must_count(txn) || self.aborted(txn));
        has_all
            && !order.iter().any(|txn| self.aborted(*txn))
            && order.iter().enumerate().all(|(place, &txn)| {
                let is_in_time = level == Level::Serialisable
                    || !order[place..].iter().any(|b| self.is_before(*b, txn));
                is_in_time && self.runs(&all, txn, &mut latest)
            })
    }

    fn runs(&self, all: &Set, txn: Txn, latest: &mut BTreeMap<Key, Version>) -> bool {
        let at = |key: Key| latest.get(&key).copied().unwrap_or(Version::Initial);
        let mine = |(who, key, version): (Txn, Key, Version)| who != txn || at(key) == version;
        let is_so = self.reads().all(mine) && self.installed().all(mine);
        for key in self.keys() {
            if self.wrote(all, txn, key) {
                latest.insert(key, Version::By(txn));
            }
        }
        is_so
    }

    /// Whether some of those whose fate is not known, with all that committed, have an order that explains everything.
    pub fn have_an_order(&self, level: Level) -> bool {
        let living = |txn: &Txn| !self.aborted(*txn);
        let (certain, open): (Vec<Txn>, Vec<Txn>) = self
            .named()
            .into_iter()
            .filter(living)
            .partition(|txn| self.must_count(*txn));
        !self.is_contradictory()
            && (0..1_u32 << open.len()).any(|which| {
                let chosen = open.iter().enumerate();
                let chosen = chosen.filter(|(nth, _)| which >> nth & 1 == 1);
                let all: Set = chosen.map(|(_, txn)| *txn).chain(certain.clone()).collect();
                let known = |version: Version| version.writer().is_none_or(|w| all.contains(&w));
                let sees = self.reads().chain(self.installed());
                let is_closed = sees
                    .filter(|(txn, ..)| all.contains(txn))
                    .all(|(.., version)| known(version));
                is_closed && self.goes_on(&all, &mut Vec::new(), &BTreeMap::new(), level)
            })
    }

    /// Whether what has run so far, in this order, can be followed by all others.
    fn goes_on(
        &self,
        all: &Set,
        order: &mut Vec<Txn>,
        latest: &BTreeMap<Key, Version>,
        level: Level,
    ) -> bool {
        let open: Vec<Txn> = all.iter().filter(|t| !order.contains(t)).copied().collect();
        open.is_empty()
            || open.iter().any(|&txn| {
                if level == Level::Strict && open.iter().any(|b| self.is_before(*b, txn)) {
                    return false;
                }
                let mut latest = latest.clone();
                if !self.runs(all, txn, &mut latest) {
                    return false;
                }
                order.push(txn);
                let goes_on = self.goes_on(all, order, &latest, level);
                order.pop();
                goes_on
            })
    }

    /// Those that count as committed.
    pub fn committed(&self) -> Set {
        let mut all: Set = self.named();
        all.retain(|txn| self.must_count(*txn));
        loop {
            let sees = self.reads().chain(self.installed());
            let sees = sees.filter(|(txn, ..)| all.contains(txn));
            let writers: Vec<Txn> = sees.filter_map(|(.., version)| version.writer()).collect();
            let before = all.len();
            all.extend(writers);
            if all.len() == before {
                return all;
            }
        }
    }

    /// Those that wrote the key over nobody knows what.
    fn loose(&self, all: &Set, key: Key) -> Vec<Txn> {
        let placed = |txn: Txn| self.installed().any(|(w, k, _)| w == txn && k == key);
        let loose = all.iter().copied();
        loose
            .filter(|txn| self.wrote(all, *txn, key) && !placed(*txn))
            .collect()
    }

    /// Whether several versions of one key wait, of which one was seen: then nobody knows their order.
    pub fn is_vague(&self) -> bool {
        let all = self.committed();
        self.keys().into_iter().any(|key| {
            let loose = self.loose(&all, key);
            let is_seen = |txn: &Txn| {
                let mut sees = self.reads().chain(self.installed());
                sees.any(|(who, k, v)| k == key && v == Version::By(*txn) && all.contains(&who))
            };
            loose.len() > 1 && loose.iter().any(is_seen)
        })
    }

    /// Whether a version is the last of those that follow from the initial one.
    fn is_last(&self, key: Key, version: Version) -> bool {
        let mut last = Version::Initial;
        while let Some((writer, ..)) = self.installed().find(|(_, k, v)| (*k, *v) == (key, last)) {
            last = Version::By(writer);
        }
        last == version
    }

    /// All edges between those that count as committed.
    pub fn edges(&self, level: Level) -> Vec<Edge> {
        let all = self.committed();
        let mut edges = Vec::new();
        for (&from, &to) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            if from == to {
                continue;
            }
            let mut add = |why| edges.push(Edge { from, to, why });
            for key in self.keys() {
                let is_over = |version: Version| {
                    self.installed().any(|it| it == (to, key, version))
                        || self.loose(&all, key).contains(&to) && self.is_last(key, version)
                };
                if is_over(Version::By(from)) {
                    add(Why::WriteWrite(key));
                }
                if self.has(Claim::Read(to, key, Version::By(from))) {
                    add(Why::WriteRead(key));
                }
                let mut read = self.reads();
                if read.any(|(who, k, v)| who == from && k == key && is_over(v)) {
                    add(Why::ReadWrite(key));
                }
            }
            if level == Level::Strict && self.is_before(from, to) {
                add(Why::RealTime);
            }
        }
        edges
    }

    /// The least that a cycle is worth: how long it is, and how much of it is time, overwritten reads, and reads.
    pub fn best_cycle(&self, level: Level) -> Option<[usize; 4]> {
        let edges = self.edges(level);
        let mut best = None;
        for &edge in &edges {
            lengthen(&edges, &mut vec![edge], &mut best);
        }
        best
    }
}

fn lengthen(edges: &[Edge], way: &mut Vec<Edge>, best: &mut Option<[usize; 4]>) {
    let last = way[way.len() - 1].to;
    if last == way[0].from {
        let worth = worth(way);
        *best = Some(best.map_or(worth, |best| best.min(worth)));
        return;
    }
    // No way through the same transaction twice, and none that is longer than the best.
    if best.is_some_and(|best| way.len() >= best[0]) {
        return;
    }
    for &edge in edges.iter().filter(|edge| edge.from == last) {
        if !way.iter().skip(1).any(|passed| passed.from == edge.to) {
            way.push(edge);
            lengthen(edges, way, best);
            way.pop();
        }
    }
}

pub fn worth(cycle: &[Edge]) -> [usize; 4] {
    let count = |is: fn(&Why) -> bool| cycle.iter().filter(|edge| is(&edge.why)).count();
    [
        cycle.len(),
        count(|why| matches!(why, Why::RealTime)),
        count(|why| matches!(why, Why::ReadWrite(_))),
        count(|why| matches!(why, Why::WriteRead(_))),
    ]
}
