//! An order of operations that explains what clients were told, for whoever shows it.
//!
//! The judge of a history keeps nothing that makes no difference to what follows, and so no order. Here one is looked
//! for, with what clients were told in hand: an operation takes effect only when one that returns needs it to have
//! (Lowe 2017), and what led nowhere is not tried again (Wing & Gong 1993).

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Key, Linearizability, Op};
use crate::model::cluster::enumerate;
use crate::model::operation::{End, Linearization, Operations};

/// So many times something is tried to take effect: for a history of a run, few are enough.
const TRIES_MAX: usize = 200_000;
/// Of more operations nobody looks at the order.
const OPERATIONS_MAX: usize = 2_000;

/// Operations of this machine by their places, each with what its client was told.
type Each = BTreeMap<usize, (Op, Option<Answer>)>;

/// An order of the operations of this machine, or where there is none; nothing if there are no such operations, or so
/// many that it takes too long to find out.
pub fn in_order(operations: &Operations) -> Option<Linearization> {
    let each = operations.list.iter().enumerate().filter_map(|(at, o)| {
        let op: Op = o.asked.parse().ok()?;
        // Who stopped waiting was told nothing.
        let answer = o.answer.as_ref().and_then(|answer| answer.parse().ok());
        Some((at, (op, answer)))
    });
    let each: Each = each.collect();
    if each.is_empty() || each.len() > OPERATIONS_MAX {
        return None;
    }
    let is_one = |end: &End| matches!(end, End::Asked(of) | End::Told(of) if each.contains_key(of));
    let ends: Vec<End> = operations.ends.iter().copied().filter(is_one).collect();
    let mut search = Search {
        each: &each,
        ends: &ends,
        dead: BTreeSet::new(),
        tries: TRIES_MAX,
        furthest: (0, Vec::new()),
    };
    match search.goes_on(0, &mut Standing::default()) {
        Some(order) => Some(Linearization::Order(order)),
        None if search.tries == 0 => None,
        None => {
            let (end, order) = search.furthest;
            broken(operations, &each, ends.get(..=end)?, order)
        }
    }
}

/// What the judge says of the answer that no order explains.
fn broken(
    operations: &Operations,
    each: &Each,
    ends: &[End],
    order: Vec<usize>,
) -> Option<Linearization> {
    let Some(End::Told(at)) = ends.last() else {
        return None;
    };
    let clients: BTreeSet<usize> = operations.list.iter().map(|o| o.client).collect();
    let number = |of: usize| {
        let before = clients.range(..operations.list[of].client).count();
        u8::try_from(before + 1).ok()
    };
    let mut judge = Linearizability::default();
    for end in ends {
        match *end {
            End::Asked(of) => judge.invoke(number(of)?, each[&of].0),
            End::Told(of) => match each[&of].1 {
                Some(answer) => judge.returns(number(of)?, answer),
                None => judge.gives_up(number(of)?),
            },
        }
    }
    let broken = judge.verdict().err()?;
    let possible: Vec<String> = broken.possible.iter().map(ToString::to_string).collect();
    let could = match possible.as_slice() {
        [only] => format!("only {only}"),
        several => format!("only {}", enumerate(several.iter().cloned())),
    };
    let key = each[at].0.key();
    let asked = ends.iter().filter_map(|end| match end {
        End::Asked(of) if each[of].0.key() == key => Some(*of),
        _ => None,
    });
    Some(Linearization::Broken {
        together: asked.collect(),
        at: *at,
        why: format!(
            "No order of these operations explains that {} was answered {}: it could have been {could}.",
            broken.op, broken.answer
        ),
        possible,
        order,
    })
}

/// How things stand behind some end, on one way of looking at it.
#[derive(Clone, Debug, Default)]
struct Standing {
    values: BTreeMap<Key, u32>,
    /// Was asked for, and has not taken effect.
    pending: BTreeSet<usize>,
    /// Took effect, with this answer, and nobody was told yet.
    done: BTreeMap<usize, Answer>,
    /// What took effect, in order.
    order: Vec<usize>,
}

