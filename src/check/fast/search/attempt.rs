//! A search from its beginning, or from a checkpoint, to its end: what it may leave out, and once more
//! with nothing left out if that has mattered.
//!
//! Invariant: what is used, and whether a second search is needed, depends on what is searched and
//! not on where it was interrupted. One thing is excepted: where time or memory was over before it was
//! clear what may be left out, a search that keeps checkpoints leaves out nothing from then on, since
//! otherwise it would never get any further.

use super::saved::{self, Opened};
use super::searched::{AnyEvent, Searched, Typed};
use super::state::{BreadthFirst, Inquiry};
use super::through::Through;
use crate::check::checkpoint::{CheckpointError, Place};
use crate::check::explore::Explored;
use crate::check::fast::expand::reduce::Unforeseen;
use crate::check::fast::tuning::Tuning;
use crate::check::reduction::{ByOrbits, Forgone, Reduce, Reduced, Reduction, Reductions};
use crate::check::{Account, Halted, Limits, Monitor, NodeSymmetry, Progress, Stopped};
use crate::model::{Event, Property, Protocol, Rules, System, World};

/// Explores every world that can be reached from `start`; see
/// [`check::explore`](crate::check::explore()), of which it is the equal. With a place for checkpoints it
/// goes on from the one that is there, which may be wrong, and writes others.
pub fn explore<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    properties: &[Property<P>],
    limits: &Limits,
    tuning: Tuning,
    place: Option<&Place>,
    monitor: &mut dyn Monitor,
) -> Result<Explored<Event<P>>, CheckpointError> {
    let mut searched = Typed {
        system,
        start,
        properties,
        tuning,
        prospects: None,
    };
    let mut attempt = Attempt {
        searched: &mut searched,
        rules: &system.rules,
        limits,
        tuning,
        place,
    };
    let explored = attempt.explore(monitor)?;
    Ok(explored.with(&mut |events| events.into_iter().map(event).collect()))
}

fn event<P: Protocol>(event: AnyEvent) -> Event<P> {
    *event.downcast().expect("one search, one protocol")
}

/// What is searched, and how.
struct Attempt<'a> {
    searched: &'a mut dyn Searched,
    rules: &'a Rules,
    limits: &'a Limits,
    tuning: Tuning,
    place: Option<&'a Place>,
}

/// A search that leaves out nothing, and what finding out more may cost then.
struct Look {
    /// Where it ends.
    worlds: u64,
    questions: usize,
}

/// What came of looking.
enum LookOutcome {
    /// There was nothing to find out.
    Not,
    /// There are no more worlds, no more were asked for, or it was stopped: what it has seen is the answer.
    Through(Box<Explored<AnyEvent>>),
    Planned(Reduced),
    /// It was stopped before it was clear what may be left out, and goes on from a checkpoint.
    Stopped(Stopped),
}

impl<'a> Attempt<'a> {
    fn explore(
        &mut self,
        monitor: &mut dyn Monitor,
    ) -> Result<Explored<AnyEvent>, CheckpointError> {
        let mut opened = match self.place {
            Some(place) => saved::open(place)?,
            None => Opened::default(),
        };
        monitor.begins(opened.cost);
        let looks = if opened.is_empty() || opened.is_look {
            self.looks()
        } else {
            Vec::new()
        };
        let planned = match self.look(&looks, &mut opened, monitor)? {
            LookOutcome::Through(explored) => return Ok(*explored),
            LookOutcome::Planned(plan) => Ok(plan),
            LookOutcome::Not => self.plan(opened.before, self.tuning.sizes.questions_max, monitor),
            LookOutcome::Stopped(stopped) => Err(stopped),
        };
        let mut reduced = match planned {
            Ok(plan) => plan,
            Err(Stopped::Time | Stopped::Memory) if self.place.is_some() && opened.is_empty() => {
                opened.before = Some(UNPLANNED);
                self.plan(opened.before, 0, monitor)
                    .expect("nothing is worked out")
            }
            Err(stopped) => return Ok(self.stopped_before(stopped)),
        };
        if let Some((through, place)) = opened.through.take().zip(self.place) {
            let explored = through
                .spelt_out(self.searched)
                .ok_or_else(|| place.of_another_protocol("a schedule in it is not possible"))?;
            let account = Account {
                reduced,
                symmetry: self.searched.symmetry(),
                ..explored.account
            };
            return Ok(Explored {
                account,
                ..explored
            });
        }
        if opened.before.is_none() {
            let (mut search, symmetry) = self.search(reduced.used);
            search.is_reduced = !reduced.used.is_empty();
            if let Err(stopped) = self.restore(&mut search, &mut opened, monitor)? {
                return Ok(self.stopped_before(stopped));
            }
            search.run(monitor);
            if let Some(found) = search.finish(monitor) {
                return Ok(self.through(&search, found, reduced, symmetry, monitor));
            }
            opened.before = Some(search.generated.max(1));
            forgo_all(&mut reduced, Forgone::NetworkIsRead);
        }
        let (mut search, symmetry) = self.search(Reductions::NONE);
        search.before = opened.before;
        if let Err(stopped) = self.restore(&mut search, &mut opened, monitor)? {
            return Ok(self.stopped_before(stopped));
        }
        let mut monitor = Again {
            monitor,
            generated: search.before.unwrap_or(0),
        };
        search.run(&mut monitor);
        let found = search.finish(&mut monitor).expect("nothing is left out");
        Ok(self.through(&search, found, reduced, symmetry, &mut monitor))
    }

