//! From searches to verdicts: is it a bug, or does it lie outside the assumptions?
//!
//! What searches, plays and explains is a `Subject`, which alone knows the protocol's types. It names
//! properties by their place in the question, and schedules in the one notation.

mod bench;
mod subject;
mod typed;
mod verdict;

use super::Monitor;
use super::checkpoint::{CheckpointError, Folder};
use crate::model::Protocol;

pub use typed::{is_anybody_awaited, standing, start, without_clocks};
pub use verdict::{Engine, Judged, Question, Search, Standing, Trial, Verdict};

/// Judges each property under what the scenario allows *and* the property assumes, and under all
/// that the scenario allows. With a folder it goes on from the checkpoints there, and leaves some; they
/// alone can be wrong. (The plain engine keeps none.)
pub fn judge<P: Protocol>(
    question: &Question<'_, P>,
    engine: Engine,
    folder: Option<&Folder>,
    monitor: &mut dyn Monitor,
) -> Result<Trial, CheckpointError> {
    let subject = typed::Typed::new(question, engine, folder);
    bench::Bench::new(&subject).judge(monitor)
}
