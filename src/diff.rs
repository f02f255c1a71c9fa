//! Where two runs part, why, and the two worlds there.
//!
//! Invariant: made of two records alone, which may come from files and say anything, and of what is known beforehand of
//! their protocols. That the same steps came at other times makes no difference. Nothing is run, judged or printed.

use serde::Serialize;
use serde_json::Value as Json;

use crate::explain::{Background, rule_of};
use crate::model::cluster::enumerate;
use crate::model::id::named;
use crate::model::{Few, FewMap, Time};
use crate::report::{Telling, key_state, telling};
use crate::trace::{Did, NodeRecord, StepRecord, Trace, What};

/// What rules of links begin with, beside parameters. Those of a schedule are wider than those of a search, which is no
/// reason of what a mistake does.
const LINKS: &str = "links.";

/// What the two runs are called in sentences.
pub const LETTERS: [&str; 2] = ["A", "B"];

/// A record of a run, and what else is known of it.
pub struct Recorded<'a> {
    pub trace: &'a Trace,
    /// The draw behind each step, where one is known.
    pub draws: &'a [Option<String>],
    pub background: Background,
    /// What was to happen behind its last step.
    pub cannot: Option<Cannot>,
}

/// An event that was to happen next.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Cannot {
    pub event: String,
    /// Why it cannot.
    pub obstacle: String,
}

/// What two runs have in common, and what not.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Diff {
    /// How many steps are the same in both.
    pub in_common: usize,
    /// Where they part, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parting: Option<Parting>,
    /// What each came to.
    pub ends: [End; 2],
}

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct End {
    pub steps: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// The verdict in whole sentences.
    pub sentences: Vec<String>,
    /// It was to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot: Option<Cannot>,
}

/// How two runs part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// They do not start alike.
    Start,
    /// The same event comes to something else.
    Reaction,
    /// Something else happens.
    Event,
    /// What happens in the one cannot happen in the other.
    Impossible,
    /// One of them is over.
    End,
}

/// The first difference.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Parting {
    /// Counted from 1; 0 for the start.
    pub step: usize,
    pub by: By,
    pub runs: [Side; 2],
    /// What the same event came to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<Differing>,
    /// Whole sentences; of the runs as `A` and `B`.
    pub why: Vec<String>,
    /// The worlds behind that step.
    pub nodes: Vec<Standing>,
    pub in_flight: Beside,
    /// The cuts that last.
    pub cuts: Beside,
}

/// What one of them does there.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// Nothing if the run is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// The draw that decided it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawn: Option<String>,
    pub words: String,
    /// What it changed of the state that matters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
    /// The step of the other run that has this event, if a later one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_the_other: Option<usize>,
}

/// Something that is not the same in both.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Differing {
    /// `sent`, `saved`, `observed`, `state.phase` …
    pub what: String,
    pub runs: [String; 2],
}

/// A node in both worlds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Standing {
    pub node: String,
    /// Nothing where there is no such node.
    pub runs: [Option<Stands>; 2],
    pub is_same: bool,
}

/// A node in one of them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Stands {
    pub status: String,
    /// The state that matters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<String>,
}

/// What is in both worlds, and what is only in one.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Beside {
    pub both: Vec<String>,
    pub only: [Vec<String>; 2],
}

impl Beside {
    pub fn is_empty(&self) -> bool {
        self.both.is_empty() && self.only.iter().all(Vec::is_empty)
    }

    fn of([first, mut second]: [Vec<String>; 2]) -> Self {
        let mut beside = Beside::default();
        for one in first {
            match second.iter().position(|other| *other == one) {
                Some(at) => {
                    second.remove(at);
                    beside.both.push(one);
                }
                None => beside.only[0].push(one),
            }
        }
        beside.only[1] = second;
        beside
    }
}

