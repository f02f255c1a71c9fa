//! The state machine: a value under each key.

use serde::{Deserialize, Serialize};

use super::{Answer, Key, Op};

/// A value under each key.
///
/// No operation can tell a key that was never set from one that is 0, so neither is stored: machines
/// that answer alike for ever are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Machine {
    /// By key, none of them 0.
    values: Vec<(Key, u32)>,
}

impl Machine {
    /// Carries out one operation.
    pub fn execute(&mut self, op: Op) -> Answer {
        let key = op.key();
        let place = self.place(key);
        let (new, answer) = op.on(self.at(place));
        match (place, new) {
            (Ok(i), 0) => {
                self.values.remove(i);
            }
            (Ok(i), new) => self.values[i].1 = new,
            (Err(_), 0) => {}
            (Err(i), new) => self.values.insert(i, (key, new)),
        }
        answer
    }

    /// The value of a key: 0 if it was never set.
    pub fn read(&self, key: Key) -> u32 {
        self.at(self.place(key))
    }

    /// Where a key is, or where it would be.
    fn place(&self, key: Key) -> Result<usize, usize> {
        self.values.binary_search_by_key(&key, |(key, _)| *key)
    }

    fn at(&self, place: Result<usize, usize>) -> u32 {
        place.map_or(0, |i| self.values[i].1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::tests::ops;
    use super::*;

    #[test]
    fn operations_do_what_they_say() {
        let mut machine = Machine::default();
        for (op, answer) in [
            ("get x", "0"),
            ("inc x", "1"),
            ("cas x 0 5", "no"),
            ("cas x 1 5", "yes"),
            ("get x", "5"),
            ("get y", "0"),
            ("put y 4294967295", "done"),
            ("inc y", "0"),
            ("cas z 0 7", "yes"),
            ("get z", "7"),
        ] {
            let told = machine.execute(op.parse().unwrap());
            assert_eq!(told, answer.parse().unwrap(), "{op}");
        }
        assert_eq!(machine.read(Key(b'x')), 5);
        assert_eq!(machine.read(Key(b'y')), 0);
    }

    proptest! {
        /// Machines are equal just if every key reads the same.
        #[test]
        fn equal_behaviour_is_an_equal_value(
            one in proptest::collection::vec(ops(3, 2), 0..12),
            other in proptest::collection::vec(ops(3, 2), 0..12),
        ) {
            let after = |ops: &[Op]| {
                let mut machine = Machine::default();
                for op in ops {
                    machine.execute(*op);
                }
                machine
            };
            let (one, other) = (after(&one), after(&other));
            let alike = (b'a'..=b'z').all(|k| one.read(Key(k)) == other.read(Key(k)));
            prop_assert_eq!(alike, one == other);
        }

        #[test]
        fn keys_are_kept_apart(ops in proptest::collection::vec(ops(3, 3), 0..20)) {
            let mut machine = Machine::default();
            let mut by_key: BTreeMap<Key, u32> = BTreeMap::new();
            for op in ops {
                let value = by_key.entry(op.key()).or_default();
                let (new, answer) = op.on(*value);
                *value = new;
                prop_assert_eq!(machine.execute(op), answer);
            }
            for (key, value) in by_key {
                prop_assert_eq!(machine.read(key), value);
            }
        }
    }
}
