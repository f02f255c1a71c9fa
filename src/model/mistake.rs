//! Mistakes that people make in a protocol, declared once.

use schemars::{Schema, json_schema};
use serde_json::{Value as Json, json};

use super::params::paragraph;

/// A mistake that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// As in `"bug": "votes-counted"`.
    pub name: &'static str,
    /// The mistake, in one sentence.
    pub about: &'static str,
    /// The properties that it breaks.
    pub breaks: &'static [&'static str],
    /// Where it is known from: work and section, or a system that made it. Empty if nobody knows.
    pub source: &'static str,
}

/// Declares the enum `Mistake`, for the parameter `bug`, and `Mistake::BUGS`, for
/// [`Protocol::BUGS`](crate::model::Protocol::BUGS).
///
/// A mistake is a variant, whose name in kebab-case is the one that scenarios use; its doc comment
/// is the sentence that lists and the schema show. Then come the properties that it breaks, and
/// where it is known from, if anybody knows. The crate needs `serde` and `schemars`, as it does for
/// its parameters.
///
/// ```
/// jury::mistakes! {
///     /// YES votes are counted, not collected: a duplicate counts twice.
///     VotesCounted {
///         breaks: ["validity", "atomicity"],
///         source: "akka-raft#45",
///     }
///     /// The coordinator takes silence for consent.
///     TimeoutCountsAsYes { breaks: ["validity"] }
/// }
///
/// assert_eq!(Mistake::BUGS[0].name, "votes-counted");
/// assert_eq!(Mistake::BUGS[1].about, "The coordinator takes silence for consent.");
/// ```
#[macro_export]
macro_rules! mistakes {
    ($(
        $(#[doc = $about:literal])+
        $mistake:ident {
            breaks: [$($property:literal),+ $(,)?]
            $(, source: $source:literal)? $(,)?
        }
    )+) => {
        /// A mistake, by the name it has in scenarios.
        // Its sentence is shown as it stands, so it has no marks of its own.
        #[allow(clippy::doc_markdown)]
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            ::serde::Serialize,
            ::serde::Deserialize,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum Mistake {
            $($(#[doc = $about])+ $mistake,)+
        }

        impl ::schemars::JsonSchema for Mistake {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                "Mistake".into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::core::concat!(::core::module_path!(), "::Mistake").into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                $crate::model::mistake::schema(&[$((
                    $crate::model::mistake::hyphened!($mistake),
                    ::core::concat!($($about, "\n"),+),
                )),+])
            }
        }

        impl Mistake {
            /// All of them, as lists show them.
            pub const BUGS: &'static [$crate::model::Bug] = &[$($crate::model::Bug {
                name: $crate::model::mistake::hyphened!($mistake),
                about: ::core::concat!($($about),+).trim_ascii(),
                breaks: &[$($property),+],
                source: ::core::concat!($($source)?),
            }),+];
        }
    };
}

/// The schema of mistakes, each with its name and its sentence on the lines of the source.
pub fn schema(mistakes: &[(&str, &str)]) -> Schema {
    let mistakes = mistakes.iter().map(
        |(name, about)| json!({ "type": "string", "const": name, "description": paragraph(about) }),
    );
    let mistakes: Vec<Json> = mistakes.collect();
    json_schema!({
        "oneOf": mistakes,
        "description": "A mistake, by the name it has in scenarios.",
    })
}

/// The name of a variant or field in kebab-case, as serde writes it.
#[doc(hidden)]
#[macro_export]
macro_rules! hyphened {
    ($name:ident) => {{
        const WORD: &str = ::core::stringify!($name);
        const NAME: [u8; $crate::model::mistake::length(WORD)] =
            $crate::model::mistake::kebab(WORD);
        $crate::model::mistake::text(&NAME)
    }};
}

#[doc(hidden)]
pub use hyphened;

/// How long a name is in kebab-case.
pub const fn length(name: &str) -> usize {
    let (letters, mut i) = (name.as_bytes(), 1);
    let mut length = letters.len();
    while i < letters.len() {
        length += letters[i].is_ascii_uppercase() as usize;
        i += 1;
    }
    length
}

/// The letters of a name in kebab-case.
pub const fn kebab<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let (letters, mut i) = (name.as_bytes(), 0);
    let (mut hyphened, mut end) = ([0; LENGTH], 0);
    while i < letters.len() {
        if i > 0 && letters[i].is_ascii_uppercase() {
            hyphened[end] = b'-';
            end += 1;
        }
        hyphened[end] = match letters[i] {
            b'_' => b'-',
            letter => letter.to_ascii_lowercase(),
        };
        end += 1;
        i += 1;
    }
    hyphened
}

/// The text of a name.
pub const fn text(name: &[u8]) -> &str {
    match str::from_utf8(name) {
        Ok(name) => name,
        Err(_) => panic!("identifiers are text"),
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Bug;

    mistakes! {
        /// YES votes are counted, not collected: a duplicate
        /// counts twice.
        VotesCounted {
            breaks: ["validity", "atomicity"],
            source: "folklore",
        }
        /// Nobody knows.
        Half { breaks: ["progress"] }
    }

    #[test]
    fn a_mistake_is_declared_once() {
        let [counted, half] = Mistake::BUGS else {
            panic!("two mistakes");
        };
        assert_eq!(
            *counted,
            Bug {
                name: "votes-counted",
                about: "YES votes are counted, not collected: a duplicate counts twice.",
                breaks: &["validity", "atomicity"],
                source: "folklore",
            }
        );
        assert_eq!((half.name, half.source), ("half", ""));
        for (mistake, bug) in [Mistake::VotesCounted, Mistake::Half]
            .iter()
            .zip(Mistake::BUGS)
        {
            assert_eq!(serde_json::to_value(mistake).unwrap(), bug.name);
        }
    }

    #[test]
    fn the_schema_says_what_a_mistake_is() {
        let schema = schemars::schema_for!(Mistake);
        let described = |word: &str| schema.pointer(word).and_then(|text| text.as_str());
        assert_eq!(described("/oneOf/0/const"), Some("votes-counted"));
        assert_eq!(
            described("/oneOf/0/description").map(|about| about.replace('\n', " ")),
            Some(Mistake::BUGS[0].about.to_owned())
        );
    }
}
