//! Histories: small ones from the literature, all short ones, and random ones, the latter two judged
//! by Stateright's tester as well.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

use super::{Answer, Key, Linearizability, Machine, Op};

/// Operations on the first keys of `x`, `y`, `z`, with values up to the greatest.
pub fn ops(keys: u8, greatest: u32) -> impl Strategy<Value = Op> {
    let key = (b'x'..b'x' + keys).prop_map(Key);
    let value = 0..=greatest;
    (key, value.clone(), value, 0u8..8).prop_map(|(key, a, b, kind)| match kind {
        0..=2 => Op::Get(key),
        3 | 4 => Op::Put(key, a),
        5 => Op::Cas(key, a, b),
        _ => Op::Inc(key),
    })
}

/// What a judge is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Invoke(u8, Op),
    Return(u8, Answer),
    GiveUp(u8),
}

fn tell(judge: &mut Linearizability, event: Event) {
    match event {
        Event::Invoke(client, op) => judge.invoke(client, op),
        Event::Return(client, answer) => judge.returns(client, answer),
        Event::GiveUp(client) => judge.gives_up(client),
    }
}

/// Stateright's tester, of the whole machine at once. It knows no abandoned operations: whoever gives
/// up goes on as somebody else, and nobody ever returns from what was given up.
#[derive(Clone)]
struct SecondOpinion {
    tester: LinearizabilityTester<(u8, u8), Machine>,
    lives: [u8; 4],
}

impl SequentialSpec for Machine {
    type Op = Op;
    type Ret = Answer;

    fn invoke(&mut self, op: &Op) -> Answer {
        self.execute(*op)
    }
}

impl SecondOpinion {
    fn new() -> Self {
        SecondOpinion {
            tester: LinearizabilityTester::new(Machine::default()),
            lives: [0; 4],
        }
    }

    fn tell(&mut self, event: Event) {
        let life = |client: u8| (client, self.lives[usize::from(client)]);
        match event {
            Event::Invoke(client, op) => {
                self.tester.on_invoke(life(client), op).unwrap();
            }
            Event::Return(client, answer) => {
                self.tester.on_return(life(client), answer).unwrap();
            }
            Event::GiveUp(client) => self.lives[usize::from(client)] += 1,
        }
    }

    fn agrees_with(&self, judge: &Linearizability) -> bool {
        self.tester.is_consistent() == judge.verdict().is_ok()
    }
}

mod literature {
    use super::*;

    /// Reads a history: `1: put x 1` invokes, `1 = done` returns, `1 gives up`.
    fn judged(history: &str) -> Linearizability {
        let mut judge = Linearizability::default();
        for line in history.split(", ") {
            let client = line[..1].parse().unwrap();
            tell(
                &mut judge,
                match &line[1..] {
                    " gives up" => Event::GiveUp(client),
                    rest => match rest.split_once(" = ") {
                        Some((_, answer)) => Event::Return(client, answer.parse().unwrap()),
                        None => Event::Invoke(client, rest[2..].parse().unwrap()),
                    },
                },
            );
        }
        judge
    }

    fn accepted(history: &str) {
        assert_eq!(judged(history).verdict(), Ok(()), "{history}");
    }

    fn refused(history: &str, reason: &str) {
        let judge = judged(history);
        let broken = judge.verdict().expect_err(history);
        assert_eq!(broken.to_string(), reason);
    }

    /// What was written before a read began is read.
    #[test]
    fn a_stale_read() {
        refused(
            "1: put x 2, 1 = done, 2: get x, 2 = 0",
            "client 2 was told get x = 0, possible was only 2",
        );
        accepted("1: put x 2, 1 = done, 2: get x, 2 = 2");
        accepted("1: put x 2, 2: get x, 1 = done, 2 = 0");
    }