/// Where two runs part, if they do. The error is how many steps of them are recorded in a row, where that is all that is
/// the same.
pub fn diff(runs: &[Recorded<'_>; 2]) -> Result<Diff, usize> {
    let [first, second] = [0, 1].map(|run| bare(runs[run].trace));
    let shorter = first.steps.len().min(second.steps.len());
    let difference = first.first_difference(&second);
    let in_steps = difference.as_ref().filter(|d| !d.is_of_whole());
    let in_common = in_steps.map_or(shorter, |d| d.step.saturating_sub(1));
    let is_at_start = in_steps.is_some_and(|d| d.step == 0);
    let gaps = runs.iter().any(|run| run.trace.unrecorded.is_some());
    if in_steps.is_none() && gaps {
        return Err(shorter);
    }
    let is_longer = first.steps.len() != second.steps.len();
    let stops = runs[0].cannot.is_some() != runs[1].cannot.is_some();
    let teller = Teller {
        told: [telling(&first, false), telling(&second, false)],
        traces: [&first, &second],
        runs,
        step: if is_at_start { 0 } else { in_common + 1 },
    };
    let parts = in_steps.is_some() || is_longer || stops;
    Ok(Diff {
        in_common,
        parting: parts.then(|| teller.parting()),
        ends: [0, 1].map(|run| teller.end(run)),
    })
}

/// A trace as far as it is recorded in a row, without what differs in runs that are the same but for time.
fn bare(trace: &Trace) -> Trace {
    let mut bare = trace.clone();
    bare.properties.clear();
    if let Some(gap) = trace.unrecorded {
        bare.steps.truncate(gap.after);
    }
    for step in &mut bare.steps {
        (step.at, step.suspicion) = (None, None);
        step.properties.clear();
    }
    bare
}

/// Whoever tells how two runs part.
struct Teller<'a> {
    runs: &'a [Recorded<'a>; 2],
    /// The same, bare.
    traces: [&'a Trace; 2],
    told: [Telling<'a>; 2],
    /// The first step that differs; 0 is the start.
    step: usize,
}

impl Teller<'_> {
    fn parting(&self) -> Parting {
        let sides = [0, 1].map(|run| self.side(run));
        let by = match [self.record(0), self.record(1)] {
            _ if self.step == 0 => By::Start,
            // Of a crash inside a handler the handler counts.
            [Some(one), Some(other)] if one.what == other.what => By::Reaction,
            [Some(_), Some(_)] => By::Event,
            _ if self.stopped().is_some() => By::Impossible,
            _ => By::End,
        };
        let differs = match by {
            By::Start => self.starts_differ(),
            By::Reaction => self.reactions_differ(),
            _ => Vec::new(),
        };
        Parting {
            step: self.step,
            by,
            why: self.why(by, &sides),
            differs,
            runs: sides,
            nodes: self.nodes(),
            in_flight: Beside::of([0, 1].map(|run| self.in_flight(run))),
            cuts: Beside::of([0, 1].map(|run| self.cuts(run))),
        }
    }

    fn end(&self, run: usize) -> End {
        let Recorded { trace, cannot, .. } = &self.runs[run];
        let outcome = trace.verdict.as_ref();
        End {
            steps: trace.number(trace.steps.len()),
            verdict: outcome.map(|outcome| outcome.verdict.clone()),
            sentences: outcome.map_or_else(Vec::new, |outcome| outcome.sentences.clone()),
            cannot: cannot.clone(),
        }
    }

    /// The step in which they part, with its time.
    fn record(&self, run: usize) -> Option<&StepRecord> {
        self.runs[run].trace.steps.get(self.step.checked_sub(1)?)
    }

    fn side(&self, run: usize) -> Side {
        let Some((step, nth)) = self.record(run).zip(self.step.checked_sub(1)) else {
            return Side::default();
        };
        let told = &self.told[run].steps[nth];
        let others = self.traces[1 - run].steps.iter().skip(nth + 1);
        let mut later = others.zip(self.step + 1..);
        let later = later.find(|(other, _)| other.event == step.event);
        Side {
            event: Some(step.event.clone()),
            at: step.at,
            drawn: self.runs[run].draws.get(nth).cloned().flatten(),
            words: told.words.clone(),
            state: told.changes.clone(),
            in_the_other: later.map(|(_, nth)| nth),
        }
    }

    /// The run that cannot go on where they part.
    fn stopped(&self) -> Option<(usize, &Cannot)> {
        let stops = |run: &usize| self.traces[*run].steps.len() + 1 == self.step;
        let run = (0..2)
            .filter(stops)
            .find(|run| self.runs[*run].cannot.is_some())?;
        Some((run, self.runs[run].cannot.as_ref()?))
    }

    fn why(&self, by: By, sides: &[Side; 2]) -> Vec<String> {
        let mut why = self.settings_differ();
        match by {
            By::Start | By::Reaction => {
                if why.is_empty() {
                    why.push(
                        "The same protocol with the same parameters: one was recorded by another version, or a handler \
                         is not a pure function."
                            .to_owned(),
                    );
                }
                let rule = rule_of(self.traces[0], self.step, self.runs[0].background.rules);
                why.extend(rule.map(|rule| format!("The rule that this step follows: {rule}.")));
            }
            By::Event => {
                why.extend((0..2).map(|run| self.decided(run, &sides[run])));
            }
            By::Impossible => {
                if let Some((run, Cannot { event, obstacle })) = self.stopped() {
                    let letter = LETTERS[run];
                    let obstacle = self.told[run].text(obstacle);
                    why.push(format!("`{event}` cannot happen in {letter}: {obstacle}."));
                }
            }
            By::End => {
                let over = (0..2).find(|run| sides[*run].event.is_none());
                let over = over.unwrap_or_default();
                let end = self.end(over);
                let verdict = end.verdict.unwrap_or_else(|| "not judged".to_owned());
                let first = end.sentences.first().cloned().unwrap_or_default();
                let sentence = format!("{} is over: {verdict}. {first}", LETTERS[over]);
                why.push(sentence.trim_end().to_owned());
            }
        }
        why
    }

    /// What the runs have been told otherwise: mistakes in words, other parameters by name.
    fn settings_differ(&self) -> Vec<String> {
        let settings = |run: usize| {
            let trace = self.runs[run].trace;
            let mut settings = FewMap::new();
            if let Json::Object(params) = &trace.params {
                settings = params.clone().into_iter().collect();
            }
            let links = serde_json::to_value(trace.links).unwrap_or_default();
            if let Json::Object(links) = links {
                for (name, value) in links {
                    settings.insert(format!("{LINKS}{name}"), value);
                }
            }
            settings
        };
        let [one, other] = [0, 1].map(settings);
        let names: Few<&String> = one.keys().chain(other.keys()).collect();
        let known = |run: &usize| self.runs[*run].background.mistake.is_some();
        let mistaken: Vec<usize> = (0..2).filter(known).collect();
        let mut sentences = Vec::new();
        for name in names {
            let values = [one.get(name), other.get(name)];
            if values[0] == values[1] {
                continue;
            }
            if name == "bug" && !mistaken.is_empty() {
                sentences.extend(mistaken.iter().map(|&run| {
                    let about = self.runs[run].background.mistake.as_deref();
                    let (letter, bug) = (LETTERS[run], plain(values[run]));
                    let about = about.unwrap_or_default();
                    format!("The mistake in {letter}, made on purpose (`{bug}`): {about}")
                }));
            } else if mistaken.is_empty() || !name.starts_with(LINKS) {
                let [one, other] = values.map(plain);
                sentences.push(format!("`{name}` is {one} in A and {other} in B."));
            }
        }
        sentences
    }

    /// What decided the event of a run, and where the other run has it.
    fn decided(&self, run: usize, side: &Side) -> String {
        let Recorded { trace, draws, .. } = &self.runs[run];
        let (letter, other) = (LETTERS[run], LETTERS[1 - run]);
        let decided = match (&side.drawn, trace.origin.engine.as_str()) {
            (Some(drawn), _) => format!("drawn: {drawn}"),
            (None, "simulator") if draws.is_empty() => {
                "a trace has nothing of what was drawn for it".to_owned()
            }
            (None, "simulator") => "nothing is drawn for it: the scenario says so".to_owned(),
            (None, "walk") => "drawn from all that can happen there".to_owned(),
            _ => "the schedule says so".to_owned(),
        };
        let event = side.event.as_deref().unwrap_or_default();
        let at = |at: Option<Time>| at.map_or_else(String::new, |at| format!(" at {at}"));
        let when = at(side.at);
        let elsewhere = match side.in_the_other {
            Some(step) => {
                let there = self.runs[1 - run].trace.steps.get(step - 1);
                let when = at(there.and_then(|there| there.at));
                format!("{other} has it in step {step}{when}.")
            }
            None => format!("{other} never has it from here on."),
        };
        format!("{letter} has `{event}`{when} ({decided}). {elsewhere}")
    }

    fn starts_differ(&self) -> Vec<Differing> {
        let [first, second] = self.traces;
        let nodes = self.traces.map(|trace| {
            let names = trace
                .nodes
                .iter()
                .map(|n| format!("{} ({})", n.name, n.role));
            names.collect::<Vec<_>>()
        });
        if nodes[0] != nodes[1] {
            return vec![differing("nodes", nodes.map(enumerate))];
        }
        let mut all = Vec::new();
        for ((node, one), other) in first.nodes.iter().zip(&first.start).zip(&second.start) {
            let mut differs = self.did_differ([&one.did, &other.did]);
            differs.extend(self.fields_differ([&one.after, &other.after]));
            for mut differing in differs {
                differing.what = format!("{} {}", node.name, differing.what);
                all.push(differing);
            }
        }
        all
    }

    fn reactions_differ(&self) -> Vec<Differing> {
        let nth = self.step - 1;
        let [one, other] = self.traces.map(|trace| &trace.steps[nth]);
        let mut differs = self.did_differ([&one.did, &other.did]);
        if one.crash_after != other.crash_after {
            let points = [one, other].map(|step| {
                step.crash_after
                    .map_or_else(|| "nothing".to_owned(), |n| format!("after {n} of it"))
            });
            differs.push(differing("crash", points));
        }
        if let (Some(one), Some(other)) = (&one.after, &other.after) {
            differs.extend(self.fields_differ([one, other]));
        }
        differs
    }

    fn did_differ(&self, did: [&Did; 2]) -> Vec<Differing> {
        let sent = did.map(|did| {
            let sent = did.sent.iter().map(|sent| {
                let lost = sent.lost.iter().map(|why| format!(" ({why})"));
                let lost: String = lost.collect();
                format!("{} to {}{lost}", sent.message, self.name(sent.dst))
            });
            sent.collect()
        });
        let saved = did.map(|did| {
            let saved = did.saved.iter().map(|saved| {
                let how = if saved.forced { "forced" } else { "lazy" };
                format!("{} ({how})", saved.record)
            });
            saved.collect()
        });
        let observed = did.map(|did| did.observed.iter().map(ToString::to_string).collect());
        let all = [("sent", sent), ("saved", saved), ("observed", observed)];
        let all = all.into_iter();
        all.filter_map(|(what, runs)| only(what, runs)).collect()
    }

    /// The fields of a node that differ, but for what is told of it anyway.
    fn fields_differ(&self, records: [&NodeRecord; 2]) -> Vec<Differing> {
        let [one, other] = records.map(NodeRecord::fields);
        let nodes = self.traces[0].nodes.iter();
        let nodes: Vec<String> = nodes.map(|node| node.name.clone()).collect();
        let names: Few<&String> = one.keys().chain(other.keys()).collect();
        let differs = names.into_iter().filter_map(|name| {
            let values = [one.get(name), other.get(name)];
            let is_told = name == "status" || name == "timers";
            let values = (values[0] != values[1] && !is_told).then_some(values)?;
            let told = values.map(|value| named(&plain(value), &nodes));
            // Where the one has fields and the other is nothing, the fields tell it.
            (told[0] != told[1]).then(|| differing(name, told))
        });
        differs.collect()
    }

    fn name(&self, node: usize) -> String {
        self.told[0].name(node)
    }

    /// Each node as the step left it that they part in.
    fn nodes(&self) -> Vec<Standing> {
        let mut names: Vec<&String> = Vec::new();
        for node in self.traces.iter().flat_map(|trace| &trace.nodes) {
            if !names.contains(&&node.name) {
                names.push(&node.name);
            }
        }
        let standing = |name: &String| {
            let records = [0, 1].map(|run| self.node(run, name));
            let stands = |run: usize| {
                let record = records[run]?;
                let state = key_state(&record.key_state);
                let text = |text: &String| self.told[run].text(text);
                Some(Stands {
                    status: text(&record.status),
                    state: state.iter().map(text).collect(),
                    timers: record.timers.iter().map(text).collect(),
                })
            };
            Standing {
                node: self.told[0].text(name),
                runs: [0, 1].map(stands),
                is_same: records[0] == records[1],
            }
        };
        names.into_iter().map(standing).collect()
    }

    fn node(&self, run: usize, name: &str) -> Option<&NodeRecord> {
        let trace = self.traces[run];
        let node = trace.nodes.iter().position(|node| node.name == name)?;
        let steps = trace.steps.iter().take(self.step).rev();
        let mut own = steps.filter(|step| step.what.node() == Some(node));
        let last = own.find_map(|step| step.after.as_ref());
        last.or_else(|| Some(&trace.start.get(node)?.after))
    }

    fn in_flight(&self, run: usize) -> Vec<String> {
        let mut until = self.traces[run].clone();
        until.steps.truncate(self.step);
        let told = telling(&until, false);
        let flying = told.in_flight.iter().map(|flying| {
            let (src, dst) = (told.name(flying.src), told.name(flying.dst));
            format!("{src} -> {dst} {}", told.text(&flying.label))
        });
        flying.collect()
    }

    fn cuts(&self, run: usize) -> Vec<String> {
        let mut cuts: Vec<(&[(usize, usize)], String)> = Vec::new();
        for step in self.traces[run].steps.iter().take(self.step) {
            match &step.what {
                What::Cut { links } => {
                    let separated = step.event.trim_start_matches("cut ");
                    cuts.push((links, self.told[run].text(separated)));
                }
                What::Heal { links } => cuts.retain(|(cut, _)| cut != links),
                _ => {}
            }
        }
        cuts.into_iter().map(|(_, cut)| cut).collect()
    }
}

fn differing(what: &str, runs: [String; 2]) -> Differing {
    Differing {
        what: what.to_owned(),
        runs,
    }
}

/// What of two lists is in one of them alone, if anything is.
fn only(what: &str, runs: [Vec<String>; 2]) -> Option<Differing> {
    if runs[0] == runs[1] {
        return None;
    }
    let whole = runs.clone().map(enumerate);
    let beside = Beside::of(runs);
    // The same in another order.
    let runs = if beside.only.iter().all(Vec::is_empty) {
        whole
    } else {
        beside.only.map(enumerate)
    };
    let runs = runs.map(|run| {
        if run.is_empty() {
            "nothing".to_owned()
        } else {
            run
        }
    });
    Some(differing(what, runs))
}

/// A value as people write it.
fn plain(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => "nothing".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(list)) if list.iter().all(Json::is_string) => {
            let words = list.iter().map(|word| plain(Some(word)));
            format!("[{}]", words.collect::<Vec<_>>().join(", "))
        }
        Some(value) => value.to_string(),
    }
}
