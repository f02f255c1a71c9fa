//! Pictures keep their point: however long a run and however narrow a terminal, what it is about is there.

use insta::assert_snapshot;

use super::stories;
use crate::report::{Landmark, Options, details, diagram, landmark, screen, step};
use crate::trace::Trace;

fn at(trace: &Trace, width: usize) -> String {
    let options = Options {
        width,
        elide: Some(40),
        ..Options::default()
    };
    diagram(trace, &options)
}

/// The lines between the header and what is said below.
fn body(picture: &str) -> impl Iterator<Item = &str> {
    let after = picture
        .lines()
        .skip_while(|line| !line.contains("all start"));
    after.take_while(|line| !line.is_empty())
}

#[test]
fn a_long_run_is_drawn_around_what_it_turns_on() {
    let picture = at(&stories::a_long_run(), 80);
    assert_snapshot!(picture);
    for turn in [
        "leads term 1",
        "leads term 3",
        "cut {S1}",
        "heal {S1}",
        "overwrites 1:put x 1",
        "commits put x 2 at 1",
    ] {
        assert!(picture.contains(turn), "{turn}:\n{picture}");
    }
    assert!(body(&picture).count() < 40, "{picture}");
}

/// Heartbeats that change nothing are one line, at the end as well.
#[test]
fn heartbeats_are_folded() {
    let picture = at(&stories::a_long_run(), 80);
    assert!(picture.contains("8 heartbeats, 32 messages"), "{picture}");
    let lines: Vec<&str> = body(&picture).collect();
    // Behind it there is only how the nodes stand.
    let last = lines[lines.len() - 2];
    assert!(last.contains("60 quiet steps"), "{picture}");
    assert!(last.contains("12 heartbeats, 48 messages"), "{picture}");
}

/// A violation is drawn among any number of steps that matter.
#[test]
fn a_violation_is_never_left_out() {
    let mut trace = stories::a_long_run();
    let middle = trace.steps.len() / 2;
    trace.steps[middle]
        .properties
        .push(crate::trace::PropertyStatus {
            property: "log-matching".to_owned(),
            holds: false,
            reason: None,
        });
    let options = Options {
        elide: Some(1),
        ..Options::default()
    };
    let picture = diagram(&trace, &options);
    assert!(picture.contains("log-matching is violated"), "{picture}");
    assert!(!picture.contains("overwrites 1:put"), "{picture}");
}

/// What matters of a state has a column where there is room for one, and stands there when it changes.
#[test]
fn the_state_that_matters_is_shown_when_it_changes() {
    let trace = stories::a_long_run();
    let wide = at(&trace, 140);
    let header = wide.lines().find(|line| line.ends_with("state")).unwrap();
    let column = header.chars().count() - "state".len();
    let of = |line: &str| -> String { line.chars().skip(column).collect() };
    let shown: Vec<String> = body(&wide).map(of).filter(|s| !s.is_empty()).collect();
    assert_eq!(
        shown,
        [
            "term 1 · log [] · commit 0",
            "term 1 · log [] · commit 0",
            "log [1:put x 1]",
            "log [1:put x 1]",
            "term 2 · log [] · commit 0",
            "term 2",
            "term 3 · log [3:put x 2]",
            "term 3 · log [3:put x 2]",
            "commit 1",
        ]
    );
    for width in [40, 80, 100] {
        let narrow = at(&trace, width);
        assert!(narrow.contains("commit 1"), "{narrow}");
        assert!(narrow.contains("[3:put x 2]") || width == 40, "{narrow}");
    }
}

#[test]
fn a_vote_that_is_denied_differs_at_any_width() {
    let trace = stories::a_long_run();
    for width in 40..=200 {
        let options = Options {
            width,
            from: Some(48),
            until: Some(49),
            ..Options::default()
        };
        let picture = diagram(&trace, &options);
        assert!(picture.contains("denied"), "{width}:\n{picture}");
        let options = Options {
            from: Some(2),
            until: Some(3),
            ..options
        };
        let picture = diagram(&trace, &options);
        assert!(picture.contains("granted"), "{width}:\n{picture}");
    }
}

/// Where a message brings a client's command, that is told; a heartbeat brings none.
#[test]
fn entries_carry_their_command() {
    for width in [80, 100, 140] {
        let picture = at(&stories::a_long_run(), width);
        assert!(picture.contains("log [1:put x 1]"), "{picture}");
        assert!(picture.contains("+3:put x 2"), "{picture}");
    }
}

