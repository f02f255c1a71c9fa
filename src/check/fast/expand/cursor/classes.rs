//! By which key the set of worlds knows one: its own, or that of the world that stands for all that
//! differ from it by names.

use std::sync::Arc;

use super::Cursor;
use crate::check::fast::expand::equivariance::{About, Query};
use crate::check::fast::expand::orbits::Orbits;
use crate::check::fast::expand::renamings::Renamings;
use crate::check::fast::store::books::Books;
use crate::check::fast::store::pack::Key;
use crate::check::fast::store::visited::GOLDEN;
use crate::check::intern::Number;
use crate::model::{Protocol, System};

/// The classes of worlds that came lately: the same world comes from many others, next to each other.
#[derive(Default)]
pub(super) struct Classes(Vec<(Key, Key)>);

impl Classes {
    const BITS: u32 = 12;

    /// No world's.
    const NONE: Key = Key {
        first: u64::MAX,
        second: 0,
    };

    /// Forgets them all: worlds have other keys now.
    pub(super) fn clear(&mut self) {
        self.0.fill((Self::NONE, Self::NONE));
    }

    #[inline]
    fn of(&self, key: Key) -> Option<Key> {
        let (known, class) = self.0.get(place(key))?;
        (*known == key).then_some(*class)
    }

    fn remember(&mut self, key: Key, class: Key) {
        if self.0.is_empty() {
            self.0.resize(1 << Self::BITS, (Self::NONE, Self::NONE));
        }
        self.0[place(key)] = (key, class);
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Key, Key)>()
    }
}

#[inline]
fn place(key: Key) -> usize {
    let hash = (key.first ^ key.second.rotate_left(32)).wrapping_mul(GOLDEN);
    usize::try_from(hash >> (u64::BITS - Classes::BITS)).expect("a few bits")
}

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
        let key = self.key();
        let Some(orbits) = &mut self.orbits else {
            return key;
        };
        if let Some(class) = self.classes.of(key) {
            return class;
        }
        let parts = orbits.canonical(&self.system, &mut self.books, &self.parts);
        let fits = |(part, number): (usize, &Number)| self.packer.fits(part, *number);
        if !parts.iter().enumerate().all(fits) {
            self.outgrown = true;
            return Key::default();
        }
        self.packer.fill(parts, &mut self.class);
        let class = self.packer.fold(&self.class);
        self.classes.remember(key, class);
        class
    }

    /// What renaming parts takes.
    pub fn desk(&mut self) -> (&System<P>, &mut Books<P>, Option<&mut Orbits<P>>) {
        (&self.system, &mut self.books, self.orbits.as_mut())
    }
}
