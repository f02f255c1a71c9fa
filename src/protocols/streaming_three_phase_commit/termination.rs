//! Termination: the job manager is silent, and the sinks end the attempt without it (BHG 7.5, TR1 to TR4).

use super::sink::Participant;
use super::{Census, Checkpoint, Mistake, Msg, Standing, Timer};
use crate::model::{FewMap, Id, NodeSet};
use crate::protocols::streaming::{Epoch, Part};

impl Participant<'_> {
    /// Whom it waits for has failed.
    pub(super) fn meets_silence(&mut self) {
        match self.s.standing.clone() {
            Standing::Led if self.protocol.makes(Mistake::TimeoutsOnly) => {
                let known = self.newest(&FewMap::new());
                self.ends(known);
            }
            Standing::Led => self.suspects(),
            Standing::Follows(backup) => {
                self.s.down.insert(backup);
                self.suspects();
            }
            Standing::Asks(census) => {
                let heard: NodeSet = census.keys().copied().collect();
                self.s.down = self.s.down.union(self.others().minus(heard));
                self.decides(&census);
            }
            Standing::Moves(to, missing) => {
                self.s.down = self.s.down.union(missing);
                self.settles(to);
            }
            Standing::Recovers => self.inquires(),
        }
    }

    /// The next in line takes the place of whoever has failed. Nobody works on in an attempt without a job manager.
    pub(super) fn suspects(&mut self) {
        self.stops();
        let mut in_line = self.protocol.sinks().minus(self.s.down).iter();
        match in_line.next() {
            Some(next) if next != self.id => {
                self.s.standing = Standing::Follows(next);
                self.o.send(next, Msg::Inquiry(self.attempt()));
                self.waits();
            }
            _ => self.surveys(),
        }
    }

    /// A backup's first step: where does everybody stand?
    fn surveys(&mut self) {
        self.applies("election of a backup");
        let census = FewMap::new();
        let others = self.others();
        if others.is_empty() {
            return self.decides(&census);
        }
        self.s.standing = Standing::Asks(census);
        let request = Msg::StateReq(self.attempt());
        self.o.broadcast(others, &request);
        self.waits();
    }

    /// Says where it stands, and follows who asks; or says how the attempt has ended.
    pub(super) fn reports(&mut self, src: Id, of: u32) {
        if self.tells_the_end(src, of) {
            return;
        }
        if of > self.attempt() {
            return self.is_behind(src, of);
        }
        let leads = matches!(self.s.standing, Standing::Asks(_) | Standing::Moves(..));
        let recovers = self.s.standing == Standing::Recovers;
        if src > self.id || recovers || leads {
            return;
        }
        let replaced = self.protocol.sinks().iter().filter(|id| *id < src);
        self.s.down = self.s.down.union(replaced.collect());
        self.stops();
        self.s.standing = Standing::Follows(src);
        let (mut pre_committed, completed) = self.stands();
        if self.protocol.makes(Mistake::TellsNoCheckpoint)
            && let Some(to) = &mut pre_committed
        {
            to.parts.clear();
        }
        self.o.send(src, Msg::State(of, pre_committed, completed));
        self.waits();
    }

    /// Who asks is in a later attempt: in that this sink stands nowhere, and its own has ended.
    fn is_behind(&mut self, src: Id, of: u32) {
        let completed = self.s.phases.completed.clone();
        self.o.send(src, Msg::State(of, None, completed));
        if !self.s.phases.is_resolved {
            self.o.send(src, Msg::Inquiry(self.attempt()));
        }
    }

    /// Is told where another stands.
    pub(super) fn is_told(
        &mut self,
        src: Id,
        pre_committed: Option<Checkpoint>,
        completed: Checkpoint,
    ) {
        let others = self.others();
        let Standing::Asks(census) = &mut self.s.standing else {
            return;
        };
        census.insert(src, (pre_committed, completed));
        if others.iter().all(|other| census.contains_key(&other)) {
            let census = census.clone();
            self.decides(&census);
        }
    }

    /// TR2 to TR4.
    fn decides(&mut self, census: &Census) {
        let newest = self.newest(census);
        let mut completed = census.values().map(|(_, completed)| completed.epoch);
        let is_complete = newest.epoch == self.s.phases.completed.epoch
            || completed.any(|epoch| epoch == newest.epoch);
        if is_complete {
            self.applies("TR2 and TR3");
            return self.settles(newest);
        }
        self.applies("TR4");
        if self.protocol.makes(Mistake::CommitsWithoutMoving) {
            return self.settles(newest);
        }
        if self.protocol.makes(Mistake::TellsNoCheckpoint) && newest.parts.is_empty() {
            return self.waits();
        }
        let others = self.others();
        if others.is_empty() {
            return self.settles(newest);
        }
        // The next backup, should this one fail, must not find them all uncertain.
        self.s.phases.pre_committed = Some(newest.clone());
        self.writes_down();
        self.o.broadcast(others, &Msg::PreCommit(newest.clone()));
        self.s.standing = Standing::Moves(newest, others);
        self.waits();
    }

    /// The newest checkpoint that somebody is pre-committed to, or knows to be complete.
    fn newest(&self, census: &Census) -> Checkpoint {
        let phases = &self.s.phases;
        let own = [phases.pre_committed.as_ref(), Some(&phases.completed)];
        let theirs = census
            .values()
            .flat_map(|(pre_committed, completed)| [pre_committed.as_ref(), Some(completed)]);
        // Of those of one epoch the last is taken: its own.
        let all = theirs.chain(own).flatten();
        let newest = all.max_by_key(|checkpoint| checkpoint.epoch);
        newest.cloned().unwrap_or_default()
    }

    /// One of those whom it moves is pre-committed.
    pub(super) fn has_moved(&mut self, src: Id, epoch: Epoch) {
        let Standing::Moves(to, missing) = &mut self.s.standing else {
            return;
        };
        if to.epoch != epoch {
            return;
        }
        missing.remove(src);
        if missing.is_empty() {
            let to = to.clone();
            self.settles(to);
        }
    }

    /// A backup ends the attempt, and tells all.
    fn settles(&mut self, with: Checkpoint) {
        let decide = Msg::Decide(self.attempt(), with.clone());
        self.ends(with);
        let others = self.protocol.sinks().without(self.id);
        self.o.broadcast(others, &decide);
    }

    /// The attempt is over: what is in this checkpoint is committed, all else is aborted.
    pub(super) fn ends(&mut self, with: Checkpoint) {
        if self.s.phases.is_resolved {
            return;
        }
        self.stops();
        let mut listed = match self.part(&with) {
            Part::Pending(listed) => listed,
            _ => Vec::new(),
        };
        if self.protocol.makes(Mistake::CommitsAllPrepared) && with.epoch.attempt == self.attempt()
        {
            listed = self.s.task.disk.store.prepared.keys().copied().collect();
        }
        self.s.standing = Standing::Led;
        let phases = &mut self.s.phases;
        phases.pre_committed = None;
        phases.is_resolved = true;
        if with.epoch > phases.completed.epoch {
            phases.completed = with;
        }
        self.works(|worker, _| worker.ends_with(&listed));
        self.o.cancel_timer(Timer::Silence);
        if self.s.is_queried {
            self.is_queried();
        }
    }

    /// Another asks how the attempt has ended. Who does not know it will find out whether the job manager is there; who is in
    /// doubt itself is about to.
    pub(super) fn is_asked(&mut self, src: Id, of: u32) {
        let is_led = of == self.attempt() && self.s.standing == Standing::Led;
        let waits = !self.s.task.disk.store.prepared.is_empty();
        if !self.tells_the_end(src, of) && is_led && !waits {
            self.waits();
        }
    }

    /// TR1: says how an attempt has ended, if it has. For whoever is in a later one it has.
    fn tells_the_end(&mut self, to: Id, of: u32) -> bool {
        let has_ended = of < self.attempt() || of == self.attempt() && self.s.phases.is_resolved;
        if has_ended {
            let with = self.s.phases.completed.clone();
            self.o.send(to, Msg::Decide(of, with));
        }
        has_ended
    }

    /// There is a new job manager: so the one before has failed.
    pub(super) fn is_queried(&mut self) {
        self.s.is_queried = true;
        if !self.s.phases.manager_was_replaced {
            self.s.phases.manager_was_replaced = true;
            self.writes_down();
        }
        let (pre_committed, completed) = self.stands();
        if self.s.phases.is_resolved {
            return self.o.send(super::manager(), Msg::Resolved(completed));
        }
        match self.s.standing {
            Standing::Led => self.suspects(),
            Standing::Recovers => {
                let answer = Msg::Unresolved(pre_committed, completed);
                self.o.send(super::manager(), answer);
            }
            _ => {}
        }
    }

    /// It has come back, and asks those that have stayed.
    pub(super) fn inquires(&mut self) {
        let others = self.protocol.sinks().without(self.id);
        let inquiry = Msg::Inquiry(self.attempt());
        self.o.broadcast(others, &inquiry);
        self.waits();
    }

    /// It works no more in this attempt.
    fn stops(&mut self) {
        if self.s.task.work.is_some() {
            self.works(|worker, _| worker.says_that_it_failed());
        }
    }

    /// What it is pre-committed to, and the last checkpoint that it knows to be complete.
    fn stands(&self) -> (Option<Checkpoint>, Checkpoint) {
        let phases = &self.s.phases;
        (phases.pre_committed.clone(), phases.completed.clone())
    }

    fn attempt(&self) -> u32 {
        self.s.task.disk.attempt
    }

    /// The sinks that have not failed, but for itself.
    fn others(&self) -> NodeSet {
        self.protocol.sinks().minus(self.s.down).without(self.id)
    }
}
