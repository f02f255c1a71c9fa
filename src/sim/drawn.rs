//! A draw in words: what it was for, and the how-manieth of its place.

use super::course::{Drawn, Purpose};
use crate::model::event::{kind, label};
use crate::model::{Cluster, Envelope, Event, Protocol};

/// The draw that decided an event: `latency of the 3rd Vote on S1 -> S2`.
pub fn in_words<P: Protocol>(drawn: Drawn, event: &Event<P>, cluster: &Cluster) -> String {
    let Drawn { purpose, nth } = drawn;
    let nth = ordinal(nth);
    let node = || event.node().map_or("nobody", |id| cluster.name(id));
    match (purpose, event) {
        (Purpose::Point, Event::CrashInside { .. }) => {
            format!(
                "where the {nth} crash inside a handler of {} strikes",
                node()
            )
        }
        (Purpose::Point, _) => {
            let node = node();
            format!("how long {node} is down after its {nth} crash inside a handler")
        }
        // What becomes of a handler that was reached by chance.
        (_, Event::CrashInside { event, .. }) => in_words(drawn, event, cluster),
        (Purpose::Message, Event::Deliver(e)) => format!("latency of the {nth} {}", of(e, cluster)),
        (Purpose::Message, Event::Drop(e)) => format!("loss of the {nth} {}", of(e, cluster)),
        (Purpose::Message, Event::Duplicate(e)) => {
            format!("duplication of the {nth} {}", of(e, cluster))
        }
        (Purpose::Copy, Event::Deliver(e) | Event::Drop(e) | Event::Duplicate(e)) => {
            format!("latency of the {nth} second copy of {}", of(e, cluster))
        }
        (Purpose::Timer, Event::Timeout { timer, .. }) => {
            let label = label(timer);
            format!("duration of the {nth} {} of {}", name(&label), node())
        }
        (Purpose::Choice, Event::Choose { key, .. }) => {
            format!("the {nth} option of {key} of {}", node())
        }
        (Purpose::Start, _) => format!("whether {} takes part", node()),
        (Purpose::Crash, Event::Recover(_)) => {
            let node = node();
            format!("how long {node} is down after the {nth} crash of the nemesis")
        }
        (Purpose::Cut, Event::Heal(_)) => format!("how long the {nth} cut of the nemesis lasts"),
        (Purpose::Cut | Purpose::Members, _) => format!("the {nth} cut of the nemesis"),
        (Purpose::Crash, _) => format!("the {nth} crash of the nemesis"),
        (Purpose::Message | Purpose::Copy | Purpose::Timer | Purpose::Choice, _) => {
            unreachable!("such a draw decides an event of its own kind")
        }
    }
}

/// `Vote on S1 -> S2`
fn of<P: Protocol>(e: &Envelope<P>, cluster: &Cluster) -> String {
    let label = label(&e.msg);
    let (src, dst) = (cluster.name(e.src), cluster.name(e.dst));
    format!("{} on {src} -> {dst}", name(&label))
}

/// What values of one kind are called; a value without such a name stands for itself.
fn name(label: &str) -> &str {
    match kind(label) {
        "" => label,
        kind => kind,
    }
}

/// `1st`, `2nd`, `3rd`, `11th`
fn ordinal(n: u64) -> String {
    let end = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn ordinals_are_as_people_write_them() {
        let told = [1, 2, 3, 4, 11, 12, 13, 21, 101, 111, 122].map(super::ordinal);
        let told = told.join(" ");
        assert_eq!(
            told,
            "1st 2nd 3rd 4th 11th 12th 13th 21st 101st 111th 122nd"
        );
    }
}
