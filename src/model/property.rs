//! What must be true of a protocol, why, and under which assumptions.

use derive_where::derive_where;

use super::assumptions::Assumption;
use super::facts::{Facts, Suspicions};
use super::predicate::Predicate;
use super::protocol::Protocol;

/// In which sense a property is true.
#[derive_where(Clone)]
pub enum Expectation<P: Protocol> {
    /// In every reachable world. (Safety.)
    Always(Predicate<P>),
    /// In some reachable world: guards against vacuous proofs.
    Reachable(Predicate<P>),
    /// From every reachable world where the condition holds, the goal can be reached by ordinary
    /// events alone.
    NeverBlocked {
        condition: Option<Predicate<P>>,
        goal: Predicate<P>,
    },
    /// The same by ordinary events and repairs.
    Recovers { goal: Predicate<P> },
}

impl<P: Protocol> Expectation<P> {
    /// The goal, if the property asks for possible progress.
    pub fn goal(&self) -> Option<&Predicate<P>> {
        match self {
            Expectation::Always(_) | Expectation::Reachable(_) => None,
            Expectation::NeverBlocked { goal, .. } | Expectation::Recovers { goal } => Some(goal),
        }
    }

    /// What worlds are held against: what they must be, may be, or must be able to become.
    pub fn predicate(&self) -> &Predicate<P> {
        match self {
            Expectation::Always(predicate) | Expectation::Reachable(predicate) => predicate,
            Expectation::NeverBlocked { goal, .. } | Expectation::Recovers { goal } => goal,
        }
    }

    pub fn sense(&self) -> Sense {
        match self {
            Expectation::Always(_) => Sense::Always,
            Expectation::Reachable(_) => Sense::Reachable,
            Expectation::NeverBlocked { .. } => Sense::NeverBlocked,
            Expectation::Recovers { .. } => Sense::Recovers,
        }
    }

    /// The word for it in lists and results.
    pub fn name(&self) -> &'static str {
        self.sense().name()
    }
}

/// The sense alone, without what is asked of worlds; see [`Expectation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    Always,
    Reachable,
    NeverBlocked,
    Recovers,
}

impl Sense {
    /// Whether it asks for possible progress.
    pub fn is_of_progress(self) -> bool {
        matches!(self, Sense::NeverBlocked | Sense::Recovers)
    }

    /// The word for it in lists and results.
    pub fn name(self) -> &'static str {
        match self {
            Sense::Always => "always",
            Sense::Reachable => "reachable",
            Sense::NeverBlocked => "never blocked",
            Sense::Recovers => "recovers",
        }
    }
}

/// What is said of a property, without what is asked of worlds; see [`Property`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub name: &'static str,
    pub about: &'static str,
    pub citation: &'static str,
    pub sense: Sense,
    pub premise: Vec<Assumption>,
    pub assumes: Vec<Assumption>,
}

impl Statement {
    /// Whether timers fired in a run, of which synchrony is asked, and not one of them awaited anybody: then
    /// it says nothing of suspicions, unless others of the protocol's timers do.
    pub fn leaves_untold(&self, facts: &Facts) -> bool {
        let Suspicions {
            truly,
            early,
            falsely,
        } = facts.suspicions;
        let mut asked = self.premise.iter().chain(&self.assumes);
        asked.any(|assumption| *assumption == Assumption::Synchrony)
            && facts.timeouts > 0
            && truly + early + falsely == 0
    }
}

/// One thing that must be true of a protocol.
#[derive_where(Clone)]
pub struct Property<P: Protocol> {
    /// As scenarios name it: `atomicity`.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Where it is stated: work and section.
    pub citation: &'static str,
    /// What its statement presupposes (*if nothing fails, …*): where that is broken it says
    /// nothing, and is not violated.
    pub premise: Vec<Assumption>,
    /// Under what the literature claims it. Where that is broken it may be violated.
    pub assumes: Vec<Assumption>,
    pub expectation: Expectation<P>,
}

