//! What can be asked of a world, or of a step, and when it has to be asked again.
//!
//! Each kind of predicate is given what it may read and nothing else. So whoever follows a run knows, after a
//! step, which of them can have become false, and for which nodes: the others are as true as they were.

use std::sync::Arc;

use derive_where::derive_where;
use serde::{Deserialize, Serialize};

use super::cluster::NodeSet;
use super::id::Id;
use super::protocol::Protocol;
use super::step::{Step, StepAnswer, StepPredicate};
use super::world::View;

/// Whether a predicate is true, and if it is not, why.
pub type Answer = Result<(), Reason>;

/// Why a predicate is not true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The nodes that it is about.
    pub nodes: NodeSet,
    /// A clause that names them: `P1 committed but P2 aborted`.
    pub text: String,
}

impl Reason {
    pub fn new(nodes: NodeSet, text: impl Into<String>) -> Self {
        let text = text.into();
        Reason { nodes, text }
    }

    /// The answer to a predicate that is true unless something was found against it: about whom, and
    /// what.
    pub fn against(found: Option<(NodeSet, String)>) -> Answer {
        match found {
            Some((nodes, text)) => Err(Reason { nodes, text }),
            None => Ok(()),
        }
    }

    /// The answer to a predicate that is true, or is not because of these nodes.
    pub fn unless(is_true: bool, nodes: NodeSet, text: impl FnOnce() -> String) -> Answer {
        if is_true {
            return Ok(());
        }
        Err(Reason::new(nodes, text()))
    }
}

/// A predicate over the parts of one world, or over one step.
#[derive_where(Clone)]
pub enum Predicate<P: Protocol> {
    /// Reads the history alone, so it is asked again only when something was observed.
    History(fn(&P, &P::History) -> Answer),
    /// Reads what is on stable storage, and the history, so it is asked again only when something was
    /// saved or observed.
    Storage(fn(&P, &Disks<'_, P>) -> Answer),
    /// Reads the nodes, memory and stable storage, and the history, so it is asked again only when one
    /// of them changed.
    Nodes(fn(&P, &Nodes<'_, P>) -> Answer),
    /// Must be true of each of these nodes, and reads no other: asked again of a node that changed, and of
    /// all when something was observed.
    EachNode(Whom<P>, fn(&P, &OneNode<'_, P>) -> Answer),
    /// Must be true of every two of these nodes, and reads nothing else: asked again of a node that changed
    /// and each of the others.
    EveryTwo(Whom<P>, fn(&P, &TwoNodes<'_, P>) -> Answer),
    /// The same of their stable storage alone: asked again of a node that has saved something.
    EveryTwoDisks(Whom<P>, fn(&P, &TwoDisks<'_, P>) -> Answer),
    World(fn(&P, &dyn View<P>) -> Answer),
    /// Reads one step of one node, under the name of its property; once broken it stays so.
    Step(&'static str, StepPredicate<P>),
    /// All of these, in this order: each is asked again only when what it reads has changed.
    All(Arc<[Predicate<P>]>),
    /// A predicate of a protocol that this one stands for.
    Another(Arc<dyn Another<P>>),
}

/// A predicate over the parts of other worlds than these, or over other steps: of a protocol that this one stands for.
pub trait Another<P: Protocol>: Send + Sync {
    /// See [`Predicate::reads`].
    fn reads(&self) -> Kinds;
    /// See [`Predicate::ask_again`]: something is new of what it reads.
    fn ask_of_news(&self, protocol: &P, world: &dyn View<P>, news: &News) -> Answer;
    /// The name of its property, if it reads steps and not worlds.
    fn judges_steps(&self) -> Option<&'static str>;
    /// Asks about a step, if it reads steps.
    fn ask_of_step(&self, protocol: &P, step: &Step<'_, P>) -> StepAnswer;
}

/// The nodes that a predicate is about.
pub type Whom<P> = fn(&P) -> NodeSet;

/// What is on stable storage in one world, and the history: all that some predicates may read.
pub struct Disks<'a, P: Protocol>(&'a dyn View<P>);

impl<'a, P: Protocol> Disks<'a, P> {
    /// What a node last saved, if anything ever.
    pub fn of(&self, id: Id) -> Option<&'a P::Storage> {
        self.0.storage(id)
    }

    pub fn history(&self) -> &'a P::History {
        self.0.history()
    }
}

/// The nodes of one world, and the history: all that some predicates may read.
pub struct Nodes<'a, P: Protocol>(&'a dyn View<P>);

impl<'a, P: Protocol> Nodes<'a, P> {
    pub fn new(world: &'a dyn View<P>) -> Self {
        Nodes(world)
    }

    /// The volatile state of a node, if it is up.
    pub fn state(&self, id: Id) -> Option<&'a P::State> {
        self.0.state(id)
    }

    /// What a node last saved, if anything ever.
    pub fn storage(&self, id: Id) -> Option<&'a P::Storage> {
        self.0.storage(id)
    }

    pub fn history(&self) -> &'a P::History {
        self.0.history()
    }
}

/// One node, and the history: all that some predicates may read.
pub struct OneNode<'a, P: Protocol> {
    pub id: Id,
    world: &'a dyn View<P>,
}

impl<'a, P: Protocol> OneNode<'a, P> {
    /// Its volatile state, if it is up.
    pub fn state(&self) -> Option<&'a P::State> {
        self.world.state(self.id)
    }

    /// What it last saved, if anything ever.
    pub fn storage(&self) -> Option<&'a P::Storage> {
        self.world.storage(self.id)
    }

    pub fn history(&self) -> &'a P::History {
        self.world.history()
    }
}

/// Two nodes: all that some predicates may read.
pub struct TwoNodes<'a, P: Protocol> {
    /// In their order.
    pub ids: [Id; 2],
    world: &'a dyn View<P>,
}

