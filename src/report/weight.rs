//! Which steps a picture of a long run is made of, and what the others come to in a line.
//!
//! Invariant: a fold over the whole trace: what a step weighs does not depend on the part that is shown.

use super::names::{DisplayNames, Sort};
use super::story::{Scene, Story};
use super::text::{Detail, count};
use crate::model::{Few, FewMap, Observation};
use crate::trace::{StepRecord, Trace, What};

/// Of no more steps than this in a row none is left out.
const FOLD_MIN: usize = 2;

/// How much a step matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A message or a timer on its way; nothing that matters is otherwise than before.
    #[default]
    Quiet,
    /// A message was answered as few are, and not by this node before, as it stands: a vote that is denied.
    Refuses,
    /// Something was observed, or is otherwise than before; a message was lost.
    Matters,
    /// What a run turns on: an election, a decision, the first to know what is committed, an entry that is
    /// overwritten, a fault.
    Turns,
    /// A property broke.
    Breaks,
}

/// The weight of each step.
pub(super) fn weights(trace: &Trace, names: &DisplayNames) -> Vec<Weight> {
    let rare = rare_answers(trace, names);
    let has_key_states = has_key_states(trace);
    let mut committed = Few::new();
    // What each node has answered since anything that matters of it changed.
    let mut answered: FewMap<usize, Few<Answer>> = FewMap::new();
    let mut story = Story::begin(trace);
    let mut weights = Vec::new();
    while let Some(scene) = story.next() {
        let step = scene.step;
        let mut weight = Weight::Quiet;
        let changes = changes(&scene, has_key_states);
        if let Some(node) = step.what.node() {
            let answered = answered.of(node);
            if changes {
                answered.clear();
            }
            for answer in answers(step, &rare, names) {
                if answered.insert(answer) {
                    weight = Weight::Refuses;
                }
            }
        }
        if tells(step) || changes || loses(&step.what) {
            weight = Weight::Matters;
        }
        let mut turns = is_fault(step) || !scene.overwritten().is_empty();
        for observation in &step.did.observed {
            turns |= match observation {
                Observation::Committed { subject, .. } => committed.insert(*subject),
                observation => is_decision(observation) || is_election(observation),
            };
        }
        if turns {
            weight = Weight::Turns;
        }
        if breaks(step) {
            weight = Weight::Breaks;
        }
        weights.push(weight);
    }
    weights
}

pub(super) fn has_key_states(trace: &Trace) -> bool {
    let starts = trace.start.iter().map(|start| &start.after);
    let mut all = starts.chain(trace.steps.iter().filter_map(|step| step.after.as_ref()));
    all.any(|record| !record.key_state.is_empty())
}

/// What is carried out once it is settled is no news.
fn tells(step: &StepRecord) -> bool {
    let is_news = |o: &Observation| !matches!(o, Observation::Executed { .. });
    step.did.observed.iter().any(is_news)
}

/// Whether what matters changed; where no protocol says what that is, anything.
fn changes(scene: &Scene<'_>, has_key_states: bool) -> bool {
    if has_key_states {
        return !scene.changes().is_empty();
    }
    match (scene.before, &scene.step.after) {
        (Some(before), Some(after)) => before.status != after.status || before.state != after.state,
        _ => false,
    }
}

fn loses(what: &What) -> bool {
    matches!(what, What::Drop(_) | What::Duplicate(_))
}

/// The kind of a message, and what sort of answer it is.
type Answer = (String, String);

/// What a step answers as few do: of messages of one kind that differ in a word, the most usual is what is
/// expected.
fn answers<'a>(
    step: &'a StepRecord,
    rare: &'a Few<Answer>,
    names: &'a DisplayNames,
) -> impl Iterator<Item = Answer> + 'a {
    let sent = step.did.sent.iter().filter(|_| !rare.is_empty());
    let answers = sent.filter_map(|sent| names.answer(&sent.message));
    answers.filter(|answer| rare.contains(answer))
}

