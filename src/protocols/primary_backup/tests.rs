//! What an operation costs, the view service's rule case by case, and what makes no system. (Whole instances, also with
//! each mistake, are explored by the shipped scenarios.)

use super::*;
use crate::model::facts::Ledger;
use crate::model::{self, Event, FewMap, Protocol, Rules, System, Time, View as _, World};

fn params(failover: Failover, ops: &[&str]) -> Params {
    let script = ops.iter().map(ToString::to_string).collect();
    Params {
        failover,
        clients: Workload::Scripts(vec![script]),
        ..Params::default()
    }
}

fn protocol(params: &Params) -> PrimaryBackup {
    PrimaryBackup::new(params).expect("good parameters")
}

/// The messages that it takes to answer a client's operations where nothing fails and nobody pings.
fn messages(params: &Params) -> u64 {
    let system = System::new(protocol(params), Rules::fault_free());
    let mut world: World<PrimaryBackup> = system.initial();
    let mut ledger = Ledger::new(&system);
    let client = system.protocol.client(0);
    loop {
        let events = system.enabled(&mut world).events;
        let is_next = |event: &Event<PrimaryBackup>| match event {
            Event::Deliver(_) => true,
            Event::Timeout { id, timer } => *id == client && *timer == Timer::Think,
            _ => false,
        };
        let Some(event) = events.into_iter().find(is_next) else {
            break;
        };
        let effects = system.apply(&mut world, &event);
        ledger.note(Time::ZERO, &event, &effects, &world);
    }
    let state = world.node(client).state();
    assert!(matches!(state, Some(State::Client(c)) if c.asked.is_none()));
    ledger.costs.messages
}

/// A request and its answer; and between N servers 2(N - 1), a forward and its acknowledgement for each backup.
#[test]
fn an_operation_costs_two_messages_for_each_backup() {
    let several = |servers| (Failover::Elected, servers);
    let pairs = [(Failover::Static, 2), (Failover::ViewService, 2)];
    for (failover, servers) in pairs.into_iter().chain((2..=5).map(several)) {
        for ops in [&["put x 1"][..], &["get x"], &["put x 1", "get x", "inc x"]] {
            let params = Params {
                servers,
                ..params(failover, ops)
            };
            let each = 2 + 2 * (u64::from(servers) - 1);
            let total = each * u64::try_from(ops.len()).expect("few");
            assert_eq!(messages(&params), total, "{failover:?}, {servers}, {ops:?}");
        }
    }
}

/// VRR, 4.2: the best log is that of the latest view, and of several the longest.
#[test]
fn a_new_primary_takes_the_best_log() {
    let protocol = protocol(&Params {
        servers: 5,
        ..params(Failover::Elected, &["get x"])
    });
    let log = |ops: &[&str]| {
        let command = |(n, op): (usize, &&str)| Command {
            client: 0,
            serial: u32::try_from(n).expect("few") + 1,
            op: op.parse().expect("an operation"),
        };
        std::sync::Arc::new(ops.iter().enumerate().map(command).collect::<Vec<_>>())
    };
    let report = |view, ops: &[&str], committed| Report {
        last_normal: ViewNumber(view),
        log: log(ops),
        committed,
    };
    let (me, view) = (Id::from(2), ViewNumber(3));
    let mut replica = Replica::first(false);
    let mut out = Out::default();
    let mut seat = protocol.seat(me, &mut replica, &mut out);
    seat.begins_view_change(view);
    seat.on_do_view_change(
        Id::from(0),
        view,
        report(1, &["put x 1", "put x 2", "inc x"], 0),
    );
    assert!(!seat.r.is_primary());
    seat.on_do_view_change(Id::from(1), view, report(2, &["put x 5"], 1));
    assert!(seat.r.is_primary());
    assert_eq!((&seat.r.log, seat.r.committed()), (&log(&["put x 5"]), 1));
}

/// A view of S1 to S9, by their numbers; 0 is nobody.
fn view(number: u32, primary: usize, backup: usize) -> View {
    let member = |n: usize| Member::first(Id::from(n - 1));
    View {
        number: ViewNumber(number),
        primary: member(primary),
        backup: (backup > 0).then(|| member(backup)),
    }
}

