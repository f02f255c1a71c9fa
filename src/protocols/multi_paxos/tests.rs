//! What servers do with single messages, and what a command costs. (Whole instances, also with each mistake, are
//! explored by the shipped scenarios.)

use super::*;
use crate::model::facts::Ledger;
use crate::model::{
    Command as Done, Event, Input, Node, Protocol, Reaction, Rules, System, Time, View, World,
};
use crate::protocols::clients::{Reply, Workload};

fn params(servers: u8, script: &[&str]) -> Params {
    let script = script.iter().map(ToString::to_string).collect();
    Params {
        servers,
        clients: Workload::Scripts(vec![script]),
        ..Params::default()
    }
}

fn paxos(params: &Params) -> MultiPaxos {
    MultiPaxos::new(params).expect("good parameters")
}

/// A server of its own, and what it answers.
struct Lone {
    paxos: MultiPaxos,
    id: Id,
    node: Node<MultiPaxos>,
}

impl Lone {
    fn new(params: &Params, name: &str) -> Lone {
        let paxos = paxos(params);
        let id = paxos.cluster().find(name).expect("a name");
        let node = Node::Absent;
        let mut lone = Lone { paxos, id, node };
        lone.react(Input::Start);
        lone
    }

    fn react(&mut self, input: Input<'_, MultiPaxos>) -> Reaction<MultiPaxos> {
        self.node.react(&self.paxos, self.id, input, None)
    }

    /// What is sent, each kind once; nothing may be sent before what is saved.
    fn hears(&mut self, src: &str, msg: impl std::borrow::Borrow<Msg>) -> Vec<Msg> {
        let src = self.paxos.cluster().find(src).expect("a name");
        let msg = msg.borrow();
        sent(&self.react(Input::Message { src, msg }))
    }

    fn fires(&mut self, timer: Timer) -> Vec<Msg> {
        sent(&self.react(Input::Timeout(&timer)))
    }

    fn restarts(&mut self) {
        self.node.crash();
        self.react(Input::Start);
    }

    fn server(&self) -> &Server {
        let server = self.node.state().and_then(State::server);
        server.expect("a server that is up")
    }

    fn log(&self) -> String {
        format!("{:?}", self.server().stable.log)
    }
}

fn sent(reaction: &Reaction<MultiPaxos>) -> Vec<Msg> {
    let mut sent = Vec::new();
    let mut unsaved = true;
    for command in &reaction.commands {
        match command {
            Done::Send(_, msg) if !sent.contains(msg) => sent.push(msg.clone()),
            Done::Save { .. } => {
                assert!(unsaved || sent.iter().all(|m| matches!(m, Msg::Reply(..))));
                unsaved = sent.is_empty();
            }
            _ => {}
        }
    }
    sent
}

fn put(serial: u32) -> Command {
    Command::Of(
        Id::from(3),
        serial,
        "put x 1".parse().expect("an operation"),
    )
}

fn proposal(ballot: u32, value: Command) -> Proposal {
    let ballot = Ballot(ballot);
    Proposal { ballot, value }
}

fn prepare(ballot: u32, from: Slot) -> Msg {
    Msg::Prepare(Ballot(ballot), from)
}

fn promise(ballot: u32, accepted: &[(Slot, Proposal)]) -> Msg {
    let report = Report {
        accepted: accepted.into(),
        state: None,
    };
    Msg::Promise(Ballot(ballot), report)
}

fn accept(ballot: u32, commands: &[(Slot, Command)], chosen: Slot) -> Msg {
    Msg::Accept(Accept {
        ballot: Ballot(ballot),
        commands: commands.into(),
        chosen,
        round: 0,
    })
}

fn accepted(ballot: u32, slots: &[Slot], lacks: Option<Slot>) -> Msg {
    Msg::Accepted(Accepted {
        ballot: Ballot(ballot),
        slots: slots.into(),
        lacks,
        round: 0,
    })
}

