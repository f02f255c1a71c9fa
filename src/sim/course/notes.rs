//! Which draw decided what happened: for whoever tells where two runs part.
//!
//! Notes are kept only where somebody asked for them; elsewhere each of these is one test of a pointer.
//! Invariant: what is entered into the agenda is noted with the draw that it was entered by, if there was one.

use std::collections::BTreeMap;

use super::Course;
use super::agenda::Rank;
use super::chance::Drawn;

#[derive(Default)]
pub struct Notes {
    /// What was drawn for an entry of the agenda: by its rank, and its number there.
    entered: BTreeMap<(Rank, u32), Drawn>,
    /// What decided the event that was handed out last.
    pub decided: Option<Drawn>,
}

impl Course {
    /// The last draw was for this entry.
    #[inline]
    pub(super) fn note_draw(&mut self, rank: Rank, number: u32) {
        if let Some(notes) = &mut self.notes
            && let Some(drawn) = self.chance.last()
        {
            notes.entered.insert((rank, number), drawn);
        }
    }

    /// Nothing was drawn for this entry.
    #[inline]
    pub(super) fn note_no_draw(&mut self, rank: Rank, number: u32) {
        if let Some(notes) = &mut self.notes {
            notes.entered.remove(&(rank, number));
        }
    }

    /// This entry follows from the event that is being handed out.
    #[inline]
    pub(super) fn note_consequence(&mut self, rank: Rank, number: u32) {
        if let Some(notes) = &mut self.notes
            && let Some(drawn) = notes.decided
        {
            notes.entered.insert((rank, number), drawn);
        }
    }

    /// What is handed out next comes of this entry.
    #[inline]
    pub(super) fn note_decision(&mut self, rank: Rank, number: u32) {
        if let Some(notes) = &mut self.notes {
            notes.decided = notes.entered.get(&(rank, number)).copied();
        }
    }

    /// What is handed out next comes of the last draw.
    #[inline]
    pub(super) fn note_decided_now(&mut self) {
        if let Some(notes) = &mut self.notes {
            notes.decided = self.chance.last();
        }
    }

    /// What is handed out next is nobody's draw, as far as is known.
    #[inline]
    pub(super) fn note_undrawn(&mut self) {
        if let Some(notes) = &mut self.notes {
            notes.decided = None;
        }
    }
}
