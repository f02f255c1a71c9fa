//! What a step meant, read off the records that it wrote and the messages that it sent.
//!
//! A decision takes effect when its record is written or, if it needs none, when somebody is
//! told; so a crash in the middle of a handler shows just what had taken effect. One that is
//! neither written nor told takes effect in the state.

use std::borrow::Cow;

use super::protocol::{coordinator_record, participant_record};
use super::{
    Coordinator, CoordinatorRecord, Decision, Msg, Participant, ParticipantRecord, Presumption,
    State, Storage, Timer, TwoPhaseCommit, Txn, Vote, coordinator,
};
use crate::model::{Command, Input, Node, Observation, Reaction};

const VOTE_TIMEOUT: &str = "vote timeout";
const UNILATERAL_ABORT: &str = "unilateral abort";
const INDEPENDENT_RECOVERY: &str = "independent recovery";
const INTERRUPTED: &str = "abort after a crash";

/// One step of one site.
struct Step<'a> {
    protocol: &'a TwoPhaseCommit,
    before: &'a Node<TwoPhaseCommit>,
    input: Input<'a, TwoPhaseCommit>,
    reaction: &'a Reaction<TwoPhaseCommit>,
    found: &'a mut Vec<Observation>,
}

pub fn observe<'a>(
    protocol: &'a TwoPhaseCommit,
    before: &'a Node<TwoPhaseCommit>,
    input: Input<'a, TwoPhaseCommit>,
    reaction: &'a Reaction<TwoPhaseCommit>,
    found: &'a mut Vec<Observation>,
) {
    if reaction.commands.is_empty() && reaction.state.is_none() {
        return;
    }
    let mut step = Step {
        protocol,
        before,
        input,
        reaction,
        found,
    };
    if let Input::Choice { value, .. } = input {
        step.intends(value.txn, value.vote);
    }
    for txn in protocol.transactions() {
        step.commands(txn);
        step.outcome(txn);
    }
    // A crash hides a rule that had no effect yet.
    if !reaction.crashed || !step.found.is_empty() {
        step.rule();
    }
}

