//! The protocol that an untyped one stands for.

use std::any::Any;
use std::sync::Arc;

use super::words::{
    Typed, typed_input, typed_node, typed_reaction, typed_start, untyped_channel, untyped_command,
    untyped_node, untyped_past,
};
use super::{AnyData, Untyped};
use crate::model::actor::{self, Done, Input, Out, Start};
use crate::model::arms::{Arm, Told};
use crate::model::cluster::{Cluster, NodeSet};
use crate::model::id::Id;
use crate::model::key_state::KeyState;
use crate::model::network::Channel;
use crate::model::node::{Node, Reaction};
use crate::model::observation::{Observation, Observed, Tally};
use crate::model::predicate::{Another, Answer, Kinds, News, Predicate};
use crate::model::property::{Expectation, Property};
use crate::model::protocol::Protocol;
use crate::model::size::Size;
use crate::model::step::{Step, StepAnswer};
use crate::model::success::{Success, Successes};
use crate::model::symmetry::{Rename, Renaming, Symmetry};
use crate::model::types::Types;
use crate::model::world::{Past, View};

/// What is asked of the protocol that another stands for. See [`Protocol`] and [`Actor`](super::Actor).
pub(super) trait Other: Types<Untyped> {
    fn as_any(&self) -> &dyn Any;
    fn start(&self, id: Id, start: Start<'_, AnyData>, o: &mut Out<Untyped>) -> AnyData;
    fn answer(&self, id: Id, state: &mut AnyData, input: Input<'_, Untyped>, o: &mut Out<Untyped>);
    fn cluster(&self) -> Cluster;
    fn claims(&self, step: &Step<'_, Untyped>) -> Vec<AnyData>;
    fn record(&self, history: &mut AnyData, id: Id, observation: &AnyData);
    fn awaits(&self, id: Id, state: &AnyData, timer: &AnyData) -> NodeSet;
    fn withheld(&self, id: Id, state: &AnyData, input: Input<'_, Untyped>) -> Option<&'static str>;
    fn hears(&self, role: &str, told: Told<'_, Untyped>) -> bool;
    fn symmetry(&self) -> Option<Symmetry<Untyped>>;
    fn status_up(&self, state: &AnyData) -> String;
    fn status_down(&self, storage: &AnyData) -> String;
    fn status(&self, node: &Node<Untyped>) -> String;
    fn key_state(&self, state: &AnyData) -> KeyState;
    fn properties(&self) -> Vec<Property<Untyped>>;
    fn successes(&self, after: Option<&dyn View<Untyped>>) -> Successes<Untyped>;
    fn in_words(&self, observation: &AnyData) -> Observation;
    fn tally(&self, observation: &AnyData) -> Option<Tally>;
}

/// A protocol by its types, for whoever does not know them.
pub(super) struct Parts<P>(pub(super) Arc<P>);

impl<P: Protocol> Other for Parts<P> {
    fn as_any(&self) -> &dyn Any {
        &*self.0
    }

    fn start(&self, id: Id, start: Start<'_, AnyData>, o: &mut Out<Untyped>) -> AnyData {
        let handled = actor::start(&*self.0, id, typed_start::<P>(start));
        tell(handled.out, o);
        AnyData::new(handled.state)
    }

    fn answer(&self, id: Id, state: &mut AnyData, input: Input<'_, Untyped>, o: &mut Out<Untyped>) {
        let mut after: P::State = state.as_of::<P::State>().clone();
        let mut out = Out::default();
        actor::answer(&*self.0, id, &mut after, typed_input(input), &mut out);
        tell(out, o);
        *state = AnyData::new(after);
    }

    fn cluster(&self) -> Cluster {
        self.0.cluster()
    }

    fn claims(&self, step: &Step<'_, Untyped>) -> Vec<AnyData> {
        by_types(step, &mut |step| {
            self.0.claims(step).map(AnyData::new).collect()
        })
    }

    fn record(&self, history: &mut AnyData, id: Id, observation: &AnyData) {
        let mut after: P::History = history.as_of::<P::History>().clone();
        self.0.record(&mut after, id, observation.as_of());
        *history = AnyData::new(after);
    }

    fn awaits(&self, id: Id, state: &AnyData, timer: &AnyData) -> NodeSet {
        self.0.awaits(id, state.as_of(), timer.as_of())
    }

    fn withheld(&self, id: Id, state: &AnyData, input: Input<'_, Untyped>) -> Option<&'static str> {
        self.0.withheld(id, state.as_of(), typed_input(input))
    }

    fn hears(&self, role: &str, told: Told<'_, Untyped>) -> bool {
        let told = match told {
            Told::Message(msg) => Told::Message(msg.as_of()),
            Told::Timer(timer) => Told::Timer(timer.as_of()),
        };
        self.0.hears(role, told)
    }

    fn symmetry(&self) -> Option<Symmetry<Untyped>> {
        let symmetry = self.0.symmetry()?;
        Some(Symmetry {
            alike: symmetry.alike,
            state: renames(symmetry.state, AnyData::new),
            storage: renames(symmetry.storage, AnyData::new),
            msg: renames(symmetry.msg, AnyData::in_order),
            timer: renames(symmetry.timer, AnyData::in_order),
            choice: renames(symmetry.choice, AnyData::in_order),
            history: renames(symmetry.history, AnyData::new),
        })
    }

    fn status_up(&self, state: &AnyData) -> String {
        self.0.status_up(state.as_of())
    }

    fn status_down(&self, storage: &AnyData) -> String {
        self.0.status_down(storage.as_of())
    }

    fn status(&self, node: &Node<Untyped>) -> String {
        self.0.status(&typed_node(node))
    }

    fn key_state(&self, state: &AnyData) -> KeyState {
        self.0.key_state(state.as_of())
    }

    fn properties(&self) -> Vec<Property<Untyped>> {
        let properties = self.0.properties().into_iter();
        properties.map(Property::untyped).collect()
    }

    fn successes(&self, after: Option<&dyn View<Untyped>>) -> Successes<Untyped> {
        let after = after.map(Typed::new);
        let after = after.as_ref().map(|world| world as &dyn View<P>);
        let Successes {
            all,
            members,
            patience,
        } = self.0.successes(after);
        let success = |success: Success<P>| Success {
            name: success.name,
            about: success.about,
            is_wanted: success.is_wanted,
            reached: predicate(success.reached),
            closed_form: success.closed_form,
        };
        Successes {
            all: all.into_iter().map(success).collect(),
            members,
            patience,
        }
    }

    fn in_words(&self, observation: &AnyData) -> Observation {
        observation.as_of::<P::Observation>().in_words(&self.0)
    }

    fn tally(&self, observation: &AnyData) -> Option<Tally> {
        observation.as_of::<P::Observation>().tally(&self.0)
    }
}

impl<P: Protocol> Types<Untyped> for Parts<P> {
    fn name(&self) -> &'static str {
        self.0.types().name()
    }

    fn sizes(&self) -> &'static [Size] {
        self.0.types().sizes()
    }

    fn nothing_yet(&self) -> Past<Untyped> {
        untyped_past(self.0.types().nothing_yet())
    }

    fn messages(&self) -> Vec<&'static str> {
        self.0.types().messages()
    }

    fn timers(&self) -> Vec<&'static str> {
        self.0.types().timers()
    }

    fn heard(&self, _: &Untyped, role: &str) -> Vec<Arm> {
        self.0.types().heard(&self.0, role)
    }

    fn node(&self, bytes: &[u8]) -> postcard::Result<Node<Untyped>> {
        Ok(untyped_node(&self.0.types().node(bytes)?))
    }

    fn channel(&self, bytes: &[u8]) -> postcard::Result<Channel<AnyData>> {
        Ok(untyped_channel::<P>(&self.0.types().channel(bytes)?))
    }

    fn past(&self, bytes: &[u8]) -> postcard::Result<Past<Untyped>> {
        Ok(untyped_past(self.0.types().past(bytes)?))
    }
}

/// Puts what a handler did where one without types does.
fn tell<P: Protocol>(out: Out<P>, o: &mut Out<Untyped>) {
    out.each_in_order(&mut |done| match done {
        Done::Observed(observation) => o.observe(AnyData::new(observation)),
        Done::Gave(command) => o.give(untyped_command(command)),
    });
}

/// Shows a step to somebody who knows the types.
fn by_types<P: Protocol, R>(step: &Step<'_, Untyped>, see: &mut dyn FnMut(&Step<'_, P>) -> R) -> R {
    // Claims and every predicate over steps ask about the same.
    let parts = || -> Box<dyn Any> {
        Box::new((
            typed_node::<P>(step.before),
            typed_reaction::<P>(step.reaction),
        ))
    };
    let parts = step.elsewhere.get_or_init(parts).downcast_ref();
    let (before, reaction): &(Node<P>, Reaction<P>) = parts.expect("it stands for one protocol");
    let after = step.after.map(AnyData::as_of);
    see(&Step::new(
        step.id,
        before,
        typed_input(step.input),
        reaction,
        after,
    ))
}

fn renames<T: 'static>(rename: Rename<T>, untyped: fn(T) -> AnyData) -> Rename<AnyData> {
    Arc::new(move |value: &AnyData, by: &Renaming| untyped(rename(value.as_of(), by)))
}

