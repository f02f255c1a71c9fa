//! What is to be explained: what the verdict of a trace says, and the steps that it rests on.
//!
//! A reason is a clause about nodes and what they observed, both in the words that all protocols share. So the steps
//! that it is about are found by these words.

use crate::model::{Few, FewMap, Observation};
use crate::trace::{Outcome, StepRecord, Trace};

/// What kind of verdict it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A property was violated, in some step.
    Violated,
    /// A goal can not be reached any more.
    Blocked,
    /// A goal was not reached.
    Missed,
    /// What the property asks for was reached.
    Reached,
}

/// A verdict, and why.
#[derive(Debug)]
pub(super) struct Failure {
    pub sort: Sort,
    pub property: Option<String>,
    pub reason: String,
    /// The step that it came about in.
    pub step: usize,
}

impl Failure {
    /// Nothing, if all went well or nobody has judged.
    pub fn of(trace: &Trace) -> Option<Failure> {
        let end = trace.steps.len();
        let Some(Outcome { verdict, sentences }) = &trace.verdict else {
            return broken(trace, None);
        };
        let first = sentences.first().map_or("", String::as_str);
        let sort = match verdict.split([' ', ':', ',']).next().unwrap_or_default() {
            "violated" | "not" => Sort::Violated,
            "blocked" | "can" => Sort::Blocked,
            "undecided" | "unreachable" | "unknown" => Sort::Missed,
            "reached" => Sort::Reached,
            _ => return None,
        };
        if sort == Sort::Violated
            && let Some(failure) = broken(trace, Some(first))
        {
            return Some(failure);
        }
        let told = first.split_once(" is violated: ");
        Some(Failure {
            sort,
            property: trace.origin.property.clone().or_else(|| {
                let (property, _) = told?;
                Some(property.to_owned())
            }),
            reason: match (sort, told) {
                (Sort::Violated, Some((_, reason))) => reason.trim_end_matches('.').to_owned(),
                (Sort::Reached, _) => String::new(),
                _ => first.trim_end_matches('.').to_owned(),
            },
            step: end,
        })
    }
}

/// The first step that broke what the verdict speaks of: a run ends there, unless it was to go on.
fn broken(trace: &Trace, sentence: Option<&str>) -> Option<Failure> {
    let asked = trace.origin.property.as_deref();
    let is_it = |property: &str| match (asked, sentence) {
        (Some(asked), _) => property == asked,
        (None, Some(sentence)) => sentence
            .strip_prefix(property)
            .is_some_and(|rest| rest.starts_with(" is violated")),
        (None, None) => true,
    };
    let numbered = trace.steps.iter().zip(1..);
    let mut broken = numbered.flat_map(|(step, nth)| step.properties.iter().map(move |p| (p, nth)));
    let (status, step) = broken.find(|(p, _)| !p.holds && is_it(&p.property))?;
    Some(Failure {
        sort: Sort::Violated,
        property: Some(status.property.clone()),
        reason: status.reason.clone().unwrap_or_default(),
        step,
    })
}

/// Something that a reason speaks of, and the step in which it came about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fact {
    pub step: usize,
    pub node: usize,
    /// `decides commit`
    pub words: String,
}

/// The nodes that a text names.
pub(super) fn named(trace: &Trace, text: &str) -> Few<usize> {
    let names = trace.nodes.iter().enumerate();
    names
        .filter(|(_, node)| has_words(text, &node.name))
        .map(|(at, _)| at)
        .collect()
}

/// What a reason speaks of, in order. What comes about twice did so the first time.
pub(super) fn facts(trace: &Trace, failure: &Failure) -> Vec<Fact> {
    let reason = failure.reason.to_lowercase();
    let named = named(trace, &failure.reason);
    let accepted = accepted(trace);
    let mut facts: Vec<Fact> = Vec::new();
    for (step, nth) in trace.steps.iter().zip(1..=failure.step) {
        let Some(node) = step.what.actor() else {
            continue;
        };
        for observed in &step.did.observed {
            let is_named = named.contains(&node);
            let words = observed.to_string();
            let is_new = |of_all: bool| {
                let mut before = facts.iter().filter(|fact| fact.words == words);
                !before.any(|fact| of_all || fact.node == node)
            };
            let is_one = match observed {
                Observation::Decided { value, .. } => {
                    is_named && reason.contains(&stem(&value.to_string())) && is_new(false)
                }
                Observation::Elected { subject } => {
                    let is_told = ["leads term", "elected in term"]
                        .iter()
                        .any(|told| has_words(&reason, &format!("{told} {subject}")));
                    is_named && is_told
                }
                Observation::Accepted { subject, value } => {
                    let value = value.to_string().to_lowercase();
                    of_ballot(&reason, *subject, &value, &accepted) && is_new(false)
                }
                Observation::Committed { subject, value, .. } => {
                    !reason.contains("executed")
                        && has_words(&reason, &format!("at {subject}"))
                        && has_each(&reason, &value.to_string())
                        && is_new(true)
                }
                Observation::Executed { value, .. } => {
                    is_named && reason.contains("executed") && has_each(&reason, &value.to_string())
                }
                Observation::Chosen { value, .. } => {
                    is_named && has_each(&reason, &value.to_string()) && is_new(false)
                }
                // Who never voted yes may have voted no.
                Observation::Voted { value, .. } => {
                    let value = value.to_string();
                    is_named
                        && reason.contains("vot")
                        && !reason.contains(&format!("never voted {value}"))
                        && (reason.contains("never voted") || has_words(&reason, &value))
                }
                Observation::Locked { .. } => is_named && reason.contains("lock"),
                _ => false,
            };
            if is_one {
                let step = nth;
                facts.push(Fact { step, node, words });
            }
        }
    }
    if reason.contains("was told") {
        facts.extend(answers(trace, failure, &reason));
        facts.sort();
    }
    facts
}

