//! The coordinator: it has checkpoints begin, collects what tasks have in them, writes down which are complete, and has all
//! start again when something has failed (SMF 4).

use super::claims::Claim;
use super::{JobManager, Log, Mistake, Msg, Storage, StreamingTwoPhaseCommit, Timer};
use crate::model::{FewMap, Id, Input, Out, Start};
use crate::protocols::streaming::{Checkpoint, Epoch, Part, nth};

/// The job manager while one of its handlers runs.
pub(in crate::protocols) struct Coordinator<'a> {
    pub protocol: &'a StreamingTwoPhaseCommit,
    pub m: &'a mut JobManager,
    pub o: &'a mut Out<StreamingTwoPhaseCommit>,
}

impl StreamingTwoPhaseCommit {
    /// A first start, with all tasks in the first attempt; or recovery: what the last one had under way nobody can know, so
    /// all start again.
    pub(in crate::protocols) fn start_job_manager(
        &self,
        start: Start<'_, Storage>,
        o: &mut Out<Self>,
    ) -> JobManager {
        let recorded = start.storage().and_then(Storage::log).cloned();
        let mut m = JobManager {
            log: recorded.unwrap_or_else(Log::at_first),
            last: 0,
            running: FewMap::new(),
            given_up: 0,
        };
        let mut manager = Coordinator {
            protocol: self,
            m: &mut m,
            o,
        };
        match start {
            Start::First => manager.waits_for_the_next(),
            Start::Again(_) => manager.starts_again(),
        }
        m
    }

    /// Whether an input would have the job manager begin another attempt.
    pub(in crate::protocols) fn would_start_again(
        &self,
        m: &JobManager,
        input: Input<'_, Self>,
    ) -> bool {
        match input {
            Input::Message {
                msg: Msg::Failed(attempt),
                ..
            } => *attempt == m.log.attempt,
            Input::Timeout(Timer::Late(_)) => m.given_up >= self.params.tolerated,
            _ => false,
        }
    }

    /// Whether there is to be another checkpoint, besides those under way.
    fn wants_another(&self, m: &JobManager) -> bool {
        let under_way = u32::try_from(m.running.len()).unwrap_or(u32::MAX);
        let counted = m.log.completed.number.saturating_add(under_way);
        counted < self.params.checkpoints && under_way < self.params.in_flight
    }
}

impl Coordinator<'_> {
    pub fn hears(&mut self, src: Id, msg: Msg) {
        let attempt = self.m.log.attempt;
        match msg {
            Msg::Ack(epoch, part)
                if epoch.attempt == attempt || self.protocol.makes(Mistake::CountsOldAcks) =>
            {
                self.hears_ack(src, epoch.checkpoint, part);
            }
            Msg::Failed(of) if of == attempt => self.starts_again(),
            // Who is in an earlier attempt has not heard of this one.
            Msg::Ack(..) | Msg::Failed(_) => self.restores(src),
            _ => {}
        }
    }

    pub fn waits_no_longer(&mut self, timer: Timer) {
        match timer {
            Timer::Trigger => self.begins(),
            Timer::Late(checkpoint) => self.gives_up(checkpoint),
            _ => {}
        }
    }

    /// Phase 1: sources are asked to send barriers.
    fn begins(&mut self) {
        self.m.last += 1;
        let checkpoint = self.m.last;
        let none = vec![None; self.protocol.flow.tasks().len()];
        self.m.running.insert(checkpoint, none);
        let epoch = self.epoch(checkpoint);
        self.o
            .broadcast(self.protocol.flow.sources(), &Msg::Trigger(epoch));
        if let Some(timeout) = self.protocol.params.checkpoint_timeout {
            self.o.set_timer(Timer::Late(checkpoint), timeout);
        }
        self.waits_for_the_next();
    }

    /// A task has its part. Once all have theirs the checkpoint is complete. One that asks about an older checkpoint is told
    /// of the last that is.
    fn hears_ack(&mut self, src: Id, checkpoint: u32, part: Part) {
        let protocol = self.protocol;
        if let Some(parts) = self.m.running.get_mut(&checkpoint) {
            let mut place = nth(protocol.flow.tasks(), src);
            if protocol.makes(Mistake::CountsAcks) && parts[place].is_some() {
                let missing = parts.iter().position(Option::is_none);
                place = missing.unwrap_or(place);
            }
            parts[place] = Some(part);
            let parts: Option<Vec<Part>> = parts.iter().cloned().collect();
            if let Some(parts) = parts {
                self.completes(checkpoint, parts);
            }
            return;
        }
        let completed = self.m.log.completed.epoch;
        if checkpoint <= completed.checkpoint && protocol.flow.sinks().contains(src) {
            self.o.send(src, Msg::Notify(completed));
        }
    }

    /// The decision, and phase 2. Older checkpoints that are under way are a part of this one.
    fn completes(&mut self, checkpoint: u32, parts: Vec<Part>) {
        let epoch = self.epoch(checkpoint);
        let notify = Msg::Notify(epoch);
        let sinks = self.protocol.flow.sinks();
        self.m.log.completed = Checkpoint {
            epoch,
            number: self.m.log.completed.number + 1,
            parts,
        };
        let is_early = self.protocol.makes(Mistake::NotifiesBeforeRecord);
        if is_early {
            self.o.broadcast(sinks, &notify);
        }
        self.o.observe(Claim::Completed(epoch));
        self.writes_down();
        if !is_early {
            self.o.broadcast(sinks, &notify);
        }
        self.m.given_up = 0;
        self.forgets(|other| other <= checkpoint);
        self.waits_for_the_next();
    }

    /// A checkpoint takes too long. What belongs to it stays prepared: the next one that is complete has it, too.
    fn gives_up(&mut self, checkpoint: u32) {
        self.m.running.remove(&checkpoint);
        if self.m.given_up >= self.protocol.params.tolerated {
            return self.starts_again();
        }
        self.m.given_up += 1;
        self.waits_for_the_next();
    }

    /// Another attempt, from the last checkpoint that is complete.
    fn starts_again(&mut self) {
        if !self.protocol.makes(Mistake::AttemptInMemory) {
            self.m.log.attempt += 1;
        }
        let Log { attempt, completed } = &self.m.log;
        self.o
            .observe(Claim::StartsAgain(*attempt, completed.epoch));
        self.m.last = completed.epoch.checkpoint;
        self.m.given_up = 0;
        self.writes_down();
        for task in self.protocol.flow.tasks().iter() {
            self.restores(task);
        }
        self.forgets(|_| true);
        self.waits_for_the_next();
    }

    fn restores(&mut self, task: Id) {
        let Log { attempt, completed } = &self.m.log;
        let part = self.protocol.flow.part(completed, task);
        self.o.send(task, Msg::Restore(*attempt, part));
    }

    /// Nothing of these checkpoints is under way any more.
    fn forgets(&mut self, which: impl Fn(u32) -> bool) {
        let running: Vec<u32> = self.m.running.keys().copied().collect();
        for checkpoint in running.into_iter().filter(|it| which(*it)) {
            self.m.running.remove(&checkpoint);
            self.o.cancel_timer(Timer::Late(checkpoint));
        }
    }

    fn waits_for_the_next(&mut self) {
        if self.protocol.wants_another(self.m) {
            let interval = self.protocol.params.interval;
            self.o.set_timer(Timer::Trigger, interval);
        }
    }

    fn writes_down(&mut self) {
        self.o.save(Storage::JobManager(self.m.log.clone()));
    }

    fn epoch(&self, checkpoint: u32) -> Epoch {
        Epoch {
            attempt: self.m.log.attempt,
            checkpoint,
        }
    }
}
