//! The JSON Schema of the scenario file, made from its types.
//!
//! It does not know which protocols there are: whoever asks for it says so.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::file::File;
use crate::model::Protocol;

/// A protocol's name, and how to make the schema of its parameters.
pub type ProtocolParams = (&'static str, fn(&mut SchemaGenerator) -> Schema);

/// The entry of `P` for [`schema`].
pub fn protocol_params<P: Protocol>() -> ProtocolParams {
    (P::NAME, |generator| generator.subschema_for::<P::Params>())
}

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
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    if let Some(protocol) = schema.pointer_mut("/properties/protocol") {
        protocol["enum"] = json!(names);
    }
    schema["allOf"] = Value::Array(cases);
    schema
}
