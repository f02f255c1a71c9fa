//! Which searches a question takes, and what follows from what they find.

use super::subject::{Subject, remembering};
use super::verdict::{Judged, Search, Standing, Trial, Verdict};
use crate::check::checkpoint::CheckpointError;
use crate::check::explore::Finding;
use crate::check::{Monitor, Possible};
use crate::model::{Assumption, Rules, Sense, Statement, facts::Facts};

/// What a property that assumes synchrony comes to where every run passes for synchronous.
const NOBODY_AWAITED: &str = "no timer awaits anybody";

/// Where properties are judged.
pub(super) struct Bench<'a> {
    subject: &'a dyn Subject,
    /// For each property: what comes before the search breaks its premise.
    silent: Vec<bool>,
    searches: Vec<Search>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(subject: &'a dyn Subject) -> Self {
        let before = (!subject.after().is_empty())
            .then(|| subject.play(&remembering(subject.rules()), subject.after()));
        let held = |facts: &Facts, p: &Assumption| p.held(facts, subject.cluster());
        let is_silent = |property: &Statement| {
            let broken = |facts| !property.premise.iter().all(|p| held(facts, p));
            before.as_ref().is_some_and(broken)
        };
        Bench {
            silent: subject.properties().iter().map(is_silent).collect(),
            subject,
            searches: Vec::new(),
        }
    }

    pub(super) fn judge(mut self, monitor: &mut dyn Monitor) -> Result<Trial, CheckpointError> {
        let properties = self.subject.properties();
        let mut first: Vec<Option<Finding<String>>> = vec![None; properties.len()];
        let mut second: Vec<Option<Second>> = vec![None; properties.len()];
        let unconditional: Vec<usize> = (0..properties.len())
            .filter(|&i| self.silent[i] || self.impose(&properties[i].premise).1.is_empty())
            .collect();
        if !unconditional.is_empty() {
            let rules = self.subject.rules();
            let findings = self.search(rules, Vec::new(), &unconditional, monitor)?;
            for (&member, finding) in unconditional.iter().zip(findings) {
                first[member] = Some(finding);
            }
        }
        for (rules, imposed, members) in self.restrictions(&first) {
            let findings = self.search(&rules, imposed, &members, monitor)?;
            for (member, finding) in members.into_iter().zip(findings) {
                second[member] = Some(Second {
                    search: self.searches.len() - 1,
                    rules: rules.clone(),
                    finding,
                });
            }
        }
        let mut judged = Vec::with_capacity(properties.len());
        for (member, (all, second)) in first.into_iter().zip(second).enumerate() {
            judged.push(self.decide(member, all, second.as_ref(), monitor));
        }
        let searches = self.searches;
        Ok(Trial { judged, searches })
    }

    fn search(
        &mut self,
        rules: &Rules,
        imposed: Vec<Assumption>,
        members: &[usize],
        monitor: &mut dyn Monitor,
    ) -> Result<Vec<Finding<String>>, CheckpointError> {
        let searched = self.subject.search(rules, members, monitor)?;
        self.searches.push(Search {
            imposed,
            account: searched.account,
            waiting_for_the_living: searched.waiting_for_the_living,
        });
        Ok(searched.findings)
    }

    /// The searches under assumptions that are needed beside the one under everything: the rules,
    /// what was imposed, and the properties to judge. A property of safety that holds under
    /// everything holds under less; one with a premise is judged under its premise and what it assumes.
    fn restrictions(
        &self,
        first: &[Option<Finding<String>>],
    ) -> Vec<(Rules, Vec<Assumption>, Vec<usize>)> {
        let mut groups: Vec<(Rules, Vec<Assumption>, Vec<usize>)> = Vec::new();
        for (i, property) in self.subject.properties().iter().enumerate() {
            let needed = match (&first[i], property.sense) {
                (Some(finding), Sense::Always) => matches!(finding, Finding::Broken { .. }),
                (Some(_), Sense::Reachable) => false,
                (None, _) | (_, Sense::NeverBlocked | Sense::Recovers) => true,
            };
            let both = [property.premise.as_slice(), &property.assumes].concat();
            let (rules, imposed) = self.impose(&both);
            if !needed || imposed.is_empty() || self.silent[i] {
                continue;
            }
            let same = |group: &&mut (Rules, Vec<Assumption>, _)| group.0 == rules;
            match groups.iter_mut().find(same) {
                Some((_, shared, members)) => {
                    shared.extend(imposed);
                    shared.sort_unstable();
                    shared.dedup();
                    members.push(i);
                }
                None => groups.push((rules, imposed, vec![i])),
            }
        }
        groups
    }

    /// The scenario's rules with assumptions imposed, and those that made a difference.
    fn impose(&self, assumes: &[Assumption]) -> (Rules, Vec<Assumption>) {
        let mut rules = self.subject.rules().clone();
        let mut imposed = Vec::new();
        for assumption in assumes {
            let before = rules.clone();
            assumption.impose(&mut rules, self.subject.cluster());
            if rules != before {
                imposed.push(*assumption);
            }
        }
        (rules, imposed)
    }

    /// The verdict on one property: what was found under everything, and under its assumptions.
    fn decide(
        &self,
        member: usize,
        all: Option<Finding<String>>,
        second: Option<&Second>,
        monitor: &mut dyn Monitor,
    ) -> Judged {
        let Statement { name, sense, .. } = self.subject.properties()[member];
        let judged = |search, verdict| Judged {
            property: name,
            verdict,
            search,
            silent: self.silent[member],
            idle: false,
        };
        if sense.is_of_progress() && self.subject.rules().links.never_forgets {
            // There loss is "never delivered", which no schedule shows.
            let why = "a network that never forgets says nothing of progress";
            return judged(0, Verdict::Unknown(vec![why.to_owned()]));
        }
        if self.silent[member] {
            return judged(0, Verdict::Holds);
        }
        let conditional = all.is_none();
        let looked_at: Vec<&Search> = match second {
            Some(second) if conditional => vec![&self.searches[second.search]],
            Some(second) => vec![&self.searches[0], &self.searches[second.search]],
            None => vec![&self.searches[0]],
        };
        let against = second.filter(|second| second.is_against() || conditional);
        let (search, finding, rules) = match against {
            Some(second) => (second.search, second.finding.clone(), &second.rules),
            None => (0, all.unwrap_or(Finding::Nothing), self.subject.rules()),
        };
        let whole = |schedule: Vec<String>| [self.subject.after(), &schedule].concat();
        let played = Rules {
            // What came before the search is possible, though not under the assumptions.
            links: self.subject.rules().links,
            ..remembering(rules)
        };
        let property = &self.subject.properties()[member];
        let standing = |schedule: &[String], monitor: &mut dyn Monitor| {
            let facts = self.subject.play(&played, schedule);
            let under_assumptions = second.map(|second| &self.searches[second.search]);
            let cleared = under_assumptions.filter(|_| against.is_none());
            let standing = Standing::of(self.subject.cluster(), property, &facts, cleared);
            let untold = standing == Standing::Bug && property.leaves_untold(&facts);
            let untold = untold && self.subject.is_anybody_awaited(monitor) != Possible::Yes;
            (!untold).then_some(standing)
        };
        let why = NOBODY_AWAITED;
        let verdict = match finding {
            Finding::Nothing => nothing(sense, &looked_at),
            Finding::Met { schedule } => Verdict::Reached {
                schedule: whole(schedule),
            },
            Finding::Broken { schedule, reason } => {
                let schedule = whole(schedule);
                assert!(
                    self.subject.is_broken(&played, &schedule, member),
                    "a counterexample must replay through the real handlers"
                );
                match standing(&schedule, monitor) {
                    Some(standing) => Verdict::Violated {
                        standing,
                        schedule,
                        reason,
                    },
                    None => Verdict::NotJudged {
                        schedule,
                        reason,
                        why,
                    },
                }
            }
            Finding::Blocked { schedule } => {
                let schedule = whole(schedule);
                let (then, blocked) = self.subject.standstill(rules, &schedule, member, monitor);
                match standing(&schedule, monitor) {
                    Some(standing) => Verdict::CanBlock {
                        standing,
                        schedule,
                        then,
                        blocked,
                    },
                    None => Verdict::NotJudged {
                        schedule,
                        reason: blocked.reason,
                        why,
                    },
                }
            }
        };
        let holds = matches!(verdict, Verdict::Holds | Verdict::HoldsWithinBounds(_));
        let mut promised = || self.subject.is_promising(rules, member, monitor);
        Judged {
            idle: holds && promised() == Possible::No,
            ..judged(search, verdict)
        }
    }
}

/// What a search under assumptions found about a property.
#[derive(Clone)]
struct Second {
    search: usize,
    rules: Rules,
    finding: Finding<String>,
}

impl Second {
    fn is_against(&self) -> bool {
        matches!(
            self.finding,
            Finding::Broken { .. } | Finding::Blocked { .. }
        )
    }
}

/// The verdict where no search found anything.
fn nothing(sense: Sense, searches: &[&Search]) -> Verdict {
    // A property of safety that holds under everything holds under less.
    let counted = if sense.is_of_progress() {
        searches
    } else {
        &searches[..1]
    };
    let mut bounds: Vec<String> = counted
        .iter()
        .flat_map(|search| search.account.bounds())
        .collect();
    let repair_withheld = counted.iter().any(|search| search.account.repair_withheld);
    if sense == Sense::Recovers && repair_withheld {
        bounds.push("repairs".to_owned());
    }
    bounds.sort();
    bounds.dedup();
    match (sense, bounds.is_empty()) {
        (Sense::Reachable, true) => Verdict::Unreachable,
        (Sense::Reachable, false) => Verdict::Unknown(bounds),
        (_, true) => Verdict::Holds,
        (_, false) => Verdict::HoldsWithinBounds(bounds),
    }
}
