//! The backup: Alsberg & Day 1976; MIT 6.824, lab 2B.

use std::sync::Arc;

use super::{Command, Copy, Mistake, Msg, Role, Turn, View, ViewNumber};
use crate::model::Id;

impl Turn<'_> {
    /// The state, once in each view: what is late would take back what was forwarded since.
    pub fn on_state(&mut self, src: Id, view: View, copy: Arc<Copy>) {
        self.learns(view);
        if self.s.view != Some(view) {
            return;
        }
        match self.s.role {
            Role::Backup if !self.makes(Mistake::InstallsAgain) => {}
            Role::Awaiting | Role::Backup => {
                self.s.copy = copy;
                self.s.role = Role::Backup;
            }
            Role::Idle | Role::Primary(_) => return,
        }
        self.send(src, Msg::Synced(view.number));
    }

    /// Lab 2B: a backup takes forwards of its own view alone; and only when it has the state. One that it has executed
    /// before it acknowledges again.
    pub fn on_forward(&mut self, src: Id, view: ViewNumber, place: u32, command: Command) {
        let is_present = self.s.role == Role::Backup && view == self.s.number();
        if !is_present && self.makes(Mistake::AcceptsOldForwards) && self.s.has_state() {
            // Whatever the view, and so whatever came before.
            self.executes(command);
            return self.send(src, Msg::Forwarded(view, place));
        }
        if !is_present {
            return;
        }
        if place == self.s.copy.next_place() {
            self.executes(command);
        }
        if self.s.copy.at(place) == Some(command) {
            self.send(src, Msg::Forwarded(view, place));
        }
    }
}
