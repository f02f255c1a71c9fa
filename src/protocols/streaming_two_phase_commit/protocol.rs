//! What streaming two-phase commit says of itself: who takes part, who waits for whom, and where a node stands.

use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Claim, History, JobManager, Msg, Params, State, Storage, StreamingTwoPhaseCommit, Task, Timer,
    Work,
};
use crate::model::arms::Told;
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Predicate, Property, Protocol, Rule,
    Size, Step, Successes, TimerRange, Variant, View,
};
use crate::protocols::streaming::{
    Dataflow, MANAGER, Phases, SINK, SOURCE, Store, listed, manager, ranges, successes,
};

impl Protocol for StreamingTwoPhaseCommit {
    const NAME: &'static str = "s2pc";
    const ABOUT: &'static str = "Streaming two-phase commit: checkpoint barriers and transactional sinks give a dataflow exactly-once output, and the job manager is the coordinator.";
    const SOURCES: &'static [&'static str] = &[
        "Chandy & Lamport 1985, Distributed Snapshots: Determining Global States of Distributed Systems",
        "Carbone, Fóra, Ewen, Haridi & Tzoumas 2015, Lightweight Asynchronous Snapshots for Distributed Dataflows",
        "Carbone, Ewen, Fóra, Haridi, Richter & Tzoumas 2017, State Management in Apache Flink",
        "Flink, TwoPhaseCommitSinkFunction",
        "Kafka, KIP-98: Exactly Once Delivery and Transactional Messaging",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::of("checkpoints"),
        Size::of("records"),
        Size::nodes("sources", "S"),
        Size::nodes("operators", "O"),
        Size::nodes("sinks", "K"),
        Size::of("in-flight"),
    ];
    const TIMEOUTS_AT_FIRST: Option<u32> = Some(3);

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        Ok(StreamingTwoPhaseCommit {
            params: params.clone(),
            flow: Dataflow {
                sources: params.sources,
                operators: params.operators,
                sinks: params.sinks,
            },
        })
    }

    fn cluster(&self) -> Cluster {
        self.flow.cluster()
    }

    /// What is prepared has been voted for; what is visible, committed; and what is in the log, decided.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        step.newly(|_, storage| match storage {
            Some(Storage::Task(disk)) => Claim::of_store(&disk.store),
            Some(Storage::JobManager(log)) => Claim::of_log(log),
            None => Vec::new(),
        })
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(id, claim);
    }

    /// The job manager answers whoever has failed, and sooner or later whoever is in doubt, unless it may have to wait for
    /// somebody for ever. That a checkpoint takes too long
    /// says nothing of who is to blame. The external store is not to give up a transaction as long as the job manager may
    /// come back.
    fn awaits(&self, _: Id, _: &State, timer: &Timer) -> NodeSet {
        match timer {
            Timer::Outcome if self.params.checkpoint_timeout.is_none() => NodeSet::EMPTY,
            Timer::Outcome | Timer::Restore | Timer::Expire(_) => NodeSet::only(manager()),
            Timer::Trigger | Timer::Late(_) | Timer::Read => NodeSet::EMPTY,
        }
    }

    /// A check looks at so many attempts, and no further.
    fn withheld(&self, _: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let m = state.job_manager()?;
        let is_last = m.log.attempt >= self.params.attempts;
        (is_last && self.would_start_again(m, input)).then_some("attempts")
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let (manager, source, sink) = (role == MANAGER, role == SOURCE, role == SINK);
        match told {
            Told::Message(Msg::Ack(..) | Msg::Failed(_)) => manager,
            Told::Timer(Timer::Trigger) => manager && self.params.checkpoints > 0,
            Told::Timer(Timer::Late(_)) => manager && self.params.checkpoint_timeout.is_some(),
            Told::Message(Msg::Restore(..)) | Told::Timer(Timer::Restore) => !manager,
            Told::Message(Msg::Trigger(_)) => source,
            Told::Timer(Timer::Read) => source && self.params.records > 0,
            Told::Message(Msg::Record(..)) => !manager && !source && self.params.records > 0,
            Told::Message(Msg::Barrier(..)) => !manager && !source,
            Told::Message(Msg::Notify(_)) | Told::Timer(Timer::Outcome) => sink,
            Told::Timer(Timer::Expire(_)) => sink && self.params.transaction_timeout.is_some(),
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::JobManager(manager) => managing(manager),
            State::Task(task) => working(task),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::JobManager(log) => log.to_string(),
            Storage::Task(disk) => disk.to_string(),
        }
    }

    /// What each task has of its epoch, and what of a sink is visible.
    fn key_state(&self, state: &State) -> KeyState {
        match state {
            State::JobManager(manager) => KeyState::default().with("", managing(manager)),
            State::Task(task) => {
                let shown = KeyState::default().with("", working(task));
                visible(&task.disk.store, shown)
            }
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::properties(self)
    }

    fn successes(&self, after: Option<&dyn View<Self>>) -> Successes<Self> {
        let Params {
            records,
            checkpoints,
            restore,
            outcome,
            checkpoint_timeout,
            ..
        } = self.params;
        let timers = [restore, outcome].into_iter().chain(checkpoint_timeout);
        successes(
            self,
            after.is_none() && records == 0 && checkpoints == 1,
            &Phases {
                before_the_decision: 0,
                formulas: [
                    "Π a · (1 − p)^(triggers + barriers + tasks)",
                    "Π a · (1 − p)^(triggers + barriers + tasks + sinks)",
                ],
            },
            Predicate::World(super::properties::all_is_done),
            TimerRange::soonest(timers),
        )
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

/// What of a sink is visible, behind what is shown of it besides.
pub(in crate::protocols) fn visible(store: &Store, shown: KeyState) -> KeyState {
    if store.committed.is_empty() {
        return shown;
    }
    let committed = store.committed.iter();
    let committed = committed.map(|(_, it)| format!("{}({it})", it.epoch));
    shown.with_log("visible", 1, committed.collect())
}

/// `attempt 2, completed 1.1, 2.2 and 2.3 under way`
pub(in crate::protocols) fn managing(manager: &JobManager) -> String {
    let log = &manager.log;
    if manager.running.is_empty() {
        return log.to_string();
    }
    let running = manager.running.keys();
    let running = running.map(|checkpoint| format!("{}.{checkpoint}", log.attempt));
    format!("{log}, {} under way", listed(running))
}

/// `read 2`, `seen 3`, `open a1 b1, prepared 1.1`, `waits to be restored`
pub(in crate::protocols) fn working(task: &Task) -> String {
    let doing = match &task.work {
        None => "waits to be restored".to_owned(),
        Some(Work::Source { offset, .. }) => format!("read {offset}"),
        Some(Work::Operator { inputs, count, .. }) => {
            let aligning = if inputs.is_aligning() { ", aligns" } else { "" };
            format!("seen {count}{aligning}")
        }
        Some(Work::Sink { inputs, open }) => {
            let mut words = Vec::new();
            if !open.is_empty() {
                words.push(format!("open {}", ranges(open)));
            }
            if inputs.is_aligning() {
                words.push("aligns".to_owned());
            }
            words.join(", ")
        }
    };
    let words = [doing, task.disk.to_string()];
    let words: Vec<String> = words.into_iter().filter(|it| !it.is_empty()).collect();
    if words.is_empty() {
        return "idle".to_owned();
    }
    words.join(", ")
}
