//! What no step of a server may do: a leader only appends, and counts its own entries; terms and
//! indices never go back.
//!
//! A crash inside a handler takes away what is in memory: then what is on the disk is judged.

use crate::model::{Step, StepAnswer};
use crate::protocols::raft::{Entry, Index, Log, Raft, Server, Stable, State, Storage};

pub fn leader_append_only(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let led = in_memory(step.before.state()).is_some_and(|s| s.leading().is_some());
    let overwrites = |(before, after): (&Stable, &Stable)| {
        before.current_term == after.current_term && !is_extended(&before.log, &after.log)
    };
    let broken = led && stables(step).is_some_and(overwrites);
    unless(broken, "overwrote its log while it led")
}

/// Whether a log has all that another had, unless a snapshot stands for it.
fn is_extended(old: &Log, new: &Log) -> bool {
    let kept =
        |(index, entry): (Index, &Entry)| index <= new.compacted() || new.get(index) == Some(entry);
    old.iter().all(kept)
}

/// (Of several entries that are committed at once, only the last is counted.)
pub fn old_term_commit(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let counts_old = |(before, after): (&Server, &Server)| {
        let term = after.stable.current_term;
        let leads = leads(before, after) || after.leading().is_some();
        let advances = after.commit_index > before.commit_index;
        leads && advances && after.stable.log.term(after.commit_index) != Some(term)
    };
    let broken = servers(step).is_some_and(counts_old);
    let what = "led, and counted replicas of an entry of an older term";
    unless(broken, what)
}

pub fn monotone_terms(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let goes_back = |(before, after): (&Stable, &Stable)| after.current_term < before.current_term;
    let broken = stables(step).is_some_and(goes_back);
    unless(broken, "went back to an earlier term")
}

pub fn monotone_commit_index(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let goes_back = |(before, after): (&Server, &Server)| after.commit_index < before.commit_index;
    let broken = servers(step).is_some_and(goes_back);
    unless(broken, "lowered its commit index")
}

pub fn monotone_match_index(_: &Raft, step: &Step<'_, Raft>) -> StepAnswer {
    let forgets = |(before, after): (&Server, &Server)| {
        let (Some(old), Some(new)) = (before.leading(), after.leading()) else {
            return false;
        };
        let mut followers = old.progress.iter().zip(&new.progress);
        leads(before, after) && followers.any(|(old, new)| new.matched < old.matched)
    };
    let broken = servers(step).is_some_and(forgets);
    unless(
        broken,
        "forgot, while it led, what a follower had acknowledged",
    )
}

fn unless(broken: bool, what: &str) -> StepAnswer {
    if broken { Err(what.to_owned()) } else { Ok(()) }
}

/// Whether a server led before in the term that it is in now.
fn leads(before: &Server, after: &Server) -> bool {
    before.leading().is_some() && before.stable.current_term == after.stable.current_term
}

/// A server before and after, if it was up and still is.
fn servers<'a>(step: &Step<'a, Raft>) -> Option<(&'a Server, &'a Server)> {
    let (before, after) = step.states()?;
    Some((in_memory(Some(before))?, in_memory(Some(after))?))
}

/// What a server must not lose, before and after: in memory while it is up, and on the disk where it
/// was down or crashes.
fn stables<'a>(step: &Step<'a, Raft>) -> Option<(&'a Stable, &'a Stable)> {
    let (stored, saved) = step.storages();
    if step.reaction.crashed {
        return Some((on_disk(stored)?, on_disk(saved)?));
    }
    let stable = |state| in_memory(state).map(|server| &server.stable);
    let before = stable(step.before.state()).or(on_disk(stored))?;
    let after = stable(step.reaction.state.as_ref()).unwrap_or(before);
    Some((before, after))
}

fn in_memory(state: Option<&State>) -> Option<&Server> {
    match state {
        Some(State::Server(server)) => Some(server),
        _ => None,
    }
}

fn on_disk(storage: Option<&Storage>) -> Option<&Stable> {
    match storage {
        Some(Storage::Server(stable)) => Some(stable),
        _ => None,
    }
}
