//! What a run may come to, and how likely that is: as a formula, for whoever counts and compares.
//!
//! There are no numbers here. A [`Likelihood`] speaks of events that do not depend on each other (a
//! message arrives, a node takes part, a choice is made so); how often those come about, the run says.

use super::cluster::NodeSet;
use super::id::Id;
use super::predicate::Predicate;
use super::property::{Expectation, Property};
use super::protocol::Protocol;
use super::time::Time;

/// What runs of a protocol may come to.
pub struct Successes<P: Protocol> {
    pub all: Vec<Success<P>>,
    /// For each node whose answer counts: that it is up, willing, asked and heard. Some articles take
    /// the mean of these for the likelihood of the whole.
    pub members: Vec<Likelihood>,
    /// When the first timer may run out that asks again, or gives up, counted from the start. What is
    /// known of likelihoods is known of runs that are over before.
    pub patience: Time,
}

/// Something that a run may come to.
pub struct Success<P: Protocol> {
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Whether it is what the protocol is there for, and not what it is there to avoid.
    pub is_wanted: bool,
    /// Asked of the world where a run ends.
    pub reached: Predicate<P>,
    pub closed_form: Option<ClosedForm>,
}

/// How likely something is while nothing fails but messages that are lost and nodes that take no
/// part, and nothing is sent twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedForm {
    /// As one writes it: y for a participant that is up and willing, a for a node that is up, p for a
    /// message that is lost, s for (1 − p)²; B(m, q; k) that k or more of m come about, each with q, and b(m, q; k) that just k do.
    pub formula: &'static str,
    pub likelihood: Likelihood,
}

/// How likely something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likelihood {
    /// A message between two nodes is not lost.
    Arrives,
    /// A node is up during the whole run.
    TakesPart(Id),
    /// A node that has a choice takes this option, of so many.
    Chooses {
        node: Id,
        option: &'static str,
        of: usize,
    },
    /// All of these, none of which depends on another; certain if there are none.
    All(Vec<Likelihood>),
    /// As likely as the n-th of `then` (from 0) if n of these come about, none of which depends on
    /// another; impossible if there is no n-th.
    ByNumber {
        of: Vec<Likelihood>,
        then: Vec<Likelihood>,
    },
}

impl Likelihood {
    pub fn certain() -> Self {
        Likelihood::All(Vec::new())
    }

    pub fn impossible() -> Self {
        let (of, then) = (Vec::new(), Vec::new());
        Likelihood::ByNumber { of, then }
    }

    /// So many messages arrive.
    pub fn arrive(messages: usize) -> Self {
        Likelihood::All(vec![Likelihood::Arrives; messages])
    }

    /// All of these nodes are up.
    pub fn take_part(nodes: NodeSet) -> Self {
        Likelihood::All(nodes.iter().map(Likelihood::TakesPart).collect())
    }

    /// At least so many of these.
    pub fn at_least(least: usize, of: Vec<Likelihood>) -> Self {
        let enough = |n| match n {
            n if n < least => Likelihood::impossible(),
            _ => Likelihood::certain(),
        };
        let then = (0..=of.len()).map(enough).collect();
        Likelihood::ByNumber { of, then }
    }

    /// Not all of so many messages arrive.
    pub fn some_are_lost(messages: usize) -> Self {
        let of = vec![Likelihood::Arrives; messages];
        let then = vec![Likelihood::certain(); messages];
        Likelihood::ByNumber { of, then }
    }

    pub fn and(self, other: Likelihood) -> Self {
        Likelihood::All(vec![self, other])
    }
}

impl<P: Protocol> Successes<P> {
    /// What the properties of a protocol want to be reached. How likely that is, they do not say.
    pub fn of_properties(properties: Vec<Property<P>>) -> Self {
        let success = |property: Property<P>| {
            let reached = match property.expectation {
                Expectation::Reachable(predicate) => predicate,
                expectation => expectation.goal()?.clone(),
            };
            Some(Success {
                name: property.name,
                about: property.about,
                is_wanted: true,
                reached,
                closed_form: None,
            })
        };
        Successes {
            all: properties.into_iter().filter_map(success).collect(),
            members: Vec::new(),
            patience: Time::ZERO,
        }
    }
}
