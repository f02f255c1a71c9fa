//! Finding protocols by name: the one place where the types of all of them are known.

use std::path::Path;

use schemars::Schema;
use serde_json::Value as Json;

use crate::explain::Background;
use crate::matrix::{Attendant, Effort, Matrix, ProtocolMatrix, weigh};
use crate::model::operation::{Linearization, Operations};
use crate::model::params::root_schema;
use crate::model::{Bug, Cluster, Property, Protocol, Rule, Statement, Untyped};
use crate::protocols::{Visitor, each};
use crate::scenario::{
    ProtocolParams, Scenario, ScenarioError, nearest, protocol_params, recorded_params,
};
use crate::testbed::{
    BugInfo, Case, ParameterInfo, PropertyInfo, ProtocolInfo, Replayed, Testbed, record,
    within_bounds,
};
use crate::trace::{FORMAT, Trace};

/// Protocols by name, whose types nobody has to know.
///
/// A crate of one's own puts its protocol beside those that are shipped:
/// `Registry::shipped().with::<Ring>()`.
#[derive(Default)]
pub struct Registry(Vec<Entry>);

/// See [`weigh`].
type Weigh = fn(&dyn Fn(&str) -> bool, &Effort, &mut dyn Attendant) -> ProtocolMatrix;

/// How many worlds of a scenario to start from are looked at before it is written.
const STARTING_STATES_MAX: u64 = 20_000;

/// What can be asked of a protocol without naming its types.
struct Entry {
    name: &'static str,
    describe: fn() -> ProtocolInfo,
    params: ProtocolParams,
    open: fn(&Scenario) -> Result<Box<dyn Case>, ScenarioError>,
    replay: fn(&Trace) -> Result<Replayed, String>,
    starting_scenario: fn(&[String]) -> String,
    variants: fn() -> Vec<&'static str>,
    weigh: Weigh,
    rules: fn() -> &'static [Rule],
    linearize: fn(&Operations) -> Option<Linearization>,
    bugs: &'static [Bug],
}

impl Visitor for Registry {
    fn visit<P: Protocol>(&mut self) {
        self.add::<P>();
    }
}

impl Registry {
    /// No protocol at all.
    pub fn new() -> Self {
        Registry::default()
    }

    /// All protocols of this crate.
    pub fn shipped() -> Self {
        let mut registry = Registry::new();
        each(&mut registry);
        registry
    }

    /// One more.
    ///
    /// # Panics
    /// If there is one of this name already: scenario files could not tell them apart.
    #[must_use]
    pub fn with<P: Protocol>(mut self) -> Self {
        self.add::<P>();
        self
    }

    fn add<P: Protocol>(&mut self) {
        assert!(
            self.get(P::NAME).is_none(),
            "there are two protocols called `{}`",
            P::NAME
        );
        self.0.push(Entry {
            name: P::NAME,
            describe: describe::<P>,
            params: protocol_params::<P>(),
            open: |scenario| Ok(Box::new(Testbed::new::<P>(scenario)?)),
            replay: replay_as::<P>,
            starting_scenario: Scenario::starting_for::<P>,
            variants: || P::matrix().iter().map(|variant| variant.name).collect(),
            weigh: weigh::<P>,
            rules: P::rules,
            linearize: P::linearize,
            bugs: P::BUGS,
        });
    }

