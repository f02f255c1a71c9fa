//! A schedule told again with something left out of it: what can still happen of it happens.

use std::slice::Iter;

use super::report::RunReport;
use super::strategy::Strategy;
use crate::check;
use crate::model::event::{kind, tokens};
use crate::model::{
    Command, Event, FewMap, Id, Obstacle, Protocol, Reaction, StartEffects, System, Time,
    TimerRange, Timing, World,
};
use crate::run::{Divergence, Moment, Next, Run, Scheduler, Witness, execute};
use crate::scenario::ScheduleLine;

/// What the events of a run come from.
#[derive(Clone, Copy)]
pub enum Course<'a> {
    /// A seed, by a strategy.
    Drawn { seed: u64, by: Strategy },
    /// These events, as far as they can happen one after the other; and when a timer may fire where it is judged
    /// whether more can come of it.
    Told(&'a [ScheduleLine], Timing),
}

impl Course<'_> {
    pub(super) fn seed(self) -> u64 {
        match self {
            Course::Drawn { seed, .. } => seed,
            Course::Told(..) => 0,
        }
    }

    /// Where a course is told, it is so without clocks unless it has times.
    pub(super) fn strategy(self) -> Strategy {
        match self {
            Course::Drawn { by, .. } => by,
            Course::Told(..) => Strategy::Random,
        }
    }
}

/// What came of a schedule that was told again.
#[derive(Clone, Debug)]
pub struct Retold {
    /// What happened of it, in the one notation.
    pub lines: Vec<ScheduleLine>,
    pub report: RunReport,
}

/// Whether time passes in a schedule: somebody has said when something happens.
pub fn is_timed(lines: &[ScheduleLine]) -> bool {
    lines.iter().any(|(at, _)| at.is_some())
}

/// Runs of a schedule what can happen, with clocks that drift by at most so many parts per million.
pub(super) fn retell<P: Protocol>(
    system: &System<P>,
    lines: &[ScheduleLine],
    drift_ppm_max: u32,
    witnesses: &mut [&mut dyn Witness<P>],
) -> Run<P> {
    let clocks = is_timed(lines).then(|| Clocks::drifting(drift_ppm_max));
    let mut loosely = Loosely {
        lines: lines.iter(),
        clocks,
    };
    let run = execute(system, &mut loosely, witnesses);
    let mut run = run.expect("what cannot happen is left out");
    if is_timed(lines) {
        run.facts.drift_ppm_max = drift_ppm_max;
    } else {
        check::without_clocks(&mut run.facts);
    }
    run
}

/// A record as a scheduler that passes over what cannot happen.
struct Loosely<'a> {
    lines: Iter<'a, ScheduleLine>,
    /// Where time passes, what no clock would do cannot happen either.
    clocks: Option<Clocks>,
}

impl<P: Protocol> Scheduler<P> for Loosely<'_> {
    fn started(&mut self, system: &System<P>, _: &World<P>, starts: &[StartEffects<P>]) {
        if let Some(clocks) = &mut self.clocks {
            for (id, reaction) in starts.iter().filter_map(|start| start.reaction.as_ref()) {
                clocks.note(system, Time::ZERO, *id, reaction);
            }
        }
    }

    fn next(&mut self, system: &System<P>, world: &mut World<P>) -> Result<Next<P>, Divergence> {
        let clocks = self.clocks.as_ref();
        let mut read = |text: &str| system.read(world, text);
        let possible = |(at, line): &ScheduleLine| {
            let event = nearest(line, &mut read)?;
            let may = clocks.zip(*at).is_none_or(|(clocks, at)| {
                clocks.allow(at, &event.notation(&system.cluster).to_string())
            });
            may.then_some((*at, event))
        };
        Ok(self.lines.find_map(possible))
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        let reaction = moment.effects.reaction.as_ref();
        if let (Some(clocks), Some(now), Some((id, reaction))) =
            (&mut self.clocks, moment.now, reaction)
        {
            clocks.note(moment.system, now, *id, reaction);
        }
    }
}

/// When timers were armed, so that none fires earlier or later than its clock says.
struct Clocks {
    drift_ppm: u64,
    /// By the notation of the event in which it fires: since when, and for how long.
    armed: FewMap<String, (Time, TimerRange)>,
}

/// A million, for parts of it.
const MILLION: u64 = 1_000_000;

impl Clocks {
    fn drifting(drift_ppm_max: u32) -> Self {
        Clocks {
            drift_ppm: u64::from(drift_ppm_max).min(MILLION - 1),
            armed: FewMap::new(),
        }
    }

    fn note<P: Protocol>(&mut self, system: &System<P>, now: Time, id: Id, did: &Reaction<P>) {
        for command in &did.commands {
            if let Command::SetTimer(timer, range) = command {
                let timer = timer.clone();
                let fires: Event<P> = Event::Timeout { id, timer };
                let fires = fires.notation(&system.cluster).to_string();
                self.armed.insert(fires, (now, *range));
            }
        }
    }