fn refused(ballot: u32, promised: u32) -> Msg {
    Msg::Refused(Ballot(ballot), Ballot(promised))
}

#[test]
fn ballots_are_the_servers_own() {
    for n in 1..=5 {
        let paxos = paxos(&params(n, &[]));
        let mut seen = Vec::new();
        for id in paxos.servers.iter() {
            let mut ballot = Ballot::default();
            for _ in 0..4 {
                let next = paxos.ballot_above(ballot, id);
                assert!(next > ballot);
                seen.push(next.0);
                ballot = next;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=4 * u32::from(n)).collect::<Vec<_>>(), "{n}");
    }
}

/// One promise for all slots, and it outlives a crash, as what was accepted does.
#[test]
fn an_acceptor_keeps_its_word_in_every_slot() {
    let mut s3 = Lone::new(&params(3, &[]), "S3");
    assert_eq!(s3.hears("S2", prepare(2, 1)), [promise(2, &[])]);
    for _ in 0..2 {
        assert_eq!(s3.hears("S1", prepare(1, 1)), [refused(1, 2)]);
        for slot in [1, 7] {
            let late = accept(1, &[(slot, put(1))], 0);
            assert_eq!(s3.hears("S1", late), [refused(1, 2)]);
        }
        s3.restarts();
    }
    let in_two = [(1, put(1)), (3, put(2))];
    assert_eq!(
        s3.hears("S2", accept(2, &in_two, 0)),
        [accepted(2, &[1, 3], None)]
    );
    s3.restarts();
    let all = [(1, proposal(2, put(1))), (3, proposal(2, put(2)))];
    assert_eq!(s3.hears("S1", prepare(4, 1)), [promise(4, &all)]);
    // A late prepare changes nothing.
    assert_eq!(s3.hears("S1", prepare(1, 1)), [refused(1, 4)]);
    // It is asked for what its leader does not know to be chosen, and no more.
    assert_eq!(s3.hears("S1", prepare(4, 2)), [promise(4, &all[1..])]);
}

/// P2c in each slot, in whatever order it is told; no-ops in the gaps; new commands behind.
#[test]
fn a_new_leader_proposes_what_was_reported() {
    let (low, high) = ((2, proposal(1, put(1))), (2, proposal(3, put(2))));
    for (own, told) in [(low, high), (high, low)] {
        let mut s1 = Lone::new(&params(3, &[]), "S1");
        s1.hears("S3", accept(own.1.ballot.0, &[(own.0, own.1.value)], 0));
        assert_eq!(s1.fires(Timer::Election), [prepare(4, 1)]);
        // An old promise counts for nothing.
        assert_eq!(s1.hears("S2", promise(1, &[])), []);
        let proposed = [
            (1, Command::NoOp),
            (2, put(2)),
            (3, Command::NoOp),
            (4, put(3)),
        ];
        let report = promise(4, &[told, (4, proposal(2, put(3)))]);
        assert_eq!(s1.hears("S2", report), [accept(4, &proposed, 0)]);
        let asked = Msg::Request(4, Ask::Operation("put x 1".parse().expect("an operation")));
        assert_eq!(s1.hears("C1", asked), [accept(4, &[(5, put(4))], 0)]);
    }
}

/// What is chosen out of order waits for the gap.
#[test]
fn slots_are_executed_in_order() {
    let mut s1 = Lone::new(&params(3, &[]), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[(2, proposal(0, put(1)))]));
    // The answer of an earlier ballot, or of the same server again, is no majority of two more.
    assert_eq!(s1.hears("S2", accepted(0, &[1, 2], None)), []);
    assert_eq!(s1.hears("S2", accepted(1, &[2], None)), []);
    assert_eq!(s1.server().executed, 0);
    let told = Msg::Reply(1, Reply::Answer("done".parse().expect("an answer")));
    assert_eq!(s1.hears("S3", accepted(1, &[1], None)), [told]);
    assert_eq!(s1.server().executed, 2);
}

