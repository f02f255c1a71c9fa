//! The JSON Schema of the scenario file.
//!
//! It does not know which protocols there are: whoever asks for it says so. All else is the same for everybody, so it
//! is made of the types only where it is tested, and no program has to be able to make it.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::model::Protocol;

/// A protocol's name, and how to make the schema of its parameters.
pub type ProtocolParams = (&'static str, fn(&mut SchemaGenerator) -> Schema);

/// The entry of `P` for [`schema`].
pub fn protocol_params<P: Protocol>() -> ProtocolParams {
    (P::NAME, |generator| generator.subschema_for::<P::Params>())
}

/// The schema of all but parameters.
const FILE: &str = include_str!("file.schema.json");

/// The schema of a scenario file, where `params` depends on `protocol`.
pub fn schema(protocols: impl IntoIterator<Item = ProtocolParams>) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut names = Vec::new();
    let mut cases = Vec::new();
    for (name, params) in protocols {
        names.push(name);
        cases.push(json!({
            "if": { "properties": { "protocol": { "const": name } }, "required": ["protocol"] },
            "then": { "properties": { "params": params(&mut generator) } }
        }));
    }
    let mut schema: Value = serde_json::from_str(FILE).expect("it was made of a schema");
    if let Some(protocol) = schema.pointer_mut("/properties/protocol") {
        protocol["enum"] = json!(names);
    }
    schema["allOf"] = Value::Array(cases);
    let mut definitions = generator.take_definitions(true);
    if let Value::Object(others) = schema["$defs"].take() {
        definitions.extend(others);
    }
    schema["$defs"] = definitions.into();
    schema
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;

    use super::FILE;
    use crate::scenario::file::File;

    #[test]
    fn the_schema_of_the_file_is_up_to_date() {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let schema = generator.into_root_schema_for::<File>().to_value();
        let made = format!("{schema:#}\n");
        if std::env::var_os("JURY_BLESS").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scenario/file.schema.json");
            std::fs::write(path, &made).unwrap();
        } else {
            assert!(
                made == FILE,
                "src/scenario/file.schema.json is out of date: JURY_BLESS=1 writes it anew"
            );
        }
    }
}
