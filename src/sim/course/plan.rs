//! Planned faults, and the events that they wait for.
//!
//! A [`Plan`] counts matching events and says which faults are due; striking is left to whoever
//! asks. Invariant: every matching event is counted once, whoever chose it, and a fault whose
//! event has come never comes again.
//!
//! The text of a message is asked for only while an anchor waits for a message of that link.

use std::cell::OnceCell;
use std::fmt::Debug;

use crate::sim::setup::{AnchorPoint, Planned, PlannedFault, When};

use crate::model::event::{begins, label};
use crate::model::{Id, Link};

/// Planned faults, by their position in the plan.
pub type Hits = Vec<usize>;

/// The faults planned for one run.
#[derive(Clone, Debug)]
pub struct Plan {
    planned: Vec<Planned>,
    /// How many matching events each has seen.
    seen: Vec<u32>,
    /// Those not reached yet.
    waiting: Vec<usize>,
    /// Those that found nothing to strike.
    futile: Vec<usize>,
    /// For each sort of event, whether anyone waits for one: most steps ask no more than this.
    watched: [bool; 5],
}

/// A sort of event that anchors wait for.
#[derive(Clone, Copy)]
enum Sort {
    Arrival,
    Delivery,
    Send,
    Save,
    Timeout,
}

impl Sort {
    fn of(moment: &AnchorPoint) -> Self {
        match moment {
            AnchorPoint::BeforeDeliver { .. } => Sort::Arrival,
            AnchorPoint::AfterDeliver { .. } => Sort::Delivery,
            AnchorPoint::AfterSend { .. } => Sort::Send,
            AnchorPoint::AfterSave { .. } => Sort::Save,
            AnchorPoint::AfterTimeout { .. } => Sort::Timeout,
        }
    }
}

/// A command of a handler, as far as anchors wait for it.
pub enum Deed<'a> {
    Send(Id, &'a dyn Debug),
    Save,
    Other,
}

/// A value and its name, which costs something to find out.
struct Named<'a>(&'a dyn Debug, OnceCell<String>);

impl<'a> Named<'a> {
    fn new(value: &'a dyn Debug) -> Self {
        Named(value, OnceCell::new())
    }

    fn is(&self, name: &str) -> bool {
        begins(self.1.get_or_init(|| label(self.0)), name)
    }
}

impl Plan {
    pub fn new(planned: Vec<Planned>) -> Self {
        let mut plan = Plan {
            seen: vec![0; planned.len()],
            waiting: (0..planned.len()).collect(),
            futile: Vec::new(),
            watched: [false; 5],
            planned,
        };
        plan.watch();
        plan
    }

    pub fn fault(&self, hit: usize) -> &PlannedFault {
        &self.planned[hit].what
    }

    /// The faults that have not been reached.
    pub fn unreached(&self) -> impl Iterator<Item = &str> {
        self.waiting.iter().map(|&i| self.planned[i].text.as_str())
    }

    /// The faults whose moment came, but that could not happen then.
    pub fn futile(&self) -> impl Iterator<Item = &str> {
        self.futile.iter().map(|&i| self.planned[i].text.as_str())
    }

    pub fn note_futile(&mut self, hit: usize) {
        self.futile.push(hit);
    }

    /// The moments at which faults strike that wait for no event.
    pub fn moments(&self) -> impl Iterator<Item = (usize, crate::model::Time)> {
        let at = |(i, p): (usize, &Planned)| match p.when {
            When::At(time) => Some((i, time)),
            When::Anchor { .. } => None,
        };
        self.planned.iter().enumerate().filter_map(at)
    }

    /// The moment of a fault that waits for no event has come.
    pub fn reach(&mut self, hit: usize) {
        self.waiting.retain(|&i| i != hit);
    }

    /// A message has arrived, and its handler has not run.
    pub fn arrival(&mut self, link: Link, msg: &dyn Debug) -> Hits {
        if !self.watches(Sort::Arrival) {
            return Hits::new();
        }
        let name = Named::new(msg);
        self.count(&|moment| match moment {
            AnchorPoint::BeforeDeliver { kind, from, to } => on(link, *from, *to) && name.is(kind),
            _ => false,
        })
    }

    /// A message was delivered, and all its handler's commands are done.
    pub fn delivery(&mut self, link: Link, msg: &dyn Debug) -> Hits {
        if !self.watches(Sort::Delivery) {
            return Hits::new();
        }
        let name = Named::new(msg);
        self.count(&|moment| match moment {
            AnchorPoint::AfterDeliver { kind, from, to } => on(link, *from, *to) && name.is(kind),
            _ => false,
        })
    }

    pub fn send(&mut self, link: Link, msg: &dyn Debug) -> Hits {
        if !self.watches(Sort::Send) {
            return Hits::new();
        }
        let name = Named::new(msg);
        self.count(&|moment| sends(moment, link, &name))
    }

    pub fn save(&mut self, id: Id) -> Hits {
        if !self.watches(Sort::Save) {
            return Hits::new();
        }
        self.count(&|moment| saves(moment, id))
    }