impl<P: Protocol> Property<P> {
    /// What holds in every reachable world.
    pub fn always(
        name: &'static str,
        about: &'static str,
        citation: &'static str,
        predicate: Predicate<P>,
    ) -> Self {
        Property::new(name, about, citation, Expectation::Always(predicate))
    }

    /// What holds in some reachable world.
    pub fn reachable(
        name: &'static str,
        about: &'static str,
        citation: &'static str,
        predicate: Predicate<P>,
    ) -> Self {
        Property::new(name, about, citation, Expectation::Reachable(predicate))
    }

    /// Wherever the condition holds, if there is one, the goal can be reached by ordinary events.
    pub fn never_blocked(
        name: &'static str,
        about: &'static str,
        citation: &'static str,
        condition: Option<Predicate<P>>,
        goal: Predicate<P>,
    ) -> Self {
        let expectation = Expectation::NeverBlocked { condition, goal };
        Property::new(name, about, citation, expectation)
    }

    /// The goal can be reached from everywhere, by ordinary events and repairs.
    pub fn recovers(
        name: &'static str,
        about: &'static str,
        citation: &'static str,
        goal: Predicate<P>,
    ) -> Self {
        Property::new(name, about, citation, Expectation::Recovers { goal })
    }

    /// What is stated and claimed without conditions.
    fn new(
        name: &'static str,
        about: &'static str,
        citation: &'static str,
        expectation: Expectation<P>,
    ) -> Self {
        Property {
            name,
            about,
            citation,
            premise: Vec::new(),
            assumes: Vec::new(),
            expectation,
        }
    }

    /// What is said of it.
    pub fn stated(&self) -> Statement {
        Statement {
            name: self.name,
            about: self.about,
            citation: self.citation,
            sense: self.expectation.sense(),
            premise: self.premise.clone(),
            assumes: self.assumes.clone(),
        }
    }

    /// What is said of each.
    pub fn all_stated(properties: &[Property<P>]) -> Vec<Statement> {
        properties.iter().map(Property::stated).collect()
    }

    /// Those of which something is true.
    pub fn those(
        properties: &[Property<P>],
        wanted: &dyn Fn(&Property<P>) -> bool,
    ) -> Vec<Property<P>> {
        let wanted = properties.iter().filter(|property| wanted(property));
        wanted.cloned().collect()
    }

    /// Those whose statement presupposes nothing.
    pub fn without_premise(properties: &[Property<P>]) -> Vec<Property<P>> {
        Property::those(properties, &|property| property.premise.is_empty())
    }

    /// The same with what its statement presupposes.
    ///
    /// ```
    /// # use jury::prelude::*;
    /// # fn stated<P: Protocol>(all_commit: Predicate<P>) -> Property<P> {
    /// // It says nothing of runs in which anything fails.
    /// Property::always("commit-without-failures", "If nothing fails, all commit.", "BHG 7.3", all_commit)
    ///     .given([Assumption::NO_CRASH, Assumption::NoLoss, Assumption::Synchrony])
    /// # }
    /// ```
    pub fn given(self, premise: impl Into<Vec<Assumption>>) -> Self {
        let premise = premise.into();
        Property { premise, ..self }
    }

    /// The same with what the literature claims it under.
    ///
    /// ```
    /// # use jury::prelude::*;
    /// # fn stated<P: Protocol>(decided: Predicate<P>) -> Property<P> {
    /// // Where the coordinator crashes it may be violated: outside the assumptions, and no bug.
    /// Property::never_blocked("non-blocking", "Everybody can decide.", "BHG 7.4", None, decided)
    ///     .assuming([Assumption::MaxCrashes { crashes: 0, role: Some("coordinator") }])
    /// # }
    /// ```
    pub fn assuming(self, assumes: impl Into<Vec<Assumption>>) -> Self {
        let assumes = assumes.into();
        Property { assumes, ..self }
    }
}
