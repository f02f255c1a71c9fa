//! Why a run failed: the steps that its verdict rests on, what came of what, and what did not arrive.
//!
//! Invariant: made of a trace alone, which may come from a file and say anything, and of what is known beforehand: the
//! rules of the protocol's papers, and the mistake that it makes on purpose. Nothing is run, judged or printed.

mod causes;
mod failure;
mod fates;
mod parting;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::cluster::enumerate;
use crate::model::event::kind;
use crate::model::rule::rule_for;
use crate::model::{On, Rule};
use crate::report::{Telling, Weight, telling};
use crate::trace::{Trace, What};
use causes::Causes;
use failure::{Fact, Failure, Sort, facts, last_step, named};
use fates::{Fate, Sending, fates};
pub use text::{section, text};

/// A longer story is told without what is quiet in it.
const STORY_WHOLE: usize = 16;
/// So many steps are told of a long story; the others are counted.
const STORY_MAX: usize = 40;
/// So many messages that did not arrive are named.
const WITHHELD_MAX: usize = 6;
/// And so many of those that are still on their way.
const FLYING_MAX: usize = 3;

/// What is known of a protocol beforehand.
#[derive(Clone, Debug, Default)]
pub struct Background {
    pub rules: &'static [Rule],
    /// The mistake that it makes on purpose, in a sentence.
    pub mistake: Option<String>,
}

/// Why a run failed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    pub protocol: String,
    /// The property that the verdict is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// `violated (a bug)`, `blocked`
    pub verdict: String,
    /// The verdict in whole sentences.
    pub sentences: Vec<String>,
    /// The mistake that the protocol makes on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mistake: Option<String>,
    /// The story in one or two sentences.
    pub summary: String,
    /// How many steps the run has.
    pub steps: usize,
    /// How many of them are behind the verdict, told or folded.
    pub behind: usize,
    /// The steps that the verdict rests on, and the faults that withheld something from them.
    pub story: Vec<StoryStep>,
    /// What the verdict is about, step by step.
    pub facts: Vec<ToldFact>,
    /// How what conflicts came to do so: whole sentences.
    pub conflict: Vec<String>,
    /// The last step that both sides of a conflict have in their past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parted_after: Option<usize>,
    /// What did not arrive: whole sentences.
    pub withheld: Vec<String>,
    /// Who waits for whom, and what would help: whole sentences.
    pub waiting: Vec<String>,
}

/// Something that a verdict is about.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ToldFact {
    pub step: usize,
    pub node: String,
    /// A clause with the node as its subject: `decides commit`.
    pub words: String,
}

/// What a step is in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// It is in the past of what the verdict is about.
    Cause,
    /// It withheld something.
    Fault,
    /// What the verdict is about came about in it.
    Fact,
}

/// A step of a story.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StoryStep {
    /// Its number in the run.
    pub step: usize,
    /// In the one notation.
    pub event: String,
    pub words: String,
    /// What it changed of the state that matters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
    /// The rule of the protocol's papers that whoever took it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The steps of the story that it came directly after.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
    pub part: Part,
    /// Quiet steps before it that carry nothing but causality: how many, and of what kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folded: Option<String>,
}

impl Explanation {
    /// A verdict that no run shows.
    pub fn of_verdict(protocol: &str, property: &str, verdict: &str, sentences: &[String]) -> Self {
        Explanation {
            protocol: protocol.to_owned(),
            property: Some(property.to_owned()),
            verdict: verdict.to_owned(),
            sentences: sentences.to_vec(),
            mistake: None,
            summary: sentences.join(" "),
            steps: 0,
            behind: 0,
            story: Vec::new(),
            facts: Vec::new(),
            conflict: Vec::new(),
            parted_after: None,
            withheld: Vec::new(),
            waiting: Vec::new(),
        }
    }
}

