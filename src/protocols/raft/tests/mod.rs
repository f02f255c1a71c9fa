//! What servers and clients do with single messages, figure by figure. (Whole instances, also with
//! each mistake, are explored by the shipped scenarios.)

mod claims;
mod clients;
mod reads;
mod steps;
mod thesis;

use super::*;
use crate::model::{Command, Input, Node, Protocol, Reaction};

fn raft(params: &Params) -> Raft {
    Raft::new(params).expect("good parameters")
}

/// Three servers without clients or no-ops: the core, and nothing else.
fn core() -> Params {
    Params {
        clients: Workload::Scripts(vec![]),
        no_op: false,
        ..Params::default()
    }
}

/// A node of its own, and what it answers.
struct Lone {
    raft: Raft,
    id: Id,
    node: Node<Raft>,
}

impl Lone {
    fn new(raft: &Raft, name: &str) -> Lone {
        let mut lone = Lone {
            raft: raft.clone(),
            id: raft.cluster().find(name).expect("a name"),
            node: Node::Absent,
        };
        lone.react(Input::Start);
        lone
    }

    /// A server that comes back with this on its disk.
    fn with(raft: &Raft, name: &str, term: u32, log: &[u32]) -> Lone {
        let mut stable = raft.nothing();
        stable.current_term = Term(term);
        for entry in entries(log) {
            stable.log.append(entry);
        }
        let mut lone = Lone::new(raft, name);
        lone.node = Node::Down {
            storage: Some(Storage::Server(stable)),
        };
        lone.react(Input::Start);
        lone
    }

    fn react(&mut self, input: Input<'_, Raft>) -> Reaction<Raft> {
        self.node.react(&self.raft, self.id, input, None)
    }

    /// What a server sends when it gets a message. Nothing may be sent before it is saved.
    fn hears(&mut self, src: &str, msg: impl std::borrow::Borrow<Msg>) -> Vec<(Id, Msg)> {
        let src = self.raft.cluster().find(src).expect("a name");
        let msg = msg.borrow();
        sent(&self.react(Input::Message { src, msg }))
    }

    fn fires(&mut self, timer: Timer) -> Vec<(Id, Msg)> {
        sent(&self.react(Input::Timeout(&timer)))
    }

    fn restarts(&mut self) {
        self.node.crash();
        self.react(Input::Start);
    }

    fn server(&self) -> &Server {
        match self.node.state() {
            Some(State::Server(server)) => server,
            _ => panic!("no server"),
        }
    }

    fn terms(&self) -> Vec<u32> {
        let log = &self.server().stable.log;
        log.iter().map(|(_, entry)| entry.term.0).collect()
    }

    /// Wins the next election, by the vote of another.
    fn wins(&mut self, voter: &str) -> Vec<(Id, Msg)> {
        self.fires(Timer::Election);
        let term = self.server().stable.current_term;
        let (granted, pre) = (true, false);
        let first = self.hears(voter, Msg::Vote(Vote { term, granted, pre }));
        assert!(self.server().leading().is_some());
        first
    }
}

fn sent(reaction: &Reaction<Raft>) -> Vec<(Id, Msg)> {
    let mut sent = Vec::new();
    for command in &reaction.commands {
        match command {
            Command::Send(dst, msg) => sent.push((*dst, msg.clone())),
            Command::Save { .. } => assert!(sent.is_empty(), "saved after something was sent"),
            _ => {}
        }
    }
    sent
}

/// Entries of these terms.
fn entries(terms: &[u32]) -> Vec<Entry> {
    let entry = |term: &u32| Entry {
        term: Term(*term),
        content: Content::Proposal(0, 1),
    };
    terms.iter().map(entry).collect()
}

fn at(index: Index, term: u32) -> Position {
    let term = Term(term);
    Position { index, term }
}

fn request_vote(term: u32, last: Position) -> Msg {
    Msg::RequestVote(RequestVote {
        term: Term(term),
        last,
        campaign: Campaign::Election,
    })
}

fn append(term: u32, prev: Position, new: &[u32], leader_commit: Index) -> Msg {
    Msg::AppendEntries(AppendEntries {
        term: Term(term),
        prev,
        entries: entries(new).into(),
        leader_commit,
        round: 0,
    })
}

fn appended(term: u32, result: AppendResult) -> Msg {
    Msg::Appended(Appended {
        term: Term(term),
        result,
        round: 0,
    })
}

fn votes(sent: &[(Id, Msg)]) -> Vec<(u32, bool)> {
    let vote = |(_, msg): &(Id, Msg)| match msg {
        Msg::Vote(vote) => Some((vote.term.0, vote.granted)),
        _ => None,
    };
    sent.iter().filter_map(vote).collect()
}

