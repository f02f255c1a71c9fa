//! One node's step as a whole, and what it must not do: TLA+'s action properties.
//!
//! What a step *meant* its handler says; what it *broke* is judged here, from the node before it, the
//! input and the reaction. So a handler cannot forget to accuse itself.
//!
//! And handlers are audited: what a node's records and its state show it must have claimed
//! ([`Protocol::claims`]).
//!
//! Invariant: the answer depends on the step alone, so it is asked for once for each distinct reaction.
//! A step that changes nothing breaks nothing.

use std::any::Any;
use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Input};
use super::cluster::{NodeSet, index};
use super::crash::CrashPoint;
use super::event::label;
use super::few::FewMap;
use super::id::Id;
use super::node::{Node, Reaction};
use super::observation::Observed;
use super::predicate::{Answer, Predicate, Reason};
use super::promise::Promise;
use super::property::{Expectation, Property};
use super::protocol::Protocol;
use super::symmetry::Renaming;
use super::system::System;

/// What a node did about an input.
pub struct Step<'a, P: Protocol> {
    pub id: Id,
    /// The node as the input found it.
    pub before: &'a Node<P>,
    pub input: Input<'a, P>,
    /// As far as it was carried out.
    pub reaction: &'a Reaction<P>,
    /// The new volatile state; `None` if the handler left it as it was, or if the node crashed.
    pub after: Option<&'a P::State>,
    /// What it is to a protocol that this one stands for, once that was asked.
    pub(super) elsewhere: OnceCell<Box<dyn Any>>,
}

/// What is in a node's memory, if it is up, and on its disk, if anything ever was saved.
pub type Contents<'a, P> = (
    Option<&'a <P as Actor>::State>,
    Option<&'a <P as Actor>::Storage>,
);

impl<'a, P: Protocol> Step<'a, P> {
    pub fn new(
        id: Id,
        before: &'a Node<P>,
        input: Input<'a, P>,
        reaction: &'a Reaction<P>,
        after: Option<&'a P::State>,
    ) -> Self {
        Step {
            id,
            before,
            input,
            reaction,
            after,
            elsewhere: OnceCell::new(),
        }
    }

    /// The volatile state before and after, if the node was up and still is.
    pub fn states(&self) -> Option<(&'a P::State, &'a P::State)> {
        let before = self.before.state()?;
        (!self.reaction.crashed).then(|| (before, self.after.unwrap_or(before)))
    }

    /// What was on stable storage before, and what is after, if anything ever was.
    pub fn storages(&self) -> (Option<&'a P::Storage>, Option<&'a P::Storage>) {
        let before = self.before.storage();
        (before, self.reaction.saved().or(before))
    }

    /// What the node had in memory and on its disk, before and after.
    pub fn contents(&self) -> [Contents<'a, P>; 2] {
        let (stored, saved) = self.storages();
        let before = self.before.state();
        let after = self.after.or(before);
        let after = after.filter(|_| !self.reaction.crashed);
        [(before, stored), (after, saved)]
    }

    /// What the node shows after the step and did not show before it.
    pub fn newly<Shown>(
        &self,
        shows: impl Fn(Option<&'a P::State>, Option<&'a P::Storage>) -> Shown,
    ) -> impl Iterator<Item = Shown::Item>
    where
        Shown: IntoIterator<Item: PartialEq>,
    {
        let [before, after] = self.contents();
        let items = shows(after.0, after.1).into_iter();
        let known = move |item: &Shown::Item| {
            let before = shows(before.0, before.1);
            before.into_iter().any(|it| it == *item)
        };
        items.filter(move |item| !known(item))
    }
}

/// Whether a step is as it must be; if it is not, a clause with its node as the subject, which names
/// nobody else: `went back to an earlier term`.
pub type StepAnswer = Result<(), String>;

/// A predicate over one step.
pub type StepPredicate<P> = fn(&P, &Step<'_, P>) -> StepAnswer;

/// The first step that broke a property: whose it was, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Breach {
    pub property: String,
    pub id: Id,
    pub what: String,
}

impl Breach {
    /// The same by other names.
    pub fn renamed(&self, by: &Renaming) -> Self {
        Breach {
            id: by.id(self.id),
            ..self.clone()
        }
    }
}

