//! The schedule of a trace, on links without bounds.
//!
//! A search may bound how many equal messages are in flight, or let links forget nothing. A scenario's run does
//! neither, so what that stands for has to happen in its schedule.

use std::collections::VecDeque;

use crate::model::{Few, FewMap, LinkOrder, Time};
use crate::scenario::ScheduleLine;
use crate::trace::{Did, Message, StepRecord, Trace, What};

/// The events of a trace, as they happen on links without bounds.
pub fn lines(trace: &Trace) -> Vec<ScheduleLine> {
    if trace.links.never_forgets {
        with_duplicates(trace)
    } else if trace.links.order == LinkOrder::Fifo {
        with_losses(trace)
    } else {
        trace
            .schedule()
            .map(|(at, line)| (at, line.to_owned()))
            .collect()
    }
}

/// A message in the one notation.
fn notation(trace: &Trace, verb: &str, message: &Message) -> String {
    let [src, dst] = [message.src, message.dst].map(|node| &trace.nodes[node].name);
    format!("{verb} {src} -> {dst} {}", message.message)
}

/// Where nothing is forgotten a message is still in flight when it was delivered: elsewhere that takes a duplicate.
fn with_duplicates(trace: &Trace) -> Vec<ScheduleLine> {
    let mut lines: Vec<ScheduleLine> = Vec::new();
    let mut later = Few::new();
    for step in trace.steps.iter().rev() {
        lines.push((step.at, step.event.clone()));
        if let What::Deliver(message) | What::ArriveAtDown(message) = &step.what {
            let duplicate = notation(trace, "duplicate", message);
            if message.src != message.dst && !later.insert(duplicate.clone()) {
                lines.push((step.at, duplicate));
            }
        }
    }
    lines.reverse();
    lines
}

/// A link on which messages keep their order: each with whether it was absorbed, since an equal one was in flight.
type Queue<'a> = VecDeque<(&'a str, bool)>;

/// On a link that keeps an order what was absorbed is lost: elsewhere it stands in front of what came after it.
fn with_losses(trace: &Trace) -> Vec<ScheduleLine> {
    let mut queues = FewMap::new();
    for (node, start) in trace.start.iter().enumerate() {
        send(&mut queues, node, &start.did);
    }
    let mut lines = Vec::new();
    for StepRecord {
        at,
        event,
        what,
        did,
        ..
    } in &trace.steps
    {
        match what {
            What::Deliver(message) | What::ArriveAtDown(message) | What::Drop(message) => {
                let queue: &mut Queue<'_> = queues.of((message.src, message.dst));
                lines.extend(lost_before(trace, queue, message, *at));
            }
            What::Cut { links } => {
                for link in links {
                    queues.remove(link);
                }
            }
            _ => {}
        }
        lines.push((*at, event.clone()));
        if let Some(node) = what.node() {
            send(&mut queues, node, did);
        }
    }
    lines
}

fn send<'a>(queues: &mut FewMap<(usize, usize), Queue<'a>>, src: usize, did: &'a Did) {
    for sent in &did.sent {
        let is_absorbed = match sent.lost.as_deref() {
            None => false,
            Some("absorbed") => true,
            Some(_) => continue,
        };
        let queue = queues.of((src, sent.dst));
        queue.push_back((&sent.message, is_absorbed));
    }
}

/// Takes a message from a link, and what was absorbed in front of it: that is lost.
fn lost_before(
    trace: &Trace,
    queue: &mut Queue<'_>,
    message: &Message,
    at: Option<Time>,
) -> Vec<ScheduleLine> {
    let mut lost = Vec::new();
    while let Some((text, is_absorbed)) = queue.pop_front() {
        if !is_absorbed {
            break;
        }
        let (src, dst) = (message.src, message.dst);
        let message = text.to_owned();
        let absorbed = Message { src, dst, message };
        lost.push((at, notation(trace, "drop", &absorbed)));
    }
    lost
}
