//! What no step of a server may do: a leader only appends, and counts its own entries; a follower speaks
//! of no more than was checked; terms and indices never go back.
//!
//! A crash inside a handler takes away what is in memory: then what is on the disk is judged.

use crate::model::{Input, Step, StepAnswer};
use crate::protocols::raft::{
    AppendResult, Entry, Index, Log, Msg, Raft, Server, Stable, State, Storage,
};

pub fn leader_append_only(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let led = server(step.before.state()).is_some_and(|s| s.leading().is_some());
    let overwrites = |before: &Stable, after: &Stable| {
        led && before.current_term == after.current_term && !is_extended(&before.log, &after.log)
    };
    let what = "overwrote its log while it led";
    never(stables(step), overwrites, what)
}

/// Whether a log has all that another had, unless a snapshot stands for it.
fn is_extended(old: &Log, new: &Log) -> bool {
    let kept =
        |(index, entry): (Index, &Entry)| index <= new.compacted() || new.get(index) == Some(entry);
    old.iter().all(kept)
}

/// (Of several entries that are committed at once, only the last is counted.)
pub fn old_term_commit(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let counts_old = |before: &Server, after: &Server| {
        let leads = leads(before, after) || after.leading().is_some();
        let advances = after.commit_index > before.commit_index;
        leads && advances && !after.has_committed_own_term()
    };
    let what = "led, and counted replicas of an entry of an older term";
    never(servers(step), counts_old, what)
}

pub fn monotone_terms(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let goes_back = |before: &Stable, after: &Stable| after.current_term < before.current_term;
    never(stables(step), goes_back, "went back to an earlier term")
}

pub fn monotone_commit_index(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let goes_back = |before: &Server, after: &Server| after.commit_index < before.commit_index;
    never(servers(step), goes_back, "lowered its commit index")
}

pub fn monotone_match_index(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let forgets = |before: &Server, after: &Server| {
        let (Some(old), Some(new)) = (before.leading(), after.leading()) else {
            return false;
        };
        let mut followers = old.progress.iter().zip(&new.progress);
        leads(before, after) && followers.any(|(old, new)| new.matched < old.matched)
    };
    let what = "forgot, while it led, what a follower had acknowledged";
    never(servers(step), forgets, what)
}

/// Figure 2, *`AppendEntries` RPC*, 2 to 5: up to the last new entry the logs match. What a follower has
/// behind that may be left of an older term. (Figure 13: up to the snapshot's last entry.)
pub fn only_what_was_checked(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let checked = match step.input {
        Input::Message {
            msg: Msg::AppendEntries(append),
            ..
        } => append.last_new(),
        Input::Message {
            msg: Msg::InstallSnapshot(install),
            ..
        } => install.snapshot.last.index,
        _ => return Ok(()),
    };
    let goes_further = |msg: &Msg| {
        matches!(msg, Msg::Appended(results)
            if matches!(results.result, AppendResult::Matched(index) if index > checked))
    };
    if step.reaction.sends().any(|(_, msg)| goes_further(msg)) {
        return Err("acknowledged entries that the request did not speak of".to_owned());
    }
    let commits = |before: &Server, after: &Server| {
        after.commit_index > before.commit_index && after.commit_index > checked
    };
    let what = "committed entries that the request did not speak of";
    never(servers(step), commits, what)
}

/// What a step must not do to what was there before, and is after.
fn never<T>(
    parts: Option<(&T, &T)>,
    breaks: impl FnOnce(&T, &T) -> bool,
    what: &str,
) -> StepAnswer {
    match parts {
        Some((before, after)) if breaks(before, after) => Err(what.to_owned()),
        _ => Ok(()),
    }
}

/// Whether a server led before in the term that it is in now.
fn leads(before: &Server, after: &Server) -> bool {
    before.leading().is_some() && before.stable.current_term == after.stable.current_term
}

/// A server before and after, if it was up, still is, and has changed: all that is asked here is true of what
/// stays as it is.
fn servers<'a>(step: &Step<'a, Raft>) -> Option<(&'a Server, &'a Server)> {
    let (before, after) = (step.before.state()?, step.after?);
    Some((before.server()?, after.server()?))
}

/// What a server must not lose, before and after, if it may have changed: in memory while it is up, and on the
/// disk where it was down or crashes.
fn stables<'a>(step: &Step<'a, Raft>) -> Option<(&'a Stable, &'a Stable)> {
    let stored = step.before.storage().and_then(Storage::stable);
    if step.reaction.crashed {
        return Some((stored?, step.reaction.saved()?.stable()?));
    }
    let after = server(step.after)?;
    let before = server(step.before.state()).map(|server| &server.stable);
    Some((before.or(stored)?, &after.stable))
}

fn server(state: Option<&State>) -> Option<&Server> {
    state.and_then(State::server)
}