impl<P: Protocol> Property<P> {
    /// The same for whoever does not know the types.
    pub fn untyped(self) -> Property<Untyped> {
        Property {
            name: self.name,
            about: self.about,
            citation: self.citation,
            premise: self.premise,
            assumes: self.assumes,
            expectation: match self.expectation {
                Expectation::Always(always) => Expectation::Always(predicate(always)),
                Expectation::Reachable(reachable) => Expectation::Reachable(predicate(reachable)),
                Expectation::NeverBlocked { condition, goal } => Expectation::NeverBlocked {
                    condition: condition.map(predicate),
                    goal: predicate(goal),
                },
                Expectation::Recovers { goal } => Expectation::Recovers {
                    goal: predicate(goal),
                },
            },
        }
    }
}

fn predicate<P: Protocol>(typed: Predicate<P>) -> Predicate<Untyped> {
    match typed {
        Predicate::All(parts) => {
            Predicate::all(parts.iter().cloned().map(predicate).collect::<Vec<_>>())
        }
        typed => Predicate::Another(Arc::new(OfOther(typed))),
    }
}

/// A predicate of the protocol that another stands for.
struct OfOther<P: Protocol>(Predicate<P>);

impl<P: Protocol> Another<Untyped> for OfOther<P> {
    fn reads(&self) -> Kinds {
        self.0.reads()
    }

    fn ask_of_news(&self, protocol: &Untyped, world: &dyn View<Untyped>, news: &News) -> Answer {
        self.0
            .ask_of_news(protocol.typed(), &Typed::new(world), news)
    }

    fn judges_steps(&self) -> Option<&'static str> {
        self.0.judges_steps()
    }

    fn ask_of_step(&self, protocol: &Untyped, step: &Step<'_, Untyped>) -> StepAnswer {
        by_types(step, &mut |step| self.0.ask_of_step(protocol.typed(), step))
    }
}