    /// What a search has found out, which is kept if it is through.
    fn through(
        &self,
        search: &BreadthFirst<'_>,
        found: Explored<AnyEvent>,
        reduced: Reduced,
        symmetry: Option<NodeSymmetry>,
        monitor: &mut dyn Monitor,
    ) -> Explored<AnyEvent> {
        let mut explored = with_symmetry(found, symmetry);
        search.save_through(&|| Through::of(&explored, self.searched), monitor);
        explored.account.reduced = reduced;
        explored
    }

    /// Whether there is something to find out before it is clear what may be left out, or worlds could be taken for
    /// one, and nobody asked for just that.
    fn plans(&self) -> bool {
        let asked = self.tuning.reduce == Reduce::Auto && self.tuning.first_look > 0;
        let finds_out = || self.searched.planned().used.contains(Reduction::Dead);
        let trades =
            || self.tuning.symmetry == ByOrbits::Auto && self.searched.symmetry().is_some();
        asked && (finds_out() || trades())
    }

    /// How it finds out what may be left out, if that takes finding out. What it may save is not known
    /// before, but it is no more than a search takes that leaves out nothing. So it begins with one, and
    /// may ask so much as that was worth; where that is not enough, it looks further first.
    ///
    /// One that keeps checkpoints looks once, so that it soon has something to keep.
    fn looks(&self) -> Vec<Look> {
        let (first, most) = (self.tuning.first_look, self.tuning.sizes.questions_max);
        let look = |worlds_by: u64, questions_by: usize| Look {
            worlds: first.saturating_mul(worlds_by),
            questions: usize::try_from(first)
                .map_or(most, |n| n.saturating_mul(questions_by).min(most)),
        };
        match (self.plans(), self.place) {
            (false, _) => Vec::new(),
            (true, Some(_)) => vec![Look {
                questions: most,
                ..look(1, 1)
            }],
            (true, None) => vec![look(1, 32), look(1 << 7, 1 << 7), look(1 << 10, 1 << 9)],
        }
    }

    /// Searches without leaving anything out, further each time, until that is all there is, or until it is
    /// clear what may be left out.
    ///
    /// Where a limit on worlds ends it, it is kept, and goes on with a larger one.
    fn look(
        &mut self,
        looks: &[Look],
        opened: &mut Opened,
        monitor: &mut dyn Monitor,
    ) -> Result<LookOutcome, CheckpointError> {
        let mut last = LookOutcome::Not;
        for look in looks {
            let asked = self.limits.states;
            let limits = Limits {
                states: Some(asked.map_or(look.worlds, |states| states.min(look.worlds))),
                ..*self.limits
            };
            let (mut search, symmetry) = self.search_within(&limits, Reductions::NONE, true);
            if let Err(stopped) = self.restore(&mut search, opened, monitor)? {
                let found = self.stopped_before(stopped);
                return Ok(LookOutcome::Through(Box::new(found)));
            }
            search.run(monitor);
            let is_over = asked.is_some_and(|states| states <= look.worlds);
            if search.stopped != Some(Stopped::States) || is_over {
                let may_go_on = search.stopped == Some(Stopped::States);
                search.place = self.place.filter(|_| may_go_on).cloned();
                let found = search.finish(monitor).expect("nothing is left out");
                let found = with_symmetry(found, symmetry);
                return Ok(LookOutcome::Through(Box::new(found)));
            }
            let reduced = match self.plan(None, look.questions, monitor) {
                Ok(reduced) => reduced,
                Err(stopped) if self.place.is_some() => return Ok(LookOutcome::Stopped(stopped)),
                Err(stopped) => {
                    search.stopped = Some(stopped);
                    let found = search.finish(&mut Halted(stopped));
                    let found = with_symmetry(found.expect("nothing is left out"), symmetry);
                    return Ok(LookOutcome::Through(Box::new(found)));
                }
            };
            let is_open = |(_, why): &(_, Forgone)| matches!(why, Forgone::TooManyQuestions(_));
            let is_open = reduced.forgone.iter().any(is_open);
            last = LookOutcome::Planned(reduced);
            if !is_open {
                break;
            }
        }
        Ok(last)
    }

