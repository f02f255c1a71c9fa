//! Traces that no run wrote: whatever a file can say, a report answers, and within its width.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::build::{Build, record};
use crate::model::{KeyState, Observation, Time, Value};
use crate::report::{Options, diagram, facts, screen, step, transcript};
use crate::trace::{
    Did, Message, NodeInfo, NodeRecord, Outcome, PropertyStatus, Saved, Sent, StartRecord,
    StepRecord, Trace, What,
};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Z][a-z]{0,9}( \\{ [a-z]{1,5}: [0-9]{1,3} \\})?",
        1 => any::<String>(),
        1 => Just("\u{1b}[2J\r\n\t\u{202e}👩‍👩‍👧 é投\u{0}".to_owned()),
        1 => "[投票é\u{fe0f}🇩❤x ]{0,40}",
        1 => Just("huge ".repeat(500)),
        1 => Just(String::new()),
    ]
}

fn node() -> impl Strategy<Value = usize> {
    prop_oneof![20 => 0..10usize, 2 => 0..200usize, 1 => Just(usize::MAX)]
}

fn message() -> impl Strategy<Value = Message> {
    (node(), node(), text()).prop_map(|(src, dst, message)| Message { src, dst, message })
}

fn links() -> impl Strategy<Value = Vec<(usize, usize)>> {
    vec((node(), node()), 0..4)
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        6 => message().prop_map(What::Deliver),
        1 => message().prop_map(What::ArriveAtDown),
        1 => (node(), text()).prop_map(|(node, timer)| What::Timeout { node, timer }),
        1 => (node(), text(), text())
            .prop_map(|(node, key, value)| What::Choose { node, key, value }),
        1 => node().prop_map(|node| What::Crash { node }),
        1 => message().prop_map(What::Drop),
        1 => message().prop_map(What::Duplicate),
        1 => links().prop_map(|links| What::Cut { links }),
        1 => node().prop_map(|node| What::Recover { node }),
        1 => links().prop_map(|links| What::Heal { links }),
    ]
}

fn observation() -> impl Strategy<Value = Observation> {
    let value = || text().prop_map(|t| Value::Word(t.into()));
    prop_oneof![
        (any::<u64>(), value()).prop_map(|(subject, value)| Observation::Voted { subject, value }),
        Just(super::build::decided("commit")),
        (0..3u64).prop_map(|subject| Observation::Locked { subject }),
        (0..3u64).prop_map(|subject| Observation::Released { subject }),
        text().prop_map(|rule| Observation::Applied { rule: rule.into() }),
    ]
}

fn did() -> impl Strategy<Value = Did> {
    let lost = option::of(prop_oneof![Just("cut".to_owned()), text()]);
    let sent = (node(), text(), lost).prop_map(|(dst, message, lost)| Sent { dst, message, lost });
    let saved = (text(), any::<bool>()).prop_map(|(record, forced)| Saved { record, forced });
    (vec(sent, 0..6), vec(saved, 0..2), vec(observation(), 0..3)).prop_map(
        |(sent, saved, observed)| Did {
            sent,
            saved,
            observed,
        },
    )
}

fn property() -> impl Strategy<Value = PropertyStatus> {
    (text(), any::<bool>(), option::of(text())).prop_map(|(property, holds, reason)| {
        PropertyStatus {
            property,
            holds,
            reason,
        }
    })
}

prop_compose! {
    fn a_step()(
        what in what(),
        event in text(),
        at in option::of(any::<u64>()),
        crash_after in option::weighted(0.1, 0..5usize),
        suspicion in option::of(text()),
        did in did(),
        lost in vec(message(), 0..3),
        after in option::of(text()),
        first in prop_oneof![0..3u64, Just(u64::MAX)],
        entries in vec(text(), 0..3),
        properties in vec(property(), 0..2),
    ) -> StepRecord {
        let after = after.map(|status| {
            let key_state = KeyState::default()
                .with("", status.clone())
                .with_log("log", first, entries.clone());
            NodeRecord { key_state, ..record(&status) }
        });
        let at = at.map(Time);
        StepRecord { at, event, what, crash_after, suspicion, did, lost, after, properties }
    }
}

prop_compose! {
    fn a_trace()(
        nodes in prop_oneof![4 => 0..10usize, 1 => 0..140usize],
        names in vec((text(), text()), 140),
        starts in vec((did(), text(), any::<bool>()), 0..12),
        steps in vec(a_step(), 0..25),
        verdict in option::of((text(), vec(text(), 0..3))),
        about in option::of(text()),
        numbers in vec(any::<u32>(), 0..12),
        never_forgets in any::<bool>(),
    ) -> Trace {
        let mut trace = Build::new("hostile", &[]).trace;
        let info = |(name, role): (String, String)| NodeInfo { name, role };
        trace.nodes = names.into_iter().take(nodes).map(info).collect();
        let start = |(did, status, up): (Did, String, bool)| {
            let mut after = record(&status);
            after.up = up;
            StartRecord { did, after }
        };
        trace.start = starts.into_iter().map(start).collect();
        trace.steps = steps;
        trace.verdict = verdict.map(|(verdict, sentences)| Outcome { verdict, sentences });
        trace.protocol = about.clone().unwrap_or_default();
        trace.origin.about = about;
        trace.costs.locked = numbers.iter().map(|n| Time(u64::from(*n))).collect();
        trace.costs.forced.clone_from(&numbers);
        trace.facts.crashes = numbers;
        trace.links.never_forgets = never_forgets;
        trace
    }
}

prop_compose! {
    fn options(names: Vec<String>)(
        width in 0..130usize,
        ascii in any::<bool>(),
        from in option::weighted(0.2, 0..30usize),
        until in option::weighted(0.2, 0..30usize),
        elide in option::weighted(0.3, 0..12usize),
        filter in option::weighted(0.2, 0..3usize),
    ) -> Options {
        let nodes = filter.and_then(|i| names.get(i).cloned()).into_iter().collect();
        Options { width, color: false, ascii, from, until, nodes, about: true, elide }
    }
}

fn fits(picture: &str, options: &Options) -> Result<(), TestCaseError> {
    for line in picture.lines() {
        prop_assert!(
            line.width() <= options.columns(),
            "{}: {line:?}",
            line.width()
        );
        prop_assert!(!line.contains(char::is_control), "{line:?}");
        prop_assert!(!options.ascii || line.is_ascii(), "{line:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_trace_is_drawn_within_its_width(
        (trace, options) in a_trace().prop_flat_map(|t| {
            let names = t.nodes.iter().map(|n| n.name.clone()).collect();
            (Just(t), options(names))
        })
    ) {
        fits(&diagram(&trace, &options), &options)?;
        for lines in [0, 1, 10] {
            let shown = screen(&trace, &options, lines);
            prop_assert!(shown.len() <= lines);
            fits(&shown.join("\n"), &options)?;
        }
        for number in [0, 1, trace.steps.len(), trace.steps.len() + 1] {
            if let Some(text) = step(&trace, number, &options) {
                fits(&text, &options)?;
            }
        }
        for text in transcript(&trace).lines().map(str::to_owned).chain(facts(&trace)) {
            prop_assert!(!text.contains(char::is_control), "{text:?}");
        }
    }
}

#[test]
fn an_empty_trace_is_drawn() {
    let trace = Build::new("2pc", &[]).trace;
    assert!(diagram(&trace, &Options::default()).starts_with("2pc\n"));
    assert_eq!(transcript(&trace), "start\n");
}
