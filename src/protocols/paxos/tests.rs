//! What the roles do with single messages, and what the properties say of histories made by hand.
//! (Whole instances, also with each mistake, are explored by the shipped scenarios.)

use indexmap::IndexSet;

use super::*;
use crate::model::Node;
use crate::model::{
    Answer, Command, Event, Expectation, Input, Predicate, Protocol, Reaction, Rules, System, View,
    World,
};

fn params(proposers: u8, acceptors: u8, learners: u8) -> Params {
    Params {
        proposers,
        acceptors,
        learners,
        ..Params::default()
    }
}

fn paxos(params: &Params) -> Paxos {
    Paxos::new(params).expect("good parameters")
}

/// A node of its own, and what it answers.
struct Lone {
    paxos: Paxos,
    id: Id,
    node: Node<Paxos>,
}

impl Lone {
    fn new(paxos: &Paxos, name: &str) -> Lone {
        let id = paxos.cluster().find(name).expect("a name");
        let mut lone = Lone {
            paxos: paxos.clone(),
            id,
            node: Node::Absent,
        };
        lone.react(Input::Start);
        lone
    }

    fn react(&mut self, input: Input<'_, Paxos>) -> Reaction<Paxos> {
        self.node.react(&self.paxos, self.id, input, None)
    }

    /// The messages sent to the first to whom any is sent, and whether something was saved before.
    fn hears(&mut self, src: &str, msg: Msg) -> Vec<Msg> {
        let src = self.paxos.cluster().find(src).expect("a name");
        let reaction = self.react(Input::Message { src, msg: &msg });
        answers(&reaction)
    }

    fn fires(&mut self, timer: Timer) -> Vec<Msg> {
        answers(&self.react(Input::Timeout(&timer)))
    }

    fn restarts(&mut self) {
        self.node.crash();
        self.react(Input::Start);
    }

    fn phase(&self) -> Phase {
        match self.node.state() {
            Some(State::Proposer(p)) => p.phase,
            _ => panic!("no proposer"),
        }
    }

    fn acceptor(&self) -> Acceptor {
        match self.node.state() {
            Some(State::Acceptor(a)) => *a,
            _ => panic!("no acceptor"),
        }
    }
}

/// What is sent, each kind once; nothing may be sent before what is saved.
fn answers(reaction: &Reaction<Paxos>) -> Vec<Msg> {
    let mut sent = Vec::new();
    for command in &reaction.commands {
        match command {
            Command::Send(_, msg) if !sent.contains(msg) => sent.push(*msg),
            Command::Save { .. } => assert!(sent.is_empty(), "saved after it was sent"),
            _ => {}
        }
    }
    sent
}

fn proposal(ballot: u32, value: u8) -> Proposal {
    Proposal {
        ballot: Ballot(ballot),
        value: Value(value),
    }
}

fn prepare(ballot: u32) -> Msg {
    Msg::Prepare(Ballot(ballot))
}

fn promise(ballot: u32, accepted: Option<Proposal>) -> Msg {
    Msg::Promise(Ballot(ballot), accepted)
}

#[test]
fn ballots_are_the_proposers_own() {
    for n in 1..=4 {
        let paxos = paxos(&params(n, 3, 1));
        let mut seen = Vec::new();
        for id in paxos.proposers.iter() {
            let mut ballot = Ballot::default();
            for _ in 0..5 {
                let next = paxos.ballot_above(ballot, id);
                assert!(next > ballot);
                assert_eq!(paxos.owner(next), id);
                seen.push(next.0);
                ballot = next;
            }
        }
        seen.sort_unstable();
        let all: Vec<u32> = (1..=5 * u32::from(n)).collect();
        assert_eq!(seen, all, "{n} proposers");
    }
}