    /// Of two increments both count.
    #[test]
    fn a_lost_update() {
        refused(
            "1: inc x, 2: inc x, 1 = 1, 2 = 1",
            "client 2 was told inc x = 1, possible was only 2",
        );
        accepted("1: inc x, 2: inc x, 1 = 2, 2 = 1");
        refused(
            "1: cas x 0 1, 2: cas x 0 2, 1 = yes, 2 = yes",
            "client 2 was told cas x 0 2 = yes, possible was only no",
        );
    }

    /// An increment that is carried out twice.
    #[test]
    fn twice() {
        refused(
            "1: inc x, 1 = 1, 2: get x, 2 = 2",
            "client 2 was told get x = 2, possible was only 1",
        );
        // One that was abandoned and asked for again as a new one may be.
        accepted("1: inc x, 1 gives up, 1: inc x, 1 = 2, 2: get x, 2 = 2");
        accepted("1: inc x, 1 gives up, 1: inc x, 1 = 1, 2: get x, 2 = 2");
        refused(
            "1: inc x, 1 gives up, 1: inc x, 1 = 1, 2: get x, 2 = 3",
            "client 2 was told get x = 3, possible were only 1 and 2",
        );
    }

    /// A write that was seen cannot be unseen, whether its client waits or not.
    #[test]
    fn seen_then_unseen() {
        for what_it_does in ["", "1 gives up, "] {
            let history = |end: &str| format!("1: put x 1, {what_it_does}{end}");
            accepted(&history("2: get x, 2 = 0, 2: get x, 2 = 1"));
            accepted(&history("2: get x, 3: get x, 3 = 1, 2 = 0"));
            refused(
                &history("2: get x, 2 = 1, 2: get x, 2 = 0"),
                "client 2 was told get x = 0, possible was only 1",
            );
        }
    }

    /// An abandoned write may come late: even behind what was asked for after it, but only once.
    #[test]
    fn an_abandoned_write_takes_effect_late_and_once() {
        accepted("1: put x 1, 1 gives up, 1: put x 2, 1 = done, 2: get x, 2 = 1");
        refused(
            "1: put x 1, 1 gives up, 2: get x, 2 = 1, 2: put x 2, 2 = done, 2: get x, 2 = 1",
            "client 2 was told get x = 1, possible was only 2",
        );
        // Of two that are equal, one may take effect before and one behind.
        accepted(
            "1: put x 1, 1 gives up, 1: put x 1, 1 gives up, 2: get x, 2 = 1, \
             2: put x 2, 2 = done, 2: get x, 2 = 1",
        );
    }

    /// Herlihy and Wing's register (1990, section 2.1): a read that returns what nobody has been told
    /// is written makes all later reads return it.
    #[test]
    fn a_read_settles_what_is_pending() {
        refused(
            "1: put x 1, 2: put x 2, 3: get x, 3 = 1, 3: get x, 3 = 2, 3: get x, 3 = 1",
            "client 3 was told get x = 1, possible was only 2",
        );
        accepted("1: put x 1, 2: put x 2, 3: get x, 3 = 1, 3: get x, 3 = 2, 1 = done, 2 = done");
        refused(
            "1: put x 1, 2: put x 2, 1 = done, 2 = done, 3: get x, 3 = 1, 4: get x, 4 = 2",
            "client 4 was told get x = 2, possible was only 1",
        );
    }

    #[test]
    fn an_answer_of_another_kind() {
        refused(
            "1: put x 1, 2: inc x, 3: get x, 3 = done",
            "client 3 was told get x = done, possible were only 0, 1 and 2",
        );
    }

    #[test]
    fn once_broken_it_stays_so() {
        let mut judge = judged("1: get x, 2: put x 1, 1 = 7");
        let broken = judge.clone();
        for event in ["put x 1", "get x"] {
            judge.invoke(1, event.parse().unwrap());
        }
        judge.returns(2, Answer::Done);
        judge.gives_up(1);
        assert_eq!(judge, broken);
    }

