//! What a search found that is through, as a checkpoint holds it.
//!
//! Invariant: a schedule is a list of positions among the enabled events, and so is believed only if the
//! protocol still knows it and it still shows what it showed.

use serde::{Deserialize, Serialize};

use super::seen::SavedSeen;
use crate::check::explore::{Explored, Finding};
use crate::check::fast::expand::worker::Seen;
use crate::check::{Account, Progress, Stopped};
use crate::model::{Event, Expectation, Property, Protocol, Reason, System, World};

/// What a search found that is through.
#[derive(Serialize, Deserialize)]
pub struct Through {
    distinct: u64,
    generated: u64,
    depth: u64,
    frontier: u64,
    findings: Vec<SavedFinding>,
    seen: SavedSeen,
    too_many: bool,
    settled: bool,
    waiting: Option<Positions>,
}

/// A schedule: which of the enabled events came, each time.
type Positions = Vec<usize>;

#[derive(Serialize, Deserialize)]
enum SavedFinding {
    Nothing,
    Broken(Positions, Reason),
    Met(Positions),
    Blocked(Positions),
}

impl Through {
    pub fn of<P: Protocol>(explored: &Explored<P>, system: &System<P>, start: &World<P>) -> Self {
        let positions = |schedule: &[Event<P>]| positions(system, start, schedule);
        let finding = |finding: &Finding<Event<P>>| match finding {
            Finding::Nothing => SavedFinding::Nothing,
            Finding::Broken { schedule, reason } => {
                SavedFinding::Broken(positions(schedule), reason.clone())
            }
            Finding::Met { schedule } => SavedFinding::Met(positions(schedule)),
            Finding::Blocked { schedule } => SavedFinding::Blocked(positions(schedule)),
        };
        let account = &explored.account;
        let Progress {
            distinct,
            generated,
            depth,
            frontier,
            ..
        } = account.progress;
        let seen = Seen {
            withheld: account.withheld.clone(),
            absorbed: account.absorbed,
            repair_withheld: account.repair_withheld,
            exercised: account.exercised.clone().expect("this engine can tell"),
            waiting: None,
        };
        Through {
            distinct,
            generated,
            depth,
            frontier,
            findings: explored.findings.iter().map(finding).collect(),
            seen: SavedSeen::of(&seen),
            too_many: account.stopped == Some(Stopped::States),
            settled: account.settled,
            waiting: explored.waiting_for_the_living.as_deref().map(positions),
        }
    }

    /// The same by contents; nothing if the protocol does not know such a schedule.
    pub fn spelt_out<P: Protocol>(
        self,
        system: &System<P>,
        start: &World<P>,
        properties: &[Property<P>],
    ) -> Option<Explored<P>> {
        let events = |positions: &Positions| events(system, start, positions);
        let finding = |(finding, property): (SavedFinding, &Property<P>)| {
            Some(match (finding, property.expectation) {
                (SavedFinding::Nothing, _) => Finding::Nothing,
                (SavedFinding::Broken(positions, reason), Expectation::Always(predicate)) => {
                    let (schedule, world) = events(&positions)?;
                    predicate.ask(&system.protocol, &world).err()?;
                    Finding::Broken { schedule, reason }
                }
                (SavedFinding::Met(positions), Expectation::Reachable(predicate)) => {
                    let (schedule, world) = events(&positions)?;
                    predicate.ask(&system.protocol, &world).ok()?;
                    Finding::Met { schedule }
                }
                (SavedFinding::Blocked(positions), expectation) => {
                    let (schedule, world) = events(&positions)?;
                    expectation.goal()?.ask(&system.protocol, &world).err()?;
                    Finding::Blocked { schedule }
                }
                _ => return None,
            })
        };
        if self.findings.len() != properties.len() {
            return None;
        }
        let findings = self.findings.into_iter().zip(properties).map(finding);
        let findings: Vec<Finding<Event<P>>> = findings.collect::<Option<_>>()?;
        let waiting_for_the_living = match &self.waiting {
            Some(positions) => Some(events(positions)?.0),
            None => None,
        };
        let progress = Progress {
            distinct: self.distinct,
            generated: self.generated,
            depth: self.depth,
            frontier: self.frontier,
            bytes: 0,
            ahead: 0,
        };
        let seen = Seen::from(self.seen);
        Some(Explored {
            account: Account {
                progress,
                withheld: seen.withheld,
                absorbed: seen.absorbed,
                repair_withheld: seen.repair_withheld,
                exercised: Some(seen.exercised),
                stopped: self.too_many.then_some(Stopped::States),
                settled: self.settled,
                ..Account::default()
            },
            findings,
            waiting_for_the_living,
        })
    }
}

fn positions<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    schedule: &[Event<P>],
) -> Positions {
    let mut world = start.clone();
    let mut position = |event| {
        let enabled = system.enabled(&mut world).events;
        system.apply(&mut world, event);
        let position = enabled.iter().position(|other| other == event);
        position.expect("what was found is possible")
    };
    schedule.iter().map(&mut position).collect()
}

/// The events at these positions, and where they lead.
fn events<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    positions: &Positions,
) -> Option<(Vec<Event<P>>, World<P>)> {
    let mut world = start.clone();
    let mut event = |position: &usize| {
        let event = system
            .enabled(&mut world)
            .events
            .into_iter()
            .nth(*position)?;
        system.apply(&mut world, &event);
        Some(event)
    };
    let schedule = positions.iter().map(&mut event).collect::<Option<_>>()?;
    Some((schedule, world))
}