/// P1a, and that both promise and acceptance survive a crash.
#[test]
fn an_acceptor_keeps_its_word() {
    let paxos = paxos(&params(3, 3, 1));
    let mut a = Lone::new(&paxos, "A1");
    assert_eq!(a.hears("P2", prepare(2)), [promise(2, None)]);
    let refused = [Msg::Nack(Ballot(1), Ballot(2))];
    for _ in 0..2 {
        assert_eq!(a.hears("P1", prepare(1)), refused);
        assert_eq!(a.hears("P1", Msg::Accept(proposal(1, 1))), refused);
        a.restarts();
    }
    let accepted = [Msg::Accepted(proposal(2, 2))];
    // It may be asked again, before a crash and behind it.
    for _ in 0..2 {
        assert_eq!(a.hears("P2", Msg::Accept(proposal(2, 2))), accepted);
        assert_eq!(a.hears("P2", Msg::Accept(proposal(2, 2))), accepted);
        a.restarts();
    }
    let last = Some(proposal(2, 2));
    assert_eq!(a.hears("P3", prepare(3)), [promise(3, last)]);
    a.restarts();
    assert_eq!(a.acceptor().promised, Ballot(3));
    assert_eq!(a.acceptor().accepted, last);
}

/// Whoever accepts a ballot has promised it, whether it was asked for that or not.
#[test]
fn to_accept_is_to_promise() {
    let paxos = paxos(&params(3, 3, 1));
    let mut a = Lone::new(&paxos, "A1");
    a.hears("P3", Msg::Accept(proposal(3, 3)));
    a.restarts();
    let refused = [Msg::Nack(Ballot(2), Ballot(3))];
    assert_eq!(a.hears("P2", prepare(2)), refused);
    assert_eq!(a.hears("P2", Msg::Accept(proposal(2, 2))), refused);
}

/// P2c: of what a majority reports, in whatever order, the highest-numbered counts; and a late
/// promise changes nothing.
#[test]
fn a_proposer_adopts_the_highest_reported() {
    let paxos = paxos(&params(3, 5, 1));
    let reports = [None, Some(proposal(1, 1)), Some(proposal(2, 2))];
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for order in orders {
        let mut p = Lone::new(&paxos, "P3");
        assert_eq!(p.fires(Timer::Propose), [prepare(3)]);
        let [first, second, third] = order.map(|i| promise(3, reports[i]));
        assert_eq!(p.hears("A1", first), []);
        // The same acceptor again is no majority.
        assert_eq!(p.hears("A1", first), []);
        assert_eq!(p.hears("A2", second), []);
        assert_eq!(p.hears("A2", promise(2, None)), []);
        assert_eq!(p.hears("A3", third), [Msg::Accept(proposal(3, 2))]);
        let late = promise(3, Some(proposal(1, 1)));
        assert_eq!(p.hears("A4", late), []);
        assert_eq!(p.phase(), Phase::Proposing(proposal(3, 2)));
    }
}

#[test]
fn a_proposer_is_free_if_nothing_is_reported() {
    let paxos = paxos(&params(2, 3, 1));
    let mut p = Lone::new(&paxos, "P2");
    p.fires(Timer::Propose);
    p.hears("A1", promise(2, None));
    let accept = [Msg::Accept(proposal(2, 2))];
    assert_eq!(p.hears("A3", promise(2, None)), accept);
}

/// PMS, 2.5: a proposer begins with a higher-numbered proposal than any it has used.
#[test]
fn a_proposer_never_uses_a_ballot_again() {
    let paxos = paxos(&params(2, 3, 1));
    let mut p = Lone::new(&paxos, "P1");
    for ballot in [1, 3, 5] {
        assert_eq!(p.fires(Timer::Propose), [prepare(ballot)]);
        p.restarts();
    }
    // A refusal lets it go above what was promised to another.
    p.fires(Timer::Propose);
    p.hears("A1", Msg::Nack(Ballot(7), Ballot(12)));
    assert_eq!(p.fires(Timer::Propose), [prepare(13)]);
    // One of an old ballot is of no interest.
    p.hears("A2", Msg::Nack(Ballot(7), Ballot(14)));
    assert_eq!(p.fires(Timer::Retry), [prepare(13)]);
}

