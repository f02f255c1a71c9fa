//! What a step meant, read off the records that it wrote and the messages that it sent.
//!
//! Every decision has a record, and takes effect when that is written; so a crash in the middle of
//! a handler shows just what had taken effect.

use std::borrow::Cow;

use super::{
    Decision, Local, Log, Msg, Part, Phase, Storage, Termination, ThreePhaseCommit, Timer, Txn,
    Undecided, Vote, coordinator,
};
use crate::model::{Command, Id, Input, Node, Observation, Reaction};

/// One step of one site.
struct Step<'a> {
    protocol: &'a ThreePhaseCommit,
    id: Id,
    before: &'a Node<ThreePhaseCommit>,
    input: Input<'a, ThreePhaseCommit>,
    reaction: &'a Reaction<ThreePhaseCommit>,
    found: &'a mut Vec<Observation>,
}

pub fn observe<'a>(
    protocol: &'a ThreePhaseCommit,
    id: Id,
    before: &'a Node<ThreePhaseCommit>,
    input: Input<'a, ThreePhaseCommit>,
    reaction: &'a Reaction<ThreePhaseCommit>,
    found: &'a mut Vec<Observation>,
) {
    if let Input::Choice { value, .. } = input {
        let value = match value.vote {
            Vote::Yes => "yes",
            Vote::No => "no",
        };
        let (subject, value) = (u64::from(choice_txn(input)), value.into());
        found.push(Observation::Intends { subject, value });
    }
    let mut step = Step {
        protocol,
        id,
        before,
        input,
        reaction,
        found,
    };
    for txn in protocol.transactions() {
        step.commands(txn);
        step.outcome(txn);
    }
}

fn choice_txn(input: Input<'_, ThreePhaseCommit>) -> Txn {
    match input {
        Input::Choice { value, .. } => value.txn,
        _ => unreachable!("only a choice chooses"),
    }
}

impl Step<'_> {
    /// What the commands show, in their order.
    fn commands(&mut self, txn: Txn) {
        let mut log = log(self.before.storage(), txn);
        let reaction = self.reaction;
        for command in &reaction.commands {
            match command {
                Command::Save { record: saved, .. } => {
                    let before = std::mem::replace(&mut log, saved[txn]);
                    if log != before {
                        self.wrote(txn, before, log);
                    }
                }
                // YES is cast when it is sent: as long as it is only written, it can be lost.
                Command::Send(_, Msg::Yes(t)) if *t == txn => self.voted(txn, "yes"),
                _ => {}
            }
        }
    }

    fn wrote(&mut self, txn: Txn, before: Log, log: Log) {
        match (before, log) {
            (_, Log::Decided(decision)) => {
                let asked = Input::Message {
                    src: coordinator(),
                    msg: &Msg::CanCommit(txn),
                };
                let no = Phase::Working { vote: Vote::No };
                if self.was(txn) == Some(no) && self.input == asked {
                    self.voted(txn, "no");
                }
                self.decided(txn, decision);
                if let Some(rule) = self.rule_of_decision(txn, decision) {
                    self.applied(rule);
                }
                if self.id != coordinator() && matches!(before, Log::Undecided { .. }) {
                    self.released(txn);
                }
            }
            (Log::Nothing, Log::Undecided { .. }) if self.id != coordinator() => self.locked(txn),
            _ => {}
        }
    }

    /// What only the state shows.
    fn outcome(&mut self, txn: Txn) {
        let Some(state) = self.reaction.state else {
            return;
        };
        let Phase::Undecided(now) = state[txn] else {
            return;
        };
        let was = match self.was(txn) {
            Some(Phase::Undecided(was)) => Some(was),
            _ => None,
        };
        // It came back, and so it holds them again.
        if matches!(self.before, Node::Down { .. }) && self.id != coordinator() {
            self.locked(txn);
        }
        let asked = |u: &Undecided| matches!(u.part, Part::Asking(_));
        if let (Some(was), Part::Moving { to, .. }) = (was, now.part)
            && asked(&was)
        {
            self.applied(self.rule_of_move(to));
        }
        if asked(&now) && !was.is_some_and(|u| asked(&u)) {
            self.applied("election of a backup");
        }
    }

    /// The rule by which a site decided, if it has a name.
    fn rule_of_decision(&self, txn: Txn, decision: Decision) -> Option<&'static str> {
        match (self.was(txn), self.input) {
            (None, _) => Some(match log(self.before.storage(), txn) {
                Log::Nothing => "independent recovery",
                _ => "last to fail",
            }),
            (_, Input::Timeout(Timer::Vote(_))) => Some("vote timeout"),
            (_, Input::Timeout(Timer::CanCommit(_))) => Some("unilateral abort"),
            (Some(Phase::Working { .. }), Input::Message { msg, .. }) => {
                let asked = matches!(msg, Msg::StateReq(_) | Msg::Inquiry(_));
                asked.then_some("unilateral abort")
            }
            (Some(Phase::Undecided(u)), input) => self.rule_of_end(&u, input, decision),
            _ => None,
        }
    }

    fn rule_of_end(
        &self,
        u: &Undecided,
        input: Input<'_, ThreePhaseCommit>,
        decision: Decision,
    ) -> Option<&'static str> {
        match (u.part, input) {
            (Part::Asking(_), Input::Message { msg, .. }) => match msg {
                Msg::Abort(_) => Some("TR1"),
                Msg::Commit(_) => Some("TR2"),
                _ => Some(self.rule_of_census(decision)),
            },
            (Part::Asking(_), Input::Timeout(_)) => Some(self.rule_of_census(decision)),
            (Part::Following, Input::Timeout(_)) => Some(match self.protocol.params.termination {
                Termination::Timeouts => "timeout transition",
                _ => self.rule_of_census(decision),
            }),
            (Part::Recovering { .. }, Input::Message { msg, .. }) => {
                matches!(msg, Msg::Recovered(..)).then_some("last to fail")
            }
            (Part::Moving { .. }, Input::Timeout(_)) => Some("commit without the failed"),
            _ => None,
        }
    }

    fn rule_of_census(&self, decision: Decision) -> &'static str {
        match (self.protocol.has_quorums(), decision) {
            (false, Decision::Abort) => "TR3",
            (false, Decision::Commit) => "TR4",
            (true, Decision::Abort) => "abort quorum",
            (true, Decision::Commit) => "commit quorum",
        }
    }

    fn rule_of_move(&self, to: Local) -> &'static str {
        self.rule_of_census(to.leads_to())
    }

    fn was(&self, txn: Txn) -> Option<Phase> {
        self.before.state().map(|state| state[txn])
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

    fn released(&mut self, txn: Txn) {
        let subject = u64::from(txn);
        self.once(Observation::Released { subject });
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

/// What a storage says of a transaction.
pub fn log(storage: Option<&Storage>, txn: Txn) -> Log {
    storage.map_or(Log::Nothing, |logs| logs[txn])
}