impl<'a, P: Protocol> TwoNodes<'a, P> {
    /// Their volatile states, if both are up.
    pub fn states(&self) -> Option<[&'a P::State; 2]> {
        let [one, other] = self.ids;
        Some([self.world.state(one)?, self.world.state(other)?])
    }

    /// What they last saved, each if anything ever.
    pub fn storages(&self) -> [Option<&'a P::Storage>; 2] {
        self.ids.map(|id| self.world.storage(id))
    }
}

/// What is on the stable storage of two nodes: all that some predicates may read.
pub struct TwoDisks<'a, P: Protocol>(TwoNodes<'a, P>);

impl<'a, P: Protocol> TwoDisks<'a, P> {
    /// Whose they are, in their order.
    pub fn ids(&self) -> [Id; 2] {
        self.0.ids
    }

    /// What was last saved, if both ever saved anything.
    pub fn both(&self) -> Option<[&'a P::Storage; 2]> {
        let [one, other] = self.0.storages();
        Some([one?, other?])
    }
}

/// What a step changed of all that predicates read.
#[derive(Clone, Copy, Debug, Default)]
pub struct News {
    /// Something was observed.
    pub observed: bool,
    /// A step property was broken.
    pub broken: bool,
    /// The nodes whose memory or stable storage is not as it was.
    pub changed: NodeSet,
    /// Whether one of them has saved something.
    pub saved: bool,
}

