//! What is wrong with a scenario file, where, and what to do about it.
//!
//! A [`Flaw`] is found by code that knows a place in the text but not the text; together with the
//! text it becomes a [`ScenarioError`]. Neither prints anything.

#[cfg(feature = "cli")]
mod page;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::de::{Expected, Unexpected};

use super::nearest;

/// What is longer than this is not said again beside the marker.
const LABEL_LONG: usize = 28;

/// A place in the text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// What is wrong at a place. It is handed on at every turn by whatever reads a type, so it is small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw(Box<Wrong>);

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// One sentence, without a full stop.
    pub message: String,
    /// A few words for the marker.
    pub label: String,
    pub advice: Option<String>,
    pub span: Option<Span>,
}

impl Flaw {
    pub fn new(message: impl Into<String>) -> Self {
        Wrong {
            message: message.into(),
            label: "here".to_owned(),
            advice: None,
            span: None,
        }
        .into()
    }

    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Flaw::new(message).or_at(span)
    }

    /// Puts it at a place, unless it has a better one.
    pub fn or_at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// A name that is none of those allowed.
    pub fn unknown(span: Span, what: &str, wrong: &str, allowed: &[&str]) -> Self {
        Wrong {
            message: format!("there is no {what} `{wrong}`"),
            label: format!("no such {what}"),
            advice: nearest::advice(wrong, allowed),
            span: Some(span),
        }
        .into()
    }

    pub fn unknown_key(key: &str, allowed: &[&str]) -> Self {
        Wrong {
            message: format!("unknown key `{key}`"),
            label: "unknown key".to_owned(),
            advice: nearest::advice(key, allowed),
            span: None,
        }
        .into()
    }
}

impl From<Wrong> for Flaw {
    fn from(wrong: Wrong) -> Self {
        Flaw(Box::new(wrong))
    }
}

impl Deref for Flaw {
    type Target = Wrong;

    fn deref(&self) -> &Wrong {
        &self.0
    }
}

impl DerefMut for Flaw {
    fn deref_mut(&mut self) -> &mut Wrong {
        &mut self.0
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Flaw {}

/// What the types of the file have to say while they are read.
impl serde::de::Error for Flaw {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Flaw::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = plain(&expected.to_string());
        let label = if expected.len() < LABEL_LONG {
            format!("not {expected}")
        } else {
            "not that".to_owned()
        };
        let flaw = Flaw::new(format!("expected {expected}, found {}", seen(found))).label(label);
        match found {
            Unexpected::Str(text) if expected.contains("number") && text.parse::<u64>().is_ok() => {
                flaw.advice(format!("write {text} without quotes"))
            }
            _ => flaw,
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        <Flaw as serde::de::Error>::invalid_type(found, expected)
    }

    fn invalid_length(found: usize, expected: &dyn Expected) -> Self {
        let expected = plain(&expected.to_string());
        let s = if found == 1 { "" } else { "s" };
        Flaw::new(format!("expected {expected}, found {found} element{s}"))
            .label(format!("{found} element{s}"))
    }

    fn unknown_variant(wrong: &str, allowed: &'static [&'static str]) -> Self {
        Wrong {
            message: format!("`{wrong}` is not a word that may stand here"),
            label: "unknown word".to_owned(),
            advice: nearest::advice(wrong, allowed),
            span: None,
        }
        .into()
    }

    fn unknown_field(key: &str, allowed: &'static [&'static str]) -> Self {
        Flaw::unknown_key(key, allowed)
    }

    fn missing_field(key: &'static str) -> Self {
        Flaw::new(format!("the key `{key}` is missing")).label("in this object")
    }

    fn duplicate_field(key: &'static str) -> Self {
        Flaw::new(format!("the key `{key}` appears twice")).label("again here")
    }
}

/// What serde calls an expected value, in the words of JSON.
fn plain(expected: &str) -> String {
    let word = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        "string or map" | "variant identifier" => "a word",
        "unit" => "null",
        other if other.starts_with("struct") => "an object",
        other if other.starts_with("enum") => "a word or an object",
        other
            if ["tuple", "a tuple", "an array"]
                .iter()
                .any(|t| other.starts_with(t)) =>
        {
            let number = |word: &&str| word.parse::<usize>().is_ok();
            return match other.split(' ').find(number) {
                Some(n) => format!("a list of {n}"),
                None => "a list".to_owned(),
            };
        }
        other => other,
    };
    word.to_owned()
}

fn seen(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(b) => b.to_string(),
        Unexpected::Unsigned(n) => n.to_string(),
        Unexpected::Signed(n) => n.to_string(),
        Unexpected::Float(n) => format!("{n:?}"),
        Unexpected::Str(s) => format!("{s:?}"),
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}

/// Why a scenario file cannot be used: bad input, with file, place and advice.
#[derive(Debug)]
pub struct ScenarioError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    flaw: Flaw,
    file: String,
    text: Arc<str>,
}

impl ScenarioError {
    pub(super) fn new(file: &str, text: &Arc<str>, mut flaw: Flaw) -> Self {
        flaw.span = flaw.span.map(|span| on_one_line(text, span));
        ScenarioError(Box::new(Parts {
            flaw,
            file: file.to_owned(),
            text: Arc::clone(text),
        }))
    }

    /// A file that gives no text to point into.
    pub(super) fn unreadable(file: &str, mut flaw: Flaw) -> Self {
        flaw.span = None;
        ScenarioError::new(file, &Arc::from(""), flaw)
    }

    /// The file, as it was named.
    pub fn file(&self) -> &str {
        &self.0.file
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.0.flaw.message
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.flaw.advice.as_deref()
    }

    /// Line and column, counted from 1, the column in characters.
    pub fn position(&self) -> Option<(usize, usize)> {
        let before = &self.0.text[..self.0.flaw.span?.start];
        let line = before.matches('\n').count() + 1;
        let column = before[before.rfind('\n').map_or(0, |at| at + 1)..]
            .chars()
            .count()
            + 1;
        Some((line, column))
    }
}

/// A marker stays on one line and within the text, on boundaries of characters.
fn on_one_line(text: &str, span: Span) -> Span {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(span.start), floor(span.end));
    let end = end.max(start);
    let end = match text[start..end].find('\n') {
        // Of an object that spans lines only its bracket is marked.
        Some(_) => start + text[start..].chars().next().map_or(0, char::len_utf8),
        None => end,
    };
    Span { start, end }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.file)?;
        if let Some((line, column)) = self.position() {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.0.flaw.message)
    }
}

impl std::error::Error for ScenarioError {}