/// It executes what it has accepted in the leader's ballot, and says what it lacks.
#[test]
fn a_follower_learns_from_its_leader_alone() {
    let mut s2 = Lone::new(&params(3, &[]), "S2");
    s2.hears("S1", accept(1, &[(1, put(1)), (2, put(2))], 1));
    assert_eq!(s2.server().executed, 1);
    assert_eq!(
        s2.hears("S3", accept(3, &[(3, put(3))], 3)),
        [accepted(3, &[3], Some(2))]
    );
    assert_eq!(s2.server().executed, 1);
    assert_eq!(
        s2.hears("S3", accept(3, &[(2, put(2))], 3)),
        [accepted(3, &[2], None)]
    );
    assert_eq!(s2.server().executed, 3);
}

/// A compacted slot is not an empty one.
#[test]
fn a_state_stands_for_what_is_compacted() {
    let compacts = Params {
        snapshot_after: Some(2),
        ..params(3, &[])
    };
    let mut s2 = Lone::new(&compacts, "S2");
    s2.hears("S1", accept(1, &[(1, put(1)), (2, put(2)), (3, put(3))], 2));
    assert_eq!(s2.log(), "[..2|3=1:put x 1]");
    let told = s2.hears("S3", prepare(3, 1));
    let mut s3 = Lone::new(&compacts, "S3");
    assert_eq!(s3.fires(Timer::Election), [prepare(3, 1)]);
    let proposed = s3.hears("S2", told.into_iter().next().expect("an answer"));
    assert_eq!(proposed, [accept(3, &[(3, put(3))], 2)]);
    assert_eq!(s3.server().executed, 2);
    // What is compacted is not accepted again.
    s3.hears("S1", accept(4, &[(1, put(1)), (2, put(2))], 2));
    s3.restarts();
    assert_eq!(s3.log(), "[..2|3=3:put x 1]");
    assert_eq!(s3.server().executed, 2);
}

