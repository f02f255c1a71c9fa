//! What a protocol promises beyond its types, and how the library complains where it is not kept.
//!
//! No answer can be given then, and nobody on the way could do anything about it, so it is a panic: one
//! whose payload is a [`Broken`], for whoever catches it. Others read its message, as of any panic.

use std::cell::Cell;
use std::fmt;
use std::panic::{catch_unwind, resume_unwind};

/// What a protocol promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Handlers and predicates are functions: asked the same once more, they answer the same.
    Pure,
    /// Handlers claim what their steps bring about.
    Claims,
    /// Names of nodes that are alike make no difference.
    Symmetry,
    /// Messages, timers and choices that differ are written differently.
    Notation,
}

/// A promise that was not kept, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub promise: Promise,
    /// Whole sentences.
    pub message: String,
}

thread_local! {
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

impl Promise {
    /// Complains that it was not kept.
    ///
    /// # Panics
    /// Always, with a [`Broken`].
    pub fn complain(self, message: String) -> ! {
        let broken = Broken {
            promise: self,
            message,
        };
        // Hooks can read strings only.
        TELLING.set(true);
        let told = catch_unwind(|| panic!("{broken}"));
        TELLING.set(false);
        drop(told);
        resume_unwind(Box::new(broken))
    }
}

impl Broken {
    /// Whether the panic that a hook is told of is such a complaint: whoever catches it need not be told.
    pub fn is_being_told() -> bool {
        TELLING.get()
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
