//! What clients asked for and were told in a trace, and the order that explains it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::explain::Background;
use crate::model::Observation;
use crate::model::operation::{End, Linearization, Operation, Operations};
use crate::trace::Trace;

/// What clients asked for, and whether an order explains what they were told.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shown {
    list: Vec<Operation>,
    #[serde(flatten)]
    linearization: Option<Linearization>,
}

/// Nothing if the protocol has no clients that could be judged so, or nobody asked for anything.
pub(super) fn operations(trace: &Trace, background: &Background) -> Option<Shown> {
    let operations = observed(trace);
    if operations.list.is_empty() {
        return None;
    }
    let linearization = (background.linearize?)(&operations)?;
    Some(Shown {
        list: operations.list,
        linearization: Some(linearization),
    })
}

/// What clients observed.
fn observed(trace: &Trace) -> Operations {
    let mut operations = Operations::default();
    let mut waits: BTreeMap<(usize, u64), usize> = BTreeMap::new();
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