    /// Whether this may happen then.
    fn allow(&self, at: Time, event: &str) -> bool {
        // A timer may also fire at a node that crashes inside its handler.
        let fires = inside_of(event).map_or(event, |(_, inner)| inner);
        let Some((since, range)) = self.armed.get(fires) else {
            return true;
        };
        let ran = u128::from(at.nanos().saturating_sub(since.nanos()));
        let [slow, fast] = [MILLION - self.drift_ppm, MILLION + self.drift_ppm].map(u128::from);
        let million = u128::from(MILLION);
        // What a fast clock and what a slow one has counted, at most and at least.
        let least = u128::from(range.min.nanos()) * million <= ran * fast + million;
        let most = ran * slow <= u128::from(range.max.nanos()) * million + million;
        least && most
    }
}

/// The event that comes nearest to what a line says: that very one, or of those with a message or timer of the
/// same kind the most similar.
///
/// Without this nothing could be left out of a run in which terms or ballots are counted: what comes after it has
/// lower ones.
fn nearest<P: Protocol>(
    line: &str,
    read: &mut dyn FnMut(&str) -> Result<Event<P>, Obstacle>,
) -> Option<Event<P>> {
    let ambiguous = match read(line) {
        Ok(event) => return Some(event),
        Err(Obstacle::Ambiguous(candidates)) => candidates,
        Err(_) => match read(&of_kind(line)?) {
            Ok(event) => return Some(event),
            Err(Obstacle::Ambiguous(candidates)) => candidates,
            Err(_) => return None,
        },
    };
    let nearest = ambiguous.iter().min_by_key(|other| distance(line, other))?;
    read(nearest).ok()
}

/// What a word counts that one text has and the other has not, and a number that is so much higher or lower.
const FAR: u64 = 1_000;

/// How far two texts are from each other.
fn distance(one: &str, other: &str) -> u64 {
    let (mut one, mut other) = (tokens(one), tokens(other));
    let mut distance = 0;
    loop {
        distance += match (one.next(), other.next()) {
            (None, None) => return distance,
            (Some(one), Some(other)) if one == other => 0,
            (Some(one), Some(other)) => match (one.parse::<u64>(), other.parse::<u64>()) {
                (Ok(one), Ok(other)) => one.abs_diff(other).min(FAR),
                _ => FAR,
            },
            _ => FAR,
        };
    }
}

/// A crash, and the event inside whose handler it happens.
fn inside_of(line: &str) -> Option<(&str, &str)> {
    // Messages may have such a word, too.
    let crashes = line.starts_with("crash ");
    line.split_once(" of ").filter(|_| crashes)
}

/// The same event with a message or timer of which nothing is said but its kind.
fn of_kind(line: &str) -> Option<String> {
    if let Some((before, inner)) = inside_of(line) {
        return Some(format!("{before} of {}", of_kind(inner)?));
    }
    let words_before = match line.split(' ').next()? {
        "deliver" | "drop" | "duplicate" => 4,
        "timeout" => 2,
        _ => return None,
    };
    let mut words = line.splitn(words_before + 1, ' ');
    let before: Vec<&str> = words.by_ref().take(words_before).collect();
    Some(format!("{} {}", before.join(" "), kind(words.next()?)))
}

/// Notes what happened.
#[derive(Default)]
pub(super) struct Transcript(pub Vec<ScheduleLine>);

impl<P: Protocol> Witness<P> for Transcript {
    fn happened(&mut self, moment: &Moment<'_, P>) {
        let line = moment.event.notation(&moment.system.cluster).to_string();
        self.0.push((moment.now, line));
    }
}

#[cfg(test)]
mod tests {
    use super::{distance, of_kind};

    #[test]
    fn a_term_that_is_lower_by_one_is_nearer_than_another_message() {
        let wanted = "deliver S1 -> S2 AppendEntries(17, 0@0 +17:a1, commit 0)";
        let [near, far, other] = [
            "deliver S1 -> S2 AppendEntries(16, 0@0 +16:a1, commit 0)",
            "deliver S1 -> S2 AppendEntries(1, 0@0 +1:a1, commit 0)",
            "deliver S1 -> S2 AppendEntries(17, 0@0, commit 0)",
        ]
        .map(|line| distance(wanted, line));
        assert!(near < far && far < other, "{near} {far} {other}");
    }

    #[test]
    fn of_a_message_or_timer_its_kind_is_left() {
        let kind = |line| of_kind(line);
        let some = |line: &str| Some(line.to_owned());
        assert_eq!(
            kind("deliver S1 -> S2 Vote(3, true)"),
            some("deliver S1 -> S2 Vote")
        );
        assert_eq!(kind("timeout C Vote(1)"), some("timeout C Vote"));
        assert_eq!(
            kind("crash P1 after 2 of deliver C -> P1 Prepare { txn: 1 }"),
            some("crash P1 after 2 of deliver C -> P1 Prepare")
        );
        assert_eq!(
            kind("deliver S1 -> S2 Prepare(T4 of T1, read x)"),
            some("deliver S1 -> S2 Prepare")
        );
        assert_eq!(kind("crash P1"), None);
        assert_eq!(kind("cut {C, P1} | {P2}"), None);
    }
}
