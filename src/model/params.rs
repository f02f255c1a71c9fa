//! What a scenario can set of a protocol, declared once: parameters with their defaults and ranges.

use std::fmt::Display;
use std::ops::RangeInclusive;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// A parameter that makes no system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadParameter {
    /// Its key, so that the error can point at it.
    pub parameter: &'static str,
    /// What is wrong with it and what would be right.
    pub message: String,
}

impl BadParameter {
    pub fn new(parameter: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        BadParameter { parameter, message }
    }

    /// A mistake that cannot be made with the other parameters, and what it needs instead.
    pub fn mistake(needs: &str) -> Self {
        BadParameter::new("bug", format!("this mistake can only be made with {needs}"))
    }
}

/// Declares a type of parameters, its defaults, and its method `in_range`, which refuses numbers that
/// are out of their range. Its keys in scenarios are the names in kebab-case.
///
/// The doc comment of a parameter is what the schema says of it. A number that may be left out is an
/// `Option`; one that is checked by other means than `in_range` may have a range for the schema alone, as
/// in `roughly 1..=15`. The crate needs `serde` and `schemars`.
///
/// ```
/// jury::params! {
///     /// The parameters of a vote.
///     Params {
///         /// How many voters there are.
///         voters: u8 = 3, within 1..=15;
///         /// How many of them have to agree; `null` if a majority.
///         quorum_size: Option<u8> = None, within 1..=15;
///         /// Whether they may change their minds.
///         fickle: bool = false;
///     }
/// }
///
/// let none = Params { voters: 0, ..Params::default() };
/// let bad = none.in_range().expect_err("nobody to vote");
/// assert_eq!((bad.parameter, &*bad.message), ("voters", "0 voters: write 1 to 15"));
/// let most = Params { quorum_size: Some(16), ..Params::default() };
/// let bad = most.in_range().expect_err("too many");
/// assert_eq!(bad.parameter, "quorum-size");
/// assert_eq!(bad.message, "16 quorum size: write 1 to 15, or null");
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[doc = $about:literal])+
        $params:ident {$(
            $(#[doc = $says:literal])+
            $parameter:ident: $kind:ty = $default:expr
                $(, within $least:literal..=$most:tt)?
                $(, roughly $from:literal..=$to:tt)?;
        )+}
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
        pub struct $params {$(
            $(#[doc = $says])+
            pub $parameter: $kind,
        )+}

        impl ::core::default::Default for $params {
            fn default() -> Self {
                $params {
                    $($parameter: $default,)+
                }
            }
        }

        impl ::schemars::JsonSchema for $params {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::core::stringify!($params).into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::core::concat!(::core::module_path!(), "::", ::core::stringify!($params)).into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let about = ::core::concat!($($about, "\n"),+);
                $crate::model::params::schema(generator, about, &Self::default(), &[$(
                    $crate::model::params::Parameter {
                        name: $crate::model::mistake::hyphened!($parameter),
                        about: ::core::concat!($($says, "\n"),+),
                        schema: $crate::model::params::schema_of::<$kind>,
                        range: None
                            $(.or($crate::model::params::range::<$kind>($least..=$most)))?
                            $(.or($crate::model::params::range::<$kind>($from..=$to)))?,
                    },
                )+])
            }
        }

        impl $params {
            /// Refuses a number that is out of its range.
            pub fn in_range(&self) -> ::core::result::Result<(), $crate::model::BadParameter> {
                $($($crate::model::params::counted(
                    $crate::model::mistake::hyphened!($parameter),
                    self.$parameter,
                    $least..=$most,
                )?;)?)+
                ::core::result::Result::Ok(())
            }
        }
    };
}

/// What a schema says of one parameter.
pub struct Parameter {
    pub name: &'static str,
    /// Its sentences, on the lines of the source.
    pub about: &'static str,
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    pub range: Option<[u64; 2]>,
}

