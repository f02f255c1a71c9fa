//! What a protocol's file claims of its properties, put to the test.
//!
//! A claim says: wherever the premise and the assumptions hold, so does the property. It is put to
//! the test under everything that the instance allows and the claim does not rule out: all faults
//! at once. What never blocks is looked at with either timing, since a world that is blocked under
//! accurate timing need not be so where timers fire at will.

use super::instance::{Attendant, Effort, Instance};
use super::lattice::FaultSet;
use super::report::{Cell, CellVerdict, CellWord, Claim, ClaimOutcome};
use super::table::{Table, imposed, verdict};
use crate::model::cluster::enumerate;
use crate::model::{Assumption, Fault, FewMap, Rules, Sense, Statement};

/// A search that claims ask for: its rules, which properties it is about, and what came of it.
struct Test {
    rules: Rules,
    members: Vec<usize>,
    distinct: u64,
    /// For each member.
    verdicts: Vec<CellVerdict>,
}

impl Table {
    /// How the claim of each property turned out.
    pub(super) fn claims(
        &self,
        instance: &Instance,
        cells: &FewMap<FaultSet, Cell>,
        effort: &Effort,
        attendant: &mut dyn Attendant,
    ) -> Vec<Claim> {
        let mut tests = self.tests();
        for test in &mut tests {
            let is_cell =
                |set: &&FaultSet| imposed(self.rules(**set), &[], &self.cluster) == test.rules;
            if let Some(cell) = self.sets.iter().find(is_cell).map(|set| &cells[set]) {
                let of = |&member: &usize| cell.verdicts[member].clone();
                test.verdicts = test.members.iter().map(of).collect();
                test.distinct = cell.distinct;
                continue;
            }
            attendant.attend(&self.place(self.sets.len()), &mut |monitor| {
                let trial = instance.look(&test.rules, &test.members, effort, monitor);
                let account = &trial.searches[0].account;
                let judged = trial.judged.into_iter();
                test.verdicts = judged.map(|judged| verdict(judged, account)).collect();
                test.distinct = account.progress.distinct;
            });
        }
        let properties = self.properties.iter().enumerate();
        properties
            .map(|(nth, property)| self.claim(nth, property, &tests, cells))
            .collect()
    }

    /// The searches that the claims ask for, each once.
    fn tests(&self) -> Vec<Test> {
        let mut tests: Vec<Test> = Vec::new();
        for (nth, property) in self.properties.iter().enumerate() {
            for top in self.tops(property.sense) {
                let rules = imposed(self.rules(top), &claimed(property), &self.cluster);
                match tests.iter_mut().find(|test| test.rules == rules) {
                    Some(test) if test.members.contains(&nth) => {}
                    Some(test) => test.members.push(nth),
                    None => tests.push(Test {
                        rules,
                        members: vec![nth],
                        distinct: 0,
                        verdicts: Vec::new(),
                    }),
                }
            }
        }
        tests
    }

    /// All faults; and all with accurate timing, where that is not less.
    fn tops(&self, sense: Sense) -> Vec<FaultSet> {
        let kinds = &self.variant.faults;
        let all = FaultSet::first(kinds.len());
        let suspicion = kinds.iter().position(|f| *f == Fault::FalseSuspicion);
        let accurate = suspicion.filter(|_| sense.is_of_progress());
        let accurate = accurate.map(|kind| all.without(kind));
        std::iter::once(all).chain(accurate).collect()
    }

    fn claim(
        &self,
        nth: usize,
        property: &Statement,
        tests: &[Test],
        cells: &FewMap<FaultSet, Cell>,
    ) -> Claim {
        let assumes = claimed(property);
        let words: Vec<String> = assumes.iter().map(ToString::to_string).collect();
        let mut claim = Claim {
            assumes: words.clone(),
            outcome: ClaimOutcome::Established,
            distinct: Vec::new(),
            bounds: Vec::new(),
            sentences: Vec::new(),
            schedule: Vec::new(),
        };
        for test in tests {
            let Some(at) = test.members.iter().position(|member| *member == nth) else {
                continue;
            };
            claim.distinct.push(test.distinct);
            let found = &test.verdicts[at];
            if found.verdict.is_against() {
                let under = match &words[..] {
                    [] => "Under everything at once",
                    _ => "Under everything that this leaves",
                };
                claim.contradict(found, under);
            } else if found.verdict == CellWord::NotEstablished {
                claim.outcome = claim.outcome.max(ClaimOutcome::NotEstablished);
            }
            claim.bounds.extend(found.bounds.iter().cloned());
        }
        claim.bounds.sort();
        claim.bounds.dedup();
        // What can be reached with some faults need not be reached with fewer.
        if property.sense == Sense::Reachable {
            return claim;
        }
        for set in &self.sets {
            let found = &cells[set].verdicts[nth];
            let rules = self.rules(*set);
            let covered = imposed(rules.clone(), &assumes, &self.cluster)
                == imposed(rules, &[], &self.cluster);
            if found.verdict.is_against() && covered {
                let names = self.names(*set);
                let under = match &names[..] {
                    [] => "Without any fault".to_owned(),
                    _ => format!("Under {}, which it covers", enumerate(names)),
                };
                claim.contradict(found, &under);
            }
        }
        claim
    }
}

/// What a property presupposes and assumes.
fn claimed(property: &Statement) -> Vec<Assumption> {
    let mut assumes = property.premise.clone();
    assumes.extend(&property.assumes);
    assumes
}

impl Claim {
    /// The first contradiction is told.
    fn contradict(&mut self, found: &CellVerdict, under: &str) {
        if self.outcome == ClaimOutcome::Contradicted {
            return;
        }
        self.outcome = ClaimOutcome::Contradicted;
        let (property, verdict) = (&found.property, found.verdict.word());
        let verdict = match found.verdict {
            CellWord::CanBlock => verdict.to_owned(),
            _ => format!("is {verdict}"),
        };
        let mut sentences = vec![format!("{under}, {property} {verdict}.")];
        sentences.extend(found.sentences.iter().cloned());
        self.sentences = sentences;
        self.schedule = [found.schedule.clone(), found.then.clone()].concat();
    }
}