    #[test]
    fn equal_futures_are_equal_values() {
        for (one, other) in [
            // What is over leaves its value, and a value of 0 leaves nothing.
            ("1: inc x, 1 = 1, 2: get x, 2 = 1", "3: put x 1, 3 = done"),
            ("1: put x 0, 1 = done, 1: inc y, 1 = 1", "1: inc y, 1 = 1"),
            // Nobody misses an answer that nobody waits for.
            ("1: get x, 1 gives up, 2: get y", "2: get y"),
            ("1: cas x 2 2, 1 gives up, 2: get y", "2: get y"),
            // Who abandoned something makes no difference, nor when.
            (
                "1: put x 1, 1 gives up, 2: put x 2, 2 gives up",
                "3: put x 2, 4: put x 1, 3 gives up, 4 gives up",
            ),
            // The order of invocations makes none, either.
            ("1: put x 1, 2: get x", "2: get x, 1: put x 1"),
            // An abandoned write that is seen is as if somebody had just written.
            (
                "1: put x 1, 1 gives up, 2: get x, 2 = 1",
                "2: put x 1, 2 = done",
            ),
            // What a pending read may have read already, it may as well read later.
            ("1: get x, 2: get x, 2 = 0", "1: get x"),
        ] {
            assert_eq!(judged(one), judged(other), "{one} / {other}");
        }
        assert_ne!(judged("1: put x 1, 1 gives up"), judged("1: get x, 1 = 0"));
    }
}

mod every_short_history {
    use super::*;

    /// Everything that can happen to two clients of one key.
    fn next(waiting: [Option<Op>; 2], choice: &[&str]) -> Vec<Event> {
        let mut events = Vec::new();
        for (client, waits) in (0u8..).zip(waiting) {
            match waits {
                None => events.extend(
                    choice
                        .iter()
                        .map(|op| Event::Invoke(client, op.parse().unwrap())),
                ),
                Some(op) => {
                    let answers: &[Answer] = match op {
                        Op::Get(_) | Op::Inc(_) => &[0, 1, 2, 3].map(Answer::Value),
                        Op::Put(..) => &[Answer::Done],
                        Op::Cas(..) => &[true, false].map(Answer::Swapped),
                    };
                    events.extend(answers.iter().map(|a| Event::Return(client, *a)));
                    events.push(Event::GiveUp(client));
                }
            }
        }
        events
    }

    fn after(mut waiting: [Option<Op>; 2], event: Event) -> [Option<Op>; 2] {
        match event {
            Event::Invoke(client, op) => waiting[usize::from(client)] = Some(op),
            Event::Return(client, _) | Event::GiveUp(client) => waiting[usize::from(client)] = None,
        }
        waiting
    }

