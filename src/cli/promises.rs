//! What a protocol promised and does not keep: that a handler is a function, that it claims what its
//! records show, that names of nodes that are alike make no difference. The library finds that out in the middle of a search and panics; here
//! it becomes an answer.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Arc;

use jury::check::{NOT_PURE, SYMMETRY_BROKEN};
use jury::model::step::UNCLAIMED;

use super::Failure;

/// Does some work; tells what was not kept if it panics for that.
pub fn kept<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    let told: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = Arc::from(panic::take_hook());
    let others = Arc::clone(&told);
    panic::set_hook(Box::new(move |panic| {
        if broken(panic.payload()).is_none() {
            others(panic);
        }
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(Box::new(move |panic| told(panic)));
    done.or_else(|payload| match broken(&*payload) {
        Some(failure) => Err(failure),
        None => panic::resume_unwind(payload),
    })
}

/// The promise that was not kept, if the panic is about one.
fn broken(payload: &(dyn Any + Send)) -> Option<Failure> {
    let message = payload.downcast_ref::<String>()?;
    if message.contains(NOT_PURE) {
        let advice = "a handler may depend on its arguments alone: no clock, no global, no chance";
        Some(Failure::impure(message.as_str(), advice))
    } else if message.contains(UNCLAIMED) {
        let advice = "observe it in the handler, in front of the save or send that makes it true";
        Some(Failure::impure(message.as_str(), advice))
    } else if message.contains(SYMMETRY_BROKEN) {
        Some(Failure::new(
            message.as_str(),
            "search without --symmetry, or let crashes strike between events only",
        ))
    } else {
        None
    }
}
