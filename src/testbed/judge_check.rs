//! From what the checker found to what people read.

use super::record::record_schedule;
use super::report::{
    Blame, CheckReport, CheckVerdict, PropertyReport, ReductionReport, SearchReport, Unexercised,
};
use crate::check::{Judged, NodeSymmetry, Question, Search, Standing, Trial, Verdict};
use crate::model::arms::{Exercised, unexercised};
use crate::model::{
    Bound, Cluster, Few, InsideHandlers, Limit, LinkOrder, NodeSet, Property, Rules, Statement,
    Timing, Untyped, cluster::enumerate,
};
use crate::trace::{Origin, Outcome, Trace};
use serde_json::Value as Json;

/// Turns the answer of a check into a report, each counterexample and witness recorded as a
/// trace.
pub fn report_check(
    question: &Question<'_, Untyped>,
    trial: &Trial,
    params: &Json,
    engine: &str,
    origin: &Origin,
) -> CheckReport {
    let properties: Vec<Statement> = Property::all_stated(question.properties);
    Reporter {
        question,
        params,
        rules: &question.system.rules,
        cluster: &question.system.cluster,
        properties: &properties,
        origin,
    }
    .report(trial, engine)
}

/// A check about to be told.
struct Reporter<'a> {
    question: &'a Question<'a, Untyped>,
    params: &'a Json,
    rules: &'a Rules,
    cluster: &'a Cluster,
    properties: &'a [Statement],
    origin: &'a Origin,
}

impl Reporter<'_> {
    /// The arms that a search left out although their role has them.
    fn unexercised(&self, exercised: &Exercised) -> Vec<Unexercised> {
        let arms = unexercised(self.question.system, exercised).into_iter();
        arms.map(|(role, arms)| Unexercised {
            role: role.to_owned(),
            kinds: arms.iter().map(ToString::to_string).collect(),
        })
        .collect()
    }

    fn report(&self, trial: &Trial, engine: &str) -> CheckReport {
        let searches: Vec<_> = trial.searches.iter().map(|s| self.search(s)).collect();
        let judged = trial.judged.iter().zip(self.properties);
        CheckReport {
            cut_short: trial
                .searches
                .iter()
                .any(|search| search.account.stopped.is_some()),
            engine: engine.to_owned(),
            threads: None,
            allowed: allowed(self.rules, self.cluster),
            notes: Vec::new(),
            properties: judged
                .map(|(judged, property)| self.property(judged, property, &trial.searches))
                .collect(),
            searches,
        }
    }

    fn search(&self, search: &Search) -> SearchReport {
        let account = &search.account;
        let bounds = account.bounds();
        SearchReport {
            imposed: search.imposed.iter().map(ToString::to_string).collect(),
            distinct: account.progress.distinct,
            generated: account.progress.generated,
            depth: account.progress.depth,
            exhaustive: bounds.is_empty() && !account.settled,
            bounds,
            stopped: account.stopped,
            settled: account.settled,
            absorbed: account.absorbed,
            unexercised: account
                .exercised
                .as_ref()
                .map_or_else(Vec::new, |exercised| self.unexercised(exercised)),
            exercised: account.exercised.as_ref().map_or_else(Few::new, kinds),
            waiting_for_the_living: search.waiting_for_the_living.clone(),
            reduced: account
                .reduced
                .used
                .iter()
                .map(|reduction| ReductionReport {
                    name: reduction.name().to_owned(),
                    about: reduction.about().to_owned(),
                    preserves: reduction
                        .preserves()
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                })
                .collect(),
            not_reduced: account
                .reduced
                .forgone
                .iter()
                .map(|(reduction, why)| (reduction.name().to_owned(), why.to_string()))
                .collect(),
            symmetry: account.symmetry.as_ref().map(|s| symmetry(self.cluster, s)),
        }
    }

    fn property(
        &self,
        judged: &Judged,
        property: &Statement,
        searches: &[Search],
    ) -> PropertyReport {
        let Words {
            verdict,
            qualified,
            standing,
            schedule,
            mut sentences,
        } = words(property.name, &judged.verdict);
        // A message that was absorbed is never delivered, so what a search did not find might need
        // more copies. What it found is real.
        let found = matches!(
            judged.verdict,
            Verdict::Violated { .. } | Verdict::Reached { .. }
        );
        let absorbed = searches[judged.search].account.absorbed && !found;
        let qualified = match self.rules.links.copies {
            Limit::AtMost(n) if absorbed => {
                format!("{qualified}, with at most {n} equal in flight")
            }
            _ => qualified,
        };
        if !property.premise.is_empty() {
            let premise = enumerate(property.premise.iter().map(ToString::to_string));
            let end = if judged.silent {
                ", and what comes before rules these out"
            } else {
                ""
            };
            let name = property.name;
            sentences.push(format!("{name} speaks of runs with {premise}{end}."));
        }
        let mut hints = Vec::new();
        if judged.idle {
            let name = property.name;
            hints.push(format!(
                "Nothing could break {name}: its condition never comes about."
            ));
        }
        if judged.silent {
            let name = property.name;
            hints.push(format!(
                "Nothing could break {name}: the events of `after` break its premise."
            ));
        }
        hints.extend(hidden(property, &judged.verdict, self.rules));
        // What can be said of a witness is said where it ends: behind a schedule after which the
        // goal is out of reach comes what ordinary events make of it.
        let then = match &judged.verdict {
            Verdict::CanBlock { then, .. } => then.as_slice(),
            _ => &[],
        };
        let whole = [schedule, then].concat();
        let trace = (!whole.is_empty()).then(|| {
            let mut trace = self.record(property.name, &whole);
            trace.verdict = Some(Outcome {
                verdict: qualified.clone(),
                sentences: sentences.clone(),
            });
            trace
        });
        PropertyReport {
            property: property.name.to_owned(),
            about: property.about.to_owned(),
            citation: property.citation.to_owned(),
            expectation: property.sense.name().to_owned(),
            premise: property.premise.iter().map(ToString::to_string).collect(),
            assumes: property.assumes.iter().map(ToString::to_string).collect(),
            verdict,
            qualified,
            bounds: match &judged.verdict {
                Verdict::HoldsWithinBounds(bounds) | Verdict::Unknown(bounds) => bounds.clone(),
                _ => Vec::new(),
            },
            standing,
            sentences,
            hints,
            schedule: schedule.to_vec(),
            then: then.to_vec(),
            trace,
            search: judged.search,
        }
    }

    /// Records a schedule that is about a property. The others that say something of every run are
    /// watched as well.
    fn record(&self, property: &str, schedule: &[String]) -> Trace {
        let is_watched = |&i: &usize| {
            let Statement {
                name,
                assumes,
                premise,
                ..
            } = &self.properties[i];
            *name == property || (assumes.is_empty() && premise.is_empty())
        };
        let Question {
            system, properties, ..
        } = self.question;
        let watched = (0..properties.len()).filter(is_watched);
        let watched: Vec<_> = watched.map(|i| properties[i].clone()).collect();
        let origin = Origin {
            engine: "checker".to_owned(),
            property: Some(property.to_owned()),
            ..self.origin.clone()
        };
        record_schedule(system, self.params, &watched, origin, schedule).1
    }
}

