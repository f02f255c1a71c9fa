//! Finding protocols by name.

use std::path::Path;

use schemars::Schema;
use serde_json::Value as Json;

use super::bench::Testbed;
use super::case::{BugInfo, Case, ParameterInfo, PropertyInfo, ProtocolInfo};
use super::record::{self, Replayed};
use crate::model::params::root_schema;
use crate::model::{Bug, Cluster, Property, Protocol, Statement};
use crate::protocols::{Visitor, each};
use crate::scenario::{
    ProtocolParams, Scenario, ScenarioError, nearest, protocol_params, recorded_params,
};
use crate::trace::{FORMAT, Trace};

/// Reads a scenario file and puts it on trial.
pub fn open(path: &Path) -> Result<Box<dyn Case>, ScenarioError> {
    on_trial(&Scenario::load(path)?)
}

/// The same for a text; errors call it `name`.
pub fn open_text(text: &str, name: &str) -> Result<Box<dyn Case>, ScenarioError> {
    on_trial(&Scenario::parse(text, name)?)
}

/// The same for bytes that should be UTF-8.
pub fn open_bytes(bytes: &[u8], name: &str) -> Result<Box<dyn Case>, ScenarioError> {
    on_trial(&Scenario::parse_bytes(bytes, name)?)
}

fn on_trial(scenario: &Scenario) -> Result<Box<dyn Case>, ScenarioError> {
    struct Open<'a> {
        scenario: &'a Scenario,
        case: Option<Result<Box<dyn Case>, ScenarioError>>,
        names: Vec<&'static str>,
    }

    impl Visitor for Open<'_> {
        fn visit<P: Protocol>(&mut self) {
            self.names.push(P::NAME);
            if *self.scenario.file.protocol == P::NAME {
                let testbed = Testbed::<P>::new(self.scenario);
                self.case = Some(testbed.map(|testbed| Box::new(testbed) as Box<dyn Case>));
            }
        }
    }

    let mut open = Open {
        scenario,
        case: None,
        names: Vec::new(),
    };
    each(&mut open);
    let names = open.names;
    open.case
        .unwrap_or_else(|| Err(scenario.unknown_protocol(&names)))
}

/// Replays a trace through the handlers of today. The error says why this is no trace of theirs.
pub fn replay(trace: &Trace) -> Result<Replayed, String> {
    struct Replay<'a> {
        trace: &'a Trace,
        result: Option<Result<Replayed, String>>,
        names: Vec<&'static str>,
    }

    impl Visitor for Replay<'_> {
        fn visit<P: Protocol>(&mut self) {
            self.names.push(P::NAME);
            if self.trace.protocol == P::NAME {
                self.result = Some(replay_as::<P>(self.trace));
            }
        }
    }

    if trace.jury_trace != FORMAT {
        return Err(format!(
            "this trace has format {}; this jury reads format {FORMAT}",
            trace.jury_trace
        ));
    }
    if trace.unrecorded.is_some() {
        return Err("this trace lacks steps of a run that was too long to record".to_owned());
    }
    let mut replay = Replay {
        trace,
        result: None,
        names: Vec::new(),
    };
    each(&mut replay);
    replay.result.unwrap_or_else(|| {
        let unknown = format!("there is no protocol `{}`", trace.protocol);
        Err(match nearest(&trace.protocol, &replay.names) {
            Some(name) => format!("{unknown}: did you mean `{name}`?"),
            None => unknown,
        })
    })
}

fn replay_as<P: Protocol>(trace: &Trace) -> Result<Replayed, String> {
    let params = recorded_params::<P>(&trace.params)
        .map_err(|error| format!("the trace's parameters do not fit {}: {error}", P::NAME))?;
    let protocol = P::new(&params).map_err(|bad| format!("`{}`: {bad}", bad.parameter))?;
    let properties = protocol.properties();
    let watched: Vec<_> = properties
        .into_iter()
        .filter(|p| {
            trace
                .properties
                .iter()
                .any(|known| known.property == p.name)
        })
        .collect();
    Ok(record::replay(protocol, &params, &watched, trace))
}

/// The JSON Schema of scenario files.
pub fn schema() -> Json {
    struct Params(Vec<ProtocolParams>);

    impl Visitor for Params {
        fn visit<P: Protocol>(&mut self) {
            self.0.push(protocol_params::<P>());
        }
    }

    let mut params = Params(Vec::new());
    each(&mut params);
    crate::scenario::schema(params.0)
}

/// A scenario to start from; `None` if there is no such protocol.
pub fn starting_scenario(protocol: &str) -> Option<String> {
    struct Starting<'a> {
        protocol: &'a str,
        text: Option<String>,
    }

    impl Visitor for Starting<'_> {
        fn visit<P: Protocol>(&mut self) {
            if self.protocol == P::NAME {
                self.text = Some(Scenario::starting_for::<P>());
            }
        }
    }

    let mut start = Starting {
        protocol,
        text: None,
    };
    each(&mut start);
    start.text
}

/// Every protocol, with what can be said of it.
pub fn protocols() -> Vec<ProtocolInfo> {
    struct List(Vec<ProtocolInfo>);

    impl Visitor for List {
        fn visit<P: Protocol>(&mut self) {
            self.0.push(describe::<P>());
        }
    }

    let mut list = List(Vec::new());
    each(&mut list);
    list.0
}

fn describe<P: Protocol>() -> ProtocolInfo {
    let params = P::Params::default();
    let protocol = P::new(&params).expect("the default parameters make a system");
    let stated = |protocol: &P| -> Vec<Statement> {
        protocol.properties().iter().map(Property::stated).collect()
    };
    let variants = P::matrix().into_iter().filter_map(|variant| {
        let protocol = P::new(&variant.params).ok()?;
        Some((variant.name, stated(&protocol)))
    });
    let defaults = serde_json::to_value(&params).expect("parameters are plain data");
    let schema = root_schema::<P::Params>();
    ProtocolInfo {
        name: P::NAME.to_owned(),
        about: P::ABOUT.to_owned(),
        sources: owned(P::SOURCES),
        parameters: parameters(&schema, &defaults),
        params: defaults,
        properties: properties(&stated(&protocol), &variants.collect::<Vec<_>>()),
        bugs: P::BUGS.iter().map(bug).collect(),
        nodes: nodes(&protocol.cluster()),
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