/// Explains a trace; nothing if nothing failed in it.
pub fn explain(trace: &Trace, background: &Background) -> Option<Explanation> {
    let failure = Failure::of(trace)?;
    // A run that went on has more than what the verdict speaks of.
    let shorter;
    let trace = if failure.sort == Sort::Violated && failure.step < trace.steps.len() {
        let mut until = trace.clone();
        until.steps.truncate(failure.step);
        shorter = until;
        &shorter
    } else {
        trace
    };
    let telling = telling(trace, false);
    let teller = Teller {
        trace,
        causes: Causes::of(trace, &telling),
        sent: fates(trace, &telling),
        facts: facts(trace, &failure),
        telling,
        failure,
    };
    Some(teller.tell(background))
}

/// The story of a trace in one or two sentences: what conflicts or waits, and why; empty if nothing failed in it.
pub fn summary(trace: &Trace, background: &Background) -> String {
    explain(trace, background).map_or_else(String::new, |told| told.summary)
}

/// Whoever explains a trace.
struct Teller<'a> {
    trace: &'a Trace,
    telling: Telling<'a>,
    failure: Failure,
    causes: Causes,
    sent: Vec<Sending<'a>>,
    facts: Vec<Fact>,
}

impl Teller<'_> {
    fn tell(&self, background: &Background) -> Explanation {
        let mut effects = self.effects();
        if self.is_missed() {
            // What might have helped, had it come.
            let waiting = named(self.trace, &self.failure.reason);
            let lost = self.sent.iter().filter(|sent| sent.kept_by().is_some());
            let lost = lost.filter(|sent| waiting.contains(&sent.dst));
            effects.extend(lost.map(|sent| sent.sent_in));
        }
        let past = self.causes.past(effects);
        let taking_part = self.taking_part(&past);
        let withheld = self.withheld(&past, &taking_part);
        let faults = self.faults(&past, &taking_part, &withheld);
        let all: BTreeSet<usize> = past.union(&faults).copied().collect();
        let outcome = self.trace.verdict.as_ref();
        let text = |text: &String| self.telling.text(text);
        let sentences: Vec<String> = outcome.map_or_else(
            || {
                let property = self.failure.property.as_deref().unwrap_or_default();
                vec![format!("{property} is violated: {}.", self.failure.reason)]
            },
            |outcome| outcome.sentences.iter().map(text).collect(),
        );
        let is_blocked = self.failure.sort == Sort::Blocked;
        let (conflict, parted_after) = self.conflict();
        let summary = self.summary(&all, &withheld, background);
        let mut lost = self.not_arrived(&withheld);
        lost.extend(self.broken_off(&all));
        let waiting = if is_blocked {
            self.waiting(&sentences)
        } else {
            Vec::new()
        };
        Explanation {
            protocol: self.telling.text(&self.trace.protocol),
            property: self.failure.property.as_ref().map(text),
            verdict: outcome.map_or_else(|| "violated".to_owned(), |o| text(&o.verdict)),
            summary,
            sentences,
            mistake: background.mistake.clone(),
            steps: self.trace.number(self.trace.steps.len()),
            behind: all.len(),
            story: self.story(&all, &faults, background.rules),
            facts: self.facts.iter().map(|fact| self.told(fact)).collect(),
            conflict,
            parted_after: parted_after.map(|step| self.trace.number(step)),
            withheld: lost,
            waiting,
        }
    }

    /// Whether something did not come about.
    fn is_missed(&self) -> bool {
        matches!(self.failure.sort, Sort::Blocked | Sort::Missed)
    }

    /// The steps that the verdict is about: where its facts came about, where it was broken, and the last of each
    /// node that it names.
    fn effects(&self) -> BTreeSet<usize> {
        let Failure { reason, step, .. } = &self.failure;
        let mut effects: BTreeSet<usize> = self.facts.iter().map(|fact| fact.step).collect();
        let told: BTreeSet<usize> = self.facts.iter().map(|fact| fact.node).collect();
        let mut about = named(self.trace, reason);
        if self.is_missed() {
            let rest = self
                .trace
                .verdict
                .as_ref()
                .map_or(&[][..], |o| &o.sentences);
            let waits = rest
                .iter()
                .filter(|s| s.contains(" wait") || s.contains(" blocked"));
            about.extend(waits.flat_map(|sentence| named(self.trace, sentence)));
            if about.is_empty() {
                about.extend(0..self.trace.nodes.len());
            }
        } else {
            effects.insert(*step);
        }
        // Where something came about for a node, what it did after that is no matter; what did not come about may
        // have been missed in its last step.
        about.retain(|node| self.is_missed() || !told.contains(node));
        for node in about {
            effects.extend(last_step(self.trace, node, *step));
        }
        effects
    }

    /// The nodes that have steps among these, or that the verdict names.
    fn taking_part(&self, steps: &BTreeSet<usize>) -> BTreeSet<usize> {
        let actors = steps
            .iter()
            .filter_map(|&step| self.trace.steps[step - 1].what.actor());
        actors
            .chain(named(self.trace, &self.failure.reason))
            .collect()
    }

    /// What was sent in the story to a node that takes part, and did not come in time for what it did: where there
    /// are facts, what their nodes had not heard when they came about; else whatever never came.
    fn withheld(&self, past: &BTreeSet<usize>, taking_part: &BTreeSet<usize>) -> Vec<&Sending<'_>> {
        let about = named(self.trace, &self.failure.reason);
        let told: BTreeSet<usize> = self.facts.iter().map(|fact| fact.node).collect();
        let by = |sent: &&Sending<'_>| sent.sent_in == 0 || past.contains(&sent.sent_in);
        let missed = |sent: &&Sending<'_>| {
            let in_time = |fact: &&Fact| {
                fact.node == sent.dst
                    && sent.sent_in < fact.step
                    && !sent.came_before(fact.step + 1)
            };
            if self.is_missed() {
                return !matches!(sent.fate, Fate::Arrived(_) | Fate::Absorbed)
                    && taking_part.contains(&sent.dst);
            }
            let is_named = about.contains(&sent.dst) && !told.contains(&sent.dst);
            sent.src != sent.dst
                && (self.facts.iter().any(|fact| in_time(&fact))
                    || (is_named && !sent.came_before(self.failure.step + 1))
                    || (sent.kept_by().is_some() && taking_part.contains(&sent.dst)))
        };
        self.sent.iter().filter(by).filter(missed).collect()
    }

    /// The faults that belong to a story: what kept a message from it, and what took a node of it.
    fn faults(
        &self,
        past: &BTreeSet<usize>,
        taking_part: &BTreeSet<usize>,
        withheld: &[&Sending<'_>],
    ) -> BTreeSet<usize> {
        let kept = withheld.iter().filter_map(|sent| sent.kept_by());
        let mut faults: BTreeSet<usize> = kept.filter(|&step| step > 0).collect();
        if self.is_missed() {
            faults.extend(self.down().into_values());
        }
        for (step, nth) in self.trace.steps.iter().zip(1..) {
            let takes = match &step.what {
                What::Crash { node } => taking_part.contains(node),
                what => {
                    step.crash_after.is_some()
                        && what.actor().is_some_and(|node| taking_part.contains(&node))
                }
            };
            let is_copy = matches!(step.what, What::Duplicate(_)) && past.contains(&nth);
            let ends = matches!(step.what, What::Heal { .. }) && {
                let causes = self.causes.direct(nth);
                causes.iter().any(|cause| faults.contains(cause))
            };
            if takes || is_copy || ends {
                faults.insert(nth);
            }
        }
        faults
    }

    fn told(&self, fact: &Fact) -> ToldFact {
        ToldFact {
            step: self.trace.number(fact.step),
            node: self.telling.name(fact.node),
            words: self.telling.text(&fact.words),
        }
    }

    fn story(
        &self,
        all: &BTreeSet<usize>,
        faults: &BTreeSet<usize>,
        rules: &[Rule],
    ) -> Vec<StoryStep> {
        let wanted: Vec<usize> = all.iter().copied().collect();
        let facts: BTreeSet<usize> = self.facts.iter().map(|fact| fact.step).collect();
        let most = if wanted.len() <= STORY_WHOLE {
            STORY_WHOLE
        } else {
            STORY_MAX
        };
        let mut kept = self.telling.kept(&wanted, most);
        // Of a long one, what is quiet is folded where it is more than a step or two.
        if wanted.len() > STORY_WHOLE {
            let quiet = |&at: &usize| {
                let nth = wanted[at];
                self.telling.steps[nth - 1].weight == Weight::Quiet && !faults.contains(&nth)
            };
            let mut at = 0;
            while at < wanted.len() {
                let row = (at..wanted.len()).take_while(quiet).count();
                if row > 2 {
                    kept[at..at + row].fill(false);
                }
                at += row + 1;
            }
        }
        // Nothing is folded behind the end.
        kept.last_mut().into_iter().for_each(|last| *last = true);
        let mut story = Vec::new();
        let mut folded = Vec::new();
        for (at, &nth) in wanted.iter().enumerate() {
            let part = if facts.contains(&nth) || nth == self.broken_in() {
                Part::Fact
            } else if faults.contains(&nth) {
                Part::Fault
            } else {
                Part::Cause
            };
            if !kept[at] && part != Part::Fact {
                folded.push(nth);
                continue;
            }
            let step = &self.trace.steps[nth - 1];
            let told = &self.telling.steps[nth - 1];
            let after = self
                .causes
                .direct(nth)
                .iter()
                .filter(|&cause| all.contains(cause));
            story.push(StoryStep {
                step: self.trace.number(nth),
                event: step.event.clone(),
                words: told.words.clone(),
                state: told.changes.clone(),
                rule: self.rule(nth, rules),
                after: after.map(|&cause| self.trace.number(cause)).collect(),
                part,
                folded: (!folded.is_empty())
                    .then(|| self.telling.skipped(&std::mem::take(&mut folded))),
            });
        }
        story
    }

    /// The step that a violation came about in; 0 if it is none.
    fn broken_in(&self) -> usize {
        match self.failure.sort {
            Sort::Violated => self.failure.step,
            _ => 0,
        }
    }

    /// The rule that a step follows.
    fn rule(&self, nth: usize, rules: &[Rule]) -> Option<String> {
        let step = &self.trace.steps[nth - 1];
        let whose = &self.trace.nodes.get(step.what.actor()?)?.role;
        let on = |on: On<'_>| rule_for(rules, whose, on);
        let started = || {
            let mut before = self.trace.steps[..nth - 1].iter();
            let node = step.what.actor();
            let is_up = |at: usize| self.trace.start.get(at).is_some_and(|s| s.after.up);
            node.is_some_and(is_up) || before.any(|step| step.what.actor() == node)
        };
        let rule = match &step.what {
            What::Deliver(m) => on(On::Message(kind(&m.message))),
            What::Timeout { timer, .. } => on(On::Timer(kind(timer))),
            What::Choose { .. } => on(On::Choice),
            What::Recover { .. } if started() => on(On::Recovery),
            What::Recover { .. } => on(On::Start),
            _ => None,
        };
        rule.map(|rule| rule.words.to_owned())
    }

    /// What became of a message that did not come: a whole sentence.
    fn lost(&self, sent: &Sending<'_>) -> String {
        let message = self.telling.message(sent.label);
        let (src, dst) = (self.telling.name(sent.src), self.telling.name(sent.dst));
        let number = |step: usize| self.trace.number(step);
        let when = match sent.sent_in {
            0 => "sent at the start".to_owned(),
            step => format!("sent in step {}", number(step)),
        };
        let what = format!("{message} from {src} to {dst}, {when},");
        match sent.fate {
            Fate::OnItsWay => format!("{what} is still on its way."),
            Fate::Arrived(step) => format!("{what} comes only in step {}.", number(step)),
            Fate::Dropped(step) => format!("{what} is lost in step {}.", number(step)),
            Fate::AtDown(step) => format!(
                "{what} comes in step {}, while {dst} is down.",
                number(step)
            ),
            Fate::Cut(0) => format!("{what} is lost to a cut."),
            Fate::Cut(step) => format!("{what} is lost to the cut of step {}.", number(step)),
            Fate::Absorbed => format!("{what} is one too many that are equal."),
        }
    }

    /// What did not arrive, in whole sentences: one for each fault, and one for each message that none kept.
    fn not_arrived(&self, withheld: &[&Sending<'_>]) -> Vec<String> {
        let is_fact = |node: usize| self.facts.iter().any(|fact| fact.node == node);
        let mut flying: Vec<&Sending<'_>> = Vec::new();
        let mut single: Vec<&Sending<'_>> = Vec::new();
        let mut kept: BTreeMap<usize, Vec<&Sending<'_>>> = BTreeMap::new();
        for sent in withheld {
            match sent.fate {
                Fate::Cut(step) => kept.entry(step).or_default().push(sent),
                Fate::OnItsWay => flying.push(sent),
                _ => single.push(sent),
            }
        }
        // What the one side sent to the other comes first, and then what is latest.
        flying.sort_by_key(|sent| std::cmp::Reverse((is_fact(sent.src), sent.sent_in)));
        let mut sentences = Vec::new();
        for (all, most) in [(single, WITHHELD_MAX), (flying, FLYING_MAX)] {
            let more = all.len().saturating_sub(most);
            sentences.extend(all.iter().take(most).map(|sent| self.lost(sent)));
            sentences.extend((more > 0).then(|| format!("And {more} more of these.")));
        }
        for (step, all) in kept {
            if let [one] = all.as_slice() {
                sentences.push(self.lost(one));
                continue;
            }
            let each = all.iter().map(|sent| {
                let (src, dst) = (self.telling.name(sent.src), self.telling.name(sent.dst));
                format!("{} from {src} to {dst}", self.telling.message(sent.label))
            });
            let mut each: Vec<String> = each.collect();
            let more = each.len().saturating_sub(FLYING_MAX);
            each.truncate(FLYING_MAX);
            each.extend((more > 0).then(|| format!("{more} more")));
            let step = self.trace.number(step);
            sentences.push(format!(
                "Lost to the cut of step {step}: {}.",
                enumerate(each)
            ));
        }
        sentences
    }

    /// The steps that a crash broke off, in whole sentences.
    fn broken_off(&self, story: &BTreeSet<usize>) -> Vec<String> {
        let sentence = |&nth: &usize| {
            let step = &self.trace.steps[nth - 1];
            let node = step.what.actor().filter(|_| step.crash_after.is_some())?;
            let number = self.trace.number(nth);
            Some(format!(
                "{} crashes inside step {number}: what it had still to do there, it did not.",
                self.telling.name(node)
            ))
        };
        story.iter().filter_map(sentence).collect()
    }

    /// The chain of waiting: the sentences of the verdict that tell it, and since when who is down is down.
    fn waiting(&self, sentences: &[String]) -> Vec<String> {
        let is_chain = |s: &&String| {
            !s.starts_with("This lies")
                && !s.starts_with("Everything that")
                && !s.starts_with("Whether it can")
        };
        let mut chain: Vec<String> = sentences.iter().filter(is_chain).cloned().collect();
        let down = self.down();
        let since = down.iter().map(|(&node, &step)| {
            format!(
                "{} is down since step {}",
                self.telling.name(node),
                self.trace.number(step)
            )
        });
        let since: Vec<String> = since.collect();
        if !since.is_empty() {
            // Before what would help.
            let at = chain.len().saturating_sub(1);
            chain.insert(at, format!("{}.", enumerate(since)));
        }
        chain
    }

    /// The nodes that are down in the end, each with the step in which it crashed.
    fn down(&self) -> BTreeMap<usize, usize> {
        let mut down: BTreeMap<usize, usize> = BTreeMap::new();
        for (step, nth) in self.trace.steps.iter().zip(1..) {
            match &step.what {
                What::Recover { node } if step.crash_after.is_none() => {
                    down.remove(node);
                }
                what => {
                    let crashed = step.crash_after.is_some() || matches!(what, What::Crash { .. });
                    down.extend(what.actor().filter(|_| crashed).map(|node| (node, nth)));
                }
            }
        }
        down
    }
}