    /// What is left out, as far as that can be told before the search; nothing if it is known already that
    /// nothing can be, from a search [before](BreadthFirst::before).
    fn plan(
        &mut self,
        before: Option<u64>,
        questions_max: usize,
        monitor: &mut dyn Monitor,
    ) -> Result<Reduced, Stopped> {
        let mut reduced = self.searched.planned();
        if let Some(before) = before {
            let why = match before {
                UNPLANNED => Forgone::OutOfTime,
                _ => Forgone::NetworkIsRead,
            };
            forgo_all(&mut reduced, why);
            return Ok(reduced);
        }
        if reduced.used.contains(Reduction::Dead) {
            match self.searched.foresee(questions_max, monitor) {
                Ok(()) => {}
                Err(Unforeseen::Stopped(stopped)) => return Err(stopped),
                Err(Unforeseen::Forgone(why)) => reduced.forgo(Reduction::Dead, why),
            }
        }
        Ok(reduced)
    }

    /// What is known if it was stopped before it was clear what may be left out. Nothing is written
    /// down: what is there already stays as it is.
    fn stopped_before(&self, stopped: Stopped) -> Explored<AnyEvent> {
        let (mut search, symmetry) = self.search(Reductions::NONE);
        search.place = None;
        let mut monitor = Halted(stopped);
        search.run(&mut monitor);
        let found = search.finish(&mut monitor).expect("nothing is left out");
        with_symmetry(found, symmetry)
    }

    /// A search with its checkpoints, and what came of node symmetry.
    fn search(&self, left_out: Reductions) -> (BreadthFirst<'a>, Option<NodeSymmetry>) {
        let (mut search, symmetry) = self.search_within(self.limits, left_out, false);
        search.place = self.place.cloned();
        (search, symmetry)
    }

    fn search_within<'l>(
        &self,
        limits: &'l Limits,
        left_out: Reductions,
        is_look: bool,
    ) -> (BreadthFirst<'l>, Option<NodeSymmetry>)
    where
        'a: 'l,
    {
        let (worker, symmetry) = self.searched.worker(left_out, is_look);
        let inquiries = self.searched.senses().into_iter().map(Inquiry::of);
        let mut search =
            BreadthFirst::new(worker, inquiries.collect(), self.rules, limits, self.tuning);
        search.is_look = is_look;
        (search, symmetry)
    }

    /// Takes over what a checkpoint holds, if there is one that was not taken over yet.
    fn restore(
        &self,
        search: &mut BreadthFirst<'_>,
        opened: &mut Opened,
        monitor: &mut dyn Monitor,
    ) -> Result<Result<(), Stopped>, CheckpointError> {
        match (self.place, opened.under_way.take()) {
            (Some(place), Some(mut reader)) => search.restore(place, &mut reader, monitor),
            _ => Ok(Ok(())),
        }
    }
}

/// The events of a search before this one, where there was none: it was not even clear what it might
/// leave out. (A search that was has one event at least.)
const UNPLANNED: u64 = 0;

fn with_symmetry(
    mut explored: Explored<AnyEvent>,
    symmetry: Option<NodeSymmetry>,
) -> Explored<AnyEvent> {
    explored.account.symmetry = symmetry;
    explored
}

fn forgo_all(reduced: &mut Reduced, why: Forgone) {
    for reduction in reduced.used.iter() {
        reduced.forgo(reduction, why);
    }
}

/// Watches a search that begins once more, as part of the same search.
struct Again<'m> {
    monitor: &'m mut dyn Monitor,
    /// Events that were applied before.
    generated: u64,
}

impl Monitor for Again<'_> {
    fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
        self.monitor.look(&Progress {
            generated: self.generated + progress.generated,
            ..*progress
        })
    }

    fn prepares(&mut self, questions: u64) -> Result<(), Stopped> {
        self.monitor.prepares(questions)
    }

    fn cost(&self) -> u64 {
        self.monitor.cost()
    }

    fn spill_failed(&mut self, why: String) {
        self.monitor.spill_failed(why);
    }

    fn wants_checkpoint(&mut self) -> bool {
        self.monitor.wants_checkpoint()
    }

    fn wrote_checkpoint(&mut self, outcome: Result<(), String>) {
        self.monitor.wrote_checkpoint(outcome);
    }
}
