//! What servers do with single messages, and what a command costs. (Whole instances, also with each mistake, are
//! explored by the shipped scenarios.)

use super::*;
use crate::model::facts::Ledger;
use crate::model::{
    Command as Done, Event, Input, Node, Protocol, Reaction, Rules, System, Time, View, World,
};
use crate::protocols::clients::{Reply, Workload};

mod reads;
mod servers;
mod slots;

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
    for (servers, window, line) in [
        // There is no S4; and when would it be in effect?
        (3, Some(1), "add S4"),
        (4, None, "add S4"),
        (3, Some(1), "transfer S2"),
    ] {
        let params = Params {
            window,
            clients: script(line),
            ..params(servers, &[])
        };
        let refused = MultiPaxos::new(&params).expect_err("no system");
        assert_eq!(refused.parameter, "clients", "{line}");
    }
    assert_eq!(refused(|p| p.members = Some(4)), "members");
    assert_eq!(refused(|p| p.members = Some(0)), "members");
    assert_eq!(refused(|p| p.bug = Some(Mistake::ChangesAtOnce)), "bug");
    assert_eq!(refused(|p| p.bug = Some(Mistake::SkipsNewPhaseOne)), "bug");
    assert_eq!(refused(|p| p.bug = Some(Mistake::ReadsUnconfirmed)), "bug");
    assert_eq!(refused(|p| p.bug = Some(Mistake::CompactedIsEmpty)), "bug");
    let alone = |p: &mut Params| (p.servers, p.bug) = (1, Some(Mistake::OwnLogOnly));
    assert_eq!(refused(alone), "bug");
}
