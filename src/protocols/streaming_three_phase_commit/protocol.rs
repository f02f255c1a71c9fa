//! What streaming three-phase commit says of itself: who takes part, who waits for whom, and where a node stands.

use super::bugs::Mistake;
use super::rules::RULES;
use super::{
    Claim, Msg, Params, Sink, Stage, Standing, State, Storage, StreamingThreePhaseCommit, Timer,
    flow,
};
use crate::model::arms::Told;
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Predicate, Property, Protocol, Rule,
    Size, Step, Successes, TimerRange, Variant, View,
};
use crate::protocols::streaming::{MANAGER, Phases, SINK, SOURCE, manager, successes};

impl Protocol for StreamingThreePhaseCommit {
    const NAME: &'static str = "s3pc";
    const ABOUT: &'static str = "Streaming three-phase commit: sinks learn that all have voted before anything is decided, and end their doubt without the job manager.";
    const SOURCES: &'static [&'static str] = &[
        "Skeen 1981, Nonblocking Commit Protocols",
        "Bernstein, Hadzilacos & Goodman 1987, section 7.5",
        "Carbone, Fóra, Ewen, Haridi & Tzoumas 2015, Lightweight Asynchronous Snapshots for Distributed Dataflows",
        "Carbone, Ewen, Fóra, Haridi, Richter & Tzoumas 2017, State Management in Apache Flink",
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
    type History = flow::History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let flow = flow::StreamingTwoPhaseCommit::new(&params.of_the_flow())?;
        let params = params.clone();
        Ok(StreamingThreePhaseCommit { params, flow })
    }

    fn cluster(&self) -> Cluster {
        self.flow.cluster()
    }

    /// What is prepared has been voted for; what is visible, committed; and what is in the log, decided.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        step.newly(|_, storage| {
            let claims = match storage {
                Some(Storage::Sink(disk, _)) => flow::Claim::of_store(&disk.store),
                Some(Storage::JobManager(log)) => flow::Claim::of_log(log),
                _ => Vec::new(),
            };
            claims.into_iter().map(Claim::Flow).collect::<Vec<_>>()
        })
    }

    fn record(&self, history: &mut flow::History, id: Id, claim: &Claim) {
        if let Claim::Flow(claim) = claim {
            history.record(id, claim);
        }
    }

    /// A job manager that lives decides sooner or later, and answers whoever has failed; a sink that is asked answers. Who has
    /// come back waits for whoever may be there.
    ///
    /// Whoever has ever been down counts as failed for good (`Timing::Accurate`). So a job manager that is not the first cannot
    /// be awaited alone: a sink would take it for failed at any time. It awaits everybody, which is to say that it waits for
    /// ever; where time is not accurate that makes no difference.
    fn awaits(&self, id: Id, state: &State, timer: &Timer) -> NodeSet {
        match (state, timer) {
            (State::JobManager(Stage::Leads(leading)), Timer::Late(late)) => {
                match leading.pre_committing {
                    Some((checkpoint, missing)) if checkpoint == *late => missing,
                    _ => NodeSet::EMPTY,
                }
            }
            (State::JobManager(Stage::Asks { answers, .. }), Timer::Query) => self.silent(answers),
            (State::Sink(sink), Timer::Silence) => {
                let others = self.sinks().minus(sink.down).without(id);
                match &sink.standing {
                    Standing::Led => self.led(sink),
                    Standing::Follows(backup) => NodeSet::only(*backup),
                    Standing::Asks(census) => others.minus(census.keys().copied().collect()),
                    Standing::Moves(_, missing) => *missing,
                    Standing::Recovers => NodeSet::EMPTY,
                }
            }
            (State::Sink(sink), Timer::Restore) => self.led(sink),
            (_, Timer::Restore) => NodeSet::only(manager()),
            _ => NodeSet::EMPTY,
        }
    }

    /// A check looks at so many attempts, and no further.
    fn withheld(&self, _: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let leading = state.leading()?;
        let m = &leading.manager;
        let starts_again = match input {
            Input::Message {
                msg: Msg::Failed(attempt),
                ..
            } => *attempt == m.log.attempt,
            // In phase 2 it completes the checkpoint.
            Input::Timeout(Timer::Late(late)) if leading.pre_committing_to() == Some(*late) => {
                false
            }
            Input::Timeout(timer) => timer
                .of_the_flow()
                .is_some_and(|timer| self.flow.would_start_again(m, Input::Timeout(&timer))),
            _ => false,
        };
        let is_last = m.log.attempt >= self.params.attempts;
        (is_last && starts_again).then_some("attempts")
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let (manager, source, sink) = (role == MANAGER, role == SOURCE, role == SINK);
        let several = sink && self.params.sinks > 1;
        match told {
            Told::Message(
                Msg::Ack(..) | Msg::Failed(_) | Msg::Resolved(_) | Msg::Unresolved(..),
            )
            | Told::Timer(Timer::Query) => manager,

            Told::Timer(Timer::Trigger | Timer::Late(_)) => manager && self.params.checkpoints > 0,
            Told::Message(Msg::Restore(..)) | Told::Timer(Timer::Restore) => !manager,
            Told::Message(Msg::Trigger(_)) => source,
            Told::Timer(Timer::Read) => source && self.params.records > 0,
            Told::Message(Msg::Record(..)) => !manager && !source && self.params.records > 0,
            Told::Message(Msg::Barrier(..)) => !manager && !source,
            Told::Message(Msg::AckPreCommit(_)) => manager || several,
            Told::Message(Msg::PreCommit(_) | Msg::Commit(_) | Msg::Query(_))
            | Told::Timer(Timer::Silence) => sink,
            Told::Message(
                Msg::Inquiry(_) | Msg::StateReq(_) | Msg::State(..) | Msg::Decide(..),
            ) => several,
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::JobManager(Stage::Leads(leading)) => {
                let words = flow::managing(&leading.manager);
                match leading.pre_committing_to() {
                    Some(checkpoint) => {
                        let attempt = leading.manager.log.attempt;
                        format!("{words}, {attempt}.{checkpoint} in phase 2")
                    }
                    None => words,
                }
            }
            State::JobManager(Stage::Asks { log, answers }) => {
                let silent = self.flow.flow().names(self.silent(answers));
                format!("{log}, asks {silent}")
            }
            State::Task(task) => flow::working(task),
            State::Sink(sink) => {
                let standing = match &sink.standing {
                    Standing::Led => String::new(),
                    Standing::Follows(backup) => {
                        format!("follows {}", self.flow.flow().name(*backup))
                    }
                    Standing::Asks(_) => "backup, asks".to_owned(),
                    Standing::Moves(to, _) => format!("backup, moves others to {}", to.epoch),
                    Standing::Recovers => "has come back".to_owned(),
                };
                let words = [flow::working(&sink.task), standing];
                let words = words.into_iter().chain(sink.phases.in_words());
                let words: Vec<String> = words.filter(|it| !it.is_empty()).collect();
                words.join(", ")
            }
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::JobManager(log) => log.to_string(),
            Storage::Task(_) => String::new(),
            Storage::Sink(disk, phases) => {
                let words = std::iter::once(disk.to_string()).chain(phases.in_words());
                let words: Vec<String> = words.filter(|it| !it.is_empty()).collect();
                words.join(", ")
            }
        }
    }

    /// What each task has of its epoch, and what of a sink is visible.
    fn key_state(&self, state: &State) -> KeyState {
        let shown = KeyState::default().with("", self.status_up(state));
        match state {
            State::Sink(sink) => flow::visible(&sink.task.disk.store, shown),
            _ => shown,
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
            answer,
            silence,
            checkpoint_timeout,
            ..
        } = self.params;
        let timers = [restore, answer, silence];
        successes(
            self,
            after.is_none() && records == 0 && checkpoints == 1,
            &Phases {
                before_the_decision: 2,
                formulas: [
                    "Π a · (1 − p)^(triggers + barriers + tasks + 2 · sinks)",
                    "Π a · (1 − p)^(triggers + barriers + tasks + 3 · sinks)",
                ],
            },
            Predicate::World(super::properties::all_is_done),
            TimerRange::soonest(timers.into_iter().chain(checkpoint_timeout)),
        )
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

impl StreamingThreePhaseCommit {
    /// Whom a sink awaits that follows the job manager.
    fn led(&self, sink: &Sink) -> NodeSet {
        if sink.phases.manager_was_replaced {
            return self.cluster().all();
        }
        NodeSet::only(manager())
    }
}
