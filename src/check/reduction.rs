//! What a search may leave out, and which verdicts that leaves alone.
//!
//! A world *covers* another if both agree on nodes, history and cuts, no budget for losses or
//! duplicates is more spent in the first, and on every link at least as much is in flight in it.
//! Under asynchronous timing and on unordered links whatever can happen in the other can then happen
//! in the first, or need not happen at all, and the world after it covers the other one: more in
//! flight never keeps an event from happening, and a send that is absorbed finds its like in flight.
//! So a search that goes by worlds that cover all others finds every state of the nodes and every
//! history, in no more events, unless somebody reads what is in flight or what was spent.
//!
//! Under accurate timing what is in flight, and that a message was lost, decide which timers fire;
//! on fifo links a message holds up those behind it. There none of this is true, and nothing is
//! left out.

use crate::model::{Limit, LinkOrder, Property, Protocol, Rules, Timing};

/// Something that a search may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduction {
    /// A delivery to which the node reacts by nothing at all, or that finds it down, is no event:
    /// the world before it covers the one after it. It would take the message out of flight, so
    /// that this says nothing of goals that are out of reach.
    NoOp,
    /// A message is never lost: the world before a loss covers the one after it. This says nothing
    /// of goals, for which a message must not be left in flight for ever.
    Lost,
    /// A message that is dead is taken out of flight: nothing that its destination can still become
    /// reacts to it. Worlds that differ in dead messages do the same, but for events that change
    /// nothing or only lose or copy what is dead; so every goal is in reach of all or of none.
    Dead,
}

impl Reduction {
    pub const ALL: [Reduction; 3] = [Reduction::NoOp, Reduction::Lost, Reduction::Dead];

    /// What the command line calls it.
    pub fn name(self) -> &'static str {
        match self {
            Reduction::NoOp => "no-op",
            Reduction::Lost => "lost",
            Reduction::Dead => "dead",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Reduction::NoOp => "deliveries that change nothing are no events",
            Reduction::Lost => "what is lost is never delivered",
            Reduction::Dead => "messages that nobody will react to are not in flight",
        }
    }

    /// The expectations of which it leaves every verdict and the length of every schedule alone.
    pub fn preserves(self) -> &'static [&'static str] {
        match self {
            Reduction::NoOp | Reduction::Lost => &["always", "reachable"],
            Reduction::Dead => &["always", "reachable", "never blocked", "recovers"],
        }
    }

    /// Why it would be of no use, or wrong, for these properties under these rules.
    fn obstacle<P: Protocol>(self, rules: &Rules, properties: &[Property<P>]) -> Option<Forgone> {
        let goes = |property: &Property<P>| {
            let expectation = property.expectation.name();
            self.preserves().contains(&expectation)
        };
        if rules.timing == Timing::Accurate {
            Some(Forgone::AccurateTiming)
        } else if rules.links.order == LinkOrder::Fifo {
            Some(Forgone::FifoLinks)
        } else if !properties.iter().all(goes) {
            Some(Forgone::Progress)
        } else if self == Reduction::Lost && !loses(rules) {
            Some(Forgone::NothingIsLost)
        } else {
            None
        }
    }
}

/// Whether a message may be lost while no cut lasts.
fn loses(rules: &Rules) -> bool {
    rules.budgets.drops != Limit::NONE && !rules.links.never_forgets
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reductions(u8);

impl Reductions {
    pub const NONE: Reductions = Reductions(0);

    pub fn contains(self, reduction: Reduction) -> bool {
        self.0 >> reduction as u8 & 1 == 1
    }

    #[must_use]
    pub fn with(self, reduction: Reduction) -> Self {
        Reductions(self.0 | 1 << reduction as u8)
    }

    #[must_use]
    pub fn without(self, reduction: Reduction) -> Self {
        Reductions(self.0 & !(1 << reduction as u8))
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Reduction> {
        Reduction::ALL
            .into_iter()
            .filter(move |r| self.contains(*r))
    }
}

impl FromIterator<Reduction> for Reductions {
    fn from_iter<I: IntoIterator<Item = Reduction>>(reductions: I) -> Self {
        reductions
            .into_iter()
            .fold(Reductions::NONE, Reductions::with)
    }
}

/// Which reductions are asked for. None is ever used where it might change a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduce {
    /// Every one that changes no verdict.
    #[default]
    Auto,
    /// These, where they change no verdict.
    Only(Reductions),
}

impl Reduce {
    pub const NONE: Reduce = Reduce::Only(Reductions::NONE);
}

/// The reductions that a search used, and those that it did without although they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reduced {
    pub used: Reductions,
    pub forgone: Vec<(Reduction, Forgone)>,
}

