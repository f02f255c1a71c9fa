//! The shapes of `--json`: the reports of the testbed, and what the command knows beside them.

use std::path::Path;

use serde::Serialize;

use super::Outcome;

/// The format of answers: it grows by one where something that was there is gone, or means something else.
/// What is added changes nothing.
const FORMAT: u32 = 1;

/// The JSON Schema of all answers: one of several, told apart by their `command`. It says nothing of the protocols
/// that there are, so it is made of the types only where it is tested, and no program has to be able to make it.
pub const SCHEMA: &str = include_str!("../../answers.schema.json");

/// Whether a command that shows traces answers in JSON, and with how much of them.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct InJson {
    /// Answer in JSON.
    #[arg(long)]
    pub json: bool,

    /// Put traces of what is shown into the JSON.
    #[arg(long, requires = "json")]
    pub with_trace: bool,
}

/// What every answer says of itself.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Answer<T> {
    /// The version of the program.
    pub jury: &'static str,
    /// The format of this answer; see `jury schema --answers`.
    pub format: u32,
    pub command: &'static str,
    /// The file, as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    pub seconds: f64,
    pub outcome: Outcome,
    pub exit_code: u8,
    #[serde(flatten)]
    pub result: T,
}

impl<T> Answer<T> {
    pub fn new(
        command: &'static str,
        file: Option<&Path>,
        seconds: f64,
        outcome: Outcome,
        result: T,
    ) -> Self {
        Answer {
            jury: env!("CARGO_PKG_VERSION"),
            format: FORMAT,
            command,
            file: file.map(|file| file.display().to_string()),
            seconds,
            outcome,
            exit_code: outcome.code(),
            result,
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use schemars::generate::{SchemaGenerator, SchemaSettings};
    use serde_json::{Value, json};

    use super::super::output::in_json;
    use super::super::{
        check, compare, diff, edge, estimate, explain, hunt, list, replay, run, shrink, skeen,
        story, test,
    };
    use super::{Answer, FORMAT, SCHEMA};
    use crate::hunt::detect::Detection;

    #[test]
    fn the_schema_of_answers_is_up_to_date() {
        let made = in_json(&schema());
        if std::env::var_os("JURY_BLESS").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/answers.schema.json");
            std::fs::write(path, &made).unwrap();
        } else {
            assert!(
                made == SCHEMA,
                "answers.schema.json is out of date: JURY_BLESS=1 writes it anew"
            );
        }
    }

    /// What [`SCHEMA`] has to say.
    fn schema() -> Value {
        let mut generator = SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator();
        let mut answers = Vec::new();
        let mut add = |command: &str, answer: schemars::Schema| {
            let is_its_own = json!({ "properties": { "command": { "const": command } } });
            answers.push(json!({ "allOf": [is_its_own, answer] }));
        };
        let cannot_happen = of::<story::CannotHappen<'static>>(&mut generator);
        add("run", of::<run::RunAnswer>(&mut generator));
        add("run", cannot_happen.clone());
        add("hunt", of::<hunt::HuntAnswer>(&mut generator));
        add("hunt", cannot_happen.clone());
        add("check", of::<check::Checked>(&mut generator));
        add("check", cannot_happen.clone());
        add("test", of::<test::Tested>(&mut generator));
        add("explain", of::<explain::Explained>(&mut generator));
        add("explain", cannot_happen);
        add("shrink", of::<shrink::ShrinkAnswer>(&mut generator));
        add("diff", of::<diff::DiffAnswer>(&mut generator));
        add("replay", of::<replay::Repeated>(&mut generator));
        add("matrix", of::<edge::Matrix>(&mut generator));
        add(
            "compare",
            of::<compare::SideBySide<'static>>(&mut generator),
        );
        add("estimate", of::<estimate::Estimates>(&mut generator));
        add("detect", of::<Detection>(&mut generator));
        add("skeen", of::<skeen::Computed>(&mut generator));
        add("list", of::<list::Listed>(&mut generator));
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": format!("What jury answers with --json, format {FORMAT}"),
            "anyOf": answers,
            "$defs": generator.take_definitions(true),
        })
    }

    fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Answer<T>>()
    }
}
