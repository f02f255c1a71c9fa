//! A run as a log for `ShiViz`, which draws what happened before what.
//!
//! - The first line is the expression that reads the log, the second one is empty: there is one execution.
//! - An event takes two lines: its host with its vector clock, and `#12` with its words.
//! - Hosts are nodes, by name, with `_` for blanks. Each node that starts has an event `#0 starts`, in the order of
//!   nodes; then comes each step in which a node acted, crashed or came up.
//! - The clock of a step is the greatest of those of its direct causes and of the step before of its node, and one more
//!   at its node. A step of no node (a loss, a copy, a cut) has no event, and passes on the clocks of its causes. What a
//!   message brings is at least the start of who sent it. Clocks hold what is not 0, in the order of nodes.

use std::fmt::Write as _;

use super::clean;
use crate::explain::Causes;
use crate::report::telling;
use crate::trace::{Trace, What};

const READS: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";

pub(super) fn shiviz(trace: &Trace) -> String {
    let telling = telling(trace, false);
    let causes = Causes::of(trace, &telling);
    let mut log = Log {
        hosts: trace.nodes.iter().map(|node| host(&node.name)).collect(),
        text: format!("{READS}\n\n"),
    };
    let nodes = log.hosts.len();
    let is_up = |node: usize| trace.start.get(node).is_some_and(|start| start.after.up);
    let mut last = vec![vec![0; nodes]; nodes];
    for node in (0..nodes).filter(|node| is_up(*node)) {
        last[node][node] = 1;
        log.event(node, &last[node], "#0 starts");
    }
    let mut clocks = vec![vec![0; nodes]];
    for ((step, told), nth) in trace.steps.iter().zip(&telling.steps).zip(1..) {
        let mut clock = vec![0; nodes];
        for &cause in causes.direct(nth) {
            raise(&mut clock, &clocks[cause]);
        }
        if let What::Deliver(m) | What::Duplicate(m) = &step.what
            && is_up(m.src)
            && m.src < nodes
        {
            clock[m.src] = clock[m.src].max(1);
        }
        if let Some(actor) = step.what.actor().filter(|actor| *actor < nodes) {
            raise(&mut clock, &last[actor]);
            clock[actor] += 1;
            last[actor].clone_from(&clock);
            let words = clean(&told.words);
            log.event(actor, &clock, &format!("#{} {words}", trace.number(nth)));
        }
        clocks.push(clock);
    }
    log.text
}

struct Log {
    hosts: Vec<String>,
    text: String,
}

impl Log {
    fn event(&mut self, host: usize, clock: &[usize], words: &str) {
        let members = self
            .hosts
            .iter()
            .zip(clock)
            .filter(|(_, count)| **count > 0);
        let members: Vec<String> = members
            .map(|(name, count)| format!("{}:{count}", serde_json::Value::from(name.as_str())))
            .collect();
        let host = &self.hosts[host];
        writeln!(self.text, "{host} {{{}}}\n{words}", members.join(","))
            .expect("writing to a string succeeds");
    }
}

fn raise(clock: &mut [usize], to: &[usize]) {
    for (count, other) in clock.iter_mut().zip(to) {
        *count = (*count).max(*other);
    }
}

fn host(name: &str) -> String {
    let blank = |c: char| if c.is_whitespace() { '_' } else { c };
    clean(name).chars().map(blank).collect()
}
