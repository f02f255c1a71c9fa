//! Sessions: a command that a client asks for again is executed only once (Ongaro, 6.3).
//!
//! A client numbers its commands upwards and has one in flight at a time, so the last number and its
//! answer are all that needs to be remembered of it. Sessions are part of the replicated state: they
//! change only as commands are applied, in the order of the log. They never expire.

use serde::{Deserialize, Serialize};

use super::{Answer, Machine, Op};

/// What is remembered of each client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sessions {
    /// By client.
    last: Vec<(u8, Last)>,
}

/// The last command of a client that was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Last {
    serial: u32,
    answer: Answer,
}

/// The state machine, and with it the table of sessions: all that executing a log makes (Ongaro, 6.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Applied {
    pub machine: Machine,
    pub sessions: Sessions,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    pub answer: Answer,
    /// Whether it was executed now, and not answered from memory.
    pub anew: bool,
}

impl Applied {
    /// Executes a command, unless that was done before; see [`Sessions::apply`].
    pub fn once(&mut self, client: u8, serial: u32, op: Op) -> Option<Executed> {
        self.sessions.apply(&mut self.machine, client, serial, op)
    }

    /// Executes a command, whether that was done before or not.
    pub fn anyway(&mut self, op: Op) -> Executed {
        let answer = self.machine.execute(op);
        Executed { answer, anew: true }
    }
}

impl Sessions {
    /// The answer to a command that was executed before, if it is the client's last.
    pub fn answered(&self, client: u8, serial: u32) -> Option<Answer> {
        let last = self.last[self.place(client).ok()?].1;
        (last.serial == serial).then_some(last.answer)
    }

    /// Whether a command is the client's last that was executed, or older.
    pub fn has_passed(&self, client: u8, serial: u32) -> bool {
        let place = self.place(client);
        place.is_ok_and(|i| serial <= self.last[i].1.serial)
    }

    /// Executes a command, unless that was done before. One that is older than the last one
    /// remembered does nothing, and nobody waits for it: `None`.
    pub fn apply(
        &mut self,
        machine: &mut Machine,
        client: u8,
        serial: u32,
        op: Op,
    ) -> Option<Executed> {
        self.once(client, serial, || machine.execute(op))
    }

    /// Lets something be done under a serial number, unless that was done before.
    pub fn once(
        &mut self,
        client: u8,
        serial: u32,
        execute: impl FnOnce() -> Answer,
    ) -> Option<Executed> {
        let place = self.place(client);
        if let Ok(i) = place {
            let last = self.last[i].1;
            if serial <= last.serial {
                return (serial == last.serial).then_some(Executed {
                    answer: last.answer,
                    anew: false,
                });
            }
        }
        let answer = execute();
        let last = Last { serial, answer };
        match place {
            Ok(i) => self.last[i].1 = last,
            Err(i) => self.last.insert(i, (client, last)),
        }
        Some(Executed { answer, anew: true })
    }

    /// Where a client is, or where it would be.
    fn place(&self, client: u8) -> Result<usize, usize> {
        self.last
            .binary_search_by_key(&client, |(client, _)| *client)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::ops;
    use super::*;

    #[test]
    fn a_command_that_is_asked_for_again_is_answered_from_memory() {
        let (mut sessions, mut machine) = (Sessions::default(), Machine::default());
        let inc: Op = "inc x".parse().unwrap();
        let mut apply = |client, serial| sessions.apply(&mut machine, client, serial, inc);
        let executed = |value, anew| {
            let answer = Answer::Value(value);
            Some(Executed { answer, anew })
        };
        assert_eq!(apply(0, 1), executed(1, true));
        assert_eq!(apply(1, 1), executed(2, true));
        assert_eq!(apply(0, 1), executed(1, false));
        // A client that gave one up goes on with the next; what it gave up comes too late.
        assert_eq!(apply(0, 3), executed(3, true));
        assert_eq!(apply(0, 2), None);
        assert_eq!(sessions.answered(0, 3), Some(Answer::Value(3)));
        assert_eq!(sessions.answered(0, 1), None);
        assert_eq!(sessions.answered(2, 1), None);
        assert!(sessions.has_passed(0, 2) && sessions.has_passed(0, 3));
        assert!(!sessions.has_passed(0, 4) && !sessions.has_passed(2, 1));
    }

    proptest! {
        /// Whatever the log repeats, and wherever: the machine is as if each command had been there
        /// once, at its first place, and whoever asks again is told the same.
        #[test]
        fn a_command_is_executed_once(
            commands in proptest::collection::vec(
                (0u8..3, ops(2, 2), proptest::collection::vec(any::<prop::sample::Index>(), 0..3)),
                1..12,
            ),
        ) {
            // The log: each command, and its repetitions anywhere behind it.
            let mut log: Vec<usize> = (0..commands.len()).collect();
            for (i, (.., again)) in commands.iter().enumerate() {
                for place in again {
                    let first = log.iter().position(|entry| *entry == i).unwrap();
                    let place = first + 1 + place.index(log.len() - first);
                    log.insert(place, i);
                }
            }
            let serial = |i: usize| {
                let client = commands[i].0;
                u32::try_from(commands[..i].iter().filter(|c| c.0 == client).count()).unwrap()
            };

            let (mut sessions, mut machine) = (Sessions::default(), Machine::default());
            let mut plain = Machine::default();
            let mut told: Vec<Option<Answer>> = vec![None; commands.len()];
            for i in log {
                let (client, op, _) = commands[i];
                let is_last = (i + 1..commands.len())
                    .all(|later| commands[later].0 != client || told[later].is_none());
                let executed = sessions.apply(&mut machine, client, serial(i), op);
                let expected = match told[i] {
                    None => {
                        let answer = plain.execute(op);
                        told[i] = Some(answer);
                        Some(Executed { answer, anew: true })
                    }
                    Some(answer) => is_last.then_some(Executed { answer, anew: false }),
                };
                prop_assert_eq!(executed, expected);
                prop_assert_eq!(&machine, &plain);
                let remembered = executed.map(|executed| executed.answer);
                prop_assert_eq!(sessions.answered(client, serial(i)), remembered);
            }
        }
    }
}