/// 5.4.1: the later last term wins; with the same last term, the longer log.
#[test]
fn the_more_up_to_date_log_wins() {
    let raft = raft(&core());
    let mine = [1, 1, 2];
    let cases = [
        (at(3, 2), true),
        (at(4, 2), true),
        (at(1, 3), true),
        (at(2, 2), false),
        (at(9, 1), false),
        (at(0, 0), false),
    ];
    for (last, granted) in cases {
        let mut voter = Lone::with(&raft, "S2", 3, &mine);
        let answer = voter.hears("S1", request_vote(4, last));
        assert_eq!(votes(&answer), [(4, granted)], "{last:?}");
        // Granted or not, the higher term is taken over (5.1).
        assert_eq!(voter.server().stable.current_term, Term(4));
    }
}

/// 5.2: first come, first served; and the vote survives a crash.
#[test]
fn a_server_votes_once_in_a_term() {
    let raft = raft(&core());
    let mut voter = Lone::new(&raft, "S2");
    let ask = |term| request_vote(term, at(0, 0));
    for _ in 0..2 {
        assert_eq!(votes(&voter.hears("S1", ask(1))), [(1, true)]);
        assert_eq!(votes(&voter.hears("S3", ask(1))), [(1, false)]);
        voter.restarts();
    }
    assert_eq!(votes(&voter.hears("S3", ask(2))), [(2, true)]);
    assert_eq!(votes(&voter.hears("S1", ask(1))), [(2, false)]);
}

#[test]
fn a_candidate_counts_each_vote_once_and_only_of_its_term() {
    let params = Params {
        servers: 5,
        ..core()
    };
    let mut candidate = Lone::new(&raft(&params), "S1");
    candidate.fires(Timer::Election);
    candidate.fires(Timer::Election);
    let vote = |term, granted| {
        Msg::Vote(Vote {
            term: Term(term),
            granted,
            pre: false,
        })
    };
    candidate.hears("S2", vote(1, true));
    candidate.hears("S3", vote(2, true));
    candidate.hears("S3", vote(2, true));
    candidate.hears("S4", vote(2, false));
    assert!(candidate.server().leading().is_none());
    candidate.hears("S5", vote(2, true));
    assert!(candidate.server().leading().is_some());
}

/// What a follower has, what it gets, what it answers, what it has then, and how much is committed.
type Appending<'a> = (&'a [u32], Msg, AppendResult, &'a [u32], Index);

/// Figure 2, `AppendEntries`, receiver: rules 1 to 5, as cases: what the follower has, what it gets,
/// what it answers and has then.
#[test]
fn a_follower_appends_what_fits() {
    use AppendResult::{Conflict, Matched, Outdated};
    let raft = raft(&core());
    let cases: &[Appending] = &[
        // 1. An older term.
        (&[1], append(2, at(1, 1), &[2], 1), Outdated, &[1], 0),
        // 2. No entry there; another one there.
        (
            &[1],
            append(3, at(2, 1), &[3], 2),
            Conflict(None, 2),
            &[1],
            0,
        ),
        (
            &[1, 2, 2],
            append(3, at(3, 1), &[3], 3),
            Conflict(Some(Term(2)), 2),
            &[1, 2, 2],
            0,
        ),
        // 3. A conflict: the entry and all that follow it go.
        (
            &[1, 2, 2],
            append(3, at(1, 1), &[3], 0),
            Matched(2),
            &[1, 3],
            0,
        ),
        // No conflict: what follows stays, and is not acknowledged.
        (
            &[1, 1, 1],
            append(3, at(1, 1), &[1], 0),
            Matched(2),
            &[1, 1, 1],
            0,
        ),
        (
            &[1, 1, 1],
            append(3, at(0, 0), &[], 0),
            Matched(0),
            &[1, 1, 1],
            0,
        ),
        // 4. What is new is appended.
        (
            &[1],
            append(3, at(1, 1), &[2, 3], 0),
            Matched(3),
            &[1, 2, 3],
            0,
        ),
        (&[], append(3, at(0, 0), &[1, 3], 0), Matched(2), &[1, 3], 0),
        // 5. No further than the last new entry, and no further than the leader.
        (
            &[1, 1, 1],
            append(3, at(1, 1), &[1], 3),
            Matched(2),
            &[1, 1, 1],
            2,
        ),
        (
            &[1, 1, 1],
            append(3, at(1, 1), &[1, 1], 1),
            Matched(3),
            &[1, 1, 1],
            1,
        ),
    ];
    for (before, msg, result, after, commit_index) in cases {
        let mut follower = Lone::with(&raft, "S2", 3, before);
        let answer = follower.hears("S1", msg.clone());
        assert_eq!(
            answer,
            [(Id::from(0), appended(3, *result))],
            "{before:?} {msg:?}"
        );
        assert_eq!(follower.terms(), *after, "{before:?} {msg:?}");
        assert_eq!(follower.server().commit_index, *commit_index, "{msg:?}");
    }
}

