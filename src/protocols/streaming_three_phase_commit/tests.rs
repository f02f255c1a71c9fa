//! Small instances of streaming three-phase commit, explored in full by a plain breadth-first search; and how a sink answers
//! whoever is in another attempt.

use super::*;
use crate::model::{Limit, LinkOrder, Protocol, Rules, System, Timing, World};
use crate::protocols::small_spaces::{ORDINARY, REPAIRS, Space};
use crate::protocols::streaming::{Epoch, Part};

type Sys = System<StreamingThreePhaseCommit>;

/// One source, so many sinks, no records, and a checkpoint that may take for ever.
fn small(sinks: u8) -> Params {
    Params {
        sinks,
        records: 0,
        checkpoint_timeout: None,
        ..Params::default()
    }
}

fn system(params: &Params, crashes: NodeSet, recoveries: u32) -> Sys {
    let protocol = StreamingThreePhaseCommit::new(params).expect("good parameters");
    let mut rules = Rules::fault_free();
    rules.timing = Timing::Accurate;
    rules.links.order = LinkOrder::Fifo;
    rules.links.copies = Limit::AtMost(1);
    rules.budgets.crashes = vec![(crashes, Limit::AtMost(1))];
    rules.budgets.recoveries = Limit::AtMost(recoveries);
    System::new(protocol, rules)
}

/// The worlds from which the goal of a property cannot be reached.
fn stuck<'a>(
    system: &Sys,
    space: &'a Space<StreamingThreePhaseCommit>,
    name: &str,
) -> Vec<&'a World<StreamingThreePhaseCommit>> {
    let properties = system.protocol.properties();
    let property = properties.iter().find(|it| it.name == name);
    let goal = property.and_then(|it| it.expectation.goal());
    let classes = if name == "recovers" {
        REPAIRS
    } else {
        ORDINARY
    };
    space.stuck(system, goal.expect("a goal"), classes)
}

/// The job manager dies at any moment, and no sink stays in doubt.
#[test]
fn the_job_manager_is_not_needed() {
    for sinks in 1..=3 {
        let system = system(&small(sinks), NodeSet::only(manager()), 0);
        let space = Space::explore(&system).sound();
        assert_eq!(stuck(&system, &space, "non-blocking").len(), 0, "{sinks}");
    }
}

#[test]
fn one_crash_is_repaired() {
    let all = StreamingThreePhaseCommit::new(&small(2)).expect("good parameters");
    let system = system(&small(2), all.cluster().all(), 1);
    let space = Space::explore(&system).sound();
    assert_eq!(stuck(&system, &space, "recovers").len(), 0);
}

/// Who is behind says that it stands nowhere, and asks; who is ahead says how the attempt has ended.
#[test]
fn sinks_in_different_attempts_help_each_other() {
    let protocol = StreamingThreePhaseCommit::new(&small(2)).expect("good parameters");
    let [ahead, behind] = [Id::from(2), Id::from(3)];
    let start = |id| protocol.start_sink(id, Start::First, &mut Out::default());
    let (mut first, mut second) = (start(ahead), start(behind));
    let hears = |id, s: &mut Sink, src, msg| {
        let mut o = Out::default();
        let participant = Participant {
            protocol: &protocol,
            id,
            s,
            o: &mut o,
        };
        { participant }.hears(src, msg);
        let sent = o.commands().iter().filter_map(|command| match command {
            Command::Send(_, msg) => Some(format!("{msg:?}")),
            _ => None,
        });
        sent.collect::<Vec<_>>()
    };
    let restore = Msg::Restore(2, Checkpoint::default());
    hears(ahead, &mut first, manager(), restore);
    let answers = hears(behind, &mut second, ahead, Msg::StateReq(2));
    assert_eq!(answers, ["State(2, None, 0.0 [])", "Inquiry(1)"]);
    let answers = hears(ahead, &mut first, behind, Msg::Inquiry(1));
    assert_eq!(answers, ["Decide(1, 0.0 [])"]);
    let answers = hears(ahead, &mut first, behind, Msg::StateReq(1));
    assert_eq!(answers, ["Decide(1, 0.0 [])"]);
    let decide = Msg::Decide(1, Checkpoint::default());
    hears(behind, &mut second, ahead, decide);
    assert!(second.phases.is_resolved && second.task.work.is_none());
}

/// A sink that is fed messages by hand.
struct Fed {
    protocol: StreamingThreePhaseCommit,
    id: Id,
    s: Sink,
}