    struct Walk<'a> {
        ops: &'a [&'a str],
        linearizable: u32,
        not: u32,
    }

    impl Walk<'_> {
        fn walk(
            &mut self,
            judge: &Linearizability,
            second: &SecondOpinion,
            waiting: [Option<Op>; 2],
            steps: u8,
        ) {
            for event in next(waiting, self.ops) {
                let (mut judge, mut second) = (judge.clone(), second.clone());
                tell(&mut judge, event);
                second.tell(event);
                assert!(second.agrees_with(&judge), "{event:?} {judge:?}");
                match judge.verdict() {
                    Ok(()) => self.linearizable += 1,
                    Err(_) => self.not += 1,
                }
                if steps > 1 && judge.verdict().is_ok() {
                    self.walk(&judge, &second, after(waiting, event), steps - 1);
                }
            }
        }
    }

    #[test]
    fn is_judged_as_stateright_does() {
        let mut counts = Vec::new();
        for ops in [
            ["get x", "put x 1"],
            ["get x", "inc x"],
            ["cas x 0 1", "cas x 1 0"],
        ] {
            let mut walk = Walk {
                ops: &ops,
                linearizable: 0,
                not: 0,
            };
            let (judge, second) = (Linearizability::default(), SecondOpinion::new());
            walk.walk(&judge, &second, [None; 2], 6);
            counts.push((walk.linearizable, walk.not));
        }
        assert_eq!(counts, [(6652, 1934), (8264, 4504), (7932, 1032)]);
    }

    /// Whether something can happen after which one history is broken and the other is not.
    fn can_be_told_apart(
        one: &Linearizability,
        other: &Linearizability,
        waiting: [Option<Op>; 2],
        ops: &[&str],
        steps: u8,
    ) -> bool {
        if one.verdict().is_ok() != other.verdict().is_ok() {
            return true;
        }
        steps > 0
            && one != other
            && one.verdict().is_ok()
            && next(waiting, ops).into_iter().any(|event| {
                let (mut one, mut other) = (one.clone(), other.clone());
                tell(&mut one, event);
                tell(&mut other, event);
                can_be_told_apart(&one, &other, after(waiting, event), ops, steps - 1)
            })
    }

    /// All that short histories of some operations lead to, unbroken; with the operations that are
    /// pending then.
    fn reached(ops: &[&str], steps: usize) -> Vec<(Linearizability, [Option<Op>; 2])> {
        let mut reached = vec![(Linearizability::default(), [None; 2])];
        let mut begin = 0;
        for _ in 0..steps {
            let end = reached.len();
            for i in begin..end {
                let (judge, waiting) = reached[i].clone();
                for event in next(waiting, ops) {
                    let mut judge = judge.clone();
                    tell(&mut judge, event);
                    let here = (judge, after(waiting, event));
                    if here.0.verdict().is_ok() && !reached.contains(&here) {
                        reached.push(here);
                    }
                }
            }
            begin = end;
        }
        reached
    }

    /// No two different values have the same future: there is nothing more to forget.
    #[test]
    fn is_remembered_only_as_far_as_it_matters() {
        let mut counts = Vec::new();
        for (ops, steps) in [
            (["get x", "put x 1", "inc x"], 5),
            (["get x", "put x 1", "put x 2"], 4),
            (["get x", "cas x 0 1", "put x 0"], 4),
        ] {
            let reached = reached(&ops, steps);
            // An increment tells what it found, and overwrites it: that makes short ends.
            let ends = [&ops[..], &["inc x"]].concat();
            let mut pairs = 0;
            for (i, (one, waiting)) in reached.iter().enumerate() {
                let alike = reached[..i].iter().filter(|(_, w)| w == waiting);
                for (other, _) in alike {
                    let apart = |steps| can_be_told_apart(one, other, *waiting, &ends, steps);
                    assert!((1..=7).any(apart), "{one:?}\n{other:?}");
                    pairs += 1;
                }
            }
            counts.push((reached.len(), pairs));
        }
        assert_eq!(counts, [(216, 1885), (136, 528), (102, 287)]);
    }
}

mod random_histories {
    use super::*;

    /// A draw of what happens next.
    #[derive(Clone, Debug)]
    struct Die {
        client: u8,
        kind: u8,
        op: Op,
        /// What a client is told if it is not told the truth.
        lie: Option<u32>,
        late: prop::sample::Index,
    }

    fn dice(clients: u8, keys: u8, most: usize) -> impl Strategy<Value = Vec<Die>> {
        let lie = prop_oneof![5 => Just(None), 1 => (0u32..4).prop_map(Some)];
        let die = (
            0..clients,
            0u8..16,
            ops(keys, 2),
            lie,
            any::<prop::sample::Index>(),
        );
        let die = die.prop_map(|(client, kind, op, lie, late)| Die {
            client,
            kind,
            op,
            lie,
            late,
        });
        proptest::collection::vec(die, most / 2..most)
    }

