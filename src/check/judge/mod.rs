//! From searches to verdicts: is it a bug, or does it lie outside the assumptions?
//!
//! What searches, plays and explains is a [`Subject`], which alone knows the protocol's types. It names
//! properties by their place in the question, and schedules in the one notation.

mod subject;

use super::checkpoint::{CheckpointError, Folder};
use super::explore::Finding;
use super::fast::Tuning;
use super::{Account, Blocked, Limits, Monitor};
use crate::model::{
    Assumption, Cluster, Event, Property, Protocol, Reason, Rules, Sense, Statement, System,
    facts::Facts,
};

pub use subject::{standing, start};

/// Which engine searches. Both find the same.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    /// The fast one, which remembers.
    Fast(Tuning),
    /// The plain one: clone, apply, compare.
    Plain,
}

impl Default for Engine {
    fn default() -> Self {
        Engine::Fast(Tuning::default())
    }
}

/// What a check asks.
pub struct Question<'a, P: Protocol> {
    /// The protocol under all that the scenario allows.
    pub system: &'a System<P>,
    pub properties: &'a [Property<P>],
    /// Events that lead from the initial world to where the search starts.
    pub after: &'a [Event<P>],
    pub limits: Limits,
}

/// What a check answers.
#[derive(Clone, Debug)]
pub struct Trial {
    /// In the order in which the properties were given.
    pub judged: Vec<Judged>,
    /// The searches it took, the one under all that the scenario allows first.
    pub searches: Vec<Search>,
}

/// The verdict on one property.
#[derive(Clone, Debug)]
pub struct Judged {
    pub property: &'static str,
    pub verdict: Verdict,
    /// Which of the searches decided it.
    pub search: usize,
    /// The events before the search break the premise of the property: it says nothing of any run
    /// that begins with them.
    pub silent: bool,
}

/// What a check says of a property. Schedules are in the one notation, from the initial world on.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// All worlds were looked at.
    Holds,
    /// All worlds within these bounds were looked at.
    HoldsWithinBounds(Vec<String>),
    Violated {
        /// A shortest one.
        schedule: Vec<String>,
        reason: Reason,
        standing: Standing,
    },
    Reached {
        schedule: Vec<String>,
    },
    Unreachable,
    CanBlock {
        /// A shortest one to a world from which the goal is out of reach.
        schedule: Vec<String>,
        /// The ordinary events that follow, until nothing more comes of them.
        then: Vec<String>,
        blocked: Blocked,
        standing: Standing,
    },
    /// These bounds left it open.
    Unknown(Vec<String>),
}

/// What a violation says about the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It happens although all that the property assumes holds.
    Bug,
    /// It needs that these of its assumptions break; unless a search under the assumptions, kept
    /// from being exhaustive by these bounds, missed a way without.
    Outside {
        broken: Vec<Assumption>,
        unless: Vec<String>,
    },
}

/// One search.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was imposed beyond the scenario's rules, by any of the properties it judged.
    pub imposed: Vec<Assumption>,
    pub account: Account,
    /// In the one notation, from where the search started.
    pub waiting_for_the_living: Option<Vec<String>>,
}

/// A system on trial, whatever its protocol.
pub(super) trait Subject {
    /// All that the scenario allows.
    fn rules(&self) -> &Rules;

    fn cluster(&self) -> &Cluster;

    fn properties(&self) -> &[Statement];

    /// The events that lead to where searches start.
    fn after(&self) -> &[String];

    /// Searches under rules for what settles some of the properties. Schedules begin where the
    /// search does.
    fn search(
        &self,
        rules: &Rules,
        members: &[usize],
        monitor: &mut dyn Monitor,
    ) -> Result<Searched, CheckpointError>;

    /// What happens in a schedule from the initial world on, played under rules.
    fn play(&self, rules: &Rules, schedule: &[String]) -> Facts;

    /// Whether the predicate of a property of safety is untrue where a schedule ends.
    fn is_broken(&self, rules: &Rules, schedule: &[String], member: usize) -> bool;

    /// What ordinary events make of a world from which the goal of a property is out of reach,
    /// and why it is.
    fn standstill(
        &self,
        rules: &Rules,
        schedule: &[String],
        member: usize,
        monitor: &mut dyn Monitor,
    ) -> (Vec<String>, Blocked);
}

/// What came of one search.
pub(super) struct Searched {
    account: Account,
    /// For each property that was asked.
    findings: Vec<Finding<String>>,
    waiting_for_the_living: Option<Vec<String>>,
}

/// Judges each property under what the scenario allows *and* the property assumes, and under all
/// that the scenario allows. With a folder it goes on from the checkpoints there, and leaves some; they
/// alone can be wrong. (The plain engine keeps none.)
pub fn judge<P: Protocol>(
    question: &Question<'_, P>,
    engine: Engine,
    folder: Option<&Folder>,
    monitor: &mut dyn Monitor,
) -> Result<Trial, CheckpointError> {
    let subject = subject::Typed::new(question, engine, folder);
    Bench::new(&subject).judge(monitor)
}

/// Where properties are judged.
struct Bench<'a> {
    subject: &'a dyn Subject,
    /// For each property: what comes before the search breaks its premise.
    silent: Vec<bool>,
    searches: Vec<Search>,
}

impl<'a> Bench<'a> {
    fn new(subject: &'a dyn Subject) -> Self {
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

    fn judge(mut self, monitor: &mut dyn Monitor) -> Result<Trial, CheckpointError> {
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
        let standing = |schedule: &[String]| {
            let facts = self.subject.play(&played, schedule);
            let under_assumptions = second.map(|second| &self.searches[second.search]);
            let cleared = under_assumptions.filter(|_| against.is_none());
            let property = &self.subject.properties()[member];
            standing_of(self.subject.cluster(), property, &facts, cleared)
        };
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
                Verdict::Violated {
                    standing: standing(&schedule),
                    schedule,
                    reason,
                }
            }
            Finding::Blocked { schedule } => {
                let schedule = whole(schedule);
                let (then, blocked) = self.subject.standstill(rules, &schedule, member, monitor);
                Verdict::CanBlock {
                    standing: standing(&schedule),
                    schedule,
                    then,
                    blocked,
                }
            }
        };
        judged(search, verdict)
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

/// The same rules, under which it is remembered who failed: so that one can tell which suspicions were
/// true.
fn remembering(rules: &Rules) -> Rules {
    Rules {
        remember_failures: true,
        ..rules.clone()
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

/// What a schedule that goes against a property says of the protocol, where a search under the
/// assumptions may have found nothing.
fn standing_of(
    cluster: &Cluster,
    property: &Statement,
    facts: &Facts,
    cleared: Option<&Search>,
) -> Standing {
    let held = |assumption: &Assumption| assumption.held(facts, cluster);
    let assumes = property.assumes.iter().copied();
    let broken: Vec<_> = assumes.filter(|a| !held(a)).collect();
    let unless = cleared.map_or_else(Vec::new, |search| search.account.bounds());
    match (broken.is_empty(), cleared) {
        (false, _) => Standing::Outside { broken, unless },
        // All held in this one, but an exhaustive search where they are imposed found none.
        (true, Some(search)) if unless.is_empty() => Standing::Outside {
            broken: search.imposed.clone(),
            unless,
        },
        (true, _) => Standing::Bug,
    }
}
