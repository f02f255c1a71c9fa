//! Ctrl-C: the first asks the work to stop and tell what it knows, the second kills.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// The exit code of a process that was killed by an interrupt.
const KILLED: i32 = 130;

/// From here on an interrupt is a request. Commands that have nothing to tell do not call this:
/// an interrupt ends them at once.
pub fn heed() {
    // A handler can be set only once, and if it cannot be set an interrupt kills: both are fine.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(KILLED);
        }
        super::output::remark("\nStopping; once more to quit at once.");
    });
}

/// Whether somebody wants us to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
