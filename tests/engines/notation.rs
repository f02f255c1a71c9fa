//! What a search finds is told in the one notation, so whoever writes two messages alike is found out.

use std::fmt;

use crate::common::complaint;
use jury::check::{Engine, Limits, Patient, Question, judge};
use jury::model::promise::Promise;
use jury::model::{
    Actor, BadParameter, Cluster, Id, NodeSet, Observation, Out, Predicate, Property, Protocol,
    Reason, Rules, Start, System, View,
};
use serde::{Deserialize, Serialize};

/// A tells B two words, and keeps to itself which is which.
#[derive(Clone, Debug)]
struct Mumbler;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Word {
    First,
    Second,
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Word")
    }
}

impl Actor for Mumbler {
    type Msg = Word;
    type Timer = ();
    /// Whether the second word was heard.
    type State = bool;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> bool {
        if id == Id::from(0) {
            o.send(Id::from(1), Word::First);
            o.send(Id::from(1), Word::Second);
        }
        false
    }

    fn on_message(&self, _: Id, heard: &mut bool, _: Id, word: Word, _: &mut Out<Self>) {
        *heard |= word == Word::Second;
    }
}

impl Protocol for Mumbler {
    const NAME: &'static str = "mumbler";
    const ABOUT: &'static str = "Says two things that sound alike.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = ();
    type History = ();

    fn new((): &()) -> Result<Self, BadParameter> {
        Ok(Mumbler)
    }

    fn cluster(&self) -> Cluster {
        Cluster::new([("A", "node"), ("B", "node")])
    }

    fn record(&self, (): &mut (), _: Id, _: &Observation) {}

    fn properties(&self) -> Vec<Property<Self>> {
        let unheard = |_: &Self, world: &dyn View<Self>| {
            let b = Id::from(1);
            let heard = world.node(b).up().is_some_and(|up| up.state);
            Reason::unless(!heard, NodeSet::first(2), || "B heard it".to_owned())
        };
        let about = "B never hears the second word.";
        vec![Property::always(
            "unheard",
            about,
            "none",
            Predicate::World(unheard),
        )]
    }
}

#[test]
fn messages_that_are_written_alike_are_found_out() {
    let system = System::new(Mumbler, Rules::fault_free());
    let properties = system.protocol.properties();
    let question = Question {
        system: &system,
        properties: &properties,
        after: &[],
        limits: Limits::default(),
    };
    let judged = || judge(&question, Engine::default(), None, &mut Patient);
    let broken = complaint(judged).expect("it is found out");
    assert_eq!(broken.promise, Promise::Notation);
    let said = "step 1, `deliver A -> B Word`";
    assert!(broken.message.contains(said), "{broken}");
}