/// Whom the proposer has not heard from is asked again; that changes nothing else.
#[test]
fn to_ask_again_changes_no_state() {
    let paxos = paxos(&params(2, 3, 1));
    let mut p = Lone::new(&paxos, "P1");
    p.fires(Timer::Propose);
    p.hears("A2", promise(1, None));
    let before = p.node.clone();
    let reaction = p.react(Input::Timeout(&Timer::Retry));
    assert!(p.node == before);
    let asked: Vec<Id> = reaction.sends().map(|(dst, _)| dst).collect();
    let silent = paxos
        .acceptors
        .without(paxos.cluster().find("A2").expect("a name"));
    assert_eq!(asked, silent.iter().collect::<Vec<_>>());
    p.hears("A1", promise(1, None));
    let before = p.node.clone();
    assert_eq!(p.fires(Timer::Retry), [Msg::Accept(proposal(1, 1))]);
    assert!(p.node == before);
}

/// A majority in one ballot, of distinct acceptors.
#[test]
fn a_learner_learns_from_a_majority_in_one_ballot() {
    let paxos = paxos(&params(2, 3, 1));
    let mut l = Lone::new(&paxos, "L1");
    assert_eq!(l.hears("A1", Msg::Accepted(proposal(1, 1))), []);
    assert_eq!(l.hears("A1", Msg::Accepted(proposal(1, 1))), []);
    assert_eq!(l.hears("A2", Msg::Accepted(proposal(2, 1))), []);
    let chosen = [Msg::Chosen(Value(1))];
    assert_eq!(l.hears("A3", Msg::Accepted(proposal(2, 1))), chosen);
    l.restarts();
    // Whoever still proposes is told again.
    assert_eq!(l.hears("A3", Msg::Accepted(proposal(3, 1))), chosen);
}

/// It goes on as long as some learner does not know: nobody else would tell that one.
#[test]
fn a_proposer_rests_when_all_learners_know() {
    let paxos = paxos(&params(1, 3, 2));
    let mut p = Lone::new(&paxos, "P1");
    p.fires(Timer::Propose);
    p.hears("L1", Msg::Chosen(Value(1)));
    p.hears("L1", Msg::Chosen(Value(1)));
    assert_ne!(p.phase(), Phase::Done);
    p.hears("L2", Msg::Chosen(Value(1)));
    assert_eq!(p.phase(), Phase::Done);
    let timers = &p.node.up().expect("it is up").timers;
    assert!(timers.is_empty(), "{timers:?}");
}

/// What a property says of a history.
fn ask(paxos: &Paxos, name: &str, accepted: &[(Proposal, &[&str])]) -> Answer {
    let cluster = paxos.cluster();
    let mut history = History::default();
    for (proposal, who) in accepted {
        for name in *who {
            let id = cluster.find(name).expect("a name");
            paxos.record(&mut history, id, &Claim::Accepted(*proposal));
        }
    }
    let properties = paxos.properties();
    let property = properties.iter().find(|p| p.name == name);
    match property.expect("a property").expectation {
        Expectation::Always(Predicate::History(predicate)) => predicate(paxos, &history),
        _ => panic!("{name} is not about the history"),
    }
}

#[test]
fn chosen_is_what_a_majority_accepted_in_one_ballot() {
    let paxos = paxos(&params(2, 3, 1));
    let across = [(proposal(1, 1), &["A1"][..]), (proposal(3, 1), &["A2"])];
    let other = (proposal(4, 2), &["A2", "A3"][..]);
    let harmless = [across[0], across[1], other];
    assert_eq!(ask(&paxos, "consistency", &harmless), Ok(()));
    let chosen = (proposal(1, 1), &["A1", "A3"][..]);
    let reason = ask(&paxos, "consistency", &[chosen, other]).expect_err("two values");
    let text = "v1 was chosen in ballot 1, by A1 and A3, and v2 in ballot 4, by A2 and A3";
    assert_eq!(reason.text, text);
    let again = (proposal(4, 1), &["A2", "A3"][..]);
    assert_eq!(ask(&paxos, "consistency", &[chosen, again]), Ok(()));
}

