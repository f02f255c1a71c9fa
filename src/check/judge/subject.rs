//! What judging asks of a system on trial, whatever its protocol.

use crate::check::checkpoint::CheckpointError;
use crate::check::explore::Explored;
use crate::check::{Blocked, Monitor, Possible};
use crate::model::{Cluster, Rules, Statement, facts::Facts};

/// A system on trial, whatever its protocol.
pub(super) trait Subject {
    /// All that the scenario allows.
    fn rules(&self) -> &Rules;

    fn cluster(&self) -> &Cluster;

    fn properties(&self) -> &[Statement];

    /// The events that lead to where searches start.
    fn after(&self) -> &[String];

    /// Searches under rules for what settles some of the properties. Schedules begin where the
    /// search does.
    fn search(
        &self,
        rules: &Rules,
        members: &[usize],
        monitor: &mut dyn Monitor,
    ) -> Result<Explored<String>, CheckpointError>;

    /// What happens in a schedule from the initial world on, played under rules.
    fn play(&self, rules: &Rules, schedule: &[String]) -> Facts;

    /// Whether the predicate of a property of safety is untrue where a schedule ends.
    fn is_broken(&self, rules: &Rules, schedule: &[String], member: usize) -> bool;

    /// What ordinary events, and repairs if they count, make of a world from which the goal of a property is out of reach,
    /// and why it is.
    fn standstill(
        &self,
        rules: &Rules,
        schedule: &[String],
        member: usize,
        monitor: &mut dyn Monitor,
    ) -> (Vec<String>, Blocked);

    /// Whether some timer ever awaits somebody.
    fn is_anybody_awaited(&self, monitor: &mut dyn Monitor) -> Possible;

    /// Whether a property ever promises anything under some rules: whether its condition comes about.
    fn is_promising(&self, rules: &Rules, member: usize, monitor: &mut dyn Monitor) -> Possible;
}

/// The same rules, under which it is remembered who failed: so that one can tell which suspicions were
/// true.
pub(super) fn remembering(rules: &Rules) -> Rules {
    Rules {
        remember_failures: true,
        ..rules.clone()
    }
}
