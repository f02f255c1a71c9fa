//! Striking: what a planned fault or the nemesis does when its moment has come.
//!
//! Invariant: what strikes on the spot waits in one queue, in the order in which it was planned,
//! and is dropped if it has become impossible when its turn comes.

use super::agenda::Rank;
use super::chance::{Draw, below};
use super::in_flight::Luck;
use super::nemesis::some_of;
use super::plan::Hits;
use super::{Course, Numbered, Scene, Standing, Urgent, What, small};
use crate::model::cluster::index;
use crate::model::{CrashPoint, Event, Id, Lasting, Time};
use crate::sim::setup::PlannedFault;

impl Course {
    pub(super) fn strike_all(&mut self, hits: Hits, message: Option<u32>) {
        for hit in hits {
            self.strike(hit, message);
        }
    }

    /// A planned fault strikes. `message` is where the message is that its anchor names, if it is
    /// in flight.
    pub(super) fn strike(&mut self, hit: usize, message: Option<u32>) {
        let what = match self.plan.fault(hit).clone() {
            PlannedFault::Crash(id) => What::Event(Event::Crash(id)),
            PlannedFault::Recover(id) => What::Event(Event::Recover(id)),
            PlannedFault::Cut(cut) => What::Event(Event::Cut(cut)),
            PlannedFault::Heal(Some(cut)) => What::Event(Event::Heal(cut)),
            PlannedFault::Heal(None) => What::HealAll,
            fault @ (PlannedFault::DropIt
            | PlannedFault::DuplicateIt
            | PlannedFault::DelayIt(_)) => {
                return self.strike_message(hit, &fault, message);
            }
        };
        let planned = Some(hit);
        self.urgent.push_back(Urgent { what, planned });
    }

    fn strike_message(&mut self, hit: usize, fault: &PlannedFault, message: Option<u32>) {
        let found = message.and_then(|at| Some((at, self.in_flight.get_mut(at)?)));
        let Some((at, pending)) = found else {
            return self.plan.note_futile(hit);
        };
        let link = pending.link;
        match fault {
            PlannedFault::DropIt if link.is_loop() => self.plan.note_futile(hit),
            PlannedFault::DropIt => pending.luck = Luck::Doomed,
            PlannedFault::DelayIt(by) => {
                let due = pending.arrives().max(self.now);
                let due = Time(due.0.saturating_add(by.0));
                self.in_flight.delay(&mut self.agenda, at, due, self.fifo);
                self.in_order(link, due);
            }
            _ => self.enter_duplicate(link, at, Some(hit)),
        }
    }

    /// Heals one of the cuts that last, and comes back for the others.
    pub(super) fn heal_all(&mut self, scene: &dyn Scene) -> Option<Event<Numbered>> {
        let cuts = scene.cuts();
        if cuts.len() > 1 {
            let (what, planned) = (What::HealAll, None);
            self.urgent.push_front(Urgent { what, planned });
        }
        cuts.first().cloned().map(Event::Heal)
    }
}

/// The nemesis.
impl Course {
    pub(super) fn enter_crash(&mut self) {
        let Some(adversary) = &self.adversary else {
            return;
        };
        if let Some((at, draw)) = adversary.next_crash(&mut self.chance, self.now) {
            self.next_crash = draw;
            self.note_draw(Rank::Crash, 0);
            self.agenda.add(at, Rank::Crash, 0);
        }
    }

    pub(super) fn enter_cut(&mut self) {
        let Some(adversary) = &self.adversary else {
            return;
        };
        if let Some((at, draw)) = adversary.next_cut(&mut self.chance, self.now) {
            self.next_cut = draw;
            self.note_draw(Rank::Cut, 0);
            self.agenda.add(at, Rank::Cut, 0);
        }
    }

    pub(super) fn nemesis_crash(
        &mut self,
        scene: &dyn Scene,
        draw: Draw,
    ) -> Option<Event<Numbered>> {
        let up = self.nodes_that_are(Standing::Up, scene);
        let down = self.nodes_that_are(Standing::Down, scene).len();
        let adversary = self.adversary.as_mut()?;
        let victim = if let Some(waiting) = adversary.ambushed() {
            adversary.call_off(waiting);
            if !adversary.may_down(down) {
                return None;
            }
            waiting
        } else {
            let strike = adversary.strike(draw, up, down)?;
            if strike.inside {
                adversary.ambush(strike.victim);
                return None;
            }
            strike.victim
        };
        let Draw([.., down_for]) = draw;
        self.enter_recovery(victim, down_for);
        Some(Event::Crash(victim))
    }

    /// The victim of an ambush is about to run a handler: where it crashes. Behind as many commands as one of these
    /// prefixes has, or at a point where as much was carried out.
    pub(super) fn spring(
        &mut self,
        scene: &dyn Scene,
        id: Id,
        lasting: &Lasting,
        prefixes: &[usize],
    ) -> Option<CrashPoint> {
        let down = self.nodes_that_are(Standing::Down, scene).len();
        let adversary = self.adversary.as_mut()?;
        if !adversary.may_down(down) {
            adversary.call_off(id);
            return None;
        }
        let any_subset = adversary.strikes_in_any_subset();
        let Draw([which, down_for, instead, _]) = self.chance.point(id);
        self.note_decided_now();
        let nth = below(which, prefixes.len() as u64);
        self.enter_recovery(id, down_for);
        let after = *prefixes.get(usize::try_from(nth).ok()?)?;
        Some(if any_subset {
            lasting.instead(after, |all, wanted| some_of(all, wanted, instead))
        } else {
            CrashPoint::behind(after)
        })
    }

    /// The nemesis crashes a node now, and recovers it later.
    pub(super) fn enter_recovery(&mut self, id: Id, word: u64) {
        let Some(adversary) = &self.adversary else {
            return;
        };
        let at = adversary.recovers_at(self.now, word);
        let entered = small(self.recoveries.len());
        self.recoveries.push((id, self.crashes[index(id)] + 1));
        self.agenda.add(at, Rank::Recovery, entered);
        self.note_consequence(Rank::Recovery, entered);
    }

    pub(super) fn nemesis_cut(&mut self, scene: &dyn Scene, draw: Draw) -> Option<Event<Numbered>> {
        let adversary = self.adversary.as_mut()?;
        let cut = adversary.cut(&self.chance, draw);
        let event = Event::Cut(cut.clone());
        if !self.is_possible(scene, &event) {
            return None;
        }
        let at = self.adversary.as_ref()?.heals_at(self.now, draw);
        let entered = small(self.healings.len());
        self.healings.push(cut);
        self.agenda.add(at, Rank::Healing, entered);
        self.note_consequence(Rank::Healing, entered);
        Some(event)
    }

    /// The nemesis stops: every cut is healed and every node that is down recovers, whoever did
    /// it.
    pub(super) fn repair_all(&mut self, scene: &dyn Scene) {
        if let Some(adversary) = &mut self.adversary {
            adversary.stop();
        }
        let heals = scene.cuts().iter().cloned().map(Event::Heal);
        let down = self.nodes_that_are(Standing::Down, scene);
        let recoveries = down.iter().map(Event::Recover);
        self.urgent
            .extend(heals.chain(recoveries).map(|event| Urgent {
                what: What::Event(event),
                planned: None,
            }));
    }
}
