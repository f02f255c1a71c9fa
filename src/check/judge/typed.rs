//! A system on trial, as it knows its protocol: what judging has done in types.

use super::subject::{Subject, remembering};
use super::verdict::{Engine, Question, Standing};
use crate::check::blocked::{Blocked, explain, standstill};
use crate::check::checkpoint::{CheckpointError, Folder};
use crate::check::explore::{Explored, explore};
use crate::check::worlds::Found;
use crate::check::{Means, Monitor, Possible, fast, probe};
use crate::model::{
    Cluster, Event, Expectation, Predicate, Property, Protocol, Rules, Sense, Statement, System,
    World, facts::Facts,
};
use crate::run::{Run, follow};

/// How many worlds a search may hold that looks for what would unblock a blocked world.
const EXPLAIN_STATES_MAX: usize = 200_000;

/// A question, and how it is answered.
pub(super) struct Typed<'a, P: Protocol> {
    question: &'a Question<'a, P>,
    engine: Engine,
    folder: Option<&'a Folder>,
    properties: Vec<Statement>,
    after: Vec<String>,
}

impl<'a, P: Protocol> Typed<'a, P> {
    pub(super) fn new(
        question: &'a Question<'a, P>,
        engine: Engine,
        folder: Option<&'a Folder>,
    ) -> Self {
        Typed {
            question,
            engine,
            folder,
            properties: Property::all_stated(question.properties),
            after: question.system.spell(question.after),
        }
    }

    fn predicate(&self, member: usize) -> &'a Predicate<P> {
        self.question.properties[member].expectation.predicate()
    }

    fn run(&self, rules: &Rules, schedule: &[String]) -> Run<P> {
        follow(
            &self.question.system.under(rules.clone()),
            schedule,
            &mut [],
        )
    }
}

impl<P: Protocol> Subject for Typed<'_, P> {
    fn rules(&self) -> &Rules {
        &self.question.system.rules
    }

    fn cluster(&self) -> &Cluster {
        &self.question.system.cluster
    }

    fn properties(&self) -> &[Statement] {
        &self.properties
    }

    fn after(&self) -> &[String] {
        &self.after
    }

    fn search(
        &self,
        rules: &Rules,
        members: &[usize],
        monitor: &mut dyn Monitor,
    ) -> Result<Explored<String>, CheckpointError> {
        let Question {
            system: whole,
            properties,
            after,
            limits,
        } = self.question;
        let system = &whole.under(rules.clone());
        let chosen: Vec<_> = members.iter().map(|&i| properties[i].clone()).collect();
        // What came before the search is possible, though not under the assumptions.
        let before = whole.under(Rules {
            links: whole.rules.links,
            ..rules.clone()
        });
        let start = start(&before, after);
        let explored = match self.engine {
            Engine::Fast(tuning) => {
                let names = || chosen.iter().map(|property| property.name);
                let asked = || (rules, names().collect::<Vec<_>>());
                let place = self.folder.map(|folder| folder.place(&asked()));
                let place = place.as_ref();
                fast::explore(system, &start, &chosen, limits, tuning, place, monitor)?
            }
            Engine::Plain => {
                monitor.begins(0);
                let mut world = start.clone();
                explore(system, &mut world, &start, &chosen, limits, monitor)
            }
        };
        Ok(explored.with(&mut |schedule: Vec<Event<P>>| system.spell(&schedule)))
    }

    fn play(&self, rules: &Rules, schedule: &[String]) -> Facts {
        facts(self.run(rules, schedule))
    }

    fn is_broken(&self, rules: &Rules, schedule: &[String], member: usize) -> bool {
        let world = self.run(rules, schedule).world;
        let protocol = &self.question.system.protocol;
        self.predicate(member).ask(protocol, &world).is_err()
    }

    fn standstill(
        &self,
        rules: &Rules,
        schedule: &[String],
        member: usize,
        monitor: &mut dyn Monitor,
    ) -> (Vec<String>, Blocked) {
        let system = self.question.system.under(rules.clone());
        let goal = self.predicate(member);
        let played = Rules {
            links: self.question.system.rules.links,
            ..remembering(rules)
        };
        let world = self.run(&played, schedule).world;
        let most = EXPLAIN_STATES_MAX;
        let by = match self.properties[member].sense {
            Sense::Recovers => Means::Repairs,
            _ => Means::Ordinary,
        };
        let (then, stuck) = standstill(&system, &world, goal, by, most, monitor);
        assert!(
            goal.ask(&system.protocol, &stuck).is_err(),
            "nothing that counts can reach a goal that is out of reach"
        );
        let timing = system.rules.timing;
        let blocked = explain(&system, &stuck, goal, timing, most, monitor);
        (system.spell(&then), blocked)
    }

    fn is_anybody_awaited(&self, monitor: &mut dyn Monitor) -> Possible {
        is_anybody_awaited(self.question.system, monitor)
    }

    fn is_promising(&self, rules: &Rules, member: usize, monitor: &mut dyn Monitor) -> Possible {
        let Expectation::NeverBlocked {
            condition: Some(condition),
            ..
        } = &self.question.properties[member].expectation
        else {
            return Possible::Yes;
        };
        let system = self.question.system.under(rules.clone());
        let start = start(&system, self.question.after);
        let mut carrier = start.clone();
        let mut found = Found::new(&system, &mut carrier, &start, vec![condition.clone()]);
        probe::somewhere(&mut found, monitor, &|worlds| worlds.ask(0).is_ok())
    }
}

/// Whether some timer of a protocol ever awaits somebody: if none does, none can suspect anybody falsely,
/// and every run passes for synchronous.
pub fn is_anybody_awaited<P: Protocol>(system: &System<P>, monitor: &mut dyn Monitor) -> Possible {
    let start = system.initial();
    let mut carrier = start.clone();
    let mut found = Found::new(system, &mut carrier, &start, Vec::new());
    probe::somewhere(&mut found, monitor, &|worlds| worlds.awaits())
}

/// The world to which a schedule leads.
pub fn start<P: Protocol>(system: &System<P>, after: &[Event<P>]) -> World<P> {
    let mut world = system.initial();
    for event in after {
        system.apply(&mut world, event);
    }
    world
}

/// What a schedule that goes against a property says of the protocol, if nothing but the schedule
/// is known.
pub fn standing<P: Protocol>(
    system: &System<P>,
    property: &Property<P>,
    schedule: &[String],
) -> Standing {
    let run = follow(&system.under(remembering(&system.rules)), schedule, &mut []);
    match Standing::of(&system.cluster, &property.stated(), &facts(run), None) {
        Standing::Outside { broken, .. } => Standing::Outside {
            broken,
            unless: vec!["no search under the assumptions".to_owned()],
        },
        Standing::Bug => Standing::Bug,
    }
}

fn facts<P: Protocol>(run: Run<P>) -> Facts {
    let mut facts = run.facts;
    without_clocks(&mut facts);
    facts
}

/// Adds to the facts of a run in which no time passed what its timers say of clocks.
pub fn without_clocks(facts: &mut Facts) {
    if facts.timeouts > 0 {
        // Timers without durations run on clocks that drift without bound.
        facts.drift_ppm_max = u32::MAX;
    }
}