/// The range of a number, as a schema has it.
pub fn range<N: Number>(limits: RangeInclusive<N::Of>) -> Option<[u64; 2]> {
    let (least, most) = limits.into_inner();
    Some([least.into(), most.into()])
}

/// The schema of parameters.
pub fn schema(
    generator: &mut SchemaGenerator,
    about: &str,
    defaults: &impl Serialize,
    parameters: &[Parameter],
) -> Schema {
    let defaults = serde_json::to_value(defaults).expect("parameters are plain data");
    object(generator, about, &defaults, parameters)
}

fn object(
    generator: &mut SchemaGenerator,
    about: &str,
    defaults: &Json,
    parameters: &[Parameter],
) -> Schema {
    let mut properties = Map::new();
    for Parameter {
        name,
        about,
        schema,
        range,
    } in parameters
    {
        let mut schema = schema(generator);
        if let Some([least, most]) = range {
            schema.insert("minimum".to_owned(), (*least).into());
            schema.insert("maximum".to_owned(), (*most).into());
        }
        schema.insert("description".to_owned(), paragraph(about).into());
        schema.insert("default".to_owned(), defaults[name].clone());
        properties.insert((*name).to_owned(), schema.to_value());
    }
    json_schema!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "description": paragraph(about),
    })
}

/// The schema of a type, where others refer to it.
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    if T::inline_schema() {
        T::json_schema(generator)
    } else {
        generator.subschema_for::<T>()
    }
}

/// The schema of a type by itself, with those that it refers to.
pub fn root_schema<T: JsonSchema>() -> Schema {
    with_definitions(T::json_schema)
}

fn with_definitions(schema: fn(&mut SchemaGenerator) -> Schema) -> Schema {
    let mut generator = SchemaGenerator::default();
    let mut schema = schema(&mut generator);
    let definitions = generator.take_definitions(true);
    schema.insert("$defs".to_owned(), definitions.into());
    schema
}

/// The lines of a doc comment, as a schema has them.
pub fn paragraph(lines: &str) -> String {
    let lines: Vec<&str> = lines.lines().map(str::trim).collect();
    lines.join("\n")
}

/// A number that can be set, or be left out.
pub trait Number: Copy {
    type Of: Copy + PartialOrd + Display + From<u8> + Into<u64>;
    /// What to write instead of any number.
    const OTHERWISE: &'static str;

    fn given(self) -> Option<Self::Of>;
}

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl Number for $number {
            type Of = $number;
            const OTHERWISE: &'static str = "";

            fn given(self) -> Option<$number> {
                Some(self)
            }
        }

        impl Number for Option<$number> {
            type Of = $number;
            const OTHERWISE: &'static str = ", or null";

            fn given(self) -> Self {
                self
            }
        }
    )+};
}

numbers!(u8 u16 u32 u64);

/// Refuses a number that is out of its range, where the parameter is called what it counts.
pub fn counted<N: Number>(
    parameter: &'static str,
    number: N,
    limits: RangeInclusive<N::Of>,
) -> Result<(), BadParameter> {
    let Some(n) = number.given() else {
        return Ok(());
    };
    let what = format!("{n} {}", parameter.replace('-', " "));
    within(parameter, number, limits, &what)
}

/// Refuses a number that is too low, or too high: what there would be, and what to write instead.
pub fn within<N: Number>(
    parameter: &'static str,
    number: N,
    limits: RangeInclusive<N::Of>,
    what: &str,
) -> Result<(), BadParameter> {
    if number.given().is_none_or(|n| limits.contains(&n)) {
        return Ok(());
    }
    let (least, most) = limits.into_inner();
    let advice = if least == N::Of::from(0) {
        format!("at most {most}")
    } else if least == most {
        format!("write {least}")
    } else {
        format!("write {least} to {most}")
    };
    let message = format!("{what}: {advice}{}", N::OTHERWISE);
    Err(BadParameter::new(parameter, message))
}
