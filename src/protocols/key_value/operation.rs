//! What a client can ask for, what it is told, and what an operation does to the value of its key.

/// What a value is stored under: a lower-case letter. Written `x`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u8);

/// An operation on one key.
///
/// People read and write its text, as in `cas x 1 2`; bytes hold the enumeration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Reads the value. Answered by [`Answer::Value`]: 0 if the key was never set.
    Get(Key),
    /// Sets the value. Answered by [`Answer::Done`].
    Put(Key, u32),
    /// Compare and set: sets the second value if the key has the first. Answered by
    /// [`Answer::Swapped`].
    Cas(Key, u32, u32),
    /// Adds one; after the greatest value comes 0. Answered by [`Answer::Value`], the new one.
    Inc(Key),
}

/// What a client is told. Written `1`, `done`, or `yes` and `no`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// The value read by [`Op::Get`], or made by [`Op::Inc`].
    Value(u32),
    /// [`Op::Put`] took effect.
    Done,
    /// Whether [`Op::Cas`] found the value that it expected.
    Swapped(bool),
}

impl Op {
    pub fn key(self) -> Key {
        match self {
            Op::Get(key) | Op::Put(key, _) | Op::Cas(key, ..) | Op::Inc(key) => key,
        }
    }

    pub fn is_read(self) -> bool {
        matches!(self, Op::Get(_))
    }

    /// What it makes of the value of its key, and what it answers. The one place that says so.
    pub(super) fn on(self, value: u32) -> (u32, Answer) {
        match self {
            Op::Get(_) => (value, Answer::Value(value)),
            Op::Put(_, new) => (new, Answer::Done),
            Op::Cas(_, expected, new) if value == expected => (new, Answer::Swapped(true)),
            Op::Cas(..) => (value, Answer::Swapped(false)),
            Op::Inc(_) => {
                let new = value.wrapping_add(1);
                (new, Answer::Value(new))
            }
        }
    }

    /// Whether it leaves every value as it is.
    pub(super) fn never_writes(self) -> bool {
        match self {
            Op::Get(_) => true,
            Op::Cas(_, expected, new) => expected == new,
            Op::Put(..) | Op::Inc(_) => false,
        }
    }

    /// Whether what it does and answers is the same for every value.
    pub(super) fn never_looks(self) -> bool {
        matches!(self, Op::Put(..))
    }
}