    fn get(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.name == name)
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|entry| entry.name).collect()
    }

    /// Reads a scenario file and puts it on trial.
    pub fn open(&self, path: &Path) -> Result<Box<dyn Case>, ScenarioError> {
        self.on_trial(&Scenario::load(path)?)
    }

    /// The same for a text; errors call it `name`.
    pub fn open_text(&self, text: &str, name: &str) -> Result<Box<dyn Case>, ScenarioError> {
        self.on_trial(&Scenario::parse(text, name)?)
    }

    /// The same for bytes that should be UTF-8.
    pub fn open_bytes(&self, bytes: &[u8], name: &str) -> Result<Box<dyn Case>, ScenarioError> {
        self.on_trial(&Scenario::parse_bytes(bytes, name)?)
    }

    fn on_trial(&self, scenario: &Scenario) -> Result<Box<dyn Case>, ScenarioError> {
        match self.get(&scenario.file.protocol) {
            Some(entry) => (entry.open)(scenario),
            None => Err(scenario.unknown_protocol(&self.names())),
        }
    }

    /// Replays a trace through the handlers of today. The error says why this is no trace of theirs.
    pub fn replay(&self, trace: &Trace) -> Result<Replayed, String> {
        if trace.jury_trace != FORMAT {
            return Err(format!(
                "this trace has format {}; this jury reads format {FORMAT}",
                trace.jury_trace
            ));
        }
        if trace.unrecorded.is_some() {
            return Err("this trace lacks steps of a run that was too long to record".to_owned());
        }
        let Some(entry) = self.get(&trace.protocol) else {
            let unknown = format!("there is no protocol `{}`", trace.protocol);
            return Err(match nearest(&trace.protocol, &self.names()) {
                Some(name) => format!("{unknown}: did you mean `{name}`?"),
                None => unknown,
            });
        };
        (entry.replay)(trace)
    }

    /// What an explanation of a trace has to know of its protocol, which may be unknown.
    pub fn background(&self, trace: &Trace) -> Background {
        let Some(entry) = self.get(&trace.protocol) else {
            return Background::default();
        };
        let made = trace.params.get("bug").and_then(Json::as_str);
        let mistake = entry.bugs.iter().find(|bug| Some(bug.name) == made);
        Background {
            rules: (entry.rules)(),
            mistake: mistake.map(|bug| bug.about.to_owned()),
            linearize: Some(entry.linearize),
        }
    }

    /// The JSON Schema of scenario files.
    pub fn schema(&self) -> Json {
        crate::scenario::schema(self.0.iter().map(|entry| entry.params))
    }

    /// A scenario to start from; `None` if there is no such protocol.
    pub fn starting_scenario(&self, protocol: &str) -> Option<String> {
        let entry = self.get(protocol)?;
        let text = (entry.starting_scenario)(&[]);
        let bounded = self.bounded(&text);
        Some((entry.starting_scenario)(&bounded))
    }

    /// The properties of a scenario to start from that its check leaves within bounds, as far as a short look
    /// tells: what a protocol withholds it alone knows.
    fn bounded(&self, text: &str) -> Vec<String> {
        let Ok(case) = self.open_text(text, "the scenario to start from") else {
            return Vec::new();
        };
        within_bounds(&*case, STARTING_STATES_MAX)
    }

    /// Every protocol, with what can be said of it.
    pub fn protocols(&self) -> Vec<ProtocolInfo> {
        self.0.iter().map(|entry| (entry.describe)()).collect()
    }

    /// What can be said of one.
    pub fn protocol(&self, name: &str) -> Option<ProtocolInfo> {
        self.get(name).map(|entry| (entry.describe)())
    }

    /// The protocols that declare instances for the matrix, each with the names of its variants.
    pub fn variants(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let of = |entry: &Entry| (entry.name, (entry.variants)());
        self.0.iter().map(of).collect()
    }

    /// Weighs every variant that is wanted, by protocol and name.
    pub fn matrix(
        &self,
        wanted: &dyn Fn(&str, &str) -> bool,
        effort: &Effort,
        attendant: &mut dyn Attendant,
    ) -> Matrix {
        let mut matrix = Matrix::default();
        for entry in &self.0 {
            let wanted = |variant: &str| wanted(entry.name, variant);
            let protocol = (entry.weigh)(&wanted, effort, attendant);
            if !protocol.variants.is_empty() {
                matrix.protocols.push(protocol);
            }
        }
        matrix
    }
}

fn replay_as<P: Protocol>(trace: &Trace) -> Result<Replayed, String> {
    let params = recorded_params::<P>(&trace.params).map_err(|why| unfit(P::NAME, &why))?;
    let protocol = P::new(&params).map_err(|bad| format!("`{}`: {bad}", bad.parameter))?;
    let protocol = Untyped::new(protocol);
    let watched = Property::those(&protocol.properties(), &|p| trace.watches(p.name));
    let params = serde_json::to_value(params).expect("parameters are plain data");
    Ok(record::replay(protocol, &params, &watched, trace))
}

fn unfit(protocol: &str, why: &str) -> String {
    format!("the trace's parameters do not fit {protocol}: {why}")
}

