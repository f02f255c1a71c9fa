//! The scenario file: one story for both engines, read strictly.
//!
//! Reading has two stages. [`Scenario::parse`] knows no protocol: syntax, keys, words, numbers.
//! [`Scenario::resolve`] knows one: parameters, names of nodes, kinds of messages, properties. It
//! gives a [`Resolved`], which the engines can take without asking anything more.
//!
//! Invariant: whatever the input, the answer is a value or a [`ScenarioError`] that points at its
//! place in the text; nothing panics and nothing is ignored. This module runs nothing, prints
//! nothing and knows no protocol by name.

mod comparison;
mod error;
mod faults;
mod file;
mod nearest;
mod read;
mod resolve;
mod schema;
mod spanned;
mod starting;
mod tree;
mod values;
mod verdict;
mod write;

use std::fs::File as OpenFile;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

pub use comparison::{Comparison, Problem};
pub use error::{ScenarioError, Span};
pub use faults::{Anchor, CrashBudget, CutPart, Cuts, FaultPart, HealPart, NemesisPart, WhichCut};
pub use file::{
    BoundsPart, CheckPart, Counting, Expect, FaultBudgets, File, LinkPart, NetworkPart, NodePart,
    RunPart, Then,
};
pub use nearest::nearest;
pub use resolve::{
    CheckCase, DRIFT_PPM_MAX, Expectations, FAMILY_NODES_MAX, Resolved, RunCase, STEPS_DEFAULT,
    STEPS_MAX, ScheduleLine, UNTIL_DEFAULT, recorded_params,
};
pub use schema::{ProtocolParams, protocol_params, schema};
pub use spanned::{Entries, Spanned, Text};
pub use tree::DEPTH_MAX;
pub use values::{SEEDS_MAX, Seeds, Yes};
pub use verdict::{ExpectedRun, ExpectedStanding, ExpectedVerdict, RunExpectation};

use error::Flaw;
use tree::{Kind, Tree};

use crate::model::{Obstacle, Protocol};
use crate::run::Divergence;

/// The version of the format.
pub const VERSION: u32 = 1;

/// How large a scenario file may be.
pub const BYTES_MAX: usize = 1 << 20;

/// A scenario whose protocol has not been asked yet.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub file: File,
    /// How the file was named.
    name: String,
    text: Arc<str>,
    tree: Arc<Tree>,
}

