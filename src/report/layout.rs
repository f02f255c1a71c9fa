//! Where things go: which steps and nodes a diagram shows, and in which columns.
//!
//! Invariant: gutter, lanes and text together fit the width. Nodes that have no lane of their own
//! are either idle throughout or share the last lane.

use super::Options;
use super::names::{DisplayNames, Sort};
use super::text::{Detail, width};
use super::weight::has_key_states;
use crate::model::{Few, Time};
use crate::trace::{StepRecord, Trace};

/// Up to so many nodes have a lane even if they do nothing.
const IDLE_LANES_MAX: usize = 8;
/// Lanes closer than this bear no mark beside them.
const PITCH_MIN: usize = 3;
const PITCH_MAX: usize = 15;
/// The state has a column of its own where that many are left beside the lanes.
const STATE_COLUMN_MIN: usize = 64;
/// From this width on lanes make room for it.
const STATE_FROM: usize = 120;
/// Of these it takes so many.
const STATE_WIDTH: usize = 30;
/// Digits behind the point of a time.
const DECIMALS_MAX: u32 = 3;

#[derive(Debug)]
pub(super) struct Layout {
    pub width: usize,
    /// Columns of the step's number.
    pub number: usize,
    pub clock: Option<Clock>,
    /// The nodes with a lane, in order.
    pub lanes: Vec<usize>,
    /// The column of each node's lane.
    pub columns: Vec<Option<usize>>,
    /// The nodes that share one more lane, and its column.
    pub others: Option<(Vec<usize>, usize)>,
    /// The nodes that have no lane since nothing happens to them.
    pub idle: Vec<usize>,
    pub pitch: usize,
    /// The first and the last column of the lanes' part.
    pub left: usize,
    pub right: usize,
    /// Where the text begins.
    pub text: usize,
    /// Where the column of the state begins that matters, if there is room for one.
    pub state: Option<usize>,
    /// The steps shown, counted from 1 among those recorded, in order.
    pub steps: Vec<usize>,
}

impl Layout {
    pub fn new(trace: &Trace, options: &Options, names: &DisplayNames) -> Self {
        let steps = visible(trace, options);
        let shown = || steps.iter().filter_map(|n| trace.steps.get(n - 1));
        let active = active(trace, shown(), names.len(), options);
        let idle: Vec<usize> = (0..names.len()).filter(|n| !active.contains(n)).collect();
        let width = options.columns();
        let number = trace.number(*steps.last().unwrap_or(&0));
        let number = number.to_string().len().max(2);
        let clock = Clock::of(trace);
        let gutter = number + 1 + clock.as_ref().map_or(0, |c| c.width + 1);

        let mut lanes: Vec<usize> = active.into_iter().collect();
        let half =
            |node: Option<&usize>| node.map_or(1, |n| width_of(names, *n).div_ceil(2).clamp(1, 6));
        let left = gutter + half(lanes.first());
        // The name of the last lane may be as wide as the marks beside it; its role stands over
        // its neighbours too.
        let tail = 4;
        let shows_state = has_key_states(trace);
        let text = match lanes.len() {
            _ if shows_state && width >= STATE_FROM => STATE_COLUMN_MIN,
            ..=5 => 42.min(width * 2 / 5),
            _ => 32.min(width * 2 / 5),
        };
        let room = width.saturating_sub(left + tail + text);
        let mut hidden = Vec::new();
        if lanes.len() > room / PITCH_MIN + 1 {
            hidden = lanes.split_off(room / PITCH_MIN);
        }
        let gaps = (lanes.len() + usize::from(!hidden.is_empty())).saturating_sub(1);
        let pitch = (room / gaps.max(1)).clamp(PITCH_MIN, wanted(shown(), names));

        let mut columns = vec![None; names.len()];
        for (i, &node) in lanes.iter().enumerate() {
            columns[node] = Some(left + i * pitch);
        }
        let last = left + gaps * pitch;
        for &node in &hidden {
            columns[node] = Some(last);
        }
        let text = last + tail;
        let has_room = width.saturating_sub(text) >= STATE_COLUMN_MIN && shows_state;
        Layout {
            width,
            number,
            clock,
            columns,
            others: (!hidden.is_empty()).then_some((hidden, last)),
            lanes,
            idle,
            pitch,
            left,
            right: last,
            text,
            state: has_room.then(|| width - STATE_WIDTH),
            steps,
        }
    }

    pub fn column(&self, node: usize) -> Option<usize> {
        self.columns.get(node).copied().flatten()
    }

    /// The columns that the text may take.
    pub fn text_width(&self) -> usize {
        let end = self.state.map_or(self.width, |state| state - 2);
        end.saturating_sub(self.text)
    }
}

