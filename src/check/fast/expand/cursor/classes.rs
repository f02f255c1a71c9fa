//! By which key the set of worlds knows one: its own, or that of the world that stands for all that
//! differ from it by names.

use std::sync::Arc;

use super::Cursor;
use crate::check::fast::expand::equivariance::{About, Query};
use crate::check::fast::expand::orbits::Orbits;
use crate::check::fast::expand::renamings::Renamings;
use crate::check::fast::store::books::Books;
use crate::check::fast::store::pack::Key;
use crate::check::intern::Number;
use crate::model::{Protocol, System};

impl<P: Protocol> Cursor<P> {
    /// From now on, worlds that differ by names are one.
    pub fn rename(&mut self, names: Renamings) {
        let symmetry = self.system.protocol.symmetry();
        let symmetry = symmetry.expect("nodes can trade names");
        self.orbits = Some(Orbits::new(Arc::new(symmetry), Arc::new(names)));
        for id in self.system.cluster.ids() {
            let about = About::Awaited(self.shelf().node(id).clone());
            self.compare(Query { id, about });
        }
        while {
            self.class();
            self.outgrown
        } {
            self.repack();
        }
    }

    /// Whether the set of worlds may know them by other keys than their own.
    #[inline]
    pub fn has_classes(&self) -> bool {
        self.orbits.is_some()
    }

    /// The same as [`class`](Self::class), for the world with this key.
    #[inline]
    pub fn class_of(&mut self, key: Key) -> Key {
        if self.orbits.is_none() {
            return key;
        }
        self.load(key);
        self.class()
    }

    /// The key by which the set of worlds knows this one: its own, or that of the world that stands
    /// for all that differ from it by names. Nothing if a number has outgrown its field.
    #[inline]
    pub fn class(&mut self) -> Key {
        if self.outgrown {
            return Key::default();
        }
        let Some(orbits) = &mut self.orbits else {
            return self.key();
        };
        let parts = orbits.canonical(&self.system, &mut self.books, &self.parts);
        let fits = |(part, number): (usize, &Number)| self.packer.fits(part, *number);
        if !parts.iter().enumerate().all(fits) {
            self.outgrown = true;
            return Key::default();
        }
        self.packer.fill(parts, &mut self.class);
        self.packer.fold(&self.class)
    }

    /// What renaming parts takes.
    pub fn desk(&mut self) -> (&System<P>, &mut Books<P>, Option<&mut Orbits<P>>) {
        (&self.system, &mut self.books, self.orbits.as_mut())
    }
}
