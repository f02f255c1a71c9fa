//! `TwoPhase` of Gray and Lamport once more, now as the specification has it: one state, one set
//! of messages, and an action for each disjunct of `TPNext`. No actors, no links, no timers.
//!
//! Stateright searches it. It is the oracle for the actors of `two_phase`, and the best that can
//! be made of Stateright by writing a model by hand.

use jury::model::{Id, NodeSet};
use stateright::{Model, Property};

use super::two_phase::{Rm, Tm};

/// The specification for these resource managers; their numbers start at 1.
pub struct Spec {
    pub rms: NodeSet,
}

/// The variables `rmState`, `tmState`, `tmPrepared` and `msgs`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variables {
    pub rm_state: Vec<Rm>,
    pub tm_state: Tm,
    pub tm_prepared: NodeSet,
    pub msgs: Messages,
}

/// The set of all messages ever sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Messages {
    pub prepared: NodeSet,
    pub commit: bool,
    pub abort: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    TmCommit,
    TmAbort,
    TmRcvPrepared(Id),
    RmPrepare(Id),
    RmChooseToAbort(Id),
    RmRcvCommitMsg(Id),
    RmRcvAbortMsg(Id),
}

fn nth(rm: Id) -> usize {
    usize::from(rm) - 1
}

impl Spec {
    pub fn new(rms: u8) -> Self {
        let first = Id::from(0);
        Spec {
            rms: NodeSet::first(usize::from(rms) + 1).without(first),
        }
    }
}

impl Model for Spec {
    type State = Variables;
    type Action = Action;

    fn init_states(&self) -> Vec<Variables> {
        vec![Variables {
            rm_state: vec![Rm::Working; self.rms.len()],
            tm_state: Tm::Init,
            tm_prepared: NodeSet::EMPTY,
            msgs: Messages::default(),
        }]
    }

    fn actions(&self, s: &Variables, actions: &mut Vec<Action>) {
        if s.tm_state == Tm::Init {
            if s.tm_prepared == self.rms {
                actions.push(Action::TmCommit);
            }
            actions.push(Action::TmAbort);
            actions.extend(s.msgs.prepared.iter().map(Action::TmRcvPrepared));
        }
        for rm in self.rms.iter() {
            if s.rm_state[nth(rm)] == Rm::Working {
                actions.extend([Action::RmPrepare(rm), Action::RmChooseToAbort(rm)]);
            }
            if s.msgs.commit {
                actions.push(Action::RmRcvCommitMsg(rm));
            }
            if s.msgs.abort {
                actions.push(Action::RmRcvAbortMsg(rm));
            }
        }
    }

    fn next_state(&self, s: &Variables, action: Action) -> Option<Variables> {
        let mut s = s.clone();
        match action {
            Action::TmCommit => {
                s.tm_state = Tm::Committed;
                s.msgs.commit = true;
            }
            Action::TmAbort => {
                s.tm_state = Tm::Aborted;
                s.msgs.abort = true;
            }
            Action::TmRcvPrepared(rm) => s.tm_prepared.insert(rm),
            Action::RmPrepare(rm) => {
                s.rm_state[nth(rm)] = Rm::Prepared;
                s.msgs.prepared.insert(rm);
            }
            Action::RmRcvCommitMsg(rm) => s.rm_state[nth(rm)] = Rm::Committed,
            Action::RmChooseToAbort(rm) | Action::RmRcvAbortMsg(rm) => {
                s.rm_state[nth(rm)] = Rm::Aborted;
            }
        }
        Some(s)
    }

    /// `TCConsistent`.
    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("consistent", |_: &Spec, s: &Variables| {
            let some = |rm| s.rm_state.contains(&rm);
            !(some(Rm::Committed) && some(Rm::Aborted))
        })]
    }
}
