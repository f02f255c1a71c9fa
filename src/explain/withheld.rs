//! What did not come in time, and the faults that kept it.

use super::Teller;
use super::failure::{Fact, named};
use super::fates::{Fate, Sending};
use crate::model::cluster::enumerate;
use crate::model::{Few, FewMap};
use crate::trace::What;

/// So many messages that did not arrive are named.
const WITHHELD_MAX: usize = 6;
/// And so many of those that are still on their way.
const FLYING_MAX: usize = 3;

impl Teller<'_> {
    /// What was sent in the story to a node that takes part, and did not come in time for what it did: where there
    /// are facts, what their nodes had not heard when they came about; else whatever never came.
    pub(super) fn withheld(
        &self,
        past: &Few<usize>,
        taking_part: &Few<usize>,
    ) -> Vec<&Sending<'_>> {
        let about = named(self.trace, &self.failure.reason);
        let told: Few<usize> = self.facts.iter().map(|fact| fact.node).collect();
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
    pub(super) fn faults(
        &self,
        past: &Few<usize>,
        taking_part: &Few<usize>,
        withheld: &[&Sending<'_>],
    ) -> Few<usize> {
        let kept = withheld.iter().filter_map(|sent| sent.kept_by());
        let mut faults: Few<usize> = kept.filter(|&step| step > 0).collect();
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

    /// What became of a message that did not come: a whole sentence.
    pub(super) fn lost(&self, sent: &Sending<'_>) -> String {
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
    pub(super) fn not_arrived(&self, withheld: &[&Sending<'_>]) -> Vec<String> {
        let is_fact = |node: usize| self.facts.iter().any(|fact| fact.node == node);
        let mut flying: Vec<&Sending<'_>> = Vec::new();
        let mut single: Vec<&Sending<'_>> = Vec::new();
        let mut kept: FewMap<usize, Vec<&Sending<'_>>> = FewMap::new();
        for sent in withheld {
            match sent.fate {
                Fate::Cut(step) => kept.of(step).push(sent),
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
    pub(super) fn broken_off(&self, story: &Few<usize>) -> Vec<String> {
        let sentence = |&nth: &usize| {
            let step = &self.trace.steps[nth - 1];
            let node = step.what.actor().filter(|_| step.crash_after.is_some())?;
            let number = self.trace.number(nth);
            Some(format!(
                "{} crashes inside step {number}: the rest of that step was lost.",
                self.telling.name(node)
            ))
        };
        story.iter().filter_map(sentence).collect()
    }

    /// The chain of waiting: the sentences of the verdict that tell it, and since when who is down is down.
    pub(super) fn waiting(&self, sentences: &[String]) -> Vec<String> {
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
    pub(super) fn down(&self) -> FewMap<usize, usize> {
        let mut down: FewMap<usize, usize> = FewMap::new();
        for (step, nth) in self.trace.steps.iter().zip(1..) {
            match &step.what {
                What::Recover { node } if step.crash_after.is_none() => {
                    down.remove(node);
                }
                what => {
                    let crashed = step.crash_after.is_some() || matches!(what, What::Crash { .. });
                    if let Some(node) = what.actor().filter(|_| crashed) {
                        down.insert(node, nth);
                    }
                }
            }
        }
        down
    }
}