/// What was exercised, at whatever node.
fn kinds(exercised: &Exercised) -> Few<String> {
    exercised.iter().map(|(_, arm)| arm.to_string()).collect()
}

/// What node symmetry did to a search, and what it leaves alone.
fn symmetry(cluster: &Cluster, symmetry: &NodeSymmetry) -> String {
    match symmetry {
        NodeSymmetry::Of(sets) => {
            let set = |set: &NodeSet| {
                let names = set.iter().map(|id| cluster.name(id).to_owned());
                format!("{{{}}}", names.collect::<Vec<_>>().join(", "))
            };
            let sets = enumerate(sets.iter().map(set));
            format!("node symmetry of {sets}: distinct worlds are orbits; preserves all verdicts")
        }
        NodeSymmetry::Off(why) => format!("no node symmetry: {why}"),
    }
}

/// Which bound to lift so that a property of progress gets an answer: a world in which a bound withholds
/// something is never taken for blocked.
fn hidden(property: &Statement, verdict: &Verdict, rules: &Rules) -> Option<String> {
    let Verdict::HoldsWithinBounds(bounds) = verdict else {
        return None;
    };
    let Limit::AtMost(most) = rules.timeouts else {
        return None;
    };
    let is_hidden = property.sense.is_of_progress()
        && bounds
            .iter()
            .any(|bound| *bound == Bound::Timeouts.to_string());
    is_hidden.then(|| {
        format!(
            "Where the bound on timeouts withholds one, nothing is taken for blocked: for an answer on {}, leave \
             out `bounds.timeouts` (it is {most}), or write \"unlimited\".",
            property.name
        )
    })
}

/// A verdict in words.
struct Words<'a> {
    verdict: CheckVerdict,
    /// With what qualifies it.
    qualified: String,
    standing: Option<Blame>,
    schedule: &'a [String],
    /// Whole sentences.
    sentences: Vec<String>,
}