impl Step<'_> {
    /// What the commands show, in their order.
    fn commands(&mut self, txn: Txn) {
        let storage = self.before.storage();
        let mut c = coordinator_record(storage, txn);
        let mut p = participant_record(storage, txn);
        let reaction = self.reaction;
        for command in &reaction.commands {
            match command {
                Command::Save {
                    record: saved @ Storage::Coordinator(_),
                    ..
                } => {
                    let record = coordinator_record(Some(saved), txn);
                    if record != std::mem::replace(&mut c, record) {
                        self.coordinator_wrote(txn, record);
                    }
                }
                Command::Save {
                    record: saved @ Storage::Participant(_),
                    ..
                } => {
                    let record = participant_record(Some(saved), txn);
                    if record != std::mem::replace(&mut p, record) {
                        self.participant_wrote(txn, record);
                    }
                }
                Command::Send(_, msg) if msg.txn() == txn => self.sent(txn, *msg),
                _ => {}
            }
        }
    }

    fn coordinator_wrote(&mut self, txn: Txn, record: CoordinatorRecord) {
        match record {
            CoordinatorRecord::Commit => self.decided(txn, Decision::Commit),
            CoordinatorRecord::Abort => self.decided(txn, Decision::Abort),
            CoordinatorRecord::None | CoordinatorRecord::Initiation | CoordinatorRecord::End => {}
        }
    }

    fn participant_wrote(&mut self, txn: Txn, record: ParticipantRecord) {
        match record {
            ParticipantRecord::None => {}
            ParticipantRecord::Prepared => self.locked(txn),
            ParticipantRecord::Committed => self.concluded(txn, Decision::Commit),
            ParticipantRecord::Aborted => {
                // A NO is cast by its record: a crash may keep it from being sent, but not from
                // being the reason.
                if let (Some(Participant::Working { vote: Vote::No }), Input::Message { msg, .. }) =
                    (self.participant_was(txn), self.input)
                    && matches!(msg, Msg::Prepare(_))
                {
                    self.voted(txn, "no");
                }
                self.concluded(txn, Decision::Abort);
            }
        }
    }

    fn sent(&mut self, txn: Txn, msg: Msg) {
        match (self.coordinator_was(txn), self.participant_was(txn), msg) {
            (_, Some(_), Msg::Yes(_)) => self.voted(txn, "yes"),
            // A NO after the decision is an answer, not a vote.
            (_, Some(Participant::Working { .. }), Msg::No(_)) => self.voted(txn, "no"),
            (Some(Coordinator::Collecting { .. }), _, Msg::Commit(_)) => {
                self.decided(txn, Decision::Commit);
            }
            (Some(Coordinator::Collecting { .. }), _, Msg::Abort(_)) => {
                self.decided(txn, Decision::Abort);
            }
            // Even if it crashes before it has told everybody.
            (None, None, Msg::Abort(_))
                if coordinator_record(self.before.storage(), txn)
                    == CoordinatorRecord::Initiation =>
            {
                self.coordinator_recovered(txn, CoordinatorRecord::Initiation);
            }
            _ => {}
        }
    }

    /// What only the state shows that the site is in afterwards.
    fn outcome(&mut self, txn: Txn) {
        match self.reaction.state {
            Some(State::Participant(p)) => {
                self.participant_is(txn, p.phase[txn], p.log[txn]);
            }
            Some(State::Coordinator(c)) => {
                self.coordinator_is(txn, c.phase[txn], c.log[txn]);
            }
            None => {}
        }
    }

    fn participant_is(&mut self, txn: Txn, phase: Participant, record: ParticipantRecord) {
        let (was, recovers) = (self.participant_was(txn), self.recovers());
        if recovers && record == ParticipantRecord::None {
            // Its work is lost. Whatever it makes of that, it must not commit any more.
            self.concluded(txn, Decision::Abort);
            self.applied(INDEPENDENT_RECOVERY);
        }
        let known = if recovers {
            record.decision()
        } else {
            was.and_then(Participant::decision)
        };
        match phase.decision() {
            Some(decision) if Some(decision) != known => self.concluded(txn, decision),
            _ => {}
        }
        let prepared = |phase| matches!(phase, Some(Participant::Prepared { .. }));
        if prepared(Some(phase)) && !prepared(was) {
            self.locked(txn);
        }
    }

    fn coordinator_is(&mut self, txn: Txn, phase: Coordinator, record: CoordinatorRecord) {
        let was = self.coordinator_was(txn);
        if self.recovers() {
            self.coordinator_recovered(txn, record);
        }
        let known = if self.recovers() {
            record.decision()
        } else {
            was.and_then(Coordinator::decision)
        };
        match (was, phase) {
            // The only participant voted NO: there was nobody to tell.
            (Some(Coordinator::Collecting { .. }), Coordinator::Forgotten)
                if record != CoordinatorRecord::Commit =>
            {
                self.decided(txn, Decision::Abort);
            }
            (_, Coordinator::Decided { decision, .. }) if Some(decision) != known => {
                self.decided(txn, decision);
            }
            _ => {}
        }
    }

    fn recovers(&self) -> bool {
        matches!(self.input, Input::Start) && !matches!(self.before, Node::Absent)
    }

    /// From here on inquiries are answered ABORT, so that is the decision, whether the
    /// transaction had begun or not. If commit is presumed and there is no record it had not, and
    /// there is nothing to decide.
    fn coordinator_recovered(&mut self, txn: Txn, record: CoordinatorRecord) {
        let presumes_abort = self.protocol.params.presumption != Presumption::Commit;
        match record {
            CoordinatorRecord::None if presumes_abort => {
                self.decided(txn, Decision::Abort);
                self.applied(self.presumption());
            }
            CoordinatorRecord::Initiation => {
                self.decided(txn, Decision::Abort);
                self.applied(INTERRUPTED);
            }
            _ => {}
        }
    }

    /// The rule that makes no information mean something.
    fn presumption(&self) -> &'static str {
        match self.protocol.params.presumption {
            Presumption::Abort => "presumed abort",
            Presumption::Commit => "presumed commit",
            // Lampson & Lomet 1993: the one that is there although nothing is presumed.
            Presumption::Nothing => "hidden presumption",
        }
    }

    /// The rule of the paper that was applied, if it has a name.
    fn rule(&mut self) {
        match self.input {
            Input::Timeout(Timer::Vote(_)) => self.applied(VOTE_TIMEOUT),
            Input::Timeout(Timer::Prepare(_)) => self.applied(UNILATERAL_ABORT),
            Input::Message { src, msg } => {
                let txn = msg.txn();
                match (self.coordinator_was(txn), self.participant_was(txn), msg) {
                    (Some(Coordinator::Forgotten), _, Msg::Inquiry(_)) => {
                        self.applied(self.presumption());
                    }
                    (_, Some(Participant::Working { .. }), Msg::Inquiry(_)) => {
                        self.applied(UNILATERAL_ABORT);
                    }
                    (
                        _,
                        Some(Participant::Prepared { .. }),
                        Msg::Commit(_) | Msg::Abort(_) | Msg::Uncertain(_),
                    ) if src != coordinator() => self.applied("cooperative termination"),
                    _ => {}
                }
            }
            Input::Start if matches!(self.before, Node::Down { .. }) => {
                if let Some(State::Participant(p)) = self.reaction.state
                    && p.log.iter().all(|(_, r)| *r != ParticipantRecord::Prepared)
                {
                    self.applied(INDEPENDENT_RECOVERY);
                }
            }
            _ => {}
        }
    }

    fn coordinator_was(&self, txn: Txn) -> Option<Coordinator> {
        match self.before.state() {
            Some(State::Coordinator(c)) => Some(c.phase[txn]),
            _ => None,
        }
    }

    fn participant_was(&self, txn: Txn) -> Option<Participant> {
        match self.before.state() {
            Some(State::Participant(p)) => Some(p.phase[txn]),
            _ => None,
        }
    }

    fn intends(&mut self, txn: Txn, vote: Vote) {
        let value = match vote {
            Vote::Yes => "yes",
            Vote::No => "no",
        };
        let (subject, value) = (u64::from(txn), value.into());
        self.once(Observation::Intends { subject, value });
    }

    fn voted(&mut self, txn: Txn, vote: &'static str) {
        let (subject, value) = (u64::from(txn), vote.into());
        self.once(Observation::Voted { subject, value });
    }

    fn decided(&mut self, txn: Txn, decision: Decision) {
        let (subject, value) = (u64::from(txn), decision.word().into());
        self.once(Observation::Decided { subject, value });
    }

    fn locked(&mut self, txn: Txn) {
        let subject = u64::from(txn);
        self.once(Observation::Locked { subject });
    }

    /// A participant decided, and gives up what it holds.
    fn concluded(&mut self, txn: Txn, decision: Decision) {
        self.decided(txn, decision);
        if let Some(Participant::Prepared { .. }) = self.participant_was(txn) {
            let subject = u64::from(txn);
            self.once(Observation::Released { subject });
        }
    }

    fn applied(&mut self, rule: &'static str) {
        let rule = Cow::Borrowed(rule);
        self.once(Observation::Applied { rule });
    }

    fn once(&mut self, observation: Observation) {
        if !self.found.contains(&observation) {
            self.found.push(observation);
        }
    }
}
