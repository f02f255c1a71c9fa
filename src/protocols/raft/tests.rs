//! What servers and clients do with single messages, figure by figure. (Whole instances, also with
//! each mistake, are explored by the shipped scenarios.)

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
            Command::Save(_) => assert!(sent.is_empty(), "saved after something was sent"),
            _ => {}
        }
    }
    sent
}

/// Entries of these terms.
fn entries(terms: &[u32]) -> Vec<Entry> {
    let entry = |term: &u32| Entry {
        term: Term(*term),
        content: Content::Proposal(Id::from(0)),
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

/// Thesis, 9.6: a pre-vote changes nothing at the voter, and a majority of them only begins an
/// election.
#[test]
fn a_pre_vote_binds_nobody() {
    let raft = raft(&Params {
        pre_vote: true,
        ..core()
    });
    let mut candidate = Lone::new(&raft, "S1");
    let asked = candidate.fires(Timer::Election);
    assert_eq!(candidate.server().stable.current_term, Term(0));
    let mut voter = Lone::new(&raft, "S2");
    let before = voter.server().clone();
    let answer = voter.hears("S1", asked[0].1.clone());
    assert_eq!(votes(&answer), [(1, true)]);
    assert_eq!(voter.server(), &before);
    let campaign = candidate.hears("S2", answer[0].1.clone());
    assert_eq!(candidate.server().stable.current_term, Term(1));
    assert!(candidate.server().leading().is_none());
    assert!(matches!(campaign[0].1, Msg::RequestVote(_)));
}

/// Thesis, 4.2.3: who hears from a leader neither votes nor takes over the term, unless the leader
/// asked for the election.
#[test]
fn a_server_defends_its_leader() {
    let raft = raft(&Params {
        check_quorum: true,
        ..core()
    });
    let mut follower = Lone::new(&raft, "S2");
    follower.hears("S1", append(1, at(0, 0), &[], 0));
    assert_eq!(follower.hears("S3", request_vote(2, at(0, 0))), []);
    assert_eq!(follower.server().stable.current_term, Term(1));
    follower.restarts();
    assert_eq!(follower.hears("S3", request_vote(2, at(0, 0))), []);
    let asked_for = Msg::RequestVote(RequestVote {
        term: Term(2),
        last: at(0, 0),
        campaign: Campaign::Transfer,
    });
    assert_eq!(votes(&follower.hears("S3", asked_for)), [(2, true)]);
    follower.hears("S1", append(2, at(0, 0), &[], 0));
    follower.fires(Timer::LeaderHeard);
    assert_eq!(
        votes(&follower.hears("S3", request_vote(3, at(0, 0)))),
        [(3, true)]
    );
}

/// What a server has, the last entry of a snapshot, and what it has behind that then.
type Installing<'a> = (&'a [u32], (Index, u32), &'a [u32]);

/// Figure 13: a snapshot replaces what it stands for, keeps what follows it, and never takes back what
/// is committed.
#[test]
fn a_snapshot_is_installed() {
    let raft = raft(&Params {
        snapshot_after: Some(100),
        ..core()
    });
    let snapshot = |index, term| {
        let snapshot = Snapshot {
            last: at(index, term),
            configuration: raft.first,
            applied: Applied::default(),
            proposals: 0,
        };
        Msg::InstallSnapshot(InstallSnapshot {
            term: Term(3),
            snapshot: Arc::new(snapshot),
            round: 0,
        })
    };
    let cases: [Installing; 4] = [
        (&[], (3, 2), &[]),
        (&[1, 1], (3, 2), &[]),
        (&[1, 2, 2, 3], (3, 2), &[3]),
        (&[1, 1, 1, 1], (3, 2), &[]),
    ];
    for (before, (index, term), after) in cases {
        let mut follower = Lone::with(&raft, "S2", 3, before);
        let answer = follower.hears("S1", snapshot(index, term));
        let matched = appended(3, AppendResult::Matched(index));
        assert_eq!(answer, [(Id::from(0), matched)]);
        assert_eq!(follower.terms(), after, "{before:?}");
        assert_eq!(follower.server().commit_index, index);
        assert_eq!(follower.server().stable.current_term, Term(3));
        follower.restarts();
        assert_eq!(follower.server().commit_index, index);
        // An earlier one comes late.
        follower.hears("S1", snapshot(1, 1));
        assert_eq!(follower.server().commit_index, index);
        assert_eq!(follower.server().stable.log.compacted(), index);
    }
}

/// 5.2: a majority is more than half, also where their number is even.
#[test]
fn half_is_no_majority() {
    for (servers, enough) in (1..=7).zip([1, 2, 2, 3, 3, 4, 4]) {
        let configuration = Configuration::of(NodeSet::first(servers));
        assert!(configuration.is_quorum(NodeSet::first(enough)));
        assert!(!configuration.is_quorum(NodeSet::first(enough - 1)));
        // Others do not count.
        let others = NodeSet::first(15).minus(NodeSet::first(servers));
        assert!(!configuration.is_quorum(others.union(NodeSet::first(enough - 1))));
    }
}

/// 6: in C-old,new a majority of each is needed, and two configurations that follow each other in
/// joint consensus always overlap.
#[test]
fn joint_majorities() {
    let set = |ids: &[usize]| ids.iter().map(|id| Id::from(*id)).collect::<NodeSet>();
    let (old, new) = (set(&[0, 1, 2]), set(&[2, 3, 4]));
    let joint = Configuration::joint(old, new);
    assert!(joint.is_quorum(set(&[0, 2, 3])));
    assert!(!joint.is_quorum(set(&[0, 1, 2])));
    assert!(!joint.is_quorum(set(&[2, 3, 4])));
    let [old, new] = [old, new].map(Configuration::of);
    assert!(old.overlaps(joint) && joint.overlaps(new) && joint.overlaps(joint));
    assert!(!Configuration::of(set(&[0, 1])).overlaps(Configuration::of(set(&[2, 3]))));
    // One server more or less always overlaps; two may not.
    let four = Configuration::of(set(&[0, 1, 2, 3]));
    assert!(four.overlaps(Configuration::of(set(&[0, 1, 2]))));
    assert!(!Configuration::of(set(&[0, 1, 2])).overlaps(Configuration::of(set(&[0, 1, 2, 3, 4]))));
    // Against the definition: all sets that decide on each side.
    let sets: Vec<NodeSet> = (1..1_u128 << 5).map(NodeSet::from_bits).collect();
    for one in &sets {
        for other in &sets {
            let plain = Configuration::of(*other);
            let joint = Configuration::joint(*other, set(&[2, 3, 4]));
            for (a, b) in [plain, joint].map(|b| (Configuration::of(*one), b)) {
                let deciding =
                    |of: Configuration| sets.iter().filter(move |set| of.is_quorum(**set));
                let meet = |x: &NodeSet| deciding(b).all(|y| !x.intersection(*y).is_empty());
                assert_eq!(a.overlaps(b), deciding(a).all(meet), "{a} {b}");
            }
        }
    }
}

#[test]
fn what_clients_ask_is_read_and_written() {
    for text in [
        "put x 1",
        "get x",
        "add S4",
        "remove S1",
        "members S1 S2 S4",
        "transfer S2",
    ] {
        let ask: Ask = text.parse().expect(text);
        assert_eq!(ask.to_string(), text);
    }
    for text in [
        "add",
        "add 4",
        "members",
        "transfer S0",
        "steal x",
        "add S4 S5",
        "add S16",
        "members S1 S99",
    ] {
        assert!(text.parse::<Ask>().is_err(), "{text}");
    }
}

/// A client asks elsewhere until it is told, and takes no answer for another's.
#[test]
fn a_client_asks_until_it_is_told() {
    let raft = raft(&Params::default());
    let mut client = Lone::new(&raft, "C1");
    let [s1, s2] = [0, 1].map(Id::from);
    let ask = |serial| match serial {
        1 => Msg::Request(1, "put x 1".parse().unwrap()),
        _ => Msg::Request(2, "get x".parse().unwrap()),
    };
    assert_eq!(client.fires(Timer::Think), [(s1, ask(1))]);
    assert_eq!(client.fires(Timer::Retry), [(s2, ask(1))]);
    let not_leader = Msg::Reply(1, Reply::NotLeader(Some(s1)));
    assert_eq!(client.hears("S2", not_leader), [(s1, ask(1))]);
    // That leader may be an old one: the others have their turn.
    let s3 = Id::from(2);
    assert_eq!(client.fires(Timer::Retry), [(s3, ask(1))]);
    let not_leader = Msg::Reply(1, Reply::NotLeader(Some(s1)));
    assert_eq!(client.hears("S3", not_leader), [(s1, ask(1))]);
    let done: Reply = Reply::Answer("done".parse().unwrap());
    assert_eq!(client.hears("S1", Msg::Reply(7, done)), []);
    client.hears("S1", Msg::Reply(1, done));
    assert_eq!(client.fires(Timer::Think), [(s1, ask(2))]);
    // The serial number was saved, so it is never used for anything else.
    client.restarts();
    match client.node.up() {
        Some(up) => assert!(
            matches!(&up.state, State::Client(c) if c.serial == 2),
            "{up:?}"
        ),
        None => panic!("up"),
    }
}

/// Thesis, 4.2.2: who was removed again is still needed as long as it does not know that to be
/// committed, however often the configuration changed since.
#[test]
fn a_removed_server_campaigns_while_it_may_be_needed() {
    let raft = raft(&Params {
        servers: 2,
        members: Some(1),
        membership: Membership::Single,
        ..Params::default()
    });
    let mut stable = raft.nothing();
    let [s1, s2] = [0, 1].map(Id::from);
    for voters in [NodeSet::only(s1).with(s2), NodeSet::only(s1)] {
        let content = Content::Configuration(Configuration::of(voters));
        let term = Term(1);
        stable.log.append(Entry { term, content });
    }
    let mut out = crate::model::Out::new();
    let mut server = raft.server_starts(s2, stable, true, &mut out);
    assert!(server.may_campaign(s2));
    server.commit_index = 1;
    assert!(server.may_campaign(s2));
    server.commit_index = 2;
    assert!(!server.may_campaign(s2) && server.may_campaign(s1));
}

/// A request that comes late does not take the place of a newer one of the same client.
#[test]
fn an_old_read_displaces_no_newer_one() {
    let raft = raft(&Params {
        reads: Reads::ReadIndex,
        ..Params::default()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    let get = |serial| Msg::Request(serial, "get x".parse().unwrap());
    for serial in [1, 2, 1] {
        leader.hears("C1", get(serial));
    }
    let reads = &leader.server().leading().unwrap().reads;
    assert_eq!(reads.iter().map(|r| r.serial).collect::<Vec<_>>(), [2]);
}

/// Thesis, 6.4.1: a lease counts once a majority has answered the heartbeats that it began with, and
/// the one before goes on until then.
#[test]
fn a_lease_goes_on_until_the_next_is_confirmed() {
    let raft = raft(&Params {
        check_quorum: true,
        reads: Reads::Lease,
        ..Params::default()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    let answer = |round| {
        Msg::Appended(Appended {
            term: Term(1),
            result: AppendResult::Matched(1),
            round,
        })
    };
    let mut serial = 0;
    let mut answers_at_once = |leader: &mut Lone| {
        serial += 1;
        let get = Msg::Request(serial, "get x".parse().unwrap());
        let is_answer = |(_, msg): &(Id, Msg)| matches!(msg, Msg::Reply(_, Reply::Answer(_)));
        leader.hears("C1", get).iter().any(is_answer)
    };
    let round = |leader: &Lone| leader.server().leading().unwrap().round;
    // The lease that began with this round ends.
    let ends = |leader: &mut Lone, round: u32| {
        let mut leases = leader.server().leading().unwrap().leases.iter();
        let slot = leases.position(|lease| lease.is_some_and(|lease| lease.round == round));
        leader.fires(Timer::Lease(u8::try_from(slot.unwrap()).unwrap()));
    };
    // The no-op is committed, but nobody has answered a heartbeat.
    leader.hears("S2", answer(0));
    assert!(!answers_at_once(&mut leader));
    leader.fires(Timer::Heartbeat);
    let first = round(&leader);
    assert!(!answers_at_once(&mut leader));
    leader.hears("S3", answer(first));
    assert!(answers_at_once(&mut leader));
    // The second begins, and the first still counts, until it is over.
    leader.fires(Timer::Heartbeat);
    let second = round(&leader);
    assert!(second > first && answers_at_once(&mut leader));
    ends(&mut leader, first);
    assert!(!answers_at_once(&mut leader));
    // A late answer to the first confirms nothing any more.
    leader.hears("S2", answer(first));
    assert!(!answers_at_once(&mut leader));
    leader.hears("S2", answer(second));
    assert!(answers_at_once(&mut leader));
    // The third takes the place of the first, not of the second.
    leader.fires(Timer::Heartbeat);
    assert!(answers_at_once(&mut leader));
    ends(&mut leader, second);
    assert!(!answers_at_once(&mut leader));
}

/// Leaders make up so many commands and no more, whether snapshots stand for them or not.
#[test]
fn proposals_come_to_an_end() {
    let raft = raft(&Params {
        servers: 1,
        proposals: 2,
        snapshot_after: Some(1),
        ..core()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.fires(Timer::Election);
    for proposed in [1, 2, 2] {
        leader.fires(Timer::Propose);
        let log = &leader.server().stable.log;
        assert_eq!((log.compacted(), log.proposals()), (proposed, proposed));
    }
}

/// Values out of range are refused, and the range is named.
#[test]
fn parameters_out_of_range_are_refused() {
    let told = |params: Params| params.check().expect_err("out of range").message;
    let cases = [
        (
            told(Params {
                members: Some(9),
                ..core()
            }),
            "write 1 to 3",
        ),
        (
            told(Params {
                members: Some(0),
                ..core()
            }),
            "write 1 to 3",
        ),
        (
            told(Params {
                tries: Some(0),
                ..core()
            }),
            "write 1 to 1000",
        ),
        (
            told(Params {
                tries: Some(1001),
                ..core()
            }),
            "write 1 to 1000",
        ),
        (
            told(Params {
                snapshot_after: Some(10_001),
                ..core()
            }),
            "write 1 to 10000",
        ),
        (
            told(Params {
                clients: Workload::Drawn(Drawn {
                    clients: 1,
                    commands: 1001,
                    from: vec!["put x 1".to_owned()],
                }),
                ..core()
            }),
            "write 1 to 1000",
        ),
        (
            told(Params {
                membership: Membership::Single,
                ..core()
            }),
            "no-op",
        ),
    ];
    for (message, range) in cases {
        assert!(message.contains(range), "{message}");
    }
    let workload = serde_json::from_str::<Workload>(r#"["put x 1"]"#);
    let message = workload.expect_err("no list of lists").to_string();
    assert!(
        message.contains("a list of commands for each client"),
        "{message}"
    );
}

/// Every mistake that can be switched on is described, and the other way round.
#[test]
fn mistakes_are_known_by_name() {
    for bug in Raft::BUGS {
        let mistake: Mistake = serde_json::from_value(bug.name.into()).expect(bug.name);
        let back = serde_json::to_value(mistake).unwrap();
        assert_eq!(back, bug.name);
    }
    assert_eq!(Raft::BUGS.len(), 35);
}
