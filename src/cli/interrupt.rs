//! Ctrl-C: the first asks the work to stop and tell what it knows, the second kills.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::check::Stopped;

/// When somebody asked first.
static ASKED: OnceLock<Instant> = OnceLock::new();

/// What comes so soon after the first is the same wish: `timeout` signals a process and its group.
const SAME_WISH: Duration = Duration::from_millis(500);

/// The exit code of a process that was killed by an interrupt.
const KILLED: i32 = 130;

/// From here on an interrupt is a request. Commands that have nothing to tell do not call this:
/// an interrupt ends them at once.
pub fn heed() {
    // A handler can be set only once, and if it cannot be set an interrupt kills: both are fine.
    let _ = ctrlc::set_handler(|| {
        let now = Instant::now();
        if let Err(now) = ASKED.set(now) {
            if now.duration_since(ASKED.get().copied().unwrap_or(now)) > SAME_WISH {
                std::process::exit(KILLED);
            }
            return;
        }
        super::output::remark("\nStopping; once more to quit at once.");
    });
}

/// Whether somebody wants us to stop.
pub fn asked() -> bool {
    ASKED.get().is_some()
}

/// The same for work that is asked why it has to stop.
pub fn look() -> Result<(), Stopped> {
    if asked() {
        Err(Stopped::Interrupted)
    } else {
        Ok(())
    }
}