/// Lab 2A: the backup replaces the primary and an idle server the backup, but never before the view is acknowledged.
#[test]
fn views_follow_one_another() {
    let protocol = protocol(&Params {
        servers: 4,
        ..Params::default()
    });
    let next = |view, acknowledged, up: &[usize]| {
        let seen = |n: &usize| {
            let (incarnation, is_up) = (0, true);
            (Id::from(n - 1), Seen { incarnation, is_up })
        };
        let mut seen_up = FewMap::new();
        for (server, seen) in up.iter().map(seen) {
            seen_up.insert(server, seen);
        }
        protocol.next_view(&ViewService {
            view,
            acknowledged,
            seen: seen_up,
        })
    };
    let of = |present, up: &[usize]| next(Some(present), true, up);
    assert_eq!(next(None, false, &[]), None);
    assert_eq!(next(None, false, &[2, 3]), Some(view(1, 2, 0)));
    assert_eq!(of(view(1, 2, 0), &[2]), None);
    assert_eq!(of(view(1, 2, 0), &[1, 2]), Some(view(2, 2, 1)));
    assert_eq!(of(view(2, 2, 1), &[1, 2, 3]), None);
    assert_eq!(of(view(2, 2, 1), &[2]), Some(view(3, 2, 0)));
    assert_eq!(of(view(2, 2, 1), &[2, 3]), Some(view(3, 2, 3)));
    assert_eq!(of(view(2, 2, 1), &[1]), Some(view(3, 1, 0)));
    assert_eq!(of(view(2, 2, 1), &[1, 4]), Some(view(3, 1, 4)));
    // Nobody else has the state.
    assert_eq!(of(view(2, 2, 1), &[3, 4]), None);
    assert_eq!(of(view(1, 2, 0), &[1, 3]), None);
    for up in [&[][..], &[1], &[2], &[1, 2, 3], &[3, 4]] {
        assert_eq!(next(Some(view(2, 2, 1)), false, up), None, "{up:?}");
    }
}

/// Whoever has come back with nothing is another, whatever its former self sends yet.
#[test]
fn an_incarnation_is_another_server() {
    let mut service = ViewService {
        view: Some(view(2, 1, 2)),
        acknowledged: false,
        seen: FewMap::new(),
    };
    let (one, number) = (Id::from(0), ViewNumber(2));
    assert!(service.notes_ping(one, number, 1));
    assert!(!service.acknowledged && !service.is_up(Member::first(one)));
    assert!(!service.notes_ping(one, number, 0));
    assert!(!service.acknowledged && !service.is_up(Member::first(one)));
}

/// Three servers that elect their primary.
fn three() -> PrimaryBackup {
    protocol(&Params {
        servers: 3,
        ..params(Failover::Elected, &["get x"])
    })
}

/// VRR, 4.2: a server tells what it has when a majority wants the view, and not before.
#[test]
fn one_that_suspects_is_no_majority() {
    let (protocol, view) = (three(), ViewNumber(2));
    let mut replica = Replica::first(false);
    let mut out = Out::default();
    let mut seat = protocol.seat(Id::from(2), &mut replica, &mut out);
    seat.begins_view_change(view);
    let tells = |out: &Out<PrimaryBackup>| {
        let told = |command: &model::Command<PrimaryBackup>| {
            matches!(command, model::Command::Send(_, Msg::DoViewChange(..)))
        };
        out.commands().iter().any(told)
    };
    assert!(!tells(seat.out));
    // What is wanted of an older view is not wanted of this one.
    seat.on_start_view_change(Id::from(0), ViewNumber(1));
    assert!(!tells(seat.out));
    seat.on_start_view_change(Id::from(1), view);
    assert!(tells(seat.out));
}

