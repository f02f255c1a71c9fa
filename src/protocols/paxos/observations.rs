//! What a step meant, read off the records that it wrote and the messages that it sent.
//!
//! An acceptance takes effect when its record is written; so a crash in the middle of a handler
//! shows just what had taken effect. If a mistake leaves the record out it does when a learner is
//! told or, where nobody is, in the state.

use std::borrow::Cow;

use super::{Acceptor, Msg, Paxos, Phase, Proposal, State, Storage};
use crate::model::{Command, Id, Input, Node, Observation, Reaction};

/// What the choice is called where observations ask for a number: there is only one.
const THE_CHOICE: u64 = 1;

pub fn observe(
    id: Id,
    before: &Node<Paxos>,
    input: Input<'_, Paxos>,
    reaction: &Reaction<Paxos>,
    found: &mut Vec<Observation>,
) {
    let mut once = |observation: Observation| {
        if !found.contains(&observation) {
            found.push(observation);
        }
    };
    for command in &reaction.commands {
        match command {
            // It has a value to propose from its first ballot on.
            Command::Save {
                record: Storage::Proposer(_),
                ..
            }
            | Command::Send(_, Msg::Prepare(_))
                if begins(before) =>
            {
                let (subject, value) = (THE_CHOICE, Paxos::own_value(id).into());
                once(Observation::Invoked { subject, value });
            }
            Command::Send(_, Msg::Accept(proposal))
                if matches!(input, Input::Message { .. })
                    && proposal.value != Paxos::own_value(id) =>
            {
                once(applied("P2c"));
            }
            Command::Send(_, Msg::Nack(..)) => once(applied("P1a")),
            Command::Send(_, Msg::Accepted(proposal))
            | Command::Save {
                record:
                    Storage::Acceptor(Acceptor {
                        accepted: Some(proposal),
                        ..
                    }),
                ..
            } if accepted(before) != Some(*proposal) => once(acceptance(*proposal)),
            Command::Save {
                record: Storage::Learner(Some(value)),
                ..
            } => {
                let (subject, value) = (THE_CHOICE, (*value).into());
                once(Observation::Chosen { subject, value });
            }
            _ => {}
        }
    }
    // Neither written nor told: it takes effect in the state.
    if let Some(State::Acceptor(a)) = reaction.state
        && let Some(proposal) = a.accepted.filter(|_| a.accepted != accepted(before))
        && !matches!(input, Input::Start)
    {
        once(acceptance(proposal));
    }
}

/// Whether a proposer has not used any ballot yet, as far as it knows.
fn begins(before: &Node<Paxos>) -> bool {
    let waiting = matches!(
        before.state(),
        Some(State::Proposer(p)) if matches!(p.phase, Phase::Waiting { .. })
    );
    waiting && before.storage().is_none()
}

/// What an acceptor had accepted, in memory.
fn accepted(before: &Node<Paxos>) -> Option<Proposal> {
    match before.state() {
        Some(State::Acceptor(a)) => a.accepted,
        _ => None,
    }
}

fn acceptance(proposal: Proposal) -> Observation {
    Observation::Accepted {
        subject: proposal.ballot.0.into(),
        value: proposal.value.into(),
    }
}

fn applied(rule: &'static str) -> Observation {
    let rule = Cow::Borrowed(rule);
    Observation::Applied { rule }
}
