//! By which key the set of worlds knows one: its own, that of the world that stands for all that
//! differ from it by names, or the fingerprint of either.

use std::sync::Arc;

use super::Cursor;
use crate::check::fast::books::Books;
use crate::check::fast::equivariance::{About, Question};
use crate::check::fast::fingerprint::fingerprint;
use crate::check::fast::intern::Number;
use crate::check::fast::names::Names;
use crate::check::fast::orbits::Orbits;
use crate::check::fast::pack::Key;
use crate::model::{Protocol, System};

impl<P: Protocol> Cursor<P> {
    /// From now on, worlds that differ by names are one.
    pub fn rename(&mut self, names: Names<P>) {
        self.orbits = Some(Orbits::new(Arc::new(names)));
        for id in self.system.cluster.ids() {
            let about = About::Awaited(self.shelf().node(id).clone());
            self.compare(&Question { id, about });
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
        self.orbits.is_some() || self.class_words() < self.packer.key_words()
    }

    /// Whether no world can be taken for another.
    pub fn is_exact(&self) -> bool {
        self.fingerprints.is_none()
    }

    /// Words of the keys by which the set of worlds knows them.
    pub fn class_words(&self) -> usize {
        match self.fingerprints {
            Some(_) => 1,
            None => self.packer.key_words(),
        }
    }

    /// The key by which the set of worlds knows this one: its own, or that of the world that stands
    /// for all that differ from it by names; or the fingerprint of that. Nothing if a number has
    /// outgrown its field.
    #[inline]
    pub fn class(&mut self) -> Key {
        let key = self.canonical();
        self.kept(key)
    }

    /// The same, for the world with this key.
    #[inline]
    pub fn class_of(&mut self, key: Key) -> Key {
        if self.orbits.is_none() {
            return self.kept(key);
        }
        self.load(key);
        self.class()
    }

    /// What the set keeps of a key.
    #[inline]
    fn kept(&self, key: Key) -> Key {
        match self.fingerprints {
            Some(bits) if self.packer.key_words() > 1 => fingerprint(key, bits),
            _ => key,
        }
    }

    /// The key of the world that stands for all that differ from this one by names.
    #[inline]
    fn canonical(&mut self) -> Key {
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
