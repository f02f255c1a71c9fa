//! Golden pictures. Read them as a student would before accepting a change.

use insta::assert_snapshot;

use super::stories;
use crate::report::{Options, diagram, step, transcript};

fn plain(trace: &crate::trace::Trace) -> String {
    diagram(trace, &Options::default())
}

#[test]
fn two_phase_commit_where_all_goes_well() {
    assert_snapshot!(plain(&stories::happy()));
}

#[test]
fn two_phase_commit_blocks() {
    assert_snapshot!(plain(&stories::blocked()));
}

#[test]
fn two_phase_commit_blocks_in_ascii() {
    let options = Options {
        ascii: true,
        width: 80,
        ..Options::default()
    };
    let picture = diagram(&stories::blocked(), &options);
    assert!(picture.is_ascii());
    assert_snapshot!(picture);
}

#[test]
fn a_crash_inside_a_handler() {
    assert_snapshot!(plain(&stories::crash_inside()));
}

#[test]
fn a_cut_and_its_end() {
    assert_snapshot!(plain(&stories::cut_and_heal()));
}

/// A token is no lock: it is called what its protocol calls it, and who has it shows on its lane.
#[test]
fn what_a_node_holds_has_its_own_name() {
    let picture = plain(&stories::a_token());
    let held = picture.lines().filter(|line| line.contains('┃')).count();
    assert!(picture.contains("┃ holds the token"), "{picture}");
    assert!(picture.contains("gives up the token"), "{picture}");
    assert!(held >= 3 && !picture.contains("lock"), "{picture}");
}

#[test]
fn duplicates_and_drops() {
    assert_snapshot!(plain(&stories::duplicates_and_drops()));
}

#[test]
fn a_node_joins_later() {
    assert_snapshot!(plain(&stories::late_joiner()));
}

#[test]
fn twelve_nodes() {
    assert_snapshot!(plain(&stories::ring(12, 12)));
}

#[test]
fn a_hundred_nodes_of_which_some_share_a_lane() {
    let options = Options {
        elide: Some(12),
        ..Options::default()
    };
    assert_snapshot!(diagram(&stories::ring(100, 60), &options));
}

#[test]
fn only_what_concerns_one_node() {
    let options = Options {
        nodes: vec!["A3".to_owned()],
        from: Some(2),
        ..Options::default()
    };
    assert_snapshot!(diagram(&stories::ring(20, 25), &options));
}

#[test]
fn a_record_is_not_taken_for_a_message() {
    let trace = stories::records_and_messages();
    let picture = plain(&trace);
    assert!(picture.contains("─Commit #1─"), "{picture}");
    assert!(!picture.contains("Commit(1)"), "{picture}");
}

#[test]
fn only_who_awaits_somebody_times_out() {
    let trace = stories::terse_timers();
    let options = Options {
        width: 60,
        ..Options::default()
    };
    let picture = diagram(&trace, &options);
    assert!(picture.contains("C's Begin"), "{picture}");
    assert!(picture.contains("C times out: "), "{picture}");
    assert_eq!(picture.matches("times out").count(), 1, "{picture}");
}

#[test]
fn of_several_transactions_each_is_named() {
    let picture = plain(&stories::two_transactions());
    assert!(
        picture.contains("releases its locks, decides abort (2)"),
        "{picture}"
    );
    assert!(picture.contains("decides commit (1)"), "{picture}");
    assert!(picture.contains("crashes: C 3, P1 1, P3 2."), "{picture}");
}

#[test]
fn what_does_not_show_is_not_explained_and_nothing_is_said_twice() {
    let picture = plain(&stories::short_crash());
    assert!(picture.contains("╳ crashes"), "{picture}");
    assert!(!picture.contains("┊ down"), "{picture}");
    assert_eq!(
        picture.matches("no crash of a coordinator").count(),
        1,
        "{picture}"
    );
    let locks = "Locks held: 90.024ms at P1, 7ns at P2, 90.024ms at P3.";
    assert!(picture.contains(locks), "{picture}");
    let picture = plain(&stories::blocked());
    assert!(picture.contains("┊ down"), "{picture}");
}

#[test]
fn colours() {
    let options = Options {
        color: true,
        until: Some(6),
        ..Options::default()
    };
    let picture = diagram(&stories::blocked(), &options);
    assert_snapshot!(picture.replace('\u{1b}', "^"));
}

#[test]
fn the_transcript() {
    assert_snapshot!(transcript(&stories::cut_and_heal()));
}

#[test]
fn one_step_in_full() {
    let trace = stories::blocked();
    let options = Options::default();
    assert_snapshot!(step(&trace, 2, &options).expect("there is a step 2"));
    assert!(step(&trace, 0, &options).is_none());
    assert!(step(&trace, 99, &options).is_none());
}