/// VRR, 4.1: what was acknowledged in an earlier view is not counted.
#[test]
fn an_old_acknowledgement_commits_nothing() {
    let protocol = three();
    let mut replica = Replica::first(true);
    replica.view = ViewNumber(4);
    let mut out = Out::default();
    let mut seat = protocol.seat(Id::from(0), &mut replica, &mut out);
    seat.on_request(Command {
        client: 0,
        serial: 1,
        op: "put x 1".parse().expect("an operation"),
    });
    seat.on_prepare_ok(Id::from(2), ViewNumber(1), 1);
    assert_eq!(seat.r.committed(), 0);
    seat.on_prepare_ok(Id::from(2), ViewNumber(4), 1);
    assert_eq!(seat.r.committed(), 1);
}

/// VRR, 4.3: it counts the answers to its last question, and takes the log of the primary of the latest view.
#[test]
fn a_server_recovers_from_the_latest_view() {
    let protocol = three();
    let mut replica = Replica::first(false);
    let mut out = Out::default();
    let mut seat = protocol.seat(Id::from(1), &mut replica, &mut out);
    seat.begins_recovery(2, ViewNumber(0));
    let (one, three) = (Id::from(0), Id::from(2));
    let log = || Some((std::sync::Arc::default(), 0));
    seat.on_recovery_response(one, ViewNumber(1), 2, log());
    seat.on_recovery_response(three, ViewNumber(1), 1, None);
    assert!(!seat.r.has_state(), "that was asked before");
    // S1 led view 1, and leads view 4, of which it has not heard.
    seat.on_recovery_response(three, ViewNumber(4), 2, None);
    assert!(!seat.r.has_state(), "the log is of an older view");
    seat.on_recovery_response(one, ViewNumber(4), 2, log());
    assert!(seat.r.has_state());
    assert_eq!(seat.r.view, ViewNumber(4));
    // Who does not know which view there will be tells nobody.
    seat.begins_view_change(ViewNumber(5));
    let before = seat.out.commands().len();
    seat.on_recovery(three, 1);
    assert_eq!(seat.out.commands().len(), before);
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |change: fn(&mut Params)| {
        let mut params = Params::default();
        change(&mut params);
        PrimaryBackup::new(&params)
            .expect_err("no system")
            .parameter
    };
    assert_eq!(refused(|p| p.servers = 1), "servers");
    assert_eq!(refused(|p| p.ping = p.patience), "ping");
    assert_eq!(
        refused(|p| p.clients = Workload::Scripts(vec![vec!["add S3".to_owned()]])),
        "clients"
    );
    let of_pair = |change: fn(&mut Params)| {
        let mut params = super::tests::params(Failover::Static, &["get x"]);
        change(&mut params);
        PrimaryBackup::new(&params).expect_err("no pair").parameter
    };
    assert_eq!(of_pair(|p| p.servers = 3), "servers");
    assert_eq!(of_pair(|p| p.paired = false), "paired");
    assert_eq!(of_pair(|p| p.durable = true), "durable");
    let of_elected = |change: fn(&mut Params)| {
        let mut params = params(Failover::Elected, &["get x"]);
        change(&mut params);
        PrimaryBackup::new(&params)
            .expect_err("no election")
            .parameter
    };
    assert_eq!(of_elected(|p| p.paired = false), "paired");
    assert_eq!(of_elected(|p| p.durable = true), "durable");
    assert_eq!(of_elected(|p| p.bug = Some(Mistake::TakesOverAlone)), "bug");
    for bug in [
        Mistake::TakesOverWithItsOwn,
        Mistake::MovesOnUnacknowledged,
        Mistake::PromotesIdle,
        Mistake::AcknowledgesBeforeTransfer,
    ] {
        let mut params = super::tests::params(Failover::Static, &["get x"]);
        params.bug = Some(bug);
        let refused = PrimaryBackup::new(&params).expect_err("a mistake of others");
        assert_eq!(refused.parameter, "bug");
    }
    assert_eq!(refused(|p| p.bug = Some(Mistake::PromotesIdle)), "bug");
    assert_eq!(refused(|p| p.bug = Some(Mistake::ForwardsUnsaved)), "bug");
    let durable = |p: &mut Params| {
        p.durable = true;
        p.bug = Some(Mistake::ComesBackAsItself);
    };
    assert_eq!(refused(durable), "bug");
}
