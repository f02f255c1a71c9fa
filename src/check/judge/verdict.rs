//! What is asked of a check, and what it answers: plain data but for the question.

use crate::check::fast::Tuning;
use crate::check::{Account, Blocked, Limits};
use crate::model::{
    Assumption, Cluster, Event, Property, Protocol, Reason, Statement, System, facts::Facts,
};

/// Which engine searches. Both find the same.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    /// The fast one, which remembers.
    Fast(Tuning),
    /// The plain one: clone, apply, compare.
    Plain,
}

impl Default for Engine {
    fn default() -> Self {
        Engine::Fast(Tuning::default())
    }
}

/// What a check asks.
pub struct Question<'a, P: Protocol> {
    /// The protocol under all that the scenario allows.
    pub system: &'a System<P>,
    pub properties: &'a [Property<P>],
    /// Events that lead from the initial world to where the search starts.
    pub after: &'a [Event<P>],
    pub limits: Limits,
}

/// What a check answers.
#[derive(Clone, Debug)]
pub struct Trial {
    /// In the order in which the properties were given.
    pub judged: Vec<Judged>,
    /// The searches it took, the one under all that the scenario allows first.
    pub searches: Vec<Search>,
}

/// The verdict on one property.
#[derive(Clone, Debug)]
pub struct Judged {
    pub property: &'static str,
    pub verdict: Verdict,
    /// Which of the searches decided it.
    pub search: usize,
    /// The events before the search break the premise of the property: it says nothing of any run
    /// that begins with them.
    pub silent: bool,
    /// Its condition never came about, so that nothing could break it.
    pub idle: bool,
}

/// What a check says of a property. Schedules are in the one notation, from the initial world on.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// All worlds were looked at.
    Holds,
    /// All worlds within these bounds were looked at.
    HoldsWithinBounds(Vec<String>),
    Violated {
        /// A shortest one.
        schedule: Vec<String>,
        reason: Reason,
        standing: Standing,
    },
    Reached {
        schedule: Vec<String>,
    },
    Unreachable,
    CanBlock {
        /// A shortest one to a world from which the goal is out of reach.
        schedule: Vec<String>,
        /// The ordinary events that follow, until nothing more comes of them.
        then: Vec<String>,
        blocked: Blocked,
        standing: Standing,
    },
    /// These bounds left it open.
    Unknown(Vec<String>),
    /// Something goes against it, but whether all that it assumes holds there cannot be told.
    NotJudged {
        /// A shortest one.
        schedule: Vec<String>,
        reason: Reason,
        why: &'static str,
    },
}

/// What a violation says about the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It happens although all that the property assumes holds.
    Bug,
    /// It needs that these of its assumptions break; unless a search under the assumptions, kept
    /// from being exhaustive by these bounds, missed a way without.
    Outside {
        broken: Vec<Assumption>,
        unless: Vec<String>,
    },
}

/// One search.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was imposed beyond the scenario's rules, by any of the properties it judged.
    pub imposed: Vec<Assumption>,
    pub account: Account,
    /// In the one notation, from where the search started.
    pub waiting_for_the_living: Option<Vec<String>>,
}

impl Standing {
    /// What a schedule that goes against a property says of the protocol, where a search under the
    /// assumptions may have found nothing.
    pub(super) fn of(
        cluster: &Cluster,
        property: &Statement,
        facts: &Facts,
        cleared: Option<&Search>,
    ) -> Standing {
        let held = |assumption: &Assumption| assumption.held(facts, cluster);
        let assumes = property.assumes.iter().copied();
        let broken: Vec<_> = assumes.filter(|a| !held(a)).collect();
        let unless = cleared.map_or_else(Vec::new, |search| search.account.bounds());
        match (broken.is_empty(), cleared) {
            (false, _) => Standing::Outside { broken, unless },
            // All held in this one, but an exhaustive search where they are imposed found none.
            (true, Some(search)) if unless.is_empty() => Standing::Outside {
                broken: search.imposed.clone(),
                unless,
            },
            (true, _) => Standing::Bug,
        }
    }
}