/// What each client was told last of what a reason speaks of.
fn answers(trace: &Trace, failure: &Failure, reason: &str) -> Vec<Fact> {
    let mut asked: FewMap<(usize, u64), String> = FewMap::new();
    let mut told: FewMap<usize, Fact> = FewMap::new();
    for (step, nth) in trace.steps.iter().zip(1..=failure.step) {
        let Some(node) = step.what.actor() else {
            continue;
        };
        for observed in &step.did.observed {
            match observed {
                Observation::Invoked { subject, value } => {
                    asked.insert((node, *subject), value.to_string());
                }
                Observation::Returned { subject, value } => {
                    let question = asked.get(&(node, *subject)).map_or("", String::as_str);
                    let is_thing = |word: &&str| {
                        word.len() == 1 && !word.starts_with(|c: char| c.is_ascii_digit())
                    };
                    let mut things = question.split(' ').filter(is_thing);
                    let is_about = things.any(|thing| has_words(reason, thing));
                    if is_about {
                        let words = format!("asked for {question}, and is told {value}");
                        told.insert(
                            node,
                            Fact {
                                step: nth,
                                node,
                                words,
                            },
                        );
                    }
                }
                _ => {}
            }
        }
    }
    told.into_values().collect()
}

/// `commit` of `committed`.
fn stem(value: &str) -> String {
    value.trim_end_matches('e').to_lowercase()
}

/// All values that were accepted.
fn accepted(trace: &Trace) -> Few<String> {
    let observed = trace.steps.iter().flat_map(|step| &step.did.observed);
    let values = observed.filter_map(|observed| match observed {
        Observation::Accepted { value, .. } => Some(value.to_string().to_lowercase()),
        _ => None,
    });
    values.collect()
}

/// Whether a reason says of a ballot that this value is its: `v1 was chosen in ballot 1`, or `in ballot 2 A1 accepted v1`.
fn of_ballot(reason: &str, ballot: u64, value: &str, all: &Few<String>) -> bool {
    let ballot = ballot.to_string();
    let parts: Vec<&str> = reason.split("ballot ").collect();
    // Only the last word of `P1 prepared` stands there: the instance is named before.
    let last = |value: &str| value.rsplit(' ').next().unwrap_or_default().to_owned();
    let instance = value.rsplit_once(' ').map_or("", |(instance, _)| instance);
    let is_there = |part: &str, value: &str| has_words(part, &last(value));
    has_each(reason, instance)
        && parts.windows(2).any(|pair| {
            let [before, behind] = [pair[0], pair[1]];
            let number = behind.split(|c: char| !c.is_ascii_digit()).next();
            let before = before.trim_start_matches(|c: char| c.is_ascii_digit());
            number == Some(&ballot)
                && if all.iter().any(|value| is_there(before, value)) {
                    is_there(before, value)
                } else {
                    is_there(behind, value)
                }
        })
}

/// Whether each word of a value stands somewhere in a text.
fn has_each(text: &str, value: &str) -> bool {
    let value = value.to_lowercase();
    let words = value.split(|c: char| c.is_whitespace() || "{}()".contains(c));
    words
        .filter(|word| !word.is_empty())
        .all(|word| has_words(text, word))
}

/// Whether these words stand in a text, and not as part of others.
fn has_words(text: &str, words: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !words.is_empty()
        && text.match_indices(words).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let behind = text[at + words.len()..].chars().next();
            !before.is_some_and(is_part) && !behind.is_some_and(is_part)
        })
}

/// The last step of a node up to another.
pub(super) fn last_step(trace: &Trace, node: usize, until: usize) -> Option<usize> {
    let steps: &[StepRecord] = trace.steps.get(..until).unwrap_or(&trace.steps);
    let at = steps
        .iter()
        .rposition(|step| step.what.actor() == Some(node))?;
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::{Few, has_each, has_words, of_ballot};

    #[test]
    fn words_are_found_whole() {
        assert!(has_words("C and P1 committed", "P1"));
        assert!(!has_words("C and P11 committed", "P1"));
        assert!(has_each("does not have {s2 s3} at 1", "{S2 S3}"));
        assert!(!has_each("does not have {s2} at 1", "{S2 S3}"));
        assert!(!has_words("anything", ""));
    }

    #[test]
    fn a_value_goes_with_its_ballot() {
        let all: Few<String> = ["v1", "v2"].map(str::to_owned).into();
        let chosen = "v1 was chosen in ballot 1, by a1 and a2, and v2 in ballot 2, by a1 and a2";
        let accepted = "in ballot 2 a1 accepted v1 and a1 accepted v2";
        for (reason, ballot, value, is_so) in [
            (chosen, 1, "v1", true),
            (chosen, 1, "v2", false),
            (chosen, 2, "v2", true),
            (chosen, 2, "v1", false),
            (accepted, 2, "v1", true),
            (accepted, 2, "v2", true),
            (accepted, 1, "v1", false),
        ] {
            assert_eq!(
                of_ballot(reason, ballot, value, &all),
                is_so,
                "{reason}: {ballot}, {value}"
            );
        }
        let instances: Few<String> = ["p1 prepared", "p1 aborted"].map(str::to_owned).into();
        let reason = "in the instance of p1 prepared was chosen in ballot 0, by a1, and aborted in ballot 1, by a2";
        assert!(of_ballot(reason, 0, "p1 prepared", &instances));
        assert!(!of_ballot(reason, 1, "p1 prepared", &instances));
        assert!(of_ballot(reason, 1, "p1 aborted", &instances));
        assert!(!of_ballot(reason, 1, "p2 aborted", &instances));
    }
}
