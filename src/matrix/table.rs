//! What is stated and weighed of an instance, whatever its protocol.

use serde_json::Value as Json;

use super::instance::{Attendant, Effort, Instance, NextSearch};
use super::lattice::{FaultSet, Found, Frontier, frontier, sets};
use super::report::{Cell, CellVerdict, CellWord, FaultKind, Sets, VariantMatrix, Weighed};
use crate::check::{Account, Judged, Monitor, Search, Trial, Verdict};
use crate::model::{Assumption, Cluster, Fault, FewMap, Limit, Rules, Sense, Statement, Variant};

/// What a send that was absorbed leaves open.
const COPIES: &str = "copies";

/// Sets of faults and properties: what is looked at, and by what it is judged.
pub(super) struct Table {
    pub(super) protocol: &'static str,
    /// With the parameters that differ from the default ones.
    pub(super) variant: Variant<Json>,
    pub(super) cluster: Cluster,
    pub(super) properties: Vec<Statement>,
    pub(super) sets: Vec<FaultSet>,
}

impl Table {
    /// # Panics
    /// If there are more kinds of faults than a matrix can have.
    pub(super) fn new(
        protocol: &'static str,
        variant: Variant<Json>,
        cluster: Cluster,
        properties: Vec<Statement>,
    ) -> Self {
        assert!(
            variant.faults.len() <= Variant::<Json>::FAULTS_MAX,
            "{} kinds of faults make too many sets",
            variant.faults.len()
        );
        Table {
            protocol,
            sets: sets(&variant.faults),
            variant,
            cluster,
            properties,
        }
    }

    /// The names of the faults in a set.
    pub(super) fn names(&self, set: FaultSet) -> Vec<String> {
        let faults = set.of(&self.variant.faults);
        faults.into_iter().map(Fault::name).collect()
    }

    fn all_names(&self, sets: &[FaultSet]) -> Sets {
        sets.iter().map(|set| self.names(*set)).collect()
    }

    pub(super) fn rules(&self, set: FaultSet) -> Rules {
        let faults = set.of(&self.variant.faults);
        self.variant.rules(&faults, &self.cluster)
    }

    /// What one search under these faults finds.
    pub(super) fn cell(
        &self,
        instance: &Instance,
        set: FaultSet,
        effort: &Effort,
        monitor: &mut dyn Monitor,
    ) -> Cell {
        let every: Vec<usize> = (0..self.properties.len()).collect();
        let Trial {
            judged,
            mut searches,
        } = instance.look(&self.rules(set), &every, effort, monitor);
        let Search {
            account,
            waiting_for_the_living,
            ..
        } = searches.swap_remove(0);
        Cell {
            faults: self.names(set),
            distinct: account.progress.distinct,
            generated: account.progress.generated,
            depth: account.progress.depth,
            verdicts: judged.into_iter().map(|j| verdict(j, &account)).collect(),
            stopped: account.stopped.map(|why| why.to_string()),
            waiting_for_the_living,
        }
    }

    /// Looks under every set of faults, and weighs every property by what it found.
    pub(super) fn weigh(
        &self,
        instance: &Instance,
        effort: &Effort,
        attendant: &mut dyn Attendant,
    ) -> VariantMatrix {
        let mut cells = FewMap::new();
        for (i, &set) in self.sets.iter().enumerate() {
            attendant.attend(&self.place(i + 1), &mut |monitor| {
                cells.insert(set, self.cell(instance, set, effort, monitor));
            });
        }
        self.fill_in(&mut cells);
        let claims = self.claims(instance, &cells, effort, attendant);
        let frontiers = self.frontiers(&cells).into_iter().zip(claims);
        let weighed = self.properties.iter().zip(frontiers);
        let weighed = weighed.map(|(property, (frontier, claim))| Weighed {
            property: property.name.to_owned(),
            about: property.about.to_owned(),
            citation: property.citation.to_owned(),
            expectation: property.sense.name().to_owned(),
            needs: frontier.holds.iter().map(|set| self.needs(*set)).collect(),
            holds: self.all_names(&frontier.holds),
            fails: self.all_names(&frontier.fails),
            again: self.all_names(&frontier.again),
            open: self.all_names(&frontier.open),
            claim,
        });
        let properties = weighed.collect();
        let mut of = |set: &FaultSet| cells.remove(set).expect("every set was looked at");
        VariantMatrix {
            properties,
            cells: self.sets.iter().map(&mut of).collect(),
            ..self.stated()
        }
    }

