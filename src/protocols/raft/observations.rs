//! What a step meant, read off what it did to the state.
//!
//! A crash in the middle of a handler takes away the state, but not what the handler had concluded:
//! a leader that counted a majority has committed, whoever else has heard of it. So there the handler
//! is asked what it was about to do. But what it had not written down yet never was: that is left out.

use std::borrow::Cow;
use std::sync::Arc;

use super::Raft;
use super::ask::{Ask, Reply};
use super::history::{Rule, UNKNOWN};
use super::log::{Content, Entry, Index, Log, Term};
use super::messages::Msg;
use super::state::{Client, Server, Stable, State, Storage};
use crate::model::{Command, Id, Input, Node, Observation, Out, Reaction, Value};

pub fn observe(
    raft: &Raft,
    id: Id,
    before: &Node<Raft>,
    input: Input<'_, Raft>,
    reaction: &Reaction<Raft>,
    found: &mut Vec<Observation>,
) {
    if !raft.servers.contains(id) {
        let old = match before.state() {
            Some(State::Client(client)) => Some(client),
            _ => None,
        };
        return client(old, input, reaction, found);
    }
    let Some(State::Server(old)) = before.state() else {
        if let (Some(Storage::Server(stable)), Some(State::Server(new))) =
            (before.storage(), &reaction.state)
            && new.stable.current_term < stable.current_term
        {
            found.push(broke(Rule::MonotoneTerms));
        }
        return;
    };
    let meant;
    let new = match &reaction.state {
        Some(State::Server(new)) => new,
        None if reaction.crashed && !reaction.commands.is_empty() => {
            meant = about_to(raft, id, old, input);
            match &meant {
                Some(new) => new,
                None => return,
            }
        }
        _ => return,
    };
    let written = |at: Index, entry: &Entry| {
        !reaction.crashed || is_written(reaction.saved().or(before.storage()), at, entry)
    };
    server(old, new, found);
    // What a snapshot stands for was observed where it was committed.
    let in_a_snapshot = matches!(
        input,
        Input::Message {
            msg: Msg::InstallSnapshot(_),
            ..
        }
    );
    if new.commit_index > old.commit_index && !in_a_snapshot {
        let log = if new.stable.log.compacted() > old.commit_index {
            Cow::Owned(uncompacted(raft, id, old, input))
        } else {
            Cow::Borrowed(&new.stable.log)
        };
        let all = old.commit_index + 1..=new.commit_index;
        let entries = all.map(|at| (at, *log.get(at).expect("what is committed is in the log")));
        let entries = entries.take_while(|(at, entry)| written(*at, entry));
        committed(raft, old, new.stable.current_term, entries, found);
    }
}

/// Whether an entry is on the disk.
fn is_written(disk: Option<&Storage>, at: Index, entry: &Entry) -> bool {
    let Some(Storage::Server(Stable { log, .. })) = disk else {
        return false;
    };
    at <= log.compacted() || log.get(at) == Some(entry)
}

/// What a server would have become, had it not crashed inside the handler.
fn about_to(raft: &Raft, id: Id, old: &Server, input: Input<'_, Raft>) -> Option<Server> {
    let (mut server, mut out) = (old.clone(), Out::new());
    match input {
        Input::Message { src, msg } => {
            raft.turn(id, &mut server, &mut out, |turn| {
                turn.hears(src, msg.clone());
            });
        }
        Input::Timeout(timer) => {
            raft.turn(id, &mut server, &mut out, |turn| {
                turn.waits_no_longer(*timer);
            });
        }
        Input::Start | Input::Choice { .. } => return None,
    }
    Some(server)
}

/// The log as a server would have left it, had it taken no snapshot of what it committed.
fn uncompacted(raft: &Raft, id: Id, old: &Server, input: Input<'_, Raft>) -> Log {
    let mut raft = raft.clone();
    raft.params.snapshot_after = None;
    let server = about_to(&raft, id, old, input);
    let server = server.expect("what was committed was by a message or a timeout");
    server.stable.log
}

