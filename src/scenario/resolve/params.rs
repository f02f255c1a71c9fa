//! The parameters of a scenario, and the protocol that they make.
//!
//! A protocol may read them loosely: a type with a flattened part ignores what it does not know, and a
//! mistake that is any text goes unnoticed if nobody makes it. So names are checked here, for all
//! protocols alike.

use indexmap::IndexSet;
use schemars::Schema;
use serde_json::Value as Json;

use super::super::error::{Flaw, Span};
use super::super::read::read;
use super::super::tree::{Kind, Tree};
use crate::model::params::root_schema;
use crate::model::{BadParameter, Bug, Protocol};

/// The parameters, and the protocol that they make.
pub(super) fn protocol<P: Protocol>(
    params: Option<&Tree>,
    place: Span,
) -> Result<(P::Params, P), Flaw> {
    let values = match params {
        None => P::Params::default(),
        Some(tree) => given::<P>(tree)?,
    };
    match P::new(&values) {
        Ok(protocol) => Ok((values, protocol)),
        Err(bad) => Err(bad_parameter(&bad, params, place)),
    }
}

/// Parameters that a trace tells, read as those of a file are.
pub fn recorded_params<P: Protocol>(params: &Json) -> Result<P::Params, String> {
    let tree = Tree::parse(&params.to_string());
    let values = tree.and_then(|tree| given::<P>(&tree));
    values.map_err(|flaw| match &flaw.advice {
        Some(advice) => format!("{}: {advice}", flaw.message),
        None => flaw.message.clone(),
    })
}

/// The parameters that are given, and the defaults for the others.
fn given<P: Protocol>(tree: &Tree) -> Result<P::Params, Flaw> {
    let schema = root_schema::<P::Params>();
    known_bug(tree, P::NAME, P::BUGS)?;
    let values = read(tree).map_err(|flaw| in_its_range(flaw, tree, &schema))?;
    let plain = serde_json::to_value(&values).unwrap_or_default();
    known_keys(tree, &plain, &schema)?;
    Ok(values)
}

/// Refuses a mistake that the protocol does not declare.
fn known_bug(tree: &Tree, protocol: &str, bugs: &[Bug]) -> Result<(), Flaw> {
    let Some(bug) = tree.get("bug").filter(|bug| bug.kind != Kind::Null) else {
        return Ok(());
    };
    let Some(name) = bug.as_str() else {
        return Err(Flaw::at(bug.span, "a bug is switched on by its name").label("not a name"));
    };
    let names: Vec<&str> = bugs.iter().map(|bug| bug.name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let flaw = Flaw::unknown(bug.span, "bug", name, &names);
    Err(match flaw.advice {
        Some(_) => flaw,
        None => flaw.advice(format!("`jury list {protocol}` shows all bugs")),
    })
}

/// Refuses a key that the values do not have, and the schema does not describe.
fn known_keys(tree: &Tree, values: &Json, schema: &Schema) -> Result<(), Flaw> {
    let Kind::Object(entries) = &tree.kind else {
        return Ok(());
    };
    let objects = [Some(values), schema.get("properties")];
    let objects = objects.into_iter().flatten().filter_map(Json::as_object);
    let keys: IndexSet<&str> = objects.flat_map(|o| o.keys().map(String::as_str)).collect();
    let keys = Vec::from_iter(keys);
    for (key, _) in entries {
        let name = key.as_str().unwrap_or_default();
        if !keys.contains(&name) {
            return Err(Flaw::unknown_key(name, &keys).or_at(key.span));
        }
    }
    Ok(())
}

/// The same flaw with the range of the parameter, where the schema knows it, for that of its type.
fn in_its_range(mut flaw: Flaw, params: &Tree, schema: &Schema) -> Flaw {
    const NUMBER: &str = "expected a whole number";
    let Kind::Object(entries) = &params.kind else {
        return flaw;
    };
    let its = |(_, value): &&(Tree, Tree)| Some(value.span) == flaw.span;
    let Some((Kind::String(name), found)) = entries
        .iter()
        .find(its)
        .map(|(key, _)| &key.kind)
        .zip(flaw.message.split_once(", found ").map(|(_, found)| found))
    else {
        return flaw;
    };
    let bound = |end| {
        let parameter = schema.get("properties")?.get(name)?;
        parameter.get(end)?.as_u64()
    };
    if let (Some(min), Some(max)) = (bound("minimum"), bound("maximum"))
        && flaw.message.starts_with(NUMBER)
    {
        flaw.message = format!("{NUMBER} from {min} to {max}, found {found}");
        flaw.label = format!("not from {min} to {max}");
    }
    flaw
}

fn bad_parameter(bad: &BadParameter, params: Option<&Tree>, place: Span) -> Flaw {
    // A protocol may name its parameter as its type does, or as the file does.
    let hyphened = bad.parameter.replace('_', "-");
    let value = params.and_then(|tree| tree.get(bad.parameter).or(tree.get(&hyphened)));
    let flaw = Flaw::at(
        value.map_or(place, |tree| tree.span),
        format!("`{}`: {}", bad.parameter, bad.message),
    );
    match value {
        Some(_) => flaw.label("this parameter"),
        None => flaw.label(format!("`{}` has its default here", bad.parameter)),
    }
}
