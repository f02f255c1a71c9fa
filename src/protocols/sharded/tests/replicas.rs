//! What replicas cost, what they are called, and who may have them.

use std::sync::Arc;

use super::*;
use crate::model::Command;
use crate::protocols::consensus::Ballot;
use crate::protocols::transactions::Txn;

fn replicated(faults: &[u8], clients: &[&[&str]]) -> Params {
    Params {
        faults: faults.to_vec(),
        attempts: 1,
        ..with(clients)
    }
}

fn timeout(system: &System<Sharded>, world: &mut World<Sharded>, name: &str, timer: Timer) {
    let id = system.protocol.cluster().find(name).expect("there is one");
    system.apply(world, &Event::Timeout { id, timer });
}

/// All that is on its way.
fn on_its_way(system: &System<Sharded>, world: &mut World<Sharded>) -> Vec<Event<Sharded>> {
    let mut events = system.enabled(world).events;
    events.retain(|event| matches!(event, Event::Deliver(_)));
    events
}

/// How many messages of each kind there are, until nothing is on its way.
fn sent(system: &System<Sharded>, world: &mut World<Sharded>) -> Vec<(String, usize)> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    while let Some(event) = on_its_way(system, world).into_iter().next() {
        if let Event::Deliver(envelope) = &event {
            let text = format!("{:?}", envelope.msg);
            let kind = text.split('(').next().unwrap_or_default().to_owned();
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, times)) => *times += 1,
                None => kinds.push((kind, 1)),
            }
        }
        system.apply(world, &event);
    }
    kinds.sort();
    kinds
}

/// Beside what two-phase commit costs: each forced write is accepted by all others, and what is said to a group is said
/// to all of it.
#[test]
fn what_a_commit_costs_where_an_owner_has_replicas() {
    let params = replicated(&[0, 1], &[&["put x=1 y=1"]]);
    let system = System::new(made(&params), Rules::fault_free());
    let mut world = system.initial();
    timeout(&system, &mut world, "C1", Timer::Think);
    let kinds = sent(&system, &mut world);
    // *Prepared*, and *committed*.
    let (writes, others, replicas) = (2, 2, 3);
    let expected = [
        ("Accept", writes * others),
        ("Accepted", writes * others),
        ("Ack", 1),
        ("Begin", 1),
        ("Commit", replicas),
        ("Prepare", replicas),
        ("Reply", 1),
        ("Yes", 1),
    ];
    let expected: Vec<_> = expected.map(|(kind, n)| (kind.to_owned(), n)).into();
    assert_eq!(kinds, expected);
}

/// Who leads says so to all others, who accept what they have accepted before.
#[test]
fn heartbeats_are_what_was_accepted_last() {
    let params = replicated(&[1], &[&["put x=1"]]);
    let system = System::new(made(&params), Rules::fault_free());
    let mut world = system.initial();
    timeout(&system, &mut world, "S1", Timer::Heartbeat);
    let kinds = sent(&system, &mut world);
    let expected = [("Accept", 2), ("Accepted", 2)];
    assert_eq!(kinds, expected.map(|(kind, n)| (kind.to_owned(), n)));
}

/// Whoever led, and is told of a higher ballot by who has promised it, leads no more: it waits for nothing that the server
/// waited for, and holds none of its locks. An old refusal is none.
#[test]
fn who_leads_no_more_holds_nothing() {
    let params = replicated(&[0, 1], &[&["transfer x y 1"]]);
    let protocol = made(&params);
    let cluster = protocol.cluster();
    let [s1, s2, s2b] = ["S1", "S2", "S2b"].map(|name| cluster.find(name).expect("there is one"));
    let txn = Txn(1);
    let attempt = Attempt {
        txn,
        timestamp: txn,
    };
    let prepare = Msg::Prepare(attempt, 0, vec![Operation::Give(Key(b'y'), 1)]);
    let mut replica = protocol.start_replica(s2, Start::First, &mut Out::default());
    let mut hears = |src, msg| {
        let mut o = Out::default();
        let mut acceptor = Acceptor {
            protocol: &protocol,
            id: s2,
            r: &mut replica,
            o: &mut o,
        };
        acceptor.hears(src, msg);
        (o, protocol.status_up(&State::Replica(replica.clone())))
    };
    hears(s1, prepare);
    let (o, status) = hears(s2b, Msg::Accepted(Ballot(1), 1));
    assert_eq!(status, "leads 1, prepared T1");
    let locks = Claim::Chosen((1, 1), Box::new(Claim::Locked(txn)));
    assert!(o.observed().any(|claim| *claim == locks));

    let (_, status) = hears(s2b, Msg::Refused(Ballot(1)));
    assert_eq!(status, "leads 1, prepared T1");
    let (o, status) = hears(s2b, Msg::Refused(Ballot(2)));
    assert_eq!(status, "follows");
    let claims: Vec<_> = o.observed().collect();
    assert_eq!(claims, [&Claim::Released(txn)]);
    for timer in [Timer::Heartbeat, Timer::Outcome(txn)] {
        let cancels = Command::CancelTimer(timer);
        assert!(o.commands().contains(&cancels), "{timer:?}");
    }

    // It tells others of what it has promised itself.
    hears(s2b, Msg::PrepareBallot(Ballot(5)));
    for late in [Msg::PrepareBallot(Ballot(2)), Msg::Accept(accepted_in(2))] {
        let (o, _) = hears(s2b, late);
        assert_eq!(o.commands(), [Command::Send(s2b, Msg::Refused(Ballot(5)))]);
    }
}

fn accepted_in(ballot: u32) -> Arc<Proposal> {
    Arc::new(Proposal {
        ballot: Ballot(ballot),
        version: 1,
        disk: Disk::at_first(),
        claims: Vec::new(),
    })
}

#[test]
fn replicas_have_names_and_their_server_that_of_the_first() {
    let params = Params {
        servers: 2,
        ..replicated(&[0, 2], &[&["put x=1"]])
    };
    let protocol = made(&params);
    let cluster = protocol.cluster();
    let names: Vec<_> = protocol
        .all()
        .iter()
        .map(|id| cluster.name(id).to_owned())
        .collect();
    assert_eq!(names, ["S1", "S2", "S2b", "S2c", "S2d", "S2e", "C1"]);
    let id = |name: &str| cluster.find(name).expect("there is one");
    assert_eq!(protocol.stands_for(id("S2d")), id("S2"));
    assert_eq!(protocol.names(protocol.servers()), "S1 and S2");
    assert_eq!(protocol.nodes_of(id("S1")).len(), 1);
}

#[test]
fn who_cannot_have_replicas_is_told() {
    let refused = |faults: &[u8], bug| {
        let params = Params {
            bug,
            ..replicated(faults, &[&["put x=1"]])
        };
        let BadParameter { parameter, message } = Sharded::new(&params).expect_err("it is bad");
        format!("{parameter}: {message}")
    };
    assert_eq!(
        refused(&[4], None),
        "faults: 4 replicas may fail: write 0 to 3"
    );
    assert_eq!(
        refused(&[0, 0, 1], None),
        "faults: of 3 servers, and there are 2"
    );
    let unreplicated = refused(&[0], Some(Mistake::TakesItsOwn));
    assert!(unreplicated.contains(r#""faults": [1]"#), "{unreplicated}");
}