fn describe<P: Protocol>() -> ProtocolInfo {
    let params = P::Params::default();
    let protocol = P::new(&params).expect("the default parameters make a system");
    let mut variants = Vec::new();
    for variant in P::matrix() {
        if let Ok(protocol) = P::new(&variant.params) {
            variants.push((variant.name, Property::all_stated(&protocol.properties())));
        }
    }
    let plain = Plain {
        name: P::NAME,
        about: P::ABOUT,
        sources: P::SOURCES,
        bugs: P::BUGS,
        params: serde_json::to_value(&params).expect("parameters are plain data"),
        schema: root_schema::<P::Params>(),
        properties: Property::all_stated(&protocol.properties()),
        variants,
    };
    plain.told(&protocol.cluster())
}

/// What can be said of a protocol, without its types.
struct Plain {
    name: &'static str,
    about: &'static str,
    sources: &'static [&'static str],
    bugs: &'static [Bug],
    /// The default ones.
    params: Json,
    schema: Schema,
    properties: Vec<Statement>,
    variants: Vec<(&'static str, Vec<Statement>)>,
}

impl Plain {
    fn told(self, cluster: &Cluster) -> ProtocolInfo {
        ProtocolInfo {
            name: self.name.to_owned(),
            about: self.about.to_owned(),
            sources: owned(self.sources),
            parameters: parameters(&self.schema, &self.params),
            params: self.params,
            properties: properties(&self.properties, &self.variants),
            bugs: self.bugs.iter().map(bug).collect(),
            nodes: nodes(cluster),
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn bug(bug: &Bug) -> BugInfo {
    BugInfo {
        name: bug.name.to_owned(),
        about: bug.about.to_owned(),
        breaks: owned(bug.breaks),
        source: bug.source.to_owned(),
    }
}

fn nodes(cluster: &Cluster) -> Vec<(String, String)> {
    let members = cluster.members().iter();
    members
        .map(|member| (member.name.clone(), member.role.to_owned()))
        .collect()
}

fn property(property: &Statement) -> PropertyInfo {
    PropertyInfo {
        name: property.name.to_owned(),
        about: property.about.to_owned(),
        citation: property.citation.to_owned(),
        expectation: property.sense.name().to_owned(),
        assumes: property.assumes.iter().map(ToString::to_string).collect(),
        only_with: Vec::new(),
    }
}

/// The properties by default, and those that come with other parameters: the variants of the matrix
/// have them.
fn properties(
    default: &[Statement],
    variants: &[(&'static str, Vec<Statement>)],
) -> Vec<PropertyInfo> {
    let mut properties: Vec<PropertyInfo> = default.iter().map(property).collect();
    let known = properties.len();
    for (variant, stated) in variants {
        for statement in stated {
            let at = properties.iter().position(|p| p.name == statement.name);
            let at = at.unwrap_or_else(|| {
                properties.push(property(statement));
                properties.len() - 1
            });
            if at >= known {
                properties[at].only_with.push((*variant).to_owned());
            }
        }
    }
    properties
}

fn parameters(root: &Schema, defaults: &Json) -> Vec<ParameterInfo> {
    let properties = root.get("properties").and_then(Json::as_object);
    let properties = properties.into_iter().flatten();
    properties
        .map(|(name, schema)| ParameterInfo {
            name: name.clone(),
            about: schema
                .get("description")
                .and_then(Json::as_str)
                .unwrap_or_default()
                .replace('\n', " "),
            default: defaults.get(name).cloned().unwrap_or(Json::Null),
            values: values(schema, root),
        })
        .collect()
}

/// The words that a schema allows, whether it has them itself or refers to them.
fn values(schema: &Json, root: &Schema) -> Vec<Json> {
    let list = |key: &str| schema.get(key).and_then(Json::as_array);
    if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
        let name = target.rsplit('/').next().unwrap_or_default();
        let defined = root.get("$defs").and_then(|defs| defs.get(name));
        return defined.map_or_else(Vec::new, |schema| values(schema, root));
    }
    if let Some(value) = schema.get("const") {
        return vec![value.clone()];
    }
    if let Some(words) = list("enum") {
        return words.clone();
    }
    let choices = ["oneOf", "anyOf", "allOf"].into_iter().find_map(list);
    let choices = choices.into_iter().flatten();
    choices.flat_map(|schema| values(schema, root)).collect()
}
