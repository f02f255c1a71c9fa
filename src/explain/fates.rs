//! What became of each message of a trace.

use crate::report::Telling;
use crate::trace::{Did, Message, Trace, What};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    OnItsWay,
    /// In a step, as those below.
    Arrived(usize),
    Dropped(usize),
    /// Its node was down.
    AtDown(usize),
    /// By the cut of that step.
    Cut(usize),
    /// So many equal ones were in flight that it made no difference.
    Absorbed,
}

/// A message that was put on its way in some step, 0 for the start.
#[derive(Clone, Debug)]
pub(crate) struct Sending<'a> {
    pub src: usize,
    pub dst: usize,
    pub label: &'a str,
    pub sent_in: usize,
    /// The network made it from another, in that step.
    pub is_copy: bool,
    pub fate: Fate,
}

impl Sending<'_> {
    /// Whether it had come before a step.
    pub fn came_before(&self, step: usize) -> bool {
        matches!(self.fate, Fate::Arrived(at) if at < step) || self.fate == Fate::Absorbed
    }

    /// The step of the fault that kept it, if one did.
    pub fn kept_by(&self) -> Option<usize> {
        match self.fate {
            Fate::Dropped(step) | Fate::AtDown(step) | Fate::Cut(step) => Some(step),
            _ => None,
        }
    }
}

/// All that was sent, in order.
pub(crate) fn fates<'a>(trace: &'a Trace, telling: &Telling<'_>) -> Vec<Sending<'a>> {
    let mut all = Vec::new();
    let mut cuts: Vec<(usize, &[(usize, usize)])> = Vec::new();
    for (node, start) in trace.start.iter().enumerate() {
        send(&mut all, &cuts, node, 0, &start.did);
    }
    for ((step, told), nth) in trace.steps.iter().zip(&telling.steps).zip(1..) {
        let mut comes_to = |m: &Message, sent_in: Option<usize>, fate: Fate| {
            let is_it = |s: &&mut Sending<'_>| {
                s.fate == Fate::OnItsWay
                    && (s.src, s.dst, s.label) == (m.src, m.dst, m.message.as_str())
            };
            let Some(sent_in) = sent_in else { return };
            // What one step sent stands in a row.
            let first = all.partition_point(|s| s.sent_in < sent_in);
            let mut row = all[first..].iter_mut();
            let row = row.by_ref().take_while(|s| s.sent_in == sent_in);
            if let Some(sending) = row.into_iter().find(is_it) {
                sending.fate = fate;
            }
        };
        match &step.what {
            What::Deliver(m) => comes_to(m, told.sent_in, Fate::Arrived(nth)),
            What::ArriveAtDown(m) => comes_to(m, told.sent_in, Fate::AtDown(nth)),
            What::Drop(m) => comes_to(m, told.sent_in, Fate::Dropped(nth)),
            What::Duplicate(m) => all.push(Sending {
                src: m.src,
                dst: m.dst,
                label: &m.message,
                sent_in: nth,
                is_copy: true,
                fate: Fate::OnItsWay,
            }),
            What::Cut { links } => {
                for (m, sent_in) in step.lost.iter().zip(&told.lost_from) {
                    comes_to(m, *sent_in, Fate::Cut(nth));
                }
                cuts.push((nth, links));
            }
            What::Heal { links } => cuts.retain(|(_, cut)| cut != links),
            _ => {}
        }
        if let Some(node) = step.what.actor() {
            send(&mut all, &cuts, node, nth, &step.did);
        }
    }
    all
}

fn send<'a>(
    all: &mut Vec<Sending<'a>>,
    cuts: &[(usize, &[(usize, usize)])],
    src: usize,
    sent_in: usize,
    did: &'a Did,
) {
    all.extend(did.sent.iter().map(|sent| Sending {
        src,
        dst: sent.dst,
        label: &sent.message,
        sent_in,
        is_copy: false,
        fate: match sent.lost.as_deref() {
            None => Fate::OnItsWay,
            Some("absorbed") => Fate::Absorbed,
            Some(_) => {
                let separates =
                    |(_, links): &&(usize, &[(usize, usize)])| links.contains(&(src, sent.dst));
                Fate::Cut(cuts.iter().rfind(separates).map_or(0, |(step, _)| *step))
            }
        },
    }));
}