#[test]
fn p2c_is_what_the_paper_says() {
    let paxos = paxos(&params(3, 3, 1));
    let low = (proposal(1, 1), &["A1"][..]);
    let middle = (proposal(2, 2), &["A2"][..]);
    let ok = |accepted: &[_]| ask(&paxos, "p2c", accepted).is_ok();
    // (a): A2 and A3 had accepted nothing.
    assert!(ok(&[low, middle]));
    // (b): the majority of A1 and A3 saw v1 last, that of A2 and any other saw v2.
    assert!(ok(&[low, middle, (proposal(3, 1), &["A3"])]));
    assert!(ok(&[low, middle, (proposal(3, 2), &["A3"])]));
    // No majority leaves v3 open, nor v1 once A3 has accepted in ballot 2 as well.
    assert!(!ok(&[low, middle, (proposal(3, 3), &["A3"])]));
    let both = (proposal(2, 2), &["A2", "A3"][..]);
    assert!(!ok(&[low, both, (proposal(3, 1), &["A1"])]));
    // A majority that nobody has asked yet leaves everything open.
    assert!(ok(&[low, (proposal(3, 3), &["A3"])]));
}

/// One proposer: three acceptors are asked, answer, are asked again and answer the learner.
/// Without any fault and retransmission that is all there is.
#[test]
fn a_lone_proposer_chooses_its_value() {
    let paxos = paxos(&params(1, 3, 1));
    let system = System::new(paxos, Rules::fault_free());
    let mut world: World<Paxos> = system.initial();
    let timeout = Event::Timeout {
        id: Id::from(0),
        timer: Timer::Propose,
    };
    system.apply(&mut world, &timeout);
    let mut messages = 0;
    loop {
        let events = system.enabled(&mut world).events;
        let is_delivery = |e: &Event<_>| matches!(e, Event::Deliver(_));
        let Some(event) = events.into_iter().find(is_delivery) else {
            break;
        };
        system.apply(&mut world, &event);
        messages += 1;
    }
    // 3 + 3 + 3 + 3, and the learner tells the proposer twice: when it learns, and when it hears
    // from the third acceptor.
    assert_eq!(messages, 14);
    let learned = State::Learner(Learner::Learned(Value(1)));
    assert_eq!(world.node(Id::from(4)).state(), Some(&learned));
}

/// One ballot, without learners, counted by hand. Before it: 1. In phase 1 each acceptor has not
/// been asked, has promised, or was heard; at most one was: 2³ + 3·2² = 20. In phase 2 two were
/// heard, and each has accepted or not. If the third was heard too that is 2³ = 8. If not, it is one
/// of 3: it was not asked to promise, and has accepted or not; or its promise is under way, given
/// after it accepted, or before and it has accepted since or not: 3·2²·5 = 60.
#[test]
fn one_ballot_has_as_many_worlds_as_it_must() {
    let paxos = paxos(&Params {
        feedback: false,
        retry_with: RetryWith::NextBallot,
        ballots: 1,
        ..params(1, 3, 0)
    });
    let system = System::new(paxos, Rules::fault_free());
    let mut worlds = IndexSet::new();
    worlds.insert(system.initial());
    let mut next = 0;
    while next < worlds.len() {
        let mut world: World<Paxos> = worlds[next].clone();
        for event in system.enabled(&mut world).events {
            let mut after = world.clone();
            system.apply(&mut after, &event);
            worlds.insert(after);
        }
        next += 1;
    }
    assert_eq!(worlds.len(), 1 + 20 + 8 + 60);
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: &Params| Paxos::new(params).expect_err("no system").parameter;
    assert_eq!(refused(&params(0, 3, 1)), "proposers");
    assert_eq!(refused(&params(1, 0, 1)), "acceptors");
    assert_eq!(refused(&params(1, 16, 1)), "acceptors");
    assert_eq!(refused(&params(1, 3, 16)), "learners");
    let with = |change: fn(&mut Params)| {
        let mut params = params(1, 3, 0);
        change(&mut params);
        params
    };
    assert_eq!(refused(&with(|p| p.ballots = 0)), "ballots");
    assert_eq!(refused(&with(|p| p.feedback = false)), "feedback");
    let of_learners = with(|p| p.bug = Some(Mistake::AcceptancesCounted));
    assert_eq!(refused(&of_learners), "bug");
    assert!(Paxos::new(&params(15, 15, 15)).is_ok());
    let unknown = serde_json::from_str::<Params>(r#"{"bug": "colour"}"#).expect_err("unknown");
    for bug in Paxos::BUGS {
        assert!(unknown.to_string().contains(bug.name), "{unknown}");
    }
}