fn width_of(names: &DisplayNames, node: usize) -> usize {
    width(&names.name(node)).max(width(names.role(node)))
}

/// The pitch at which most arrows can bear the name of their message.
fn wanted<'a>(steps: impl Iterator<Item = &'a StepRecord>, names: &DisplayNames) -> usize {
    let label = |s: &StepRecord| {
        let m = s.what.message()?;
        Some(width(&names.label(Sort::Message, &m.message, Detail::Kind)))
    };
    let longest = steps.filter_map(label).max().unwrap_or(4);
    // Tail, dash, blank, number and head around it.
    (longest + 7).clamp(8, PITCH_MAX)
}

/// The numbers of the steps to show, before any is elided.
fn visible(trace: &Trace, options: &Options) -> Vec<usize> {
    let wanted: Few<usize> = trace
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, n)| options.nodes.contains(&n.name))
        .map(|(i, _)| i)
        .collect();
    let concerns = |step: &StepRecord| {
        options.nodes.is_empty()
            || match (step.what.message(), step.what.node()) {
                (Some(m), _) => wanted.contains(&m.src) || wanted.contains(&m.dst),
                (None, Some(node)) => wanted.contains(&node),
                (None, None) => true,
            }
    };
    let first = options.from.unwrap_or(1).max(1);
    let last = options.until.unwrap_or(usize::MAX);
    trace
        .steps
        .iter()
        .enumerate()
        .map(|(i, step)| (i + 1, step))
        .filter(|(n, step)| (first..=last).contains(&trace.number(*n)) && concerns(step))
        .map(|(n, _)| n)
        .collect()
}

/// The nodes that something happens to, or all if there are few.
fn active<'a>(
    trace: &Trace,
    steps: impl Iterator<Item = &'a StepRecord>,
    nodes: usize,
    options: &Options,
) -> Few<usize> {
    if nodes <= IDLE_LANES_MAX && options.nodes.is_empty() {
        return (0..nodes).collect();
    }
    let mut active = Few::new();
    for step in steps {
        active.extend(step.what.actor());
        active.extend(step.what.message().into_iter().flat_map(|m| [m.src, m.dst]));
        active.extend(
            step.did
                .sent
                .iter()
                .filter(|s| s.lost.is_some())
                .map(|s| s.dst),
        );
        active.extend(step.lost.iter().flat_map(|m| [m.src, m.dst]));
    }
    let named = |n: &usize| {
        trace
            .nodes
            .get(*n)
            .is_some_and(|i| options.nodes.contains(&i.name))
    };
    active.extend((0..nodes).filter(named));
    active.retain(|n| *n < nodes);
    if active.is_empty() {
        active = (0..nodes).collect();
    }
    active
}

/// How times are written: all in one unit, so that they can be compared at a glance.
#[derive(Debug)]
pub(crate) struct Clock {
    pub unit: &'static str,
    scale: u64,
    decimals: u32,
    pub width: usize,
}

impl Clock {
    pub fn of(trace: &Trace) -> Option<Self> {
        let times: Vec<u64> = trace
            .steps
            .iter()
            .filter_map(|s| s.at)
            .map(|t| t.0)
            .collect();
        let last = *times.iter().max()?;
        let (unit, scale): (_, u64) = match last {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("us", 1_000),
            1_000_000..100_000_000_000 => ("ms", 1_000_000),
            _ => ("s", 1_000_000_000),
        };
        let exact = |d: &u32| {
            times
                .iter()
                .all(|t| t % (scale / 10u64.pow(*d)).max(1) == 0)
        };
        let decimals = (0..DECIMALS_MAX)
            .find(exact)
            .unwrap_or(DECIMALS_MAX)
            .min(scale.ilog10());
        let mut clock = Clock {
            unit,
            scale,
            decimals,
            width: 0,
        };
        clock.width = clock.show(last).len().max(unit.len());
        Some(clock)
    }

    /// A duration as exactly as a time is written at most; one that is shorter stays as it is.
    pub fn round(&self, duration: Time) -> Time {
        let grain = (self.scale / 10u64.pow(DECIMALS_MAX)).max(1);
        match duration.0.saturating_add(grain / 2) / grain {
            0 => duration,
            n => Time(n * grain),
        }
    }

    pub fn show(&self, nanos: u64) -> String {
        let (whole, part) = (nanos / self.scale, nanos % self.scale);
        if self.decimals == 0 {
            return whole.to_string();
        }
        let part = part / (self.scale / 10u64.pow(self.decimals));
        format!("{whole}.{part:0digits$}", digits = self.decimals as usize)
    }
}
