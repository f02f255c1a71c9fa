//! What a search may leave out, and why that changes no verdict.
//!
//! A world *covers* another if both agree on nodes, history, cuts and everything spent, but for
//! losses and duplicates, of which no more are spent in the first; and if on every link at least as
//! much is in flight in it. Under asynchronous timing and on unordered links, whatever leads from the
//! other world somewhere, leads from the first to a world that covers that, or is not needed there:
//!
//! - A delivery, a loss, a choice, a timeout, a crash (also inside a handler), a recovery, a cut: it is
//!   enabled in both and does the same. What is sent beyond `copies` is absorbed, and then at least as
//!   many equal ones are in flight as in the other world. A bound withholds the same of both.
//! - A duplicate for which there is no room has as many equal ones in flight already.
//!
//! So a search that leaves an event out whenever the world before it covers the one after it still
//! finds every state of the nodes and every history, by no more events; and as it only leaves out, what
//! it finds is real. That is [`NoOp`](Reduction::NoOp) and [`Lost`](Reduction::Lost). They say nothing
//! of goals: a goal may be out of reach just because a message is gone.
//!
//! [`Dead`](Reduction::Dead) looks ahead. A message is dead if whatever its destination may still
//! become, its handler answers by nothing at all where the message can arrive, and no bound withholds
//! it. It stays dead, and equal messages are dead together, so that `copies` is no obstacle. Worlds
//! that differ in dead messages, and in losses and duplicates spent on them, do the same forever after:
//! what only one of them can do is to deliver, lose or copy what is dead. So each reaches every goal, by
//! ordinary events and by repairs, if the other does, and none is open if the other is not. What joins
//! later, messages to oneself and a network that never forgets are no exceptions to any of this.
//!
//! It needs that no predicate reads what is in flight, or, where something may be lost or duplicated,
//! the globals. Histories and states of nodes lead up to the first such read, and of these nothing is
//! left out: if some world of the relation makes a predicate read it, some world of the search does.
//! That search is given up, and another one leaves nothing out.
//!
//! Schedules get shorter where they need not deliver what is left out. So under a bound on depth a search
//! may find what it would not find otherwise, or be sure of what would be open: the answer may be a
//! better one, and is never another one.
//!
//! Under accurate timing what is in flight, and that something was lost, decide which timers fire; on
//! fifo links a message holds up those behind it. There nothing is left out.

use serde::{Deserialize, Serialize};

use crate::model::{Limit, LinkOrder, Property, Protocol, Rules, Timing};

/// Something that a search may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduction {
    /// A delivery to which the node reacts by nothing at all, or that finds it down, is no event. (A
    /// crash inside its handler is, where it leaves something behind.)
    NoOp,
    /// A single message is never lost. (What a cut loses is lost.)
    Lost,
    /// A message that is dead is taken out of flight.
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

/// As it is typed.
impl std::fmt::Display for Reduce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reduce::Auto => f.write_str("auto"),
            Reduce::Only(none) if none.is_empty() => f.write_str("none"),
            Reduce::Only(these) => {
                let names: Vec<_> = these.iter().map(Reduction::name).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

/// Whether worlds that differ by the names of nodes that are alike are taken for one; see
/// [`Symmetry`](crate::model::Symmetry). Verdicts are the same, and schedules as long; of worlds those are
/// counted that are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByOrbits {
    Never,
    /// Where every reduction may be used, a search has gone beyond its first look, and messages do not leave a node
    /// that crashes in the order of names.
    #[default]
    Auto,
    Always,
}

/// As it is typed.
impl std::fmt::Display for ByOrbits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ByOrbits::Never => "off",
            ByOrbits::Auto => "auto",
            ByOrbits::Always => "on",
        })
    }
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
    /// Time or memory was over before it was clear what is dead.
    OutOfTime,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
                let cost = "to find out what is dead would have cost more than it may save";
                write!(f, "{cost}: it takes more than {most} questions")
            }
            Forgone::OutOfTime => {
                f.write_str("time or memory was over before it was clear what is dead")
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
