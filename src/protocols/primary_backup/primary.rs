//! The primary: Alsberg & Day 1976; MIT 6.824, lab 2B.

use std::mem::take;
use std::sync::Arc;

use super::{
    Answer, Claim, Command, Mistake, Msg, Op, Phase, Primary, Role, Timer, Turn, View, ViewNumber,
};
use crate::model::Id;
use crate::protocols::key_value::Sessions;

impl Turn<'_> {
    /// Hears of a view, and takes its part in it. What has no part that needs the state is forgotten.
    pub fn learns(&mut self, view: View) {
        if view.number <= self.s.number() {
            return;
        }
        let me = self.me();
        let line = match &mut self.s.role {
            Role::Primary(Primary { phase, line }) => {
                // What is with the old backup begins again.
                let mut unfinished = take(line);
                if let Phase::Serving {
                    forwarded: Some(command),
                } = phase
                {
                    unfinished.insert(0, *command);
                }
                unfinished
            }
            _ => Vec::new(),
        };
        self.s.view = Some(view);
        self.out.cancel_timer(Timer::Resend);
        self.waits_for_peer(view);
        if view.primary == me {
            let phase = Phase::Transferring;
            self.s.role = Role::Primary(Primary { phase, line });
            self.begins(view);
            return;
        }
        self.s.copy = Arc::default();
        self.s.role = if view.backup == Some(me) {
            Role::Awaiting
        } else {
            Role::Idle
        };
    }

    /// Lab 2B: a new backup gets the state, and until it has it the view is not acknowledged, nor anybody served.
    fn begins(&mut self, view: View) {
        if view.backup.is_none() {
            return self.serves();
        }
        self.resends();
        if self.makes(Mistake::AcknowledgesBeforeTransfer) {
            self.serves();
        }
    }

    /// The backup has the state.
    pub fn on_synced(&mut self, view: ViewNumber) {
        if let Role::Primary(primary) = &self.s.role
            && primary.phase == Phase::Transferring
            && view == self.s.number()
        {
            self.out.cancel_timer(Timer::Resend);
            self.serves();
        }
    }

    /// Acknowledges the view, and serves those who wait.
    fn serves(&mut self) {
        if let Role::Primary(primary) = &mut self.s.role {
            primary.phase = Phase::Serving { forwarded: None };
        }
        self.claims_to_serve();
        if !self.protocol.is_static() {
            self.ping();
        }
        self.goes_on();
    }

    pub fn claims_to_serve(&mut self) {
        if let Some(view) = self.s.view {
            self.observe(Claim::Serves(view));
        }
    }

    /// A client asks. What waits already is not begun twice.
    pub fn on_request(&mut self, client: Id, serial: u32, op: Op) {
        let client = self.protocol.client_number(client);
        let command = Command { client, serial, op };
        let serves = self.s.serves();
        let Role::Primary(primary) = &mut self.s.role else {
            return;
        };
        if op.is_read() && serves && self.protocol.makes(Mistake::ReadsLocally) {
            let value = self.s.copy.machine.read(op.key());
            return self.reply(command, Answer::Value(value));
        }
        let forwarded = match primary.phase {
            Phase::Serving { forwarded } => forwarded,
            Phase::Transferring => None,
        };
        if forwarded != Some(command) && !primary.line.contains(&command) {
            primary.line.push(command);
        }
        self.goes_on();
    }

    /// Begins what waits, one after the other.
    fn goes_on(&mut self) {
        while let Some(command) = self.next_in_line() {
            let copy = &self.s.copy;
            if let Some(answer) = copy.answered(&command) {
                self.reply(command, answer);
            } else if copy.has_passed(&command) {
                // Its client has given it up, and asked for something else.
            } else if let Some(backup) = self.s.its_backup() {
                self.forward(command, backup.server);
            } else {
                self.executes_and_replies(command);
            }
        }
    }

    /// What is to be done next, if nothing is under way.
    fn next_in_line(&mut self) -> Option<Command> {
        match &mut self.s.role {
            Role::Primary(Primary {
                phase: Phase::Serving { forwarded: None },
                line,
            }) if !line.is_empty() => Some(line.remove(0)),
            _ => None,
        }
    }

    /// Alsberg & Day 1976: the backup has it first. So does a read, which would not notice otherwise that another
    /// server has taken over (lab 2B).
    fn forward(&mut self, command: Command, backup: Id) {
        let msg = Msg::Forward(self.s.number(), self.s.copy.next_place(), command);
        if self.makes(Mistake::RepliesBeforeBackup) {
            self.executes_and_replies(command);
            return self.send(backup, msg);
        }
        if let Role::Primary(primary) = &mut self.s.role {
            let forwarded = Some(command);
            primary.phase = Phase::Serving { forwarded };
        }
        self.send(backup, msg);
        self.set_timer(Timer::Resend, self.protocol.params.resend);
    }

    /// The backup of the present view has it: so it is executed and answered.
    pub fn on_forwarded(&mut self, view: ViewNumber, place: u32) {
        let is_present = view == self.s.number() || self.makes(Mistake::CountsOldAcknowledgements);
        if let Role::Primary(primary) = &mut self.s.role
            && let Phase::Serving {
                forwarded: Some(command),
            } = primary.phase
            && is_present
            && place == self.s.copy.next_place()
        {
            primary.phase = Phase::Serving { forwarded: None };
            self.out.cancel_timer(Timer::Resend);
            self.executes_and_replies(command);
            self.goes_on();
        }
    }

    /// Sends again what its backup has not acknowledged.
    pub fn resends(&mut self) {
        let (Some(view), Some(backup)) = (self.s.view, self.s.its_backup()) else {
            return;
        };
        let Role::Primary(primary) = &self.s.role else {
            return;
        };
        let msg = match primary.phase {
            Phase::Transferring => {
                let mut copy = Arc::clone(&self.s.copy);
                if self.makes(Mistake::TableNotTransferred) {
                    Arc::make_mut(&mut copy).sessions = Sessions::default();
                }
                Msg::State(view, copy)
            }
            Phase::Serving {
                forwarded: Some(command),
            } => Msg::Forward(view.number, self.s.copy.next_place(), command),
            Phase::Serving { forwarded: None } => return,
        };
        self.send(backup.server, msg);
        self.set_timer(Timer::Resend, self.protocol.params.resend);
    }

    fn executes_and_replies(&mut self, command: Command) {
        if let Some(answer) = self.executes(command) {
            self.reply(command, answer);
        }
    }

    pub fn executes(&mut self, command: Command) -> Option<Answer> {
        let place = self.s.copy.next_place();
        let filtered = !self.makes(Mistake::NoDuplicateFilter);
        let copy = Arc::make_mut(&mut self.s.copy);
        let answer = copy.execute(command, filtered);
        if copy.at(place).is_some() {
            self.observe(Claim::Executed(place, command));
        }
        answer
    }

    fn reply(&mut self, command: Command, answer: Answer) {
        self.observe(Claim::Answered(command));
        let client = self.protocol.client(command.client);
        self.send(client, Msg::Reply(command.serial, answer));
    }
}
