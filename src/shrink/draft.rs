//! A run as a scenario: who took part, and a schedule.

use serde_json::{Map, Value as Json, json};

use super::Unshrinkable;
use super::schedule::lines;
use super::sizes::Smaller;
use crate::model::{LinkOrder, Timing};
use crate::registry::Registry;
use crate::scenario::{File, Scenario, ScenarioError, ScheduleLine, VERSION};
use crate::trace::Trace;

/// A run as a scenario: who took part, and a schedule.
#[derive(Clone, Debug)]
pub struct Draft {
    pub protocol: String,
    /// All of them.
    pub params: Map<String, Json>,
    /// Those of them that are as by default need not be written.
    pub defaults: Map<String, Json>,
    order: LinkOrder,
    pub nodes: Vec<String>,
    /// The nodes that did not start with the others.
    pub late: Vec<String>,
    /// How far clocks drifted, where time passes.
    drift_ppm_max: u32,
    /// The properties that count, if not all do.
    pub properties: Option<Vec<String>>,
    pub lines: Vec<ScheduleLine>,
    /// When a timer may fire where it is judged whether the run can go on.
    pub timing: Timing,
}

impl Draft {
    /// The run of a trace.
    pub fn of(trace: &Trace, registry: &Registry) -> Result<Self, Unshrinkable> {
        if trace.unrecorded.is_some() {
            return Err(Unshrinkable::Unrecorded);
        }
        let protocol = registry.protocol(&trace.protocol);
        let protocol =
            protocol.ok_or_else(|| Unshrinkable::UnknownProtocol(trace.protocol.clone()))?;
        let defaults = protocol.params.as_object().cloned().unwrap_or_default();
        let nodes: Vec<String> = trace.nodes.iter().map(|node| node.name.clone()).collect();
        let started = nodes.iter().zip(&trace.start);
        let late = started.filter(|(_, start)| !start.after.up);
        let is_timed = trace.steps.iter().any(|step| step.at.is_some());
        Ok(Draft {
            protocol: trace.protocol.clone(),
            params: trace.params.as_object().cloned().unwrap_or_default(),
            defaults,
            order: trace.links.order,
            late: late.map(|(name, _)| name.clone()).collect(),
            drift_ppm_max: if is_timed {
                trace.facts.drift_ppm_max
            } else {
                0
            },
            properties: match &trace.origin.property {
                // On its way to one violation a counterexample may come by others.
                Some(property) => Some(vec![property.clone()]),
                None => trace.origin.properties.clone(),
            },
            lines: lines(trace),
            nodes,
            timing: trace.origin.timing.unwrap_or_default(),
        })
    }

    /// The same story without clocks.
    #[must_use]
    pub fn untimed(&self) -> Self {
        let lines = self.lines.iter().map(|(_, line)| (None, line.clone()));
        Draft {
            lines: lines.collect(),
            drift_ppm_max: 0,
            ..self.clone()
        }
    }

    /// The same where no timer fires that awaits the living, once the schedule is over.
    pub fn accurate(&self) -> Self {
        Draft {
            timing: Timing::Accurate,
            ..self.clone()
        }
    }

    /// The same in a smaller instance.
    pub fn among(&self, smaller: &Smaller) -> Self {
        let name = |name: &String| smaller.told(name);
        let line = |(at, line): &ScheduleLine| Some((*at, smaller.told(line)?));
        Draft {
            params: smaller.params.clone(),
            nodes: self.nodes.iter().filter_map(name).collect(),
            late: self.late.iter().filter_map(name).collect(),
            lines: self.lines.iter().filter_map(line).collect(),
            ..self.clone()
        }
    }

    /// The same where one of those who are late starts with the others.
    pub fn in_time(&self) -> impl Iterator<Item = Self> {
        self.late.iter().map(|name| {
            let joins = format!("recover {name}");
            let mut in_time = self.clone();
            in_time.late.retain(|late| late != name);
            let first = in_time.lines.iter().position(|(_, line)| *line == joins);
            first.map(|first| in_time.lines.remove(first));
            in_time
        })
    }

    /// The scenario, with whatever else is said in it.
    ///
    /// # Errors
    /// If the parameters make no system.
    pub fn scenario(&self, others: &Others<'_>) -> Result<File, ScenarioError> {
        let mut run = Map::new();
        if self.order == LinkOrder::Fifo {
            run.insert("network".to_owned(), json!({ "order": "fifo" }));
        }
        let nodes = self.machines();
        if !nodes.is_empty() {
            run.insert("nodes".to_owned(), nodes.into());
        }
        if let Some(properties) = &self.properties {
            run.insert("properties".to_owned(), json!(properties));
        }
        if self.timing != Timing::default() && others.is_told {
            run.insert("timing".to_owned(), json!(self.timing));
        }
        if !self.lines.is_empty() && others.is_told {
            let lines = self.lines.iter().map(|(at, line)| match at {
                Some(at) => format!("{at} {line}"),
                None => line.clone(),
            });
            run.insert("schedule".to_owned(), lines.collect::<Vec<_>>().into());
        }
        let mut scenario = Map::new();
        let mut put = |key: &str, value: Json| scenario.insert(key.to_owned(), value);
        if others.is_told {
            // Whoever writes the file says where it is.
            put("$schema", "schema.json".into());
        }
        put("jury", VERSION.into());
        if !others.about.is_empty() {
            put("about", others.about.into());
        }
        put("protocol", self.protocol.as_str().into());
        let params = self.params.iter();
        let params = params.filter(|(key, value)| self.defaults.get(*key) != Some(value));
        let params: Map<String, Json> = params.map(|(k, v)| (k.clone(), v.clone())).collect();
        if !params.is_empty() {
            put("params", params.into());
        }
        put("run", run.into());
        if let Some(check) = &others.check {
            put("check", check.clone());
        }
        if let Some(expect) = &others.expect {
            put("expect", expect.clone());
        }
        let text = Json::Object(scenario).to_string();
        Ok(Scenario::parse(&text, "the shrunk scenario")?.file)
    }

    fn machines(&self) -> Map<String, Json> {
        let mut nodes = Map::new();
        for name in &self.late {
            nodes.insert(name.clone(), json!({ "joins-later": true }));
        }
        let first = self.nodes.first().filter(|_| self.drift_ppm_max > 0);
        if let Some(first) = first {
            nodes.entry(first).or_insert_with(|| json!({}))["drift-ppm"] =
                self.drift_ppm_max.into();
        }
        nodes
    }

    /// Whether this is the name of a node that does not start with the others.
    pub fn joins_later(&self, name: &str) -> bool {
        self.late.iter().any(|late| late == name)
    }
}

/// What is said in a scenario beside its run.
#[derive(Clone, Debug, Default)]
pub struct Others<'a> {
    /// Whether the schedule is written.
    pub is_told: bool,
    pub about: &'a str,
    pub check: Option<Json>,
    pub expect: Option<Json>,
}