#[test]
fn a_cut_stays_in_sight_as_long_as_it_lasts() {
    for (ascii, wall) in [(false, '║'), (true, '!')] {
        let options = Options {
            ascii,
            elide: Some(40),
            ..Options::default()
        };
        let picture = diagram(&stories::a_long_run(), &options);
        let lines: Vec<&str> = body(&picture).collect();
        let place = |what: &str| lines.iter().position(|l| l.contains(what)).unwrap();
        let (cut, heal) = (place("cut {S1}"), place("heal {S1}"));
        for (at, line) in lines.iter().enumerate() {
            let banner = line.contains("quiet steps") || at == cut || at == heal;
            let lasts = cut < at && at < heal;
            assert!(banner || line.contains(wall) == lasts, "{line}\n{picture}");
        }
        assert!(picture.contains(&format!("{wall} cut")), "{picture}");
    }
}

/// No text beside a step ends in an ellipsis.
#[test]
fn no_text_is_cut_before_its_point() {
    let stories = [
        stories::a_long_run(),
        stories::blocked(),
        stories::cut_and_heal(),
        stories::crash_inside(),
        stories::happy(),
        stories::late_joiner(),
        stories::two_transactions(),
    ];
    for trace in &stories {
        for width in [60, 80, 100] {
            let picture = at(trace, width);
            for line in body(&picture).filter(|line| !line.contains('╌')) {
                assert!(!line.contains('…'), "{line}\n{picture}");
            }
        }
    }
}

#[test]
fn of_several_it_is_said_as_of_several() {
    let picture = at(&stories::clients(), 100);
    assert!(picture.contains("C1, C2 and C3 have asked"), "{picture}");
}

/// A protocol that prints an id says `Id(2)`: in a picture it is `C2`.
#[test]
fn nodes_go_by_their_names() {
    let trace = stories::clients();
    let picture = at(&trace, 140);
    assert!(
        picture.contains("serves C2, not Xid(1) or Id(9)"),
        "{picture}"
    );
    assert!(picture.contains("hears of C1"), "{picture}");
    assert!(picture.contains("Tick(C1)"), "{picture}");
    let transcript = crate::report::transcript(&trace);
    assert!(
        transcript.contains("\ntimeout S1 Tick(Id(1))\n"),
        "{transcript}"
    );
    assert!(
        transcript.contains("send S1 -> C2 Token { of: C3 }"),
        "{transcript}"
    );
}

/// A line that changed says whose it is.
#[test]
fn a_change_in_a_list_names_the_peer() {
    let text = step(&stories::clients(), 5, &Options::default()).unwrap();
    assert!(
        text.contains("-     C2: {matched: 3, next: 4, round: 7}"),
        "{text}"
    );
    assert!(
        text.contains("+     C2: {matched: 4, next: 5, round: 7}"),
        "{text}"
    );
    // The event stands as a schedule can hold it.
    assert_eq!(text.matches("Id(2)").count(), 1, "{text}");
}

#[test]
fn the_names_stay_on_a_screen() {
    let trace = stories::a_long_run();
    for (until, lines) in [(3, 40), (60, 24), (120, 24), (120, 6)] {
        let options = Options {
            until: Some(until),
            ..Options::default()
        };
        let shown = screen(&trace, &options, lines);
        assert!(shown.len() <= lines);
        assert!(
            shown
                .iter()
                .any(|line| line.contains("S1") && line.contains("S3")),
            "{shown:#?}"
        );
        assert!(details(&trace, until, &options, lines).len() <= lines);
    }
}

#[test]
fn one_jumps_to_what_matters() {
    let trace = stories::a_long_run();
    let next = |from, what| landmark(&trace, from, what, false);
    let last = |from, what| landmark(&trace, from, what, true);
    let steps = trace.steps.len();
    assert_eq!(next(0, Landmark::Election), Some(3));
    let second = next(3, Landmark::Election).unwrap();
    assert_eq!(next(second, Landmark::Election), None);
    assert_eq!(last(second, Landmark::Election), Some(3));
    let cut = next(0, Landmark::Fault).unwrap();
    assert!(trace.steps[cut - 1].event.starts_with("cut"));
    let commit = next(0, Landmark::Decision).unwrap();
    assert_eq!(last(steps, Landmark::Decision), Some(commit));
    assert_eq!(next(0, Landmark::Violation), None);
    assert_eq!(next(3, Landmark::Any), Some(cut));
    let violated = stories::cut_and_heal();
    let broken = landmark(&violated, 0, Landmark::Violation, false).unwrap();
    assert!(!violated.steps[broken - 1].properties.is_empty());
}