    /// What is stated of the instance before anything is searched.
    pub(super) fn stated(&self) -> VariantMatrix {
        let names = self.cluster.ids().map(|id| self.cluster.name(id));
        VariantMatrix {
            name: self.variant.name.to_owned(),
            about: self.variant.about.to_owned(),
            params: self.variant.params.clone(),
            nodes: names.map(str::to_owned).collect(),
            faults: self.variant.faults.iter().map(|f| self.kind(*f)).collect(),
            bounds: self.bounds(),
            properties: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// For each property, where it stops holding.
    pub(super) fn frontiers(&self, cells: &FewMap<FaultSet, Cell>) -> Vec<Frontier> {
        let of = |nth: usize| {
            let found = |cell: &Cell| match cell.verdicts[nth].verdict {
                CellWord::NotEstablished => Found::Open,
                word if word.is_against() => Found::Fails,
                _ => Found::Holds,
            };
            let table = cells.iter().map(|(set, cell)| (*set, found(cell)));
            frontier(&table.collect())
        };
        (0..self.properties.len()).map(of).collect()
    }

    pub(super) fn place(&self, nth: usize) -> NextSearch<'_> {
        NextSearch {
            protocol: self.protocol,
            variant: self.variant.name,
            nth,
            of: self.sets.len(),
        }
    }

    /// The assumptions that rule out everything beyond a set.
    fn needs(&self, holds: FaultSet) -> Vec<String> {
        let allowed = holds.of(&self.variant.faults);
        let crashes = allowed.iter().any(|fault| fault.is_crash());
        let missing = self.variant.faults.iter().filter(|f| !allowed.contains(f));
        // Who never crashes need not be kept from recovering.
        let missing = missing.filter(|f| **f != Fault::Recovery || crashes);
        missing.map(|fault| fault.ruled_out()).collect()
    }

    fn kind(&self, fault: Fault) -> FaultKind {
        let variant = &self.variant;
        let times = |n: u32| match n {
            1 => "at most one".to_owned(),
            n => format!("at most {n}"),
        };
        let how_often = match fault {
            Fault::Crash { .. } => format!(
                "{}, also inside a handler, with any subset of a broadcast sent",
                times(variant.crashes)
            ),
            Fault::Recovery => "after each crash".to_owned(),
            Fault::Loss => times(variant.drops),
            Fault::Duplication => times(variant.duplicates),
            Fault::Cut => {
                let possible = variant.which_cuts.cuts(self.cluster.len()).len();
                format!(
                    "{} of {possible} possible, and it may heal",
                    times(variant.cuts)
                )
            }
            Fault::FalseSuspicion => "any number".to_owned(),
        };
        FaultKind {
            name: fault.name(),
            how_often,
            ruled_out: fault.ruled_out(),
        }
    }

    fn bounds(&self) -> Vec<String> {
        let variant = &self.variant;
        let mut bounds = vec![format!("{} links", variant.order)];
        if let Limit::AtMost(n) = variant.copies {
            let messages = if n == 1 { "message" } else { "messages" };
            bounds.push(format!("at most {n} equal {messages} in flight on a link"));
        }
        if let Limit::AtMost(n) = variant.timeouts {
            bounds.push(format!("at most {n} timeouts"));
        }
        if let Limit::AtMost(n) = variant.depth {
            bounds.push(format!("at most {n} events in a row"));
        }
        bounds
    }

    /// Verdicts that a limit left open, where those under other faults decide them.
    fn fill_in(&self, cells: &mut FewMap<FaultSet, Cell>) {
        let known = cells.clone();
        for (&set, cell) in cells.iter_mut() {
            for (nth, verdict) in cell.verdicts.iter_mut().enumerate() {
                if verdict.verdict != CellWord::NotEstablished {
                    continue;
                }
                let decides = |other: &&FaultSet| {
                    let word = known[*other].verdicts[nth].verdict;
                    self.follows(self.properties[nth].sense, set, **other, word)
                };
                if let Some(from) = self.sets.iter().find(decides) {
                    *verdict = known[from].verdicts[nth].clone();
                    verdict.follows_from = Some(self.names(*from));
                }
            }
        }
    }

    /// Whether what was found under other faults is true under these.
    ///
    /// With more faults there are more runs, so more is reached and more is violated. Whether a
    /// world is blocked depends on the ordinary events behind it, and these on timing: there
    /// verdicts carry over between sets with the same timing only. (A repair that a budget
    /// withheld makes a world open, so more repairs unblock nothing.)
    fn follows(&self, sense: Sense, set: FaultSet, other: FaultSet, word: CellWord) -> bool {
        let carries_up = match word {
            CellWord::Violated | CellWord::CanBlock | CellWord::Reached => true,
            CellWord::Holds | CellWord::HoldsWithinBounds | CellWord::Unreachable => false,
            CellWord::NotEstablished => return false,
        };
        let timing = |set| self.rules(set).timing;
        let same_timing = !sense.is_of_progress() || timing(set) == timing(other);
        same_timing
            && if carries_up {
                other.is_below(set)
            } else {
                set.is_below(other)
            }
    }
}

/// What is imposed on rules, without what makes no difference.
pub(super) fn imposed(mut rules: Rules, assumes: &[Assumption], cluster: &Cluster) -> Rules {
    for assumption in assumes {
        assumption.impose(&mut rules, cluster);
    }
    if rules.budgets.crashes.is_empty() {
        rules.budgets.recoveries = Limit::NONE;
        rules.survivors.clear();
    }
    if rules.budgets.cuts == Limit::NONE {
        rules.budgets.heals = Limit::NONE;
        rules.cuts.clear();
    }
    rules
}

/// The verdict on one property by the only search there was.
pub(super) fn verdict(judged: Judged, account: &Account) -> CellVerdict {
    let mut found = CellVerdict {
        property: judged.property.to_owned(),
        verdict: CellWord::Holds,
        bounds: Vec::new(),
        follows_from: None,
        schedule: Vec::new(),
        then: Vec::new(),
        sentences: Vec::new(),
    };
    found.verdict = match judged.verdict {
        Verdict::Holds => CellWord::Holds,
        Verdict::HoldsWithinBounds(bounds) => {
            found.bounds = bounds;
            match account.stopped {
                None => CellWord::HoldsWithinBounds,
                Some(_) => CellWord::NotEstablished,
            }
        }
        Verdict::Violated {
            schedule, reason, ..
        } => {
            found.schedule = schedule;
            found.sentences = vec![format!("{}.", reason.text)];
            CellWord::Violated
        }
        Verdict::Reached { .. } => CellWord::Reached,
        Verdict::Unreachable => CellWord::Unreachable,
        Verdict::CanBlock {
            schedule,
            then,
            blocked,
            ..
        } => {
            found.schedule = schedule;
            found.then = then;
            found.sentences = blocked.sentences;
            CellWord::CanBlock
        }
        Verdict::Unknown(bounds) => {
            found.bounds = bounds;
            CellWord::NotEstablished
        }
        Verdict::NotJudged { why, .. } => {
            found.bounds = vec![why.to_owned()];
            CellWord::NotEstablished
        }
    };
    // A message that was absorbed is never delivered, so what a search did not find might need
    // more copies. What it found is real.
    let real = matches!(found.verdict, CellWord::Violated | CellWord::Reached);
    if account.absorbed && !real {
        found.bounds.push(COPIES.to_owned());
        if found.verdict == CellWord::Holds {
            found.verdict = CellWord::HoldsWithinBounds;
        }
    }
    found
}
