//! Scripted moves and what comes of them, as text to be read and reviewed.
//!
//! A file begins with remarks (`#`) and a line that names a protocol and its parameters. Then come
//! events in the one notation, each behind `> `, and below each what it did. Only remarks, that
//! line and the events are written by hand: `JURY_BLESS=1` writes the rest.

use std::path::{Path, PathBuf};

use crate::shipped::{COUNTS, HASHES, all_well, compare, find};
use jury::model::{Cluster, LinkOrder, Protocol, Rules, System, Untyped};
use jury::protocols::{Visitor, each};
use jury::report::transcript;
use jury::run::Script;
use jury::testbed::record::record;
use jury::trace::Origin;

/// A file, taken apart.
struct Moves {
    remarks: String,
    protocol: String,
    params: String,
    events: Vec<String>,
}

fn parse(text: &str) -> Moves {
    let is_remark = |line: &&str| line.starts_with('#');
    let mut remarks = String::new();
    for line in text.lines().take_while(is_remark) {
        remarks += line;
        remarks += "\n";
    }
    let header = text.lines().find(|line| !is_remark(line));
    let header = header.expect("a line names the protocol");
    let (protocol, params) = header.split_once(' ').unwrap_or((header, "{}"));
    let events = text.lines().filter_map(|line| line.strip_prefix("> "));
    Moves {
        remarks,
        protocol: protocol.to_owned(),
        params: params.to_owned(),
        events: events.map(str::to_owned).collect(),
    }
}

/// Plays the moves of a file whose protocol this is.
struct Play<'a> {
    moves: &'a Moves,
    transcript: Option<Result<String, String>>,
}

impl Visitor for Play<'_> {
    fn visit<P: Protocol>(&mut self) {
        if self.moves.protocol == P::NAME {
            self.transcript = Some(play::<P>(self.moves));
        }
    }
}

fn play<P: Protocol>(moves: &Moves) -> Result<String, String> {
    let params: P::Params = serde_json::from_str(&moves.params).map_err(|e| e.to_string())?;
    let protocol = P::new(&params).map_err(|bad| bad.to_string())?;
    let cluster: Cluster = protocol.cluster();
    let protocol = Untyped::new::<P>(protocol);
    let mut properties = protocol.properties();
    // What has a premise says nothing of a single step.
    properties.retain(|property| property.premise.is_empty());
    let rules = Rules::physics(&cluster, LinkOrder::Unordered);
    let system = System::new(protocol, rules);
    let params = serde_json::to_value(params).map_err(|e| e.to_string())?;
    let mut script = Script::new(moves.events.iter().map(|event| (None, event.clone())));
    let (_, _, trace) = record(
        &system,
        &params,
        &properties,
        Origin::default(),
        &mut script,
    )
    .map_err(|divergence| divergence.to_string())?;
    Ok(transcript(&trace))
}

fn again(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).expect("it can be read");
    let moves = parse(&text);
    let mut play = Play {
        moves: &moves,
        transcript: None,
    };
    each(&mut play);
    let transcript = play.transcript.ok_or("an unknown protocol")??;
    let Moves {
        remarks,
        protocol,
        params,
        ..
    } = &moves;
    let mut found = format!("{remarks}{protocol} {params}\n\n");
    for line in transcript.lines() {
        if !line.starts_with(' ') && line != "start" {
            found += "> ";
        }
        found += line;
        found += "\n";
    }
    compare(path, &found)
}

#[test]
fn the_transcripts_are_up_to_date() {
    let mut paths: Vec<PathBuf> = Vec::new();
    find(Path::new("tests/golden"), "txt", &mut paths);
    paths.retain(|path| ![COUNTS, HASHES].map(Path::new).contains(&path.as_path()));
    paths.sort();
    let failed = |path: &PathBuf| {
        let error = again(path).err()?;
        Some(format!("{}: {error}", path.display()))
    };
    let problems: Vec<String> = paths.iter().filter_map(failed).collect();
    all_well(&problems);
}
