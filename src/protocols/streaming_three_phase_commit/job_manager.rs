//! The coordinator: that of two-phase commit with a phase between the votes and the decision; and what a new one asks
//! before it begins.

use super::{
    Answer, Checkpoint, Claim, Leading, Mistake, Msg, Stage, Storage, StreamingThreePhaseCommit,
    Timer, again, flow,
};
use crate::model::{FewMap, Id, NodeSet, Out, Start};
use crate::protocols::streaming::{Epoch, Part, nth};
use crate::protocols::streaming_two_phase_commit::{self as two_phases, JobManager, Log};

/// The job manager while one of its handlers runs.
pub(super) struct Coordinator<'a> {
    pub protocol: &'a StreamingThreePhaseCommit,
    pub s: &'a mut Stage,
    pub o: &'a mut Out<StreamingThreePhaseCommit>,
}

impl StreamingThreePhaseCommit {
    /// A first start; or recovery, which begins with questions.
    pub(super) fn start_job_manager(&self, start: Start<'_, Storage>, o: &mut Out<Self>) -> Stage {
        let log = start.storage().and_then(Storage::log).cloned();
        let log = log.unwrap_or_else(Log::at_first);
        match start {
            Start::Again(_) if !self.makes(Mistake::RestoresUnasked) => {
                let answers = FewMap::new();
                let mut stage = Stage::Asks { log, answers };
                let protocol = self;
                let mut coordinator = Coordinator {
                    protocol,
                    s: &mut stage,
                    o,
                };
                coordinator.asks();
                stage
            }
            start => Stage::Leads(self.starts_to_lead(start, log, o)),
        }
    }

    fn starts_to_lead<A>(&self, start: Start<'_, A>, log: Log, o: &mut Out<Self>) -> Leading {
        let storage = flow::Storage::JobManager(log);
        let start = again(start, Some(&storage));
        let mut part = Out::default();
        let manager = self.flow.start_job_manager(start, &mut part);
        Self::manager_carries_on(part, &manager, o);
        Leading {
            manager,
            held: FewMap::new(),
            pre_committing: None,
        }
    }

    fn manager_carries_on(
        part: Out<two_phases::StreamingTwoPhaseCommit>,
        manager: &JobManager,
        o: &mut Out<Self>,
    ) {
        Self::carries_on(part, o, &manager.log.completed, &Storage::from);
    }
}