/// What of it matters for what follows.
type Dead = (
    usize,
    BTreeMap<Key, u32>,
    BTreeSet<usize>,
    BTreeMap<usize, Answer>,
);

struct Search<'a> {
    each: &'a Each,
    ends: &'a [End],
    /// What led nowhere.
    dead: BTreeSet<Dead>,
    tries: usize,
    /// The end that no order comes past, and an order of what came before.
    furthest: (usize, Vec<usize>),
}

impl Search<'_> {
    /// An order from here to the last end, if there is one.
    fn goes_on(&mut self, mut at: usize, standing: &mut Standing) -> Option<Vec<usize>> {
        // What nothing depends on needs no search: so histories may be long.
        loop {
            match self.ends.get(at) {
                None => return Some(std::mem::take(&mut standing.order)),
                Some(End::Asked(of)) => {
                    standing.pending.insert(*of);
                }
                Some(End::Told(of)) => match (self.each[of].1, standing.done.get(of)) {
                    // It may still take effect at any time.
                    (None, _) => {}
                    (Some(told), Some(answer)) if told == *answer => {
                        standing.done.remove(of);
                    }
                    (Some(_), Some(_)) => {
                        self.came_to(at, standing);
                        return None;
                    }
                    (Some(told), None) => return self.takes_effect(at, *of, told, standing),
                },
            }
            at += 1;
        }
    }

    fn came_to(&mut self, at: usize, standing: &Standing) {
        if at >= self.furthest.0 {
            self.furthest = (at, standing.order.clone());
        }
    }

    /// The operation that is told of next takes effect, and before it whatever else it takes.
    fn takes_effect(
        &mut self,
        at: usize,
        of: usize,
        told: Answer,
        standing: &Standing,
    ) -> Option<Vec<usize>> {
        self.came_to(at, standing);
        let Standing {
            values,
            pending,
            done,
            ..
        } = standing;
        let is_new = self
            .dead
            .insert((at, values.clone(), pending.clone(), done.clone()));
        if !is_new {
            return None;
        }
        let others = standing
            .pending
            .iter()
            .copied()
            .filter(|other| *other != of);
        for next in std::iter::once(of).chain(others) {
            self.tries = self.tries.checked_sub(1)?;
            let (op, _) = self.each[&next];
            let mut then = standing.clone();
            let value = then.values.entry(op.key()).or_default();
            let (new, answer) = op.on(*value);
            *value = new;
            then.pending.remove(&next);
            then.order.push(next);
            let found = if next == of {
                if answer != told {
                    continue;
                }
                self.goes_on(at + 1, &mut then)
            } else {
                then.done.insert(next, answer);
                self.takes_effect(at, of, told, &then)
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::operation::Operation;

    /// A history: `1 put x 1` asks, `1 = done` is told, `1 = ?` stops waiting.
    fn history(lines: &[&str]) -> Operations {
        let mut operations = Operations::default();
        let mut waits: BTreeMap<usize, usize> = BTreeMap::new();
        for (line, step) in lines.iter().zip(1..) {
            let (client, rest) = line.split_once(' ').unwrap();
            let client = client.parse().unwrap();
            if let Some(answer) = rest.strip_prefix("= ") {
                let of = waits.remove(&client).unwrap();
                operations.ends.push(End::Told(of));
                operations.list[of].answer = (answer != "?").then(|| answer.to_owned());
                operations.list[of].until = (answer != "?").then_some(step);
            } else {
                waits.insert(client, operations.list.len());
                operations.ends.push(End::Asked(operations.list.len()));
                operations.list.push(Operation {
                    client,
                    asked: rest.to_owned(),
                    answer: None,
                    from: step,
                    until: None,
                });
            }
        }
        operations
    }

    #[test]
    fn an_order_has_each_operation_where_its_answer_is_right() {
        let read_before = [
            "1 put x 1",
            "2 get x",
            "2 = 0",
            "1 = done",
            "2 get x",
            "2 = 1",
        ];
        assert_eq!(
            in_order(&history(&read_before)),
            Some(Linearization::Order(vec![1, 0, 2]))
        );
        // What nobody was told of took effect all the same.
        let unknown = ["1 put x 1", "1 = ?", "2 get x", "2 = 1"];
        assert_eq!(
            in_order(&history(&unknown)),
            Some(Linearization::Order(vec![0, 1]))
        );
        assert_eq!(in_order(&history(&["1 config {S1}"])), None);
    }

    #[test]
    fn an_answer_that_no_order_explains_is_named() {
        let stale = ["1 put x 1", "1 = done", "2 get x", "2 = 0"];
        let Some(Linearization::Broken {
            at,
            possible,
            order,
            together,
            why,
        }) = in_order(&history(&stale))
        else {
            panic!("nobody could have read 0");
        };
        assert_eq!((at, order), (1, vec![0]));
        assert_eq!(possible, ["1"]);
        assert_eq!(together, [0, 1]);
        assert_eq!(
            why,
            "No order of these operations explains that get x was answered 0: it could have been only 1."
        );
    }

    proptest! {
        /// The judge and the search agree, and an order that is found is one.
        #[test]
        fn it_says_what_the_judge_says(
            moves in proptest::collection::vec((0usize..3, 0usize..4, 0u32..3), 1..14),
        ) {
            let mut waits: [Option<usize>; 3] = [None; 3];
            let mut lines = Vec::new();
            for (client, what, number) in moves {
                let line = if waits[client].take().is_some() {
                    let answer = ["done", "yes", "?", "no"][what];
                    if what < 3 && number > 0 { format!("{client} = {answer}") } else { format!("{client} = {number}") }
                } else {
                    waits[client] = Some(0);
                    [format!("{client} get x"), format!("{client} put x {number}"),
                     format!("{client} inc x"), format!("{client} cas x {number} 1")][what].clone()
                };
                lines.push(line);
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let operations = history(&lines);
            let mut judge = Linearizability::default();
            for end in &operations.ends {
                match *end {
                    End::Asked(of) => judge.invoke(
                        u8::try_from(operations.list[of].client).unwrap(),
                        operations.list[of].asked.parse().unwrap(),
                    ),
                    End::Told(of) => {
                        let client = u8::try_from(operations.list[of].client).unwrap();
                        match &operations.list[of].answer {
                            Some(answer) => judge.returns(client, answer.parse().unwrap()),
                            None => judge.gives_up(client),
                        }
                    }
                }
            }
            match in_order(&operations).unwrap() {
                Linearization::Order(order) => {
                    prop_assert!(judge.verdict().is_ok());
                    is_explained(&operations, &order)?;
                }
                Linearization::Broken { .. } => prop_assert!(judge.verdict().is_err()),
            }
        }
    }

    /// Whether operations in this order answer as clients were told, each between its ends.
    fn is_explained(operations: &Operations, order: &[usize]) -> Result<(), TestCaseError> {
        let mut machine = super::super::Machine::default();
        for (nth, &of) in order.iter().enumerate() {
            let Operation { asked, answer, .. } = &operations.list[of];
            let given = machine.execute(asked.parse().unwrap());
            if let Some(answer) = answer {
                prop_assert_eq!(given, answer.parse().unwrap());
            }
            for later in &order[nth + 1..] {
                let until = operations.list[*later].until;
                prop_assert!(until.is_none_or(|until| until > operations.list[of].from));
            }
        }
        let told = operations
            .list
            .iter()
            .filter(|o| o.answer.is_some())
            .count();
        prop_assert!(order.len() >= told);
        Ok(())
    }
}
