//! The search forward, level by level, in the order of the plain engine; and what has come of it.
//!
//! Invariant: a round never reaches beyond its level. Nothing is kept of the way to a world: it is found
//! again by expanding the level before.

use super::searched::AnyEvent;
use super::state::BreadthFirst;
use super::sweep::{AT_ONCE, Goal, blocked};
use crate::check::explore::{Explored, Finding};
use crate::check::{Account, Monitor, Stopped};
use crate::model::{Reason, Sense};

impl BreadthFirst<'_> {
    /// Expands worlds until there are no more, all is found out, a limit is reached or the monitor stops it.
    pub fn run(&mut self, monitor: &mut dyn Monitor) {
        self.expand_all(monitor);
        if let Some(why) = self.keys.refusal() {
            monitor.spill_failed(why.to_string());
        }
    }

    fn expand_all(&mut self, monitor: &mut dyn Monitor) {
        let round = self.tuning.sizes.round.max(1);
        while self.expanded < self.keys.len() && !self.is_settled() && !self.is_spoilt() {
            if self.expanded == self.level_ends() {
                self.levels.push(self.keys.len());
            }
            if self.expanded.is_multiple_of(round) {
                let look = monitor.look(&self.progress());
                if look.is_err() || monitor.wants_checkpoint() {
                    self.save(monitor);
                }
                if let Err(stopped) = look {
                    self.stopped = Some(stopped);
                    return;
                }
            }
            if self.is_too_large() {
                self.stopped = Some(Stopped::States);
                return;
            }
            // What was marked among fewer worlds says nothing of more.
            self.swept = None;
            let next_look = (self.expanded + 1).next_multiple_of(round);
            if let Err(stopped) = self.round(self.level_ends().min(next_look), monitor) {
                self.save(monitor);
                self.stopped = Some(stopped);
                return;
            }
        }
    }

    /// What was found out; nothing if a predicate has read what was changed by what is left out.
    pub fn finish(&mut self, monitor: &mut dyn Monitor) -> Option<Explored<AnyEvent>> {
        if self.is_spoilt() {
            return None;
        }
        self.hear_all();
        if self.stopped == Some(Stopped::States) || self.sweeps && self.is_through() {
            // What was found so far took its time; and with a larger limit it goes on from here.
            self.save(monitor);
        }
        let inquiries = self.inquiries.iter().enumerate();
        let goals: Vec<Goal> = inquiries
            .filter(|(_, inquiry)| inquiry.sense.is_of_progress())
            .map(|(property, inquiry)| Goal {
                property,
                by_repairs: inquiry.sense == Sense::Recovers,
            })
            .collect();
        // What is found blocked is found among the worlds that were expanded.
        let progress = self.progress();
        let swept = self.swept.as_ref().map_or(0, |(nth, _)| *nth);
        for (nth, goals) in goals.chunks(AT_ONCE).enumerate().skip(swept) {
            let Some(blocked) = blocked(self, nth, goals, monitor) else {
                break;
            };
            for (goal, at) in goals.iter().zip(blocked) {
                self.inquiries[goal.property].found = at.map(|at| (at, None));
            }
        }
        self.read = self.read_so_far();
        if self.is_spoilt() {
            return None;
        }
        let senses: Vec<Sense> = self.inquiries.iter().map(|inquiry| inquiry.sense).collect();
        let findings = self.found().into_iter().zip(senses);
        let findings = findings.map(|(found, sense)| self.finding(found, sense));
        let findings = findings.collect();
        let waiting_for_the_living = self.seen.waiting.map(|at| self.way(at));
        Some(Explored {
            account: Account {
                settled: self.stopped.is_none() && self.expanded < self.keys.len(),
                progress,
                withheld: self.seen.withheld.clone(),
                absorbed: self.seen.absorbed,
                exercised: Some(self.seen.exercised.clone()),
                repair_withheld: self.seen.repair_withheld,
                stopped: self.stopped,
                ..Account::default()
            },
            findings,
            waiting_for_the_living,
        })
    }

    /// What was found of a property of this sense.
    fn finding(
        &mut self,
        found: Option<(usize, Option<Reason>)>,
        sense: Sense,
    ) -> Finding<AnyEvent> {
        let Some((at, reason)) = found else {
            return Finding::Nothing;
        };
        let schedule = self.way(at);
        match (sense, reason) {
            (Sense::Always, Some(reason)) => Finding::Broken { schedule, reason },
            (Sense::Reachable, _) => Finding::Met { schedule },
            _ => Finding::Blocked { schedule },
        }
    }
}
