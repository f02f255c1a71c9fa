//! What the thesis and the sections behind the core add: message by message.

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
    let mut out = crate::model::Out::default();
    let mut server = raft.server_starts(s2, stable, true, &mut out);
    assert!(server.may_campaign(s2));
    server.commit_index = 1;
    assert!(server.may_campaign(s2));
    server.commit_index = 2;
    assert!(!server.may_campaign(s2) && server.may_campaign(s1));
}

/// What a log says of its latest configuration is what is found by looking for it, whatever was done to
/// the log; and an entry stays small, since logs are copied a lot.
#[test]
fn the_latest_configuration_is_known() {
    let set = |ids: &[usize]| ids.iter().map(|id| Id::from(*id)).collect::<NodeSet>();
    let configuration = |term, ids: &[usize]| Entry {
        term: Term(term),
        content: Content::Configuration(Configuration::of(set(ids))),
    };
    let mut log = Log::new(Configuration::of(set(&[0])));
    let check = |log: &Log, at: Index, ids: &[usize]| {
        assert_eq!(log.configuration(), (at, Configuration::of(set(ids))));
        assert_eq!(log.configuration(), log.configuration_at(log.last_index()));
    };
    check(&log, 0, &[0]);
    log.append(entries(&[1])[0]);
    log.append(configuration(1, &[0, 1]));
    log.append(configuration(1, &[0, 1, 2]));
    check(&log, 3, &[0, 1, 2]);
    log.truncate(3);
    check(&log, 2, &[0, 1]);
    log.append(entries(&[2])[0]);
    let snapshot = |index| {
        Arc::new(Snapshot {
            last: at(index, 1),
            configuration: Configuration::of(set(&[0, 1])),
            ..Snapshot::default()
        })
    };
    log.compact(snapshot(1));
    check(&log, 2, &[0, 1]);
    log.compact(snapshot(2));
    check(&log, 2, &[0, 1]);
    log.append(configuration(2, &[0]));
    check(&log, 4, &[0]);
    log.replace(snapshot(9));
    check(&log, 9, &[0, 1]);
    assert!(size_of::<Entry>() < 40, "{} bytes", size_of::<Entry>());
}
