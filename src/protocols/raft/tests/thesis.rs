//! What the thesis and the sections behind the core add, and clients: message by message.

use super::*;

/// Figure 13, rule 1: a snapshot of an older term is turned away, and changes nothing.
#[test]
fn an_old_snapshot_is_turned_away() {
    let raft = raft(&core());
    let mut follower = Lone::with(&raft, "S2", 4, &[1, 1]);
    let snapshot = Snapshot {
        last: at(3, 2),
        configuration: raft.first,
        ..Snapshot::default()
    };
    let install = InstallSnapshot {
        term: Term(3),
        snapshot: Arc::new(snapshot),
        round: 0,
    };
    let answer = follower.hears("S1", Msg::InstallSnapshot(install));
    assert_eq!(answer, [(Id::from(0), appended(4, AppendResult::Outdated))]);
    assert_eq!(follower.terms(), [1, 1]);
    assert_eq!(
        (follower.server().commit_index, follower.server().leader),
        (0, None)
    );
}

/// 5.3: it is the leader that answers, once the entry is applied.
#[test]
fn only_the_leader_answers() {
    let raft = raft(&Params::default());
    let content = Content::Command(Id::from(3), 1, "put x 1".parse().unwrap());
    let term = Term(1);
    let append = Msg::AppendEntries(AppendEntries {
        term,
        prev: at(0, 0),
        entries: [Entry { term, content }].into(),
        leader_commit: 1,
        round: 0,
    });
    let mut follower = Lone::new(&raft, "S2");
    let answer = follower.hears("S1", append);
    assert_eq!(
        answer,
        [(Id::from(0), appended(1, AppendResult::Matched(1)))]
    );
    assert_eq!(follower.server().commit_index, 1);
}

/// Thesis, 4.1: one server at a time; and of those that there are, and not all of them away.
#[test]
fn impossible_memberships_are_refused() {
    let params = |membership| Params {
        servers: 5,
        members: Some(3),
        membership,
        clients: Workload::Scripts(vec![vec!["add S4".to_owned()]]),
        ..Params::default()
    };
    for (membership, ask, possible) in [
        (Membership::Single, "add S4", true),
        (Membership::Single, "remove S1", true),
        (Membership::Single, "members S1 S2 S3 S4 S5", false),
        (Membership::Single, "members S1 S2 S4", false),
        (Membership::Joint, "members S1 S4 S5", true),
    ] {
        let raft = raft(&params(membership));
        let mut leader = Lone::new(&raft, "S1");
        leader.wins("S2");
        leader.hears("S2", appended(1, AppendResult::Matched(1)));
        let refused = (
            raft.cluster().find("C1").unwrap(),
            Msg::Reply(1, Reply::Refused),
        );
        let answer = leader.hears("C1", Msg::Request(1, ask.parse().unwrap()));
        assert_eq!(answer.contains(&refused), !possible, "{ask}");
        let changes = leader.server().leading().unwrap().change.is_some();
        assert_eq!(changes, possible, "{ask}");
    }
}

/// A client that may ask twice asks twice, and then waits for something else.
#[test]
fn a_client_gives_up_when_it_has_asked_often_enough() {
    let raft = raft(&Params {
        tries: Some(2),
        ..Params::default()
    });
    let mut client = Lone::new(&raft, "C1");
    let asked = |client: &Lone| match client.node.state() {
        Some(State::Client(client)) => client.asked.is_some(),
        _ => panic!("no client"),
    };
    assert_eq!(client.fires(Timer::Think).len(), 1);
    assert_eq!(client.fires(Timer::Retry).len(), 1);
    assert!(asked(&client));
    assert_eq!(client.fires(Timer::Retry), []);
    assert!(!asked(&client));
    let next = client.fires(Timer::Think);
    assert!(matches!(next[..], [(_, Msg::Request(2, _))]), "{next:?}");
}

/// 8; thesis, 6.4: a new leader knows what is committed once an entry of its own term is. Until then it
/// answers no read, whatever lease it holds.
#[test]
fn a_lease_alone_answers_no_read() {
    let raft = raft(&Params {
        check_quorum: true,
        reads: Reads::Lease,
        ..Params::default()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    let round = leader.server().leading().unwrap().round;
    let answer = |matched| {
        Msg::Appended(Appended {
            term: Term(1),
            result: AppendResult::Matched(matched),
            round,
        })
    };
    let is_answer = |(_, msg): &(Id, Msg)| matches!(msg, Msg::Reply(_, Reply::Answer(_)));
    leader.hears("S2", answer(0));
    let leases = leader.server().leading().unwrap().leases;
    assert!(leases.iter().flatten().any(|lease| lease.confirmed));
    let get = || Msg::Request(1, "get x".parse().unwrap());
    assert!(!leader.hears("C1", get()).iter().any(is_answer));
    leader.hears("S2", answer(1));
    assert!(leader.hears("C1", get()).iter().any(is_answer));
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