/// Figure 7: whatever a follower has, or lacks, in the end its log is the leader's. Each conflict
/// skips a whole term (5.3).
#[test]
fn figure_7_is_repaired() {
    let params = Params {
        servers: 7,
        ..core()
    };
    let raft = raft(&params);
    let leader_has = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    let followers: [(&str, &[u32], usize); 6] = [
        ("a", &[1, 1, 1, 4, 4, 5, 5, 6, 6], 2),
        ("b", &[1, 1, 1, 4], 2),
        ("c", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6], 1),
        ("d", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7], 1),
        ("e", &[1, 1, 1, 4, 4, 4, 4], 3),
        ("f", &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3),
    ];
    for (which, has, rounds_max) in followers {
        let mut leader = Lone::with(&raft, "S1", 7, &leader_has);
        let mut follower = Lone::with(&raft, "S2", 7, has);
        leader.fires(Timer::Election);
        for voter in ["S3", "S4", "S5"] {
            let (term, granted, pre) = (Term(8), true, false);
            leader.hears(voter, Msg::Vote(Vote { term, granted, pre }));
        }
        // A leader of term 8 that got a command.
        leader.node = with_entry(&leader, 8);
        let to = follower.id;
        let mut outbox = leader.fires(Timer::Heartbeat);
        let mut rounds = 0;
        while let Some((_, msg)) = outbox.iter().find(|(dst, _)| *dst == to).cloned() {
            rounds += 1;
            assert!(rounds < 10, "({which}) is never repaired");
            let answer = follower.hears("S1", msg).remove(0).1;
            outbox = leader.hears("S2", answer);
        }
        assert_eq!(follower.terms(), leader.terms(), "({which})");
        assert!(rounds <= rounds_max + 1, "({which}) took {rounds} rounds");
    }
}

/// A leader with one more entry of its term in its log.
fn with_entry(leader: &Lone, term: u32) -> Node<Raft> {
    let Node::Up(mut up) = leader.node.clone() else {
        panic!("up")
    };
    if let State::Server(server) = &mut up.state {
        server.stable.log.append(entries(&[term])[0]);
    }
    Node::Up(up)
}

/// 5.4.2 and Figure 8: an entry of an older term is committed by one of the leader's own term, never
/// by counting.
#[test]
fn only_entries_of_the_own_term_are_counted() {
    let raft = raft(&Params {
        proposals: 9,
        ..core()
    });
    let mut leader = Lone::with(&raft, "S1", 2, &[1, 2]);
    leader.wins("S2");
    let matched = |index| appended(3, AppendResult::Matched(index));
    leader.hears("S2", matched(2));
    leader.hears("S3", matched(2));
    assert_eq!(leader.server().commit_index, 0);
    leader.fires(Timer::Propose);
    leader.hears("S2", matched(3));
    assert_eq!(leader.server().commit_index, 3);
}

#[test]
fn old_and_late_acknowledgements_change_nothing() {
    let raft = raft(&Params {
        proposals: 9,
        ..core()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    leader.fires(Timer::Propose);
    leader.fires(Timer::Propose);
    let matched = |term, index| appended(term, AppendResult::Matched(index));
    leader.hears("S2", matched(0, 2));
    assert_eq!(leader.server().commit_index, 0);
    leader.hears("S2", matched(1, 2));
    assert_eq!(leader.server().commit_index, 2);
    leader.hears("S2", matched(1, 1));
    let conflict = appended(1, AppendResult::Conflict(None, 1));
    leader.hears("S2", conflict);
    let progress = *leader.server().leading().unwrap().of(Id::from(1));
    assert_eq!((progress.matched, progress.next), (2, 3));
}

/// 5.1: whoever hears of a higher term follows, and forgets whom it voted for.
#[test]
fn a_higher_term_makes_a_follower() {
    let raft = raft(&core());
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    leader.hears("S2", appended(5, AppendResult::Outdated));
    let server = leader.server();
    assert_eq!(server.role, Role::Follower);
    assert_eq!(server.stable.current_term, Term(5));
    assert_eq!(server.stable.voted_for, None);
}
