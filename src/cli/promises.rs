//! What a protocol promised and does not keep. The library finds that out in the middle of a search and
//! panics; here it becomes an answer.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, Mutex};

use crate::model::Few;
use crate::model::promise::{Broken, Promise};

use super::Failure;

/// Does some work; tells what was not kept if it panics for that.
pub fn kept<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let told: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = Arc::from(panic::take_hook());
    let others = Arc::clone(&told);
    // A place is told once, however many seeds run into it.
    let heard = Mutex::new(Few::new());
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string);
        let is_new = || heard.lock().is_ok_and(|mut heard| heard.insert(place));
        if !Broken::is_being_told() && is_new() {
            others(panic);
        }
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(Box::new(move |panic| told(panic)));
    done.unwrap_or_else(|payload| Err(failure(payload)))
}

/// What a panic comes to, if it is for a promise that was not kept.
///
/// # Panics
/// Once more, if it is not.
fn failure(payload: Box<dyn Any + Send>) -> Failure {
    match payload.downcast::<Broken>() {
        Ok(broken) => told(&broken),
        Err(other) => panic::resume_unwind(other),
    }
}

/// A promise that was not kept, and how to keep it.
pub fn told(broken: &Broken) -> Failure {
    let message = broken.to_string();
    let advice = match broken.promise {
        Promise::Pure => {
            "a handler may depend on its arguments alone: no clock, no global, no chance"
        }
        Promise::Claims => {
            "observe it in the handler, in front of the save or send that makes it true"
        }
        Promise::Symmetry => {
            let advice = "search without --symmetry, or let any subset of a broadcast leave a node that crashes: \
                          \"inside-handlers\": \"any-subset\"";
            return Failure::new(message, advice);
        }
        Promise::Notation => "let `Debug` show every field of messages, timers and choices",
        Promise::Addressees => "whom to tell follows from the cluster, or from what was received",
        Promise::Total => {
            "the line of code is told above; handlers ignore what they have no use for, and predicates answer"
        }
    };
    Failure::broken(message, advice)
}