fn words<'a>(name: &str, verdict: &'a Verdict) -> Words<'a> {
    let plain = |verdict: CheckVerdict, bounds: &[String], sentences| Words {
        verdict,
        qualified: if bounds.is_empty() {
            verdict.word().to_owned()
        } else {
            format!("{}: {}", verdict.word(), enumerate(bounds.iter().cloned()))
        },
        standing: None,
        schedule: &[],
        sentences,
    };
    match verdict {
        Verdict::Holds => plain(CheckVerdict::Holds, &[], Vec::new()),
        Verdict::HoldsWithinBounds(bounds) => {
            plain(CheckVerdict::HoldsWithinBounds, bounds, Vec::new())
        }
        Verdict::Unreachable => {
            let sentence = format!("No run reaches what {name} asks for.");
            plain(CheckVerdict::Unreachable, &[], vec![sentence])
        }
        Verdict::Unknown(bounds) => {
            let sentence = format!("Whether {name} is true was left open.");
            plain(CheckVerdict::UnknownWithinBounds, bounds, vec![sentence])
        }
        Verdict::NotJudged {
            schedule,
            reason,
            why,
        } => {
            let sentences = vec![
                format!("In this run {}.", reason.text),
                format!(
                    "Whether that goes against {name} cannot be told: it assumes synchrony, and {why}, so that every \
                     run passes for synchronous. Say in `awaits` for whom timers wait."
                ),
            ];
            Words {
                schedule,
                ..plain(CheckVerdict::NotJudged, &[(*why).to_owned()], sentences)
            }
        }
        Verdict::Reached { schedule } => Words {
            schedule,
            ..plain(CheckVerdict::Reached, &[], Vec::new())
        },
        Verdict::Violated {
            schedule,
            reason,
            standing,
        } => {
            let sentences = vec![format!("{name} is violated: {}.", reason.text)];
            against(name, CheckVerdict::Violated, schedule, standing, sentences)
        }
        Verdict::CanBlock {
            schedule,
            blocked,
            standing,
            ..
        } => against(
            name,
            CheckVerdict::CanBlock,
            schedule,
            standing,
            blocked.sentences.clone(),
        ),
    }
}

/// A verdict that goes against the property.
fn against<'a>(
    property: &str,
    verdict: CheckVerdict,
    schedule: &'a [String],
    standing: &Standing,
    mut sentences: Vec<String>,
) -> Words<'a> {
    let word = verdict.word();
    let (blame, qualified) = match standing {
        Standing::Bug => {
            sentences.push(format!(
                "Everything that {property} assumes holds here: this is a bug."
            ));
            (Blame::Bug, format!("{word} (a bug)"))
        }
        Standing::Outside { broken, unless } => {
            let broken = enumerate(broken.iter().map(ToString::to_string));
            sentences.push(format!(
                "This lies outside what {property} assumes: {broken}."
            ));
            let qualified = format!("{word} outside the assumptions: {broken}");
            if unless.is_empty() {
                (Blame::OutsideTheAssumptions, qualified)
            } else {
                let unless = enumerate(unless.iter().cloned());
                sentences.push(format!(
                    "Whether it can happen within them was left open: {unless}."
                ));
                (Blame::NotEstablished, qualified)
            }
        }
    };
    Words {
        verdict,
        qualified,
        standing: Some(blame),
        schedule,
        sentences,
    }
}

/// What the rules allow, in words.
pub(super) fn allowed(rules: &Rules, cluster: &Cluster) -> Vec<String> {
    let Rules {
        links,
        timing,
        budgets,
        timeouts,
        cuts,
        ..
    } = rules;
    let mut words = vec![match timing {
        Timing::Asynchronous => "asynchronous timing".to_owned(),
        Timing::Accurate => "accurate timing".to_owned(),
    }];
    words.push(match links.order {
        LinkOrder::Unordered => "unordered links".to_owned(),
        LinkOrder::Fifo => "fifo links".to_owned(),
    });
    if links.never_forgets {
        words.push("a network that never forgets".to_owned());
    } else if let Limit::AtMost(n) = links.copies {
        let s = if n == 1 { "y" } else { "ies" };
        words.push(format!("at most {n} cop{s} of a message in flight"));
    }
    let mut count = |limit: Limit, one: &str, many: &str| match limit {
        Limit::AtMost(0) => {}
        Limit::AtMost(1) => words.push(format!("1 {one}")),
        limit => words.push(format!("{limit} {many}")),
    };
    for (group, limit) in &budgets.crashes {
        let (one, many) = if *group == cluster.all() {
            ("crash".to_owned(), "crashes".to_owned())
        } else {
            let names = cluster.names(*group);
            (format!("crash of {names}"), format!("crashes of {names}"))
        };
        count(*limit, &one, &many);
    }
    count(budgets.recoveries, "recovery", "recoveries");
    count(budgets.drops, "lost message", "lost messages");
    count(
        budgets.duplicates,
        "duplicated message",
        "duplicated messages",
    );
    if !cuts.is_empty() {
        let n = cuts.len();
        let of = if n == 1 {
            String::new()
        } else {
            format!(" (of {n} possible)")
        };
        count(budgets.cuts, &format!("cut{of}"), &format!("cuts{of}"));
        count(budgets.heals, "heal", "heals");
    }
    if let Limit::AtMost(n) = timeouts {
        words.push(format!("at most {n} timeouts"));
    }
    if budgets.crashes.iter().any(|(_, l)| *l != Limit::NONE) {
        words.extend(match budgets.inside_handlers {
            InsideHandlers::Never => Some("crashes only between events".to_owned()),
            InsideHandlers::InOrder => None,
            InsideHandlers::AnySubset => {
                Some("crashes with any subset of a broadcast sent".to_owned())
            }
        });
    }
    words
}