impl Fed {
    fn new(id: usize) -> Self {
        let protocol = StreamingThreePhaseCommit::new(&small(2)).expect("good parameters");
        let id = Id::from(id);
        let s = protocol.start_sink(id, Start::First, &mut Out::default());
        Fed { protocol, id, s }
    }

    /// How much it does.
    fn hears(&mut self, src: Id, msg: Msg) -> usize {
        let mut o = Out::default();
        let participant = Participant {
            protocol: &self.protocol,
            id: self.id,
            s: &mut self.s,
            o: &mut o,
        };
        { participant }.hears(src, msg);
        o.commands().len()
    }
}

fn pre_commit(attempt: u32, checkpoint: u32) -> Msg {
    Msg::PreCommit(Checkpoint {
        epoch: epoch(attempt, checkpoint),
        number: 1,
        parts: vec![Part::Offset(0)],
    })
}

fn epoch(attempt: u32, checkpoint: u32) -> Epoch {
    Epoch {
        attempt,
        checkpoint,
    }
}

/// Who follows a backup does not let itself be moved by anybody else.
#[test]
fn a_sink_obeys_whom_it_follows() {
    let backup = Id::from(2);
    let mut sink = Fed::new(3);
    assert_eq!(sink.hears(backup, pre_commit(1, 1)), 0, "no backup yet");
    sink.hears(backup, Msg::StateReq(1));
    assert_eq!(sink.hears(manager(), pre_commit(1, 1)), 0);
    let moved = sink.hears(backup, pre_commit(1, 1));
    assert_eq!(moved, 2, "a record and an acknowledgement");
}

/// What comes late, of another attempt, of one that has ended, or of another checkpoint, moves nobody.
#[test]
fn a_sink_is_moved_in_its_own_attempt() {
    let mut sink = Fed::new(3);
    assert_eq!(sink.hears(manager(), pre_commit(2, 1)), 0);
    assert_eq!(sink.hears(manager(), pre_commit(1, 1)), 2);
    assert_eq!(sink.hears(manager(), Msg::Commit(epoch(1, 2))), 0);
    assert_eq!(sink.hears(manager(), Msg::Commit(epoch(2, 1))), 0);
    assert!(sink.s.phases.pre_committed.is_some());
    sink.hears(Id::from(2), Msg::Decide(1, Checkpoint::default()));
    assert_eq!(sink.hears(manager(), pre_commit(1, 2)), 0, "it has ended");
    sink.hears(manager(), Msg::Restore(2, Checkpoint::default()));
    assert_eq!(sink.hears(manager(), pre_commit(1, 2)), 0);
    assert_eq!(sink.hears(manager(), pre_commit(2, 2)), 2);
}

/// An acknowledgement that is late counts for what it acknowledges, and for nothing else.
#[test]
fn each_pre_commitment_is_acknowledged_for_itself() {
    let protocol = StreamingThreePhaseCommit::new(&small(1)).expect("good parameters");
    let [source, sink] = [Id::from(1), Id::from(2)];
    let mut s = protocol.start_job_manager(Start::First, &mut Out::default());
    let mut does = |does: &dyn Fn(&mut Coordinator<'_>)| {
        let (s, mut o) = (&mut s, Out::default());
        does(&mut Coordinator {
            protocol: &protocol,
            s,
            o: &mut o,
        });
        let sends = |command: &Command<_>| matches!(command, Command::Send(_, Msg::Commit(_)));
        o.commands().iter().any(sends)
    };
    does(&|it| it.waits_no_longer(Timer::Trigger));
    does(&|it| it.hears(source, Msg::Ack(epoch(1, 1), Part::Offset(0))));
    does(&|it| it.hears(sink, Msg::Ack(epoch(1, 1), Part::Pending(Vec::new()))));
    for other in [epoch(1, 2), epoch(2, 1)] {
        let decides = does(&|it| it.hears(sink, Msg::AckPreCommit(other)));
        assert!(!decides, "{other}");
    }
    assert!(does(&|it| it.hears(sink, Msg::AckPreCommit(epoch(1, 1)))));
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: Params| {
        let error = StreamingThreePhaseCommit::new(&params);
        error.expect_err("no system").parameter
    };
    assert_eq!(refused(small(0)), "sinks");
    let alone = Params {
        bug: Some(Mistake::TimeoutsOnly),
        ..small(1)
    };
    assert_eq!(refused(alone), "bug");
}