    /// Runs clients against a real machine that now and then gives a wrong answer.
    fn history(dice: &[Die]) -> Vec<Event> {
        let mut machine = Machine::default();
        let mut waiting: [Option<(Op, Option<Answer>)>; 4] = [None; 4];
        let mut abandoned: Vec<Op> = Vec::new();
        let mut events = Vec::new();
        for die in dice {
            let client = die.client;
            let slot = &mut waiting[usize::from(client)];
            match (&mut *slot, die.kind) {
                (_, 0) if !abandoned.is_empty() => {
                    machine.execute(abandoned.swap_remove(die.late.index(abandoned.len())));
                }
                (None, _) => {
                    *slot = Some((die.op, None));
                    events.push(Event::Invoke(client, die.op));
                }
                (Some((op, told @ None)), 1..=5) => *told = Some(machine.execute(*op)),
                (Some((op, told)), 6 | 7) => {
                    if told.is_none() {
                        abandoned.push(*op);
                    }
                    *slot = None;
                    events.push(Event::GiveUp(client));
                }
                (Some((op, told)), _) => {
                    let truth = told.unwrap_or_else(|| machine.execute(*op));
                    let answer = match (truth, die.lie) {
                        (Answer::Value(_), Some(value)) => Answer::Value(value),
                        (Answer::Swapped(yes), Some(_)) => Answer::Swapped(!yes),
                        (truth, _) => truth,
                    };
                    *slot = None;
                    events.push(Event::Return(client, answer));
                }
            }
        }
        events
    }

    /// Judges a history with Stateright's tester at its side, event by event; in the end, whether it
    /// is linearizable.
    fn judged(history: &[Event]) -> Result<bool, TestCaseError> {
        let (mut judge, mut second) = (Linearizability::default(), SecondOpinion::new());
        for event in history {
            let before = second.clone();
            tell(&mut judge, *event);
            second.tell(*event);
            // Nothing else can make a difference.
            if matches!(event, Event::Return(..)) {
                prop_assert!(second.agrees_with(&judge), "{:?}", judge);
            }
            if let Err(broken) = judge.verdict() {
                // It might just as well have been told any of these, and nothing else.
                let possible: BTreeSet<Answer> = broken.possible.iter().copied().collect();
                let values = (0..12).map(Answer::Value);
                let others = [Answer::Done, Answer::Swapped(true), Answer::Swapped(false)];
                for answer in values.chain(others) {
                    let mut second = before.clone();
                    second.tell(Event::Return(broken.client, answer));
                    let is_consistent = second.tester.is_consistent();
                    prop_assert_eq!(is_consistent, possible.contains(&answer), "{}", answer);
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// There must be enough of both kinds, or else agreement says little.
    fn both_kinds(clients: u8, keys: u8, most: usize) {
        let counts = Cell::new((0u32, 0u32));
        let config = Config {
            failure_persistence: None,
            ..Config::with_cases(500)
        };
        TestRunner::new(config)
            .run(&dice(clients, keys, most), |dice| {
                let (good, bad) = counts.get();
                counts.set(if judged(&history(&dice))? {
                    (good + 1, bad)
                } else {
                    (good, bad + 1)
                });
                Ok(())
            })
            .unwrap();
        let (good, bad) = counts.get();
        assert!(good > 100 && bad > 100, "{good} linearizable, {bad} not");
    }

    #[test]
    fn of_two_clients_and_one_key() {
        both_kinds(2, 1, 32);
    }

    #[test]
    fn of_three_clients_and_one_key() {
        both_kinds(3, 1, 24);
    }

    /// Stateright judges both keys at once.
    #[test]
    fn of_three_clients_and_two_keys() {
        both_kinds(3, 2, 28);
    }

    proptest! {
        /// What comes of a history does not depend on how it is held: it goes through bytes, and
        /// through text, and stays the same.
        #[test]
        fn survive_a_checkpoint(dice in dice(3, 2, 40)) {
            let mut judge = Linearizability::default();
            for event in history(&dice) {
                tell(&mut judge, event);
            }
            let bytes = postcard::to_extend(&judge, Vec::new()).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Linearizability>(&bytes).unwrap(), &judge);
            let text = serde_json::to_string(&judge).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Linearizability>(&text).unwrap(), &judge);
        }
    }
}