    pub fn timeout(&mut self, id: Id, timer: &dyn Debug) -> Hits {
        if !self.watches(Sort::Timeout) {
            return Hits::new();
        }
        let name = Named::new(timer);
        self.count(&|moment| match moment {
            AnchorPoint::AfterTimeout { timer, node } => fits(id, *node) && name.is(timer),
            _ => false,
        })
    }

    /// Whether a crash of this node may be due inside one of its handlers: then it is worth
    /// finding out what the handler is about to do.
    pub fn may_crash_inside(&self, id: Id) -> bool {
        (self.watches(Sort::Send) || self.watches(Sort::Save))
            && self.crashes(id).any(|(_, moment, _)| match moment {
                AnchorPoint::AfterSend { from, .. } => fits(id, *from),
                AnchorPoint::AfterSave { node } => fits(id, *node),
                _ => false,
            })
    }

    /// Behind how many of its commands a node crashes, if it does. Counts nothing: the commands
    /// are counted once they have been carried out.
    pub fn crash_inside(&self, id: Id, commands: &[Deed<'_>]) -> Option<usize> {
        let first = |(i, moment, nth): (usize, &AnchorPoint, u32)| {
            let mut seen = self.seen[i];
            commands.iter().position(|command| {
                seen += u32::from(match command {
                    Deed::Send(dst, msg) => sends(moment, Link::new(id, *dst), &Named::new(*msg)),
                    Deed::Save => saves(moment, id),
                    Deed::Other => false,
                });
                seen >= nth
            })
        };
        let position = self.crashes(id).filter_map(first).min()?;
        Some(position + 1)
    }

    /// The anchored crashes of this node that have not been reached.
    fn crashes(&self, id: Id) -> impl Iterator<Item = (usize, &AnchorPoint, u32)> {
        self.waiting.iter().filter_map(move |&i| {
            let Planned { when, what, .. } = &self.planned[i];
            match when {
                When::Anchor { moment, nth } if *what == PlannedFault::Crash(id) => {
                    Some((i, moment, *nth))
                }
                _ => None,
            }
        })
    }

    fn count(&mut self, matches: &dyn Fn(&AnchorPoint) -> bool) -> Hits {
        let mut hits = Hits::new();
        for &i in &self.waiting {
            if let When::Anchor { moment, nth } = &self.planned[i].when
                && matches(moment)
            {
                self.seen[i] += 1;
                if self.seen[i] >= *nth {
                    hits.push(i);
                }
            }
        }
        if !hits.is_empty() {
            self.waiting.retain(|i| !hits.contains(i));
            self.watch();
        }
        hits
    }

    fn watches(&self, sort: Sort) -> bool {
        self.watched[sort as usize]
    }

    fn watch(&mut self) {
        self.watched = [false; 5];
        for &i in &self.waiting {
            if let When::Anchor { moment, .. } = &self.planned[i].when {
                self.watched[Sort::of(moment) as usize] = true;
            }
        }
    }
}

fn fits(id: Id, named: Option<Id>) -> bool {
    named.is_none_or(|named| named == id)
}

fn on(link: Link, from: Option<Id>, to: Option<Id>) -> bool {
    fits(link.src, from) && fits(link.dst, to)
}

fn sends(moment: &AnchorPoint, link: Link, name: &Named<'_>) -> bool {
    match moment {
        AnchorPoint::AfterSend { kind, from, to } => on(link, *from, *to) && name.is(kind),
        _ => false,
    }
}

fn saves(moment: &AnchorPoint, id: Id) -> bool {
    match moment {
        AnchorPoint::AfterSave { node } => fits(id, *node),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    fn planned(when: When) -> Planned {
        Planned {
            when,
            what: PlannedFault::Crash(Id::from(0)),
            text: format!("crash, {}", 1),
        }
    }

    fn arrival_of(kind: &str, to: Option<usize>, nth: u32) -> Planned {
        planned(When::Anchor {
            moment: AnchorPoint::BeforeDeliver {
                kind: kind.to_owned(),
                from: None,
                to: to.map(Id::from),
            },
            nth,
        })
    }

    #[derive(Debug)]
    enum Msg {
        Ask,
        Answer,
    }

    #[test]
    fn the_nth_match_is_the_one() {
        let mut plan = Plan::new(vec![arrival_of("Ask", Some(1), 2)]);
        let to = |dst: usize| Link::new(Id::from(0), Id::from(dst));
        assert!(plan.arrival(to(1), &Msg::Ask).is_empty());
        assert!(plan.arrival(to(1), &Msg::Answer).is_empty());
        assert!(plan.arrival(to(2), &Msg::Ask).is_empty());
        assert_eq!(plan.unreached().count(), 1);
        assert_eq!(plan.arrival(to(1), &Msg::Ask), [0]);
        assert!(plan.arrival(to(1), &Msg::Ask).is_empty());
        assert_eq!(plan.unreached().count(), 0);
    }

    #[test]
    fn moments_wait_for_no_event() {
        let mut plan = Plan::new(vec![planned(When::At(Time(7))), arrival_of("Ask", None, 1)]);
        assert_eq!(plan.moments().collect::<Vec<_>>(), [(0, Time(7))]);
        plan.reach(0);
        assert_eq!(plan.unreached().count(), 1);
    }
}
