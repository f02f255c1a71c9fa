//! What servers and clients observe of themselves, and what has happened: a fold of that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Ballot, Command, MultiPaxos, Proposal, Slot};
use crate::model::{Few, FewMap, Id, NodeSet, Observation, Observed, Tally, Value};
use crate::protocols::clients::{self, Ask, Reply, Servers};
use crate::protocols::consensus;
use crate::protocols::key_value::Linearizability;

/// What a handler says of its step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// A majority has promised it this ballot.
    Led(Ballot),
    Accepted(Slot, Proposal),
    /// Knows that this is chosen, and executes it. (Not said of what a snapshot stands for: that was executed
    /// elsewhere.)
    Learned(Slot, Command),
    /// Took over a state that stands for all slots up to this one.
    Installed(Slot),
    /// Executed a command that its session has not seen before.
    Executed {
        slot: Slot,
        command: Command,
    },
    /// An acceptor kept its promise, and refused (P1a).
    Refused,
    /// A new leader took over what was reported to it (P2c).
    Adopted(Slot),
    /// A client asks for something, under this serial number.
    Invoked {
        serial: u32,
        ask: Ask,
    },
    /// A client is told what became of it, or stops waiting and never is.
    Returned {
        serial: u32,
        reply: Option<Reply>,
    },
}

/// A fold of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    /// Who led each ballot, first.
    pub(super) leaders: FewMap<Ballot, Id>,
    /// Of each slot who accepted and learned what.
    pub(super) choices: FewMap<Slot, consensus::History<Command>>,
    /// From which slots on others decide than before, and who, by the commands that were executed.
    pub(super) configurations: FewMap<Slot, Servers>,
    /// What clients have asked for.
    pub(super) asked: Few<Command>,
    /// Where each command was executed, first.
    pub(super) executed: BTreeMap<Command, Slot>,
    /// What the clients were told.
    pub(super) clients: Linearizability,
    /// The first ballot that two were elected in: the second after the first.
    pub(super) led_both: Option<(Ballot, Id, Id)>,
    /// Executed this command there, after it was executed elsewhere.
    pub(super) executed_again: Option<(Id, Slot, Command)>,
}

impl History {
    pub(super) fn record(&mut self, paxos: &MultiPaxos, id: Id, claim: &Claim) {
        match *claim {
            Claim::Led(ballot) => self.led(ballot, id),
            Claim::Accepted(slot, proposal) => {
                let claim = consensus::Claim::Accepted(proposal);
                self.choices.of(slot).record(id, claim);
            }
            Claim::Learned(slot, command) => {
                let claim = consensus::Claim::Learned(command);
                self.choices.of(slot).record(id, claim);
            }
            Claim::Executed { slot, command } => {
                self.executed(id, slot, command);
                self.changed(paxos, slot, command);
            }
            Claim::Installed(_) | Claim::Refused | Claim::Adopted(_) => {}
            Claim::Invoked { serial, ask } => {
                if let Some(command) = Command::asked(id, serial, ask) {
                    self.asked.insert(command);
                }
                let claim = clients::Claim::Invoked { serial, ask };
                claim.tell(&mut self.clients, paxos.clients.number(id) + 1);
            }
            Claim::Returned { serial, reply } => {
                let claim = clients::Claim::Returned { serial, reply };
                claim.tell(&mut self.clients, paxos.clients.number(id) + 1);
            }
        }
    }

    fn led(&mut self, ballot: Ballot, id: Id) {
        match self.leaders.get(&ballot) {
            None => self.leaders.insert(ballot, id),
            Some(first) if *first == id => {}
            Some(first) => {
                self.led_both.get_or_insert((ballot, *first, id));
            }
        }
    }

    /// Who decides a slot (PMS, 3): as the commands up to α slots before say.
    pub(super) fn deciders(&self, paxos: &MultiPaxos, slot: Slot) -> NodeSet {
        let changes = self.configurations.iter();
        let last = changes.take_while(|(from, _)| **from <= slot).last();
        last.map_or(paxos.members, |(_, servers)| (*servers).into())
    }

    /// Whoever executes it first has executed all changes before. (A change to nobody is refused.)
    fn changed(&mut self, paxos: &MultiPaxos, slot: Slot, command: Command) {
        let (Command::Members(_, _, members), Some(window)) = (command, paxos.params.window) else {
            return;
        };
        let from = slot.saturating_add(window);
        let target = members.out_of(self.deciders(paxos, from));
        if self.configurations.get(&from).is_none() && !target.is_empty() {
            self.configurations.insert(from, Servers::of(target));
        }
    }

    fn executed(&mut self, id: Id, slot: Slot, command: Command) {
        if *self.executed.entry(command).or_insert(slot) != slot {
            self.executed_again.get_or_insert((id, slot, command));
        }
    }
}

impl Observed<MultiPaxos> for Claim {
    /// Slots are chosen again and again: nobody decides once and for all.
    fn tally(&self, _: &MultiPaxos) -> Option<Tally> {
        match *self {
            Claim::Invoked { .. } => Some(Tally::Asked),
            Claim::Returned { reply, .. } => reply.map(|_| Tally::Answered),
            _ => None,
        }
    }

    fn in_words(&self, paxos: &MultiPaxos) -> Observation {
        match *self {
            Claim::Led(Ballot(ballot)) => Observation::Elected {
                subject: ballot.into(),
            },
            Claim::Accepted(slot, Proposal { ballot, value }) => Observation::Accepted {
                subject: ballot.0.into(),
                value: in_slot(slot, &paxos.name_of(value)),
            },
            Claim::Learned(slot, command) => Observation::Chosen {
                subject: slot.into(),
                value: paxos.name_of(command),
            },
            Claim::Executed { slot, command } => Observation::Executed {
                subject: slot.into(),
                value: paxos.name_of(command),
            },
            Claim::Installed(slot) => Observation::Noted {
                words: format!("takes over the state up to slot {slot}").into(),
            },
            Claim::Refused => Observation::applied("P1a"),
            Claim::Adopted(_) => Observation::applied("P2c"),
            Claim::Invoked { serial, ask } => clients::Claim::Invoked { serial, ask }.in_words(),
            Claim::Returned { serial, reply } => {
                clients::Claim::Returned { serial, reply }.in_words()
            }
        }
    }
}

fn in_slot(slot: Slot, value: &Value) -> Value {
    Value::Word(format!("{slot}:{value}").into())
}

impl From<clients::Claim> for Claim {
    fn from(claim: clients::Claim) -> Self {
        match claim {
            clients::Claim::Invoked { serial, ask } => Claim::Invoked { serial, ask },
            clients::Claim::Returned { serial, reply } => Claim::Returned { serial, reply },
        }
    }
}

impl MultiPaxos {
    /// `C1.2 put x 1`: a command, told apart from all others.
    pub(super) fn name_of(&self, command: Command) -> Value {
        let text = match command {
            Command::NoOp => return Value::from("no-op"),
            Command::Of(client, serial, _) | Command::Members(client, serial, _) => {
                format!("C{}.{serial} {command}", self.clients.number(client) + 1)
            }
            Command::Own(..) | Command::Decision(_) => command.to_string(),
        };
        Value::Word(text.into())
    }
}