/// Who is refused leaves the ballot that was refused, and no other, and prepares one above what was promised.
#[test]
fn a_refused_server_waits_and_goes_above() {
    let mut s1 = Lone::new(&params(3, &[]), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    s1.hears("S3", refused(1, 5));
    assert!(matches!(s1.server().role, Role::Follower));
    assert_eq!(s1.fires(Timer::Election), [prepare(7, 1)]);
    s1.hears("S3", refused(1, 5));
    assert!(matches!(s1.server().role, Role::Preparing { .. }));
    s1.hears("S3", refused(7, 11));
    assert_eq!(s1.fires(Timer::Election), [prepare(13, 1)]);
}

/// A command gets one slot: asked for again it waits for that, and is answered from the table once it is executed.
#[test]
fn a_command_that_is_asked_for_again_gets_no_other_slot() {
    let mut s1 = Lone::new(&params(3, &[]), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let ask = || Msg::Request(1, Ask::Operation("inc x".parse().expect("an operation")));
    assert_eq!(s1.hears("C1", ask()).len(), 1);
    assert_eq!(s1.hears("C1", ask()), []);
    let told = [Msg::Reply(
        1,
        Reply::Answer("1".parse().expect("an answer")),
    )];
    assert_eq!(s1.hears("S2", accepted(1, &[1], None)), told);
    assert_eq!(s1.hears("C1", ask()), told);
    assert_eq!(s1.server().last(), 1);
}

/// A read is answered once a majority has answered a round that was sent after it was asked for; one that comes late
/// does not take the place of a newer one.
#[test]
fn a_read_waits_for_a_round_of_its_own() {
    let reads = Params {
        reads: Reads::Quorum,
        ..params(3, &[])
    };
    let mut s1 = Lone::new(&reads, "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let get = |serial| {
        Msg::Request(
            serial,
            Ask::Operation("get x".parse().expect("an operation")),
        )
    };
    let answer = |round| {
        Msg::Accepted(Accepted {
            ballot: Ballot(1),
            slots: Arc::default(),
            lacks: None,
            round,
        })
    };
    assert_eq!(s1.hears("C1", get(2)).len(), 1);
    assert_eq!(s1.hears("C1", get(1)), []);
    assert_eq!(s1.hears("S2", answer(0)), []);
    let told = Msg::Reply(2, Reply::Answer("0".parse().expect("an answer")));
    assert_eq!(s1.hears("S2", answer(1)), [told]);
}

fn leases() -> Params {
    Params {
        reads: Reads::Lease,
        ..params(3, &[])
    }
}

/// Who has granted a lease promises nothing to anybody else, and prepares nothing, until it is over; nor does who comes
/// back, since it may have granted one.
#[test]
fn a_lease_binds_who_granted_it() {
    let mut s2 = Lone::new(&leases(), "S2");
    for restarts in [false, true] {
        s2.hears("S1", accept(1, &[], 0));
        if restarts {
            s2.restarts();
        }
        assert_eq!(s2.hears("S3", prepare(3, 1)), []);
        assert_eq!(s2.fires(Timer::Election), []);
        assert_eq!(s2.server().stable.promised, Ballot(1));
    }
    s2.fires(Timer::Grant);
    assert_eq!(s2.hears("S3", prepare(3, 1)), [promise(3, &[])]);
    // Its leader may prepare another ballot.
    s2.hears("S3", accept(3, &[], 0));
    assert_eq!(s2.hears("S3", prepare(6, 1)), [promise(6, &[])]);
}

/// Whoever leads knows what was chosen before only when it has executed what was reported to it: until then a round
/// that a majority has answered, with a command that overtook the others, is not enough.
#[test]
fn a_read_waits_for_what_was_reported() {
    for params in [
        leases(),
        Params {
            reads: Reads::Quorum,
            ..leases()
        },
    ] {
        let mut s1 = Lone::new(&params, "S1");
        s1.fires(Timer::Election);
        s1.hears("S2", promise(1, &[(1, proposal(0, put(1)))]));
        let get = Msg::Request(2, Ask::Operation("get x".parse().expect("an operation")));
        let is_reply = |sent: &[Msg]| sent.iter().any(|msg| matches!(msg, Msg::Reply(2, _)));
        assert!(!is_reply(&s1.hears("C1", &get)));
        let answer = |slots: &[Slot]| {
            Msg::Accepted(Accepted {
                ballot: Ballot(1),
                slots: slots.into(),
                lacks: None,
                round: 9,
            })
        };
        assert!(!is_reply(&s1.hears("S2", answer(&[]))));
        assert!(!is_reply(&s1.hears("C1", &get)));
        assert!(is_reply(&s1.hears("S2", answer(&[1]))));
    }
}

/// A lease counts once a majority has answered the round that it began with, until its own timer fires.
#[test]
fn a_leader_relies_on_a_lease_that_was_granted() {
    let mut s1 = Lone::new(&leases(), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let read = |s1: &mut Lone, serial| {
        let ask = Ask::Operation("get x".parse().expect("an operation"));
        let sent = s1.hears("C1", Msg::Request(serial, ask));
        matches!(sent[..], [Msg::Reply(..)])
    };
    let answer = |round| {
        Msg::Accepted(Accepted {
            ballot: Ballot(1),
            slots: Arc::default(),
            lacks: None,
            round,
        })
    };
    assert!(!read(&mut s1, 1));
    s1.hears("S2", answer(1));
    assert!(read(&mut s1, 2));
    s1.fires(Timer::Heartbeat);
    s1.fires(Timer::Lease(0));
    // The next one has begun, and nobody has granted it yet.
    assert!(!read(&mut s1, 3));
    s1.hears("S3", answer(3));
    assert!(read(&mut s1, 4));
    s1.fires(Timer::Lease(1));
    assert!(!read(&mut s1, 5));
}

/// So many commands ahead of what is executed, and no more (PMS, 3): the rest waits.
#[test]
fn a_leader_gets_so_far_ahead_and_no_further() {
    let narrow = Params {
        window: Some(2),
        clients: Workload::Scripts(vec![vec![], vec![], vec![]]),
        ..params(3, &[])
    };
    let mut s1 = Lone::new(&narrow, "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let ask = || Msg::Request(1, Ask::Operation("inc x".parse().expect("an operation")));
    for (client, sends) in [("C1", 1), ("C2", 1), ("C3", 0), ("C3", 0)] {
        assert_eq!(s1.hears(client, ask()).len(), sends, "{client}");
    }
    let proposed = s1.hears("S2", accepted(1, &[1], None));
    assert!(
        matches!(proposed[..], [Msg::Reply(..), Msg::Accept(_)]),
        "{proposed:?}"
    );
    assert_eq!(s1.server().last(), 3);
}

/// Nothing fails, and no timer fires but one: messages and forced writes of a server that comes to lead, and of
/// each command after that.
#[test]
fn a_command_costs_a_message_there_and_back() {
    for n in [1_u8, 3, 5, 7] {
        let system = System::new(
            paxos(&params(n, &["put x 1", "inc x"])),
            Rules::fault_free(),
        );
        let mut world: World<MultiPaxos> = system.initial();
        let mut ledger = Ledger::new(&system);
        let client = Id::from(usize::from(n));
        let mut spent = |world: &mut World<MultiPaxos>, id: Id, timer: Timer| {
            let mut event = Event::Timeout { id, timer };
            loop {
                let effects = system.apply(world, &event);
                ledger.note(Time::ZERO, &event, &effects, world);
                let events = system.enabled(world).events;
                let mut deliveries = events
                    .into_iter()
                    .filter(|e| matches!(e, Event::Deliver(_)));
                let Some(next) = deliveries.next() else { break };
                event = next;
            }
            (
                ledger.costs.messages,
                ledger.costs.forced.iter().sum::<u32>(),
            )
        };
        let others = u64::from(n) - 1;
        let led = spent(&mut world, Id::from(0), Timer::Election);
        // Phase 1, and a heartbeat that says who leads: each there and back.
        assert_eq!(led, (4 * others, u32::from(n)), "{n} servers");
        let mut before = led;
        for _ in 0..2 {
            let after = spent(&mut world, client, Timer::Think);
            // Request, reply, and the client's record beside.
            let (messages, forced) = (after.0 - before.0 - 2, after.1 - before.1 - 1);
            assert_eq!(
                (messages, forced),
                (2 * others, u32::from(n)),
                "{n} servers"
            );
            before = after;
        }
        let executed = |id| {
            world
                .node(id)
                .state()
                .and_then(State::server)
                .map(|s| s.executed)
        };
        assert_eq!(executed(Id::from(0)), Some(2));
    }
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |change: fn(&mut Params)| {
        let mut params = params(3, &[]);
        change(&mut params);
        MultiPaxos::new(&params).expect_err("no system").parameter
    };
    assert_eq!(refused(|p| p.servers = 0), "servers");
    assert_eq!(refused(|p| p.window = Some(0)), "window");
    assert_eq!(refused(|p| p.heartbeat = p.election_timeout), "heartbeat");
    let script = |line: &str| Workload::Scripts(vec![vec![line.to_owned()]]);
    assert!(
        MultiPaxos::new(&Params {
            clients: script("add S4"),
            ..params(3, &[])
        })
        .is_err()
    );
    assert!(
        MultiPaxos::new(&Params {
            clients: script("transfer S2"),
            ..params(3, &[])
        })
        .is_err()
    );
    assert_eq!(refused(|p| p.bug = Some(Mistake::ReadsUnconfirmed)), "bug");
    assert_eq!(refused(|p| p.bug = Some(Mistake::CompactedIsEmpty)), "bug");
    let alone = |p: &mut Params| (p.servers, p.bug) = (1, Some(Mistake::OwnLogOnly));
    assert_eq!(refused(alone), "bug");
}