/// The step properties that were broken so far: a part of the past, as what was observed is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Breaches(FewMap<String, (Id, String)>);

impl Breaches {
    pub fn add(&mut self, breach: &Breach) {
        let Breach { property, id, what } = breach;
        self.0.of_or(property.clone(), || (*id, what.clone()));
    }

    /// What a step property comes to.
    pub(super) fn answer<P: Protocol>(&self, protocol: &P, property: &str) -> Answer {
        match self.0.get(property) {
            Some((id, what)) => {
                let name = protocol.cluster().name(*id).to_owned();
                Err(Reason::new(NodeSet::only(*id), format!("{name} {what}")))
            }
            None => Ok(()),
        }
    }

    /// The same by other names.
    pub fn renamed(&self, by: &Renaming) -> Self {
        let renamed = |(property, (id, what)): (&String, &(Id, String))| {
            (property.clone(), (by.id(*id), what.clone()))
        };
        Breaches(self.0.iter().map(renamed).collect())
    }
}

/// The step predicates of a protocol, by the names of their properties.
pub(super) fn of<P: Protocol>(properties: &[Property<P>]) -> Vec<(&'static str, Predicate<P>)> {
    let mut steps = Vec::new();
    for property in properties {
        if let Expectation::Always(predicate) = &property.expectation {
            predicate.each_part(&mut |part| {
                if let Some(name) = part.judges_steps() {
                    steps.push((name, part.clone()));
                }
            });
        }
    }
    steps
}

impl<P: Protocol> System<P> {
    /// Has a node react to an input, and judges its step.
    ///
    /// # Panics
    /// If the input cannot happen to the node; see [`Node::react`]. If its handlers break a
    /// [`Promise`](super::promise::Promise): the audit finds that they claim too little, or they send to
    /// nobody.
    pub fn react(
        &self,
        node: &mut Node<P>,
        id: Id,
        input: Input<'_, P>,
        crash: Option<&CrashPoint>,
    ) -> Reaction<P> {
        let mut handled = node.ask(&self.protocol, id, input);
        let mut reaction = node.consider(&self.protocol, id, input, &mut handled, crash);
        self.deliverable(id, &reaction);
        let after = reaction.is_of_a_new_state().then_some(&handled.state);
        let step = Step::new(id, node, input, &reaction, after);
        self.audit(&step);
        reaction.breaches = self.judge(&step);
        node.absorb(input, &reaction, handled);
        reaction
    }

    /// Makes sure that what a node sends is for nodes that there are.
    fn deliverable(&self, id: Id, reaction: &Reaction<P>) {
        let there_are = self.cluster.len();
        if let Some((dst, msg)) = reaction.sends().find(|(dst, _)| index(*dst) >= there_are) {
            Promise::Addressees.complain(format!(
                "{} sends `{}` to node {}, and the nodes are 0 to {}",
                self.cluster.name(id),
                label(msg),
                index(dst),
                there_are - 1
            ));
        }
    }

    /// Holds what a node claims against what its step brought about.
    fn audit(&self, step: &Step<'_, P>) {
        let &Step {
            id,
            reaction,
            after,
            ..
        } = step;
        // Who stands as before has claimed it.
        if after.is_none() && reaction.saved().is_none() {
            return;
        }
        let mut owed = self.protocol.claims(step);
        if let Some(missing) = owed.find(|claim| !reaction.observations.contains(claim)) {
            let (name, claim) = (self.cluster.name(id), missing.in_words(&self.protocol));
            let storage = step.storages().1;
            Promise::Claims.complain(self.cluster.naming(&format!(
                "{name} claims less than its records show: no handler observed that it {claim}, and it stands at \
                 {after:?}, with {storage:?} on its disk"
            )));
        }
    }

    fn judge(&self, step: &Step<'_, P>) -> Vec<Breach> {
        let mut breaches = Vec::new();
        for (property, predicate) in &*self.steps {
            if let Err(what) = predicate.ask_of_step(&self.protocol, step) {
                let (property, id) = ((*property).to_owned(), step.id);
                breaches.push(Breach { property, id, what });
            }
        }
        breaches
    }
}