fn rare_answers(trace: &Trace, names: &DisplayNames) -> Few<Answer> {
    let mut all: FewMap<Answer, usize> = FewMap::new();
    for sent in trace.steps.iter().flat_map(|step| &step.did.sent) {
        if let Some(answer) = names.answer(&sent.message) {
            *all.of(answer) += 1;
        }
    }
    let mut most: FewMap<String, usize> = FewMap::new();
    for ((kind, _), n) in &all {
        let of_kind = most.of(kind.clone());
        *of_kind = (*of_kind).max(*n);
    }
    all.into_iter()
        .filter(|((kind, _), n)| *n < most[kind])
        .map(|(answer, _)| answer)
        .collect()
}

pub(super) fn is_fault(step: &StepRecord) -> bool {
    let lasting = matches!(
        step.what,
        What::Crash { .. } | What::Cut { .. } | What::Recover { .. } | What::Heal { .. }
    );
    lasting || step.crash_after.is_some()
}

pub(super) fn is_election(observation: &Observation) -> bool {
    matches!(observation, Observation::Elected { .. })
}

pub(super) fn is_decision(observation: &Observation) -> bool {
    matches!(
        observation,
        Observation::Decided { .. } | Observation::Chosen { .. }
    )
}

pub(super) fn breaks(step: &StepRecord) -> bool {
    step.properties.iter().any(|p| !p.holds)
}

/// Which of the steps that are wanted are drawn, if no more than so many are: the weightiest, and of those of
/// one weight that there is no room for, the first and the last.
pub(super) fn kept(weights: &[Weight], wanted: &[usize], most: usize) -> Vec<bool> {
    if wanted.len() <= most {
        return vec![true; wanted.len()];
    }
    let weight = |n: usize| weights.get(n - 1).copied().unwrap_or_default();
    let mut kept = vec![false; wanted.len()];
    let mut room = most;
    for level in [
        Weight::Breaks,
        Weight::Turns,
        Weight::Matters,
        Weight::Refuses,
        Weight::Quiet,
    ] {
        if level == Weight::Quiet && room < most {
            break;
        }
        let of = (0..wanted.len()).filter(|i| weight(wanted[*i]) == level);
        let of: Vec<usize> = of.collect();
        let (first, last) = if of.len() > room {
            (room.div_ceil(2), of.len() - room / 2)
        } else {
            (of.len(), of.len())
        };
        for &i in of[..first].iter().chain(&of[last..]) {
            kept[i] = true;
            room -= 1;
        }
    }
    // A line that says that one or two steps are left out is hardly shorter than those.
    let mut from = 0;
    while from < kept.len() {
        let gap = kept[from..].iter().take_while(|kept| !**kept).count();
        if gap <= FOLD_MIN {
            kept[from..from + gap].fill(true);
        }
        from += gap + 1;
    }
    kept
}

/// Steps left out in a row.
#[derive(Default)]
pub(super) struct Skipped {
    steps: usize,
    /// How many of them matter.
    loud: usize,
    timers: FewMap<String, usize>,
    messages: usize,
}

impl Skipped {
    pub fn add(&mut self, step: &StepRecord, weight: Weight, names: &DisplayNames) {
        self.steps += 1;
        self.loud += usize::from(weight > Weight::Quiet);
        match &step.what {
            What::Timeout { timer, .. } => {
                let timer = names.label(Sort::Timer, timer, Detail::Kind);
                *self.timers.of(timer) += 1;
            }
            what => self.messages += usize::from(what.message().is_some()),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.steps == 0
    }

    /// `108 quiet steps`
    pub fn title(&self) -> String {
        let noun = if self.loud == 0 { "quiet step" } else { "step" };
        count(self.steps as u64, noun) + if self.loud == 0 { "" } else { " left out" }
    }

    /// `12 heartbeats, 96 messages`
    pub fn contents(&self) -> String {
        let mut parts = Vec::new();
        for (timer, n) in &self.timers {
            let n = *n as u64;
            parts.push(match timer.as_str() {
                "Heartbeat" => count(n, "heartbeat"),
                timer => count(n, &format!("{timer} timer")),
            });
        }
        if self.messages > 0 {
            parts.push(count(self.messages as u64, "message"));
        }
        parts.join(", ")
    }
}
