//! What clients asked for and were told in a trace; and of an answer that no order explains, the operations that it is
//! held against.

use serde::Serialize;

use super::failure::Sort;
use super::{Background, Teller};
use crate::model::operation::{End, Linearization, Operation, Operations};
use crate::model::{FewMap, Observation};
use crate::trace::Trace;

/// So many operations are told.
const TOLD_MAX: usize = 12;

/// Operations on the same thing, of which no order explains what clients were told.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Unordered {
    /// In the order in which they were asked for. The last that was told of has the answer that no order explains.
    pub operations: Vec<ToldOperation>,
    pub sentence: String,
}

/// An operation, from the step in which a client asked for it to the one in which it was told.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ToldOperation {
    pub client: String,
    pub asked: String,
    /// Nothing if it was not told before the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    pub from: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<usize>,
}

impl Teller<'_> {
    /// The operations that cannot be ordered, if that is what a violation is about.
    pub(super) fn unordered(&self, background: &Background) -> Option<Unordered> {
        if self.failure.sort != Sort::Violated {
            return None;
        }
        let operations = observed(self.trace);
        let Linearization::Broken {
            at, together, why, ..
        } = (background.linearize?)(&operations)?
        else {
            return None;
        };
        // What broke something else may have come by this before.
        if operations.list[at].until != Some(self.failure.step) {
            return None;
        }
        let skipped = together.len().saturating_sub(TOLD_MAX);
        let told = together.iter().skip(skipped).map(|&nth| {
            let Operation {
                client,
                asked,
                answer,
                from,
                until,
            } = &operations.list[nth];
            ToldOperation {
                client: self.telling.name(*client),
                asked: self.telling.text(asked),
                answer: answer.as_ref().map(|answer| self.telling.text(answer)),
                from: self.trace.number(*from),
                until: until.map(|until| self.trace.number(until)),
            }
        });
        Some(Unordered {
            operations: told.collect(),
            sentence: why,
        })
    }
}

/// What clients observed.
pub(crate) fn observed(trace: &Trace) -> Operations {
    let mut operations = Operations::default();
    let mut waits: FewMap<(usize, u64), usize> = FewMap::new();
    let starts = trace.start.iter().enumerate();
    let starts = starts.map(|(node, start)| (0, node, &start.did));
    let steps = trace.steps.iter().zip(1..);
    let steps = steps.filter_map(|(step, nth)| Some((nth, step.what.actor()?, &step.did)));
    for (nth, client, did) in starts.chain(steps) {
        for observation in &did.observed {
            match observation {
                Observation::Invoked { subject, value } => {
                    waits.insert((client, *subject), operations.list.len());
                    operations.ends.push(End::Asked(operations.list.len()));
                    operations.list.push(Operation {
                        client,
                        asked: value.to_string(),
                        answer: None,
                        from: nth,
                        until: None,
                    });
                }
                Observation::Returned { subject, value } => {
                    if let Some(of) = waits.remove(&(client, *subject)) {
                        operations.ends.push(End::Told(of));
                        operations.list[of].answer = Some(value.to_string());
                        operations.list[of].until = Some(nth);
                    }
                }
                _ => {}
            }
        }
    }
    operations
}
