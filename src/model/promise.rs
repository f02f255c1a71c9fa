//! What a protocol promises beyond its types, and how the library complains where it is not kept.
//!
//! No answer can be given then, and nobody on the way could do anything about it, so it is a panic: one
//! whose payload is a [`Broken`], for whoever catches it. Others read its message, as of any panic.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

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
    /// Messages are for nodes that there are.
    Addressees,
    /// Handlers and predicates answer: they do not panic.
    Total,
}

/// A promise that was not kept, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub promise: Promise,
    /// Whole sentences, the last without its full stop.
    pub message: String,
    /// Where that was, from within: `step 3`, `seed 7`.
    pub places: Vec<String>,
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
            places: Vec::new(),
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

    /// What a panic was about: a complaint as it is, or that something of the protocol's did not answer.
    fn of(payload: Box<dyn Any + Send>, message: impl FnOnce(&str) -> String) -> Broken {
        match payload.downcast() {
            Ok(broken) => *broken,
            Err(other) => Broken {
                promise: Promise::Total,
                message: message(text(&*other)),
                places: Vec::new(),
            },
        }
    }
}

/// What a panic says.
pub fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("of unknown cause")
}

/// Has the protocol answer. If it panics, what it said becomes part of a complaint.
pub fn answered<T>(work: impl FnOnce() -> T, complaint: impl FnOnce(&str) -> String) -> T {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|payload| resume_unwind(Box::new(Broken::of(payload, complaint))))
}

/// Does some work; a complaint that comes of it, or any other panic, says where that was.
pub fn located<T>(work: impl FnOnce() -> T, place: impl FnOnce() -> String) -> T {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|payload| {
        let mut broken = Broken::of(payload, |text| format!("a panic: {text}"));
        broken.places.push(place());
        resume_unwind(Box::new(broken))
    })
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, place) in self.places.iter().rev().enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            write!(f, "{comma}{place}")?;
        }
        let colon = if self.places.is_empty() { "" } else { ": " };
        write!(f, "{colon}{}", self.message)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::{Broken, Promise, answered, located};

    fn told(work: impl FnOnce() + std::panic::UnwindSafe) -> Broken {
        let payload = catch_unwind(work).expect_err("it panics");
        *payload.downcast().expect("it is a complaint")
    }

    #[test]
    fn a_panic_becomes_a_complaint_that_says_where_it_was() {
        let inner = || answered(|| panic!("oh"), |text| format!("P says {text}"));
        let step = || located(inner, || "step 3".into());
        let broken = told(|| located(step, || "seed 7".into()));
        assert_eq!(broken.promise, Promise::Total);
        assert_eq!(broken.to_string(), "seed 7, step 3: P says oh");
    }

    #[test]
    fn a_complaint_stays_what_it_is() {
        let broken = told(|| answered(|| Promise::Pure.complain("no".into()), |_| String::new()));
        assert_eq!(
            (broken.promise, broken.to_string().as_str()),
            (Promise::Pure, "no")
        );
    }
}