/// Why a search did without a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgone {
    AccurateTiming,
    FifoLinks,
    /// Some property asks for possible progress.
    Progress,
    NothingIsLost,
    /// A predicate reads what is in flight, or what is spent.
    NetworkIsRead,
    /// It takes more questions than these to find out what is dead.
    TooManyQuestions(usize),
    /// To find out what is dead, handlers are asked more than can really happen to them. One could
    /// not answer.
    HandlerPanics,
}

impl Reduced {
    /// What is left of what was asked for once properties and rules are known.
    pub fn planned<P: Protocol>(asked: Reduce, rules: &Rules, properties: &[Property<P>]) -> Self {
        let mut reduced = Reduced::default();
        for reduction in Reduction::ALL {
            match (asked, reduction.obstacle(rules, properties)) {
                (Reduce::Only(these), _) if !these.contains(reduction) => {}
                (_, None) => reduced.used = reduced.used.with(reduction),
                // Nobody asked for this very one.
                (Reduce::Auto, Some(_)) => {}
                (Reduce::Only(_), Some(why)) => reduced.forgone.push((reduction, why)),
            }
        }
        reduced
    }

    /// Does without one that was planned.
    pub fn forgo(&mut self, reduction: Reduction, why: Forgone) {
        self.used = self.used.without(reduction);
        self.forgone.push((reduction, why));
    }
}

/// What a predicate has read, beside nodes and the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    pub channels: bool,
    pub globals: bool,
}

impl Reads {
    pub fn any(self) -> bool {
        self.channels || self.globals
    }

    #[must_use]
    pub fn and(self, other: Reads) -> Reads {
        Reads {
            channels: self.channels || other.channels,
            globals: self.globals || other.globals,
        }
    }

    /// Whether worlds that cover each other may look different to somebody who read this. Globals
    /// differ only in what was spent on losses and duplicates, and in who has failed by them.
    pub fn tell_apart(self, rules: &Rules) -> bool {
        let spends = loses(rules) || rules.budgets.duplicates != Limit::NONE;
        self.channels || (self.globals && spends)
    }
}

impl std::fmt::Display for Forgone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Forgone::AccurateTiming => f.write_str("under accurate timing it changes verdicts"),
            Forgone::FifoLinks => f.write_str("on fifo links it changes verdicts"),
            Forgone::Progress => f.write_str("it says nothing of possible progress"),
            Forgone::NothingIsLost => f.write_str("no message may be lost"),
            Forgone::NetworkIsRead => f.write_str("a property reads the network"),
            Forgone::TooManyQuestions(most) => {
                write!(f, "more than {most} questions to find out what is dead")
            }
            Forgone::HandlerPanics => {
                f.write_str("a handler panics when it is asked what may never happen")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reduction, Reductions};

    #[test]
    fn a_set_holds_what_was_put_in() {
        for bits in 0..8u8 {
            let chosen = |r: &Reduction| bits >> *r as u8 & 1 == 1;
            let set: Reductions = Reduction::ALL.into_iter().filter(chosen).collect();
            assert!(set.iter().eq(Reduction::ALL.into_iter().filter(chosen)));
            assert_eq!(set.is_empty(), bits == 0);
            for reduction in Reduction::ALL {
                assert!(set.with(reduction).contains(reduction));
                assert!(!set.without(reduction).contains(reduction));
            }
        }
    }
}
