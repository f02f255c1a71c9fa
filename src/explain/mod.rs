//! Why a run failed: the steps that its verdict rests on, what came of what, and what did not arrive.
//!
//! Invariant: made of a trace alone, which may come from a file and say anything, and of what is known beforehand: the
//! rules of the protocol's papers, and the mistake that it makes on purpose. Nothing is run, judged or printed.

mod causes;
mod failure;
mod fates;
mod lasting;
mod operations;
mod parting;
mod story;
#[cfg(test)]
mod tests;
mod text;
mod withheld;

use serde::Serialize;

use crate::model::operation::{Linearization, Operations};
use crate::model::{Few, Rule};
use crate::report::{Telling, telling};
use crate::trace::Trace;
pub(crate) use causes::Causes;
use failure::{Fact, facts, last_step};
use failure::{Failure, Sort, named};
pub(crate) use fates::Sending;
pub(crate) use fates::{Fate, fates};
pub(crate) use lasting::{Lasting, Span, Strip, spans, strips};
pub(crate) use operations::observed;
pub use operations::{ToldOperation, Unordered};
pub use story::rule_of;
pub use text::{section, text};

/// What is known of a protocol beforehand.
#[derive(Clone, Debug, Default)]
pub struct Background {
    pub rules: &'static [Rule],
    /// The mistake that it makes on purpose, in a sentence.
    pub mistake: Option<String>,
    /// What finds an order that explains what clients were told.
    pub linearize: Option<fn(&Operations) -> Option<Linearization>>,
}

/// Why a run failed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// The operations of clients that cannot be ordered, if that is what the verdict is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unordered: Option<Unordered>,
}

/// Something that a verdict is about.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ToldFact {
    pub step: usize,
    pub node: String,
    /// A clause with the node as its subject: `decides commit`.
    pub words: String,
}

/// What a step is in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Whether it withheld something, whatever else it did.
    pub is_fault: bool,
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
            unordered: None,
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
        let mut all = past.clone();
        all.extend(faults.iter().copied());
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
            story: self.story(&all, &faults, parted_after, background.rules),
            facts: self.facts.iter().map(|fact| self.told(fact)).collect(),
            conflict,
            parted_after: parted_after.map(|step| self.trace.number(step)),
            withheld: lost,
            waiting,
            unordered: self.unordered(background),
        }
    }

    /// Whether something did not come about.
    fn is_missed(&self) -> bool {
        matches!(self.failure.sort, Sort::Blocked | Sort::Missed)
    }

    /// The steps that the verdict is about: where its facts came about, where it was broken, and the last of each
    /// node that it names.
    fn effects(&self) -> Few<usize> {
        let Failure { reason, step, .. } = &self.failure;
        let mut effects: Few<usize> = self.facts.iter().map(|fact| fact.step).collect();
        let told: Few<usize> = self.facts.iter().map(|fact| fact.node).collect();
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
    fn taking_part(&self, steps: &Few<usize>) -> Few<usize> {
        let actors = steps
            .iter()
            .filter_map(|&step| self.trace.steps[step - 1].what.actor());
        actors
            .chain(named(self.trace, &self.failure.reason))
            .collect()
    }
}