impl Coordinator<'_> {
    pub fn hears(&mut self, src: Id, msg: Msg) {
        match self.s {
            Stage::Leads(_) => self.leading_hears(src, msg),
            Stage::Asks { .. } => match msg {
                Msg::Resolved(completed) => self.is_told(src, Answer::Resolved(completed)),
                Msg::Unresolved(pre_committed, completed) => {
                    self.is_told(src, Answer::Unresolved(pre_committed, completed));
                }
                _ => {}
            },
        }
    }

    pub fn waits_no_longer(&mut self, timer: Timer) {
        let Stage::Leads(leading) = self.s else {
            if timer == Timer::Query {
                self.asks();
            }
            return;
        };
        if let Timer::Late(checkpoint) = timer {
            if leading.pre_committing_to() == Some(checkpoint) {
                // Whoever does not acknowledge has failed (BHG 7.5).
                self.o
                    .observe(Claim::Applies("commit without the failed".into()));
                return self.completes();
            }
            if self.would_start_again(timer) {
                self.completes_what_is_known();
            }
        }
        if let Some(timer) = timer.of_the_flow() {
            self.manages(|mut manager| manager.waits_no_longer(timer));
        }
    }

    fn leading_hears(&mut self, src: Id, msg: Msg) {
        let Stage::Leads(leading) = self.s else {
            return;
        };
        let attempt = leading.manager.log.attempt;
        match msg {
            Msg::Ack(epoch, part) if epoch.attempt == attempt && self.is_last(src, epoch) => {
                self.holds(src, epoch.checkpoint, part);
            }
            Msg::AckPreCommit(epoch) if epoch.attempt == attempt => {
                self.is_acknowledged(src, epoch.checkpoint);
            }
            Msg::Failed(of) if of == attempt => {
                self.completes_what_is_known();
                self.manages(|mut manager| manager.hears(src, flow::Msg::Failed(of)));
            }
            msg => {
                if let Some(msg) = msg.of_the_flow(|_| Part::Pending(Vec::new())) {
                    self.manages(|mut manager| manager.hears(src, msg));
                }
            }
        }
    }

    /// Has the coordinator of two-phase commit do something.
    fn manages(&mut self, does: impl FnOnce(two_phases::Coordinator<'_>)) {
        let Stage::Leads(leading) = self.s else {
            return;
        };
        let mut part = Out::default();
        does(two_phases::Coordinator {
            protocol: &self.protocol.flow,
            m: &mut leading.manager,
            o: &mut part,
        });
        StreamingThreePhaseCommit::manager_carries_on(part, &leading.manager, self.o);
        let running = &leading.manager.running;
        leading
            .held
            .retain(|checkpoint, _| running.contains_key(checkpoint));
    }

    fn would_start_again(&self, timer: Timer) -> bool {
        let Stage::Leads(leading) = &self.s else {
            return false;
        };
        timer.of_the_flow().is_some_and(|timer| {
            let input = crate::model::Input::Timeout(&timer);
            self.protocol
                .flow
                .would_start_again(&leading.manager, input)
        })
    }

    /// Whether this is the last acknowledgement of a checkpoint, or comes again when that has come.
    fn is_last(&self, src: Id, epoch: Epoch) -> bool {
        let Stage::Leads(leading) = &self.s else {
            return false;
        };
        let place = nth(self.protocol.flow.flow().tasks(), src);
        let parts = leading.manager.running.get(&epoch.checkpoint);
        parts.is_some_and(|parts| {
            let others = (0..).zip(parts).filter(|(nth, _)| *nth != place);
            others.into_iter().all(|(_, part)| part.is_some())
        })
    }

    /// All tasks have acknowledged a checkpoint. The last acknowledgement waits until the sinks know that.
    fn holds(&mut self, src: Id, checkpoint: u32, part: Part) {
        let Stage::Leads(leading) = self.s else {
            return;
        };
        if !leading.held.contains_key(&checkpoint) {
            leading.held.insert(checkpoint, (src, part));
        }
        self.pre_commits();
    }

    /// Phase 2: the sinks are told what all have in the newest checkpoint. One at a time.
    fn pre_commits(&mut self) {
        let Stage::Leads(leading) = self.s else {
            return;
        };
        if leading.pre_committing.is_some() {
            return;
        }
        let Some((checkpoint, (src, part))) = leading.held.iter().next_back() else {
            return;
        };
        let log = &leading.manager.log;
        let checkpoint = *checkpoint;
        let place = nth(self.protocol.flow.flow().tasks(), *src);
        let parts = leading.manager.running.get(&checkpoint);
        let parts = (0..).zip(parts.into_iter().flatten());
        let known = parts.map(|(nth, known)| {
            if nth == place {
                Some(part)
            } else {
                known.as_ref()
            }
        });
        let all = Checkpoint {
            epoch: Epoch {
                attempt: log.attempt,
                checkpoint,
            },
            number: log.completed.number + 1,
            parts: known.flatten().cloned().collect(),
        };
        let sinks = self.protocol.sinks();
        leading.pre_committing = Some((checkpoint, sinks));
        self.o.broadcast(sinks, &Msg::PreCommit(all));
        self.o
            .set_timer(Timer::Late(checkpoint), self.protocol.params.answer);
    }

    fn is_acknowledged(&mut self, src: Id, checkpoint: u32) {
        let Stage::Leads(leading) = self.s else {
            return;
        };
        let Some((pre_committing, missing)) = &mut leading.pre_committing else {
            return;
        };
        if *pre_committing != checkpoint {
            return;
        }
        missing.remove(src);
        if missing.is_empty() {
            self.completes();
        }
    }

    /// Phase 3: the acknowledgement that was held back is heard, and with it all that two-phase commit does.
    fn completes(&mut self) {
        let Stage::Leads(leading) = self.s else {
            return;
        };
        let Some((checkpoint, _)) = leading.pre_committing.take() else {
            return;
        };
        let attempt = leading.manager.log.attempt;
        if let Some((src, part)) = leading.held.remove(&checkpoint) {
            let epoch = Epoch {
                attempt,
                checkpoint,
            };
            self.manages(|mut manager| manager.hears(src, flow::Msg::Ack(epoch, part)));
        }
        self.pre_commits();
    }

    /// All will start again: not without what some sink may know to be complete.
    fn completes_what_is_known(&mut self) {
        while let Stage::Leads(Leading {
            pre_committing: Some(_),
            ..
        }) = self.s
        {
            self.completes();
        }
    }

    /// A new job manager asks those sinks that have not answered.
    fn asks(&mut self) {
        let Stage::Asks { log, answers } = self.s else {
            return;
        };
        let silent = self.protocol.silent(answers);
        let query = Msg::Query(log.attempt);
        self.o.broadcast(silent, &query);
        self.o.set_timer(Timer::Query, self.protocol.params.restore);
    }

    /// Begins when it has heard all sinks: from what one has ended the last attempt with, or, if none has, from where they
    /// stand.
    fn is_told(&mut self, src: Id, answer: Answer) {
        let Stage::Asks { log, answers } = self.s else {
            return;
        };
        answers.insert(src, answer);
        if !self.protocol.silent(answers).is_empty() {
            return;
        }
        let resolved = answers.values().filter_map(|answer| match answer {
            Answer::Resolved(completed) => Some(completed),
            Answer::Unresolved(..) => None,
        });
        let resolved = resolved.max_by_key(|it| it.epoch);
        let known = answers.values().flat_map(|answer| match answer {
            Answer::Resolved(completed) => [None, Some(completed)],
            Answer::Unresolved(pre_committed, completed) => {
                [pre_committed.as_ref(), Some(completed)]
            }
        });
        let newest = resolved.or_else(|| known.flatten().max_by_key(|it| it.epoch));
        let mut log = log.clone();
        if let Some(newest) = newest
            && newest.epoch > log.completed.epoch
        {
            self.o
                .observe(Claim::Flow(two_phases::Claim::Completed(newest.epoch)));
            log.completed = newest.clone();
        }
        self.o.cancel_timer(Timer::Query);
        let leading = self
            .protocol
            .starts_to_lead(Start::<()>::Again(None), log, self.o);
        *self.s = Stage::Leads(leading);
    }
}

impl StreamingThreePhaseCommit {
    /// The sinks that have not answered a new job manager.
    pub(super) fn silent(&self, answers: &FewMap<Id, Answer>) -> NodeSet {
        let heard: NodeSet = answers.keys().copied().collect();
        self.sinks().minus(heard)
    }
}
