//! A sink: that of two-phase commit, which learns in between that all have voted.

use super::{
    Checkpoint, Claim, Msg, Phases, Sink, Standing, Storage, StreamingThreePhaseCommit, Timer,
    Worker, again, flow, manager,
};
use crate::model::{Id, NodeSet, Out, Start};
use crate::protocols::streaming::{Epoch, Part};

/// A sink while one of its handlers runs.
pub(super) struct Participant<'a> {
    pub protocol: &'a StreamingThreePhaseCommit,
    pub id: Id,
    pub s: &'a mut Sink,
    pub o: &'a mut Out<StreamingThreePhaseCommit>,
}

impl StreamingThreePhaseCommit {
    /// A first start; or recovery: unless its attempt has ended it asks those that have stayed how.
    pub(super) fn start_sink(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> Sink {
        let recorded = start.storage();
        let disk = recorded.and_then(Storage::disk).cloned();
        let disk = disk.map(flow::Storage::Task);
        let phases = recorded.and_then(Storage::phases).cloned();
        let mut part = Out::default();
        let task = self
            .flow
            .start_task(id, again(start, disk.as_ref()), &mut part);
        let mut s = Sink {
            task,
            phases: phases.unwrap_or_default(),
            standing: Standing::Led,
            is_queried: false,
            down: NodeSet::EMPTY,
        };
        let protocol = self;
        let mut participant = Participant {
            protocol,
            id,
            s: &mut s,
            o,
        };
        participant.carries_on(part);
        if let Start::Again(_) = start
            && !participant.s.phases.is_resolved
        {
            participant.s.standing = Standing::Recovers;
            participant.inquires();
        }
        s
    }
}

impl Participant<'_> {
    pub fn hears(&mut self, src: Id, msg: Msg) {
        let attempt = self.s.task.disk.attempt;
        match msg {
            Msg::Restore(to, from) if to > attempt => self.is_restored(src, to, &from),

            // Phase 2, and phase 3. From a backup they come by the same names.
            Msg::PreCommit(to) if to.epoch.attempt == attempt && self.obeys(src) => {
                let epoch = to.epoch;
                self.s.phases.pre_committed = Some(to);
                self.writes_down();
                self.o.send(src, Msg::AckPreCommit(epoch));
            }
            Msg::Commit(epoch) if epoch.attempt == attempt && self.obeys(src) => {
                self.commits(src, epoch);
            }

            // Termination.
            Msg::AckPreCommit(epoch) => self.has_moved(src, epoch),
            Msg::Inquiry(of) => self.is_asked(src, of),
            Msg::StateReq(of) => self.reports(src, of),
            Msg::State(of, pre_committed, completed) if of == attempt => {
                self.is_told(src, pre_committed, completed);
            }
            Msg::Decide(of, with) if of == attempt => self.ends(with),
            Msg::Query(_) => self.is_queried(),

            // The dataflow, and phase 1.
            Msg::Trigger(_) | Msg::Record(..) | Msg::Barrier(..) => self.works(|worker, part| {
                if let Some(msg) = msg.of_the_flow(part) {
                    worker.hears(src, msg);
                }
            }),
            _ => {}
        }
    }

    pub fn waits_no_longer(&mut self, timer: Timer) {
        match timer {
            Timer::Silence => self.meets_silence(),
            // The job manager answers whoever has failed, if it is there.
            Timer::Restore if self.s.standing == Standing::Led && !self.s.phases.is_resolved => {
                self.suspects();
            }
            timer => self.works(|worker, _| {
                if let Some(timer) = timer.of_the_flow() {
                    worker.waits_no_longer(timer);
                }
            }),
        }
    }

    /// Whether this is whom it follows, and its attempt has not ended. A job manager that failed may have sent something just
    /// before, and a backup has been told since where this sink stands.
    fn obeys(&self, src: Id) -> bool {
        let follows = match self.s.standing {
            Standing::Led => src == manager(),
            Standing::Follows(backup) => src == backup,
            _ => false,
        };
        follows && !self.s.phases.is_resolved
    }

    /// Phase 3: it commits what it is pre-committed to.
    fn commits(&mut self, src: Id, epoch: Epoch) {
        let phases = &mut self.s.phases;
        let Some(to) = phases.pre_committed.take_if(|to| to.epoch == epoch) else {
            return;
        };
        phases.completed = to;
        self.works(|worker, _| worker.hears(src, flow::Msg::Notify(epoch)));
    }

    /// Another attempt has begun, from a checkpoint that is complete.
    fn is_restored(&mut self, src: Id, attempt: u32, from: &Checkpoint) {
        self.s.phases = Phases {
            pre_committed: None,
            completed: from.clone(),
            is_resolved: false,
            manager_was_replaced: self.s.phases.manager_was_replaced,
        };
        self.s.standing = Standing::Led;
        self.s.down = NodeSet::EMPTY;
        self.s.is_queried = false;
        let part = self.part(from);
        self.works(|worker, _| worker.hears(src, flow::Msg::Restore(attempt, part)));
    }

    /// Has the sink of two-phase commit do something.
    pub(super) fn works(
        &mut self,
        does: impl FnOnce(&mut Worker<'_>, &dyn Fn(&Checkpoint) -> Part),
    ) {
        let (protocol, id) = (&self.protocol.flow, self.id);
        let mut part = Out::default();
        let mut worker = Worker {
            protocol,
            id,
            t: &mut self.s.task,
            o: &mut part,
        };
        does(&mut worker, &|from| protocol.flow().part(from, id));
        self.carries_on(part);
    }

    fn carries_on(&mut self, part: Out<flow::StreamingTwoPhaseCommit>) {
        let phases = self.s.phases.clone();
        StreamingThreePhaseCommit::carries_on(part, self.o, &Checkpoint::default(), &|storage| {
            match storage {
                flow::Storage::Task(disk) => Storage::Sink(disk, phases.clone()),
                log @ flow::Storage::JobManager(_) => log.into(),
            }
        });
    }

    pub(super) fn part(&self, of: &Checkpoint) -> Part {
        self.protocol.flow.flow().part(of, self.id)
    }

    pub(super) fn writes_down(&mut self) {
        let Sink { task, phases, .. } = &*self.s;
        let record = Storage::Sink(task.disk.clone(), phases.clone());
        self.o.save(record);
    }

    /// Waits for those whom it awaits, but not for ever.
    pub(super) fn waits(&mut self) {
        let params = &self.protocol.params;
        let timeout = match self.s.standing {
            Standing::Asks(_) | Standing::Moves(..) => params.answer,
            Standing::Led | Standing::Follows(_) | Standing::Recovers => params.silence,
        };
        self.o.set_timer(Timer::Silence, timeout);
    }

    pub(super) fn applies(&mut self, rule: &'static str) {
        self.o.observe(Claim::Applies(rule.into()));
    }
}
