//! What a protocol promised and does not keep. The library finds that out in the middle of a search and
//! panics; here it becomes an answer.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Arc;

use crate::model::promise::{Broken, Promise};

use super::Failure;

/// Does some work; tells what was not kept if it panics for that.
pub fn kept<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    let told: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = Arc::from(panic::take_hook());
    let others = Arc::clone(&told);
    panic::set_hook(Box::new(move |panic| {
        if !Broken::is_being_told() {
            others(panic);
        }
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(Box::new(move |panic| told(panic)));
    done.or_else(
        |payload: Box<dyn Any + Send>| match payload.downcast::<Broken>() {
            Ok(broken) => Err(failure(&broken)),
            Err(other) => panic::resume_unwind(other),
        },
    )
}

fn failure(Broken { promise, message }: &Broken) -> Failure {
    match promise {
        Promise::Pure => {
            let advice =
                "a handler may depend on its arguments alone: no clock, no global, no chance";
            Failure::impure(message.as_str(), advice)
        }
        Promise::Claims => {
            let advice =
                "observe it in the handler, in front of the save or send that makes it true";
            Failure::impure(message.as_str(), advice)
        }
        Promise::Symmetry => Failure::new(
            message.as_str(),
            "search without --symmetry, or let crashes strike between events only",
        ),
        Promise::Notation => {
            let advice = "let `Debug` show every field of messages, timers and choices";
            Failure::impure(message.as_str(), advice)
        }
    }
}
