//! What happened before what in a trace (Lamport 1978).
//!
//! Invariant: causes come before what they cause. Steps are counted from 1, as they were recorded; the starts are
//! no steps.

use crate::model::Few;
use crate::report::Telling;
use crate::trace::{Trace, What};

/// The direct causes of each step.
#[derive(Debug)]
pub(crate) struct Causes(Vec<Vec<usize>>);

impl Causes {
    /// A step comes after the step before of its node, and after the one that put its message on its way. The end
    /// of a cut comes after the cut.
    pub fn of(trace: &Trace, telling: &Telling<'_>) -> Self {
        let mut last = vec![0; trace.nodes.len()];
        let mut all = vec![Vec::new()];
        for (step, told) in trace.steps.iter().zip(&telling.steps) {
            let nth = all.len();
            let mut causes = Few::new();
            causes.extend(told.sent_in);
            match &step.what {
                // It is down, since it crashed there.
                What::ArriveAtDown(m) => causes.extend(last.get(m.dst).copied()),
                What::Heal { links } => {
                    let before = &trace.steps[..nth - 1];
                    let cut = before.iter().rposition(|step| match &step.what {
                        What::Cut { links: cut } => cut == links,
                        _ => false,
                    });
                    causes.extend(cut.map(|at| at + 1));
                }
                what => {
                    if let Some(last) = what.actor().and_then(|node| last.get_mut(node)) {
                        causes.insert(*last);
                        *last = nth;
                    }
                }
            }
            // A trace may come from a file, and say anything.
            causes.retain(|&cause| cause > 0 && cause < nth);
            all.push(causes.into_iter().collect());
        }
        Causes(all)
    }

    /// The direct causes of a step.
    pub fn direct(&self, step: usize) -> &[usize] {
        self.0.get(step).map_or(&[], Vec::as_slice)
    }

    /// These steps and all that happened before them.
    pub fn past(&self, of: impl IntoIterator<Item = usize>) -> Few<usize> {
        let mut is_past = vec![false; self.0.len()];
        let mut due: Vec<usize> = of.into_iter().collect();
        while let Some(step) = due.pop() {
            if step > 0 && !std::mem::replace(&mut is_past[step], true) {
                due.extend(self.direct(step));
            }
        }
        (0..is_past.len()).filter(|&step| is_past[step]).collect()
    }
}