impl Scenario {
    /// Reads a file. The error names it as the path does.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ScenarioError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let unreadable = |flaw| ScenarioError::unreadable(&name, flaw);
        if path.is_dir() {
            let flaw = Flaw::new("this is a directory").advice("name one of the files in it");
            return Err(unreadable(flaw));
        }
        let mut bytes = Vec::new();
        OpenFile::open(path)
            .and_then(|file| file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(Flaw::new(format!("cannot be read: {error}"))))?;
        Scenario::parse_bytes(&bytes, &name)
    }

    /// Reads bytes that should be UTF-8.
    pub fn parse_bytes(bytes: &[u8], name: &str) -> Result<Self, ScenarioError> {
        let unreadable = |flaw| Err(ScenarioError::unreadable(name, flaw));
        if bytes.len() > BYTES_MAX {
            let message = format!("larger than {} KiB", BYTES_MAX / 1024);
            return unreadable(Flaw::new(message).advice("is this a scenario?"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Scenario::parse(text, name),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].split(|b| *b == b'\n').count();
                let message = format!("not UTF-8: a broken character in line {line}");
                unreadable(Flaw::new(message).advice("save it as plain UTF-8"))
            }
        }
    }

    /// Reads a text; errors call it `name`.
    pub fn parse(text: &str, name: &str) -> Result<Self, ScenarioError> {
        if text.len() > BYTES_MAX {
            return Scenario::parse_bytes(text.as_bytes(), name);
        }
        let text: Arc<str> = Arc::from(unmarked(text));
        let error = |flaw| ScenarioError::new(name, &text, flaw);
        let tree = Tree::parse(&text).map_err(error)?;
        version(&tree).map_err(error)?;
        let file: File = read::read(&tree).map_err(error)?;
        Ok(Scenario {
            file,
            name: name.to_owned(),
            text: Arc::clone(&text),
            tree: Arc::new(tree),
        })
    }

    /// A scenario that was made rather than read.
    pub fn from_file(file: &File, name: &str) -> Result<Self, ScenarioError> {
        Scenario::parse(&to_text(file), name)
    }

    /// How the file was named.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Resolves every name against the protocol.
    pub fn resolve<P: Protocol>(&self) -> Result<Resolved<P>, ScenarioError> {
        let (params, protocol) = self.protocol::<P>()?;
        self.resolve_as(protocol, params)
    }

    /// Resolves every other name against a protocol that these parameters made.
    pub(crate) fn resolve_as<P: Protocol>(
        &self,
        protocol: P,
        params: Json,
    ) -> Result<Resolved<P>, ScenarioError> {
        let resolved = resolve::resolve(self, protocol, params);
        resolved.map_err(|flaw| self.error(flaw))
    }

    /// The protocol that it makes, and the parameters.
    pub(crate) fn protocol<P: Protocol>(&self) -> Result<(Json, P), ScenarioError> {
        if *self.file.protocol != P::NAME {
            return Err(self.unknown_protocol(&[P::NAME]));
        }
        resolve::protocol(self).map_err(|flaw| self.error(flaw))
    }

    /// What to answer if the scenario's protocol is none of those there are.
    pub fn unknown_protocol(&self, names: &[&str]) -> ScenarioError {
        let protocol = &self.file.protocol;
        self.error(Flaw::unknown(protocol.span(), "protocol", protocol, names))
    }

    /// The line of the schedule at this path from which a run diverges, and why. Whether that is a
    /// mistake in the file, or an answer to it, is for the caller to say.
    pub fn diverging(&self, path: &[&str], divergence: &Divergence) -> ScenarioError {
        let schedule = path.iter().try_fold(&*self.tree, |tree, key| tree.get(key));
        let line = schedule.and_then(|tree| match &tree.kind {
            Kind::List(lines) => lines.get(divergence.step.wrapping_sub(1)),
            _ => None,
        });
        let span = line.or(schedule).unwrap_or(&self.tree).span;
        self.error(match &divergence.obstacle {
            Obstacle::NoEvent(why) => Flaw::at(span, why).label("no event"),
            Obstacle::Impossible(why) => {
                let flaw = Flaw::at(span, format!("this cannot happen here: {why}"));
                flaw.label("the story ends here")
            }
            Obstacle::Ambiguous(candidates) => {
                let quoted: Vec<_> = candidates.iter().map(|c| format!("`{c}`")).collect();
                Flaw::at(span, "this may be any of several events here")
                    .label("say which")
                    .advice(format!("write {}", quoted.join(" or ")))
            }
        })
    }

    fn error(&self, flaw: Flaw) -> ScenarioError {
        ScenarioError::new(&self.name, &self.text, flaw)
    }
}

/// A text without the byte-order mark with which some editors begin it.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A file as it would be written by hand.
pub fn to_text(file: &File) -> String {
    write::pretty(&serde_json::to_value(file).expect("a scenario file is plain data"))
}

/// Asked first: a file of another version, or of another kind, deserves no other complaint.
fn version(tree: &Tree) -> Result<(), Flaw> {
    if !matches!(tree.kind, Kind::Object(_)) {
        return Err(Flaw::at(tree.span, "a scenario is a JSON object").label("not an object"));
    }
    let Some(version) = tree.get("jury") else {
        if let Some(trace) = tree.get("jury_trace") {
            return Err(Flaw::at(trace.span, "this is a trace, not a scenario")
                .label("a trace")
                .advice("replay it: `jury replay FILE`"));
        }
        return Err(Flaw::at(tree.span, "the key `jury` is missing")
            .label("in this object")
            .advice(format!(
                "write \"jury\": {VERSION}, the version of the format"
            )));
    };
    if matches!(&version.kind, Kind::Number(n) if n.as_u64() == Some(VERSION.into())) {
        return Ok(());
    }
    if matches!(&version.kind, Kind::String(text) if text.parse() == Ok(VERSION)) {
        return Err(Flaw::at(
            version.span,
            "the version of the format is a number, not a text",
        )
        .label("in quotes")
        .advice(format!("write {VERSION} without quotes")));
    }
    Err(
        Flaw::at(version.span, "this version of the format is not known")
            .label("unknown version")
            .advice(format!("this jury reads version {VERSION}")),
    )
}
