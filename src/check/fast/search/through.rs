//! What a search found that is through, as a checkpoint holds it.
//!
//! Invariant: a schedule is a list of positions among the enabled events, and so is believed only if the
//! protocol still knows it and it still shows what it showed.

use serde::{Deserialize, Serialize};

use super::searched::{AnyEvent, Positions, Searched};
use super::seen::SavedSeen;
use crate::check::explore::{Explored, Finding};
use crate::check::fast::expand::worker::Seen;
use crate::check::{Account, Progress};
use crate::model::{Reason, Sense};

/// What a search found that is through.
#[derive(Serialize, Deserialize)]
pub struct Through {
    distinct: u64,
    generated: u64,
    depth: u64,
    frontier: u64,
    findings: Vec<SavedFinding>,
    seen: SavedSeen,
    settled: bool,
    waiting: Option<Positions>,
}

#[derive(Serialize, Deserialize)]
enum SavedFinding {
    Nothing,
    Broken(Positions, Reason),
    Met(Positions),
    Blocked(Positions),
}

impl Through {
    /// What was found, where positions stand for events.
    pub fn of(explored: &Explored<AnyEvent>, searched: &dyn Searched) -> Self {
        let positions = |schedule: &[AnyEvent]| searched.positions(schedule);
        let finding = |finding: &Finding<AnyEvent>| match finding {
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
            settled: account.settled,
            waiting: explored.waiting_for_the_living.as_deref().map(positions),
        }
    }

    /// The same by contents; nothing if the protocol does not know such a schedule.
    pub fn spelt_out(self, searched: &dyn Searched) -> Option<Explored<AnyEvent>> {
        let senses = searched.senses();
        if self.findings.len() != senses.len() {
            return None;
        }
        let finding = |(property, (finding, sense)): (usize, (SavedFinding, Sense))| {
            let events = |positions: Positions| searched.events(&positions, Some(property));
            Some(match (finding, sense) {
                (SavedFinding::Nothing, _) => Finding::Nothing,
                (SavedFinding::Broken(positions, reason), Sense::Always) => Finding::Broken {
                    schedule: events(positions)?,
                    reason,
                },
                (SavedFinding::Met(positions), Sense::Reachable) => Finding::Met {
                    schedule: events(positions)?,
                },
                (SavedFinding::Blocked(positions), sense) if sense.is_of_progress() => {
                    Finding::Blocked {
                        schedule: events(positions)?,
                    }
                }
                _ => return None,
            })
        };
        let findings = self.findings.into_iter().zip(senses).enumerate();
        let findings = findings.map(finding).collect::<Option<_>>()?;
        let waiting_for_the_living = match &self.waiting {
            Some(positions) => Some(searched.events(positions, None)?),
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
                settled: self.settled,
                ..Account::default()
            },
            findings,
            waiting_for_the_living,
        })
    }
}