/// Kinds of things that predicates read: a set of them.
#[derive(Clone, Copy)]
pub struct Kinds(u8);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    pub const ALL: Kinds = Kinds(!0);
    const HISTORY: Kinds = Kinds(1);
    const BREACHES: Kinds = Kinds(2);
    const DISKS: Kinds = Kinds(4);
    const NODES: Kinds = Kinds(8);
    /// Anything else of a world: always new.
    const OTHERS: Kinds = Kinds(16);

    #[must_use]
    pub const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub fn has_any_of(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

impl News {
    /// All, as if nothing had been asked before.
    const ALL: News = News {
        observed: true,
        broken: true,
        changed: NodeSet::EVERYBODY,
        saved: true,
    };

    /// The kinds of what is new.
    pub fn kinds(&self) -> Kinds {
        let if_so = |is: bool, kind: Kinds| if is { kind } else { Kinds::NONE };
        Kinds::OTHERS
            .and(if_so(self.observed, Kinds::HISTORY))
            .and(if_so(self.broken, Kinds::BREACHES))
            .and(if_so(self.saved, Kinds::DISKS))
            .and(if_so(!self.changed.is_empty(), Kinds::NODES))
    }
}

impl<P: Protocol> Predicate<P> {
    /// Whether it is asked again only when something was observed, or broken.
    pub fn reads_the_past_alone(&self) -> bool {
        !self
            .reads()
            .has_any_of(Kinds::DISKS.and(Kinds::NODES).and(Kinds::OTHERS))
    }

    /// What it reads: where nothing of that is new, it is what it was.
    pub fn reads(&self) -> Kinds {
        match self {
            Predicate::History(_) => Kinds::HISTORY,
            Predicate::Storage(_) => Kinds::HISTORY.and(Kinds::DISKS),
            Predicate::Nodes(_) | Predicate::EachNode(..) => Kinds::HISTORY.and(Kinds::NODES),
            Predicate::EveryTwo(..) => Kinds::NODES,
            Predicate::EveryTwoDisks(..) => Kinds::DISKS,
            Predicate::World(_) => Kinds::OTHERS,
            Predicate::Step(..) => Kinds::BREACHES,
            Predicate::All(parts) => {
                let kinds = parts.iter().map(Predicate::reads);
                kinds.fold(Kinds::NONE, Kinds::and)
            }
            Predicate::Another(another) => another.reads(),
        }
    }

    pub fn ask(&self, protocol: &P, world: &dyn View<P>) -> Answer {
        self.ask_of_news(protocol, world, &News::ALL)
    }

    /// The same answer, of a world that a step led to out of one in which the predicate was true, when this is
    /// what is new.
    ///
    /// What is not read again was true, and is as it was: of several nodes or pairs that are asked about in
    /// turn, those without news are passed over. So the first of which it is not true is the same, too.
    pub fn ask_again(&self, protocol: &P, world: &dyn View<P>, news: &News) -> Answer {
        if self.reads().has_any_of(news.kinds()) {
            self.ask_of_news(protocol, world, news)
        } else {
            Ok(())
        }
    }

    /// The same, if something is new of what it reads.
    pub(crate) fn ask_of_news(&self, protocol: &P, world: &dyn View<P>, news: &News) -> Answer {
        match self {
            Predicate::History(predicate) => predicate(protocol, world.history()),
            Predicate::Storage(predicate) => predicate(protocol, &Disks(world)),
            Predicate::Nodes(predicate) => predicate(protocol, &Nodes(world)),
            Predicate::EachNode(whom, predicate) => {
                let asked = if news.observed {
                    NodeSet::EVERYBODY
                } else {
                    news.changed
                };
                let mut ids = whom(protocol).intersection(asked).iter();
                ids.try_for_each(|id| predicate(protocol, &OneNode { id, world }))
            }
            Predicate::EveryTwo(whom, predicate) => {
                every_two(whom(protocol), news.changed, |ids| {
                    predicate(protocol, &TwoNodes { ids, world })
                })
            }
            Predicate::EveryTwoDisks(whom, predicate) => {
                every_two(whom(protocol), news.changed, |ids| {
                    predicate(protocol, &TwoDisks(TwoNodes { ids, world }))
                })
            }
            Predicate::World(predicate) => predicate(protocol, world),
            Predicate::Step(property, _) => world.breaches().answer(protocol, property),
            Predicate::All(parts) => {
                let mut parts = parts.iter();
                parts.try_for_each(|part| part.ask_again(protocol, world, news))
            }
            Predicate::Another(another) => another.ask_of_news(protocol, world, news),
        }
    }

    /// The name of its property, if it reads steps and not worlds.
    pub(super) fn judges_steps(&self) -> Option<&'static str> {
        match self {
            Predicate::Step(name, _) => Some(name),
            Predicate::Another(another) => another.judges_steps(),
            _ => None,
        }
    }

    /// Asks about a step.
    ///
    /// # Panics
    /// If it reads worlds.
    pub(super) fn ask_of_step(&self, protocol: &P, step: &Step<'_, P>) -> StepAnswer {
        match self {
            Predicate::Step(_, predicate) => predicate(protocol, step),
            Predicate::Another(another) => another.ask_of_step(protocol, step),
            _ => panic!("a predicate over worlds says nothing of a step"),
        }
    }

    /// All of these, in this order.
    pub fn all(parts: impl Into<Arc<[Predicate<P>]>>) -> Self {
        Predicate::All(parts.into())
    }

    /// Shows all that it is a conjunction of, in order; itself, if it is none.
    pub fn each_part(&self, see: &mut dyn FnMut(&Predicate<P>)) {
        match self {
            Predicate::All(parts) => parts.iter().for_each(|part| part.each_part(see)),
            part => see(part),
        }
    }
}

/// Asks about every two of these nodes of which one has changed, until the answer is no: each with those before
/// it.
fn every_two(nodes: NodeSet, changed: NodeSet, mut ask: impl FnMut([Id; 2]) -> Answer) -> Answer {
    let changed = nodes.intersection(changed);
    if let Some(id) = changed.single() {
        let mut others = nodes.without(id).iter();
        return others.try_for_each(|other| ask([id.min(other), id.max(other)]));
    }
    for other in nodes.iter() {
        for one in nodes.iter().take_while(|one| *one < other) {
            if changed.contains(one) || changed.contains(other) {
                ask([one, other])?;
            }
        }
    }
    Ok(())
}
