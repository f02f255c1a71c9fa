//! The steps of a story, each with its rule; what is quiet in a long one is folded.

use super::failure::{Fact, Sort};
use super::{Part, StoryStep, Teller, ToldFact};
use crate::model::event::kind;
use crate::model::rule::rule_for;
use crate::model::{Few, On, Rule};
use crate::report::Weight;
use crate::trace::{StepRecord, Trace, What};

/// A longer story is told without what is quiet in it.
const STORY_WHOLE: usize = 16;
/// So many steps are told of a long story; the others are counted.
const STORY_MAX: usize = 40;

impl Teller<'_> {
    pub(super) fn told(&self, fact: &Fact) -> ToldFact {
        ToldFact {
            step: self.trace.number(fact.step),
            node: self.telling.name(fact.node),
            words: self.telling.text(&fact.words),
        }
    }

    pub(super) fn story(
        &self,
        all: &Few<usize>,
        faults: &Few<usize>,
        parted_after: Option<usize>,
        rules: &[Rule],
    ) -> Vec<StoryStep> {
        let wanted: Vec<usize> = all.iter().copied().collect();
        let facts: Few<usize> = self.facts.iter().map(|fact| fact.step).collect();
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
        // Nothing is folded behind the end, nor what is spoken of: where the sides parted, and where a message that
        // comes in a step that is told was sent.
        kept.last_mut().into_iter().for_each(|last| *last = true);
        let at = |nth: usize| wanted.binary_search(&nth).ok();
        let spoken_of = facts.iter().copied().chain(parted_after);
        spoken_of.filter_map(at).for_each(|at| kept[at] = true);
        for later in (0..wanted.len()).rev() {
            let sent_in = self.telling.steps[wanted[later] - 1].sent_in;
            if kept[later]
                && let Some(at) = sent_in.and_then(at)
            {
                kept[at] = true;
            }
        }
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
                rule: rule_of(self.trace, nth, rules),
                after: after.map(|&cause| self.trace.number(cause)).collect(),
                part,
                is_fault: faults.contains(&nth),
                folded: (!folded.is_empty())
                    .then(|| self.telling.skipped(&std::mem::take(&mut folded))),
            });
        }
        story
    }

    /// The step that a violation came about in; 0 if it is none.
    pub(super) fn broken_in(&self) -> usize {
        match self.failure.sort {
            Sort::Violated => self.failure.step,
            _ => 0,
        }
    }
}

/// The rule that a step follows, counted from 1 among those recorded.
pub fn rule_of(trace: &Trace, nth: usize, rules: &[Rule]) -> Option<String> {
    let before = trace.steps.get(..nth.checked_sub(1)?)?;
    let step = trace.steps.get(before.len())?;
    let actor = step.what.actor()?;
    let whose = &trace.nodes.get(actor)?.role;
    let on = |on: On<'_>| rule_for(rules, whose, on);
    let started = || {
        let is_up = trace.start.get(actor).is_some_and(|s| s.after.up);
        let acted = |step: &StepRecord| step.what.actor() == Some(actor);
        is_up || before.iter().any(acted)
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