fn server(old: &Server, new: &Server, found: &mut Vec<Observation>) {
    let term = new.stable.current_term;
    let led = old.leading().is_some() && old.stable.current_term == term;
    if new.leading().is_some() && !led {
        found.push(Observation::Elected {
            subject: term.0.into(),
        });
    }
    if term < old.stable.current_term {
        found.push(broke(Rule::MonotoneTerms));
    }
    if new.commit_index < old.commit_index {
        found.push(broke(Rule::MonotoneCommitIndex));
    }
    // 5.4.2: only log entries from the leader's current term are committed by counting replicas.
    let counts = (led || new.leading().is_some()) && new.commit_index > old.commit_index;
    if counts && new.stable.log.term(new.commit_index) != Some(term) {
        found.push(broke(Rule::OldTermCommit));
    }
    if let (true, Some(before), Some(now)) = (led, old.leading(), new.leading()) {
        let mut followers = before.progress.iter().zip(&now.progress);
        if followers.any(|(before, now)| now.matched < before.matched) {
            found.push(broke(Rule::MonotoneMatchIndex));
        }
    }
    if led && !is_extended(&old.stable.log, &new.stable.log) {
        found.push(broke(Rule::LeaderAppendOnly));
    }
}

/// Whether a log has all that another had, unless a snapshot stands for it.
fn is_extended(old: &Log, new: &Log) -> bool {
    let kept =
        |(index, entry): (Index, &Entry)| index <= new.compacted() || new.get(index) == Some(entry);
    old.iter().all(kept)
}

/// These entries were committed, one after the other.
fn committed(
    raft: &Raft,
    old: &Server,
    during: Term,
    entries: impl Iterator<Item = (Index, Entry)>,
    found: &mut Vec<Observation>,
) {
    let mut applied = Arc::clone(&old.applied);
    for (at, entry) in entries {
        found.push(Observation::Committed {
            subject: at.into(),
            value: value(raft, entry.content),
            term: entry.term.0.into(),
            during: during.0.into(),
        });
        if let Content::Command(client, serial, op) = entry.content {
            let anew = !raft.params.sessions || {
                let applied = Arc::make_mut(&mut applied);
                let number = raft.client_number(client);
                let executed = applied
                    .sessions
                    .apply(&mut applied.machine, number, serial, op);
                executed.is_some_and(|executed| executed.anew)
            };
            if anew {
                found.push(Observation::Executed {
                    subject: at.into(),
                    value: value(raft, entry.content),
                });
            }
        }
    }
}

/// `C1.2 put x 1`: a command, told apart from all others.
fn value(raft: &Raft, content: Content) -> Value {
    let text = match content {
        Content::NoOp => return Value::from("no-op"),
        Content::Command(client, serial, op) => {
            format!("C{}.{serial} {op}", raft.client_number(client) + 1)
        }
        Content::Proposal(..) | Content::Configuration(_) => content.to_string(),
    };
    Value::Word(text.into())
}

fn client(
    old: Option<&Client>,
    input: Input<'_, Raft>,
    reaction: &Reaction<Raft>,
    found: &mut Vec<Observation>,
) {
    let unknown = |serial: u32| Observation::Returned {
        subject: serial.into(),
        value: Value::from(UNKNOWN),
    };
    let Some(old) = old else {
        // It comes back, and will never hear what became of its last command.
        if let Some(State::Client(new)) = &reaction.state
            && new.serial > 0
        {
            found.push(unknown(new.serial));
        }
        return;
    };
    for command in &reaction.commands {
        if let Command::Send(_, Msg::Request(serial, ask)) = command
            && *serial > old.serial
        {
            found.push(invoked(*serial, *ask));
        }
    }
    let Some(State::Client(new)) = &reaction.state else {
        return;
    };
    if old.asked.is_some() && new.asked.is_none() {
        match input {
            Input::Message {
                msg: Msg::Reply(serial, reply),
                ..
            } => found.push(returned(*serial, *reply)),
            _ => found.push(unknown(old.serial)),
        }
    }
}

fn invoked(serial: u32, ask: Ask) -> Observation {
    Observation::Invoked {
        subject: serial.into(),
        value: Value::Word(ask.to_string().into()),
    }
}

fn returned(serial: u32, reply: Reply) -> Observation {
    Observation::Returned {
        subject: serial.into(),
        value: Value::Word(reply.to_string().into()),
    }
}

fn broke(rule: Rule) -> Observation {
    let rule = Cow::Borrowed(rule.name());
    Observation::Broke { rule }
}
