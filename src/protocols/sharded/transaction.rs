//! What a client asks for in one go, and what that is to each key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::protocols::key_value::Key;

/// A transaction that says beforehand all that it reads and writes: a mini-transaction (ASMKV, 3).
///
/// Written `read x y`, `put x=1 y=2`, `if y=1 put x=0`, `transfer x y 1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transaction {
    Read(Vec<Key>),
    /// Writes values, if those that it compares are as they should be.
    Put {
        compare: Vec<(Key, u32)>,
        write: Vec<(Key, u32)>,
    },
    /// Takes from one account and gives to another; refused where that would overdraw it.
    Transfer {
        from: Key,
        to: Key,
        amount: u32,
    },
}

/// What a transaction does to one key. Written `read x`, `is y 1`, `put x 0`, `take x 1`, `give y 1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// Tells the value.
    Read(Key),
    /// Refuses the transaction unless the value is this.
    Is(Key, u32),
    Put(Key, u32),
    /// Refuses the transaction if there is less.
    Take(Key, u32),
    Give(Key, u32),
}

impl Operation {
    pub fn key(self) -> Key {
        match self {
            Operation::Read(key)
            | Operation::Is(key, _)
            | Operation::Put(key, _)
            | Operation::Take(key, _)
            | Operation::Give(key, _) => key,
        }
    }

    /// Whether it takes an exclusive lock, and not a shared one.
    pub fn writes(self) -> bool {
        !matches!(self, Operation::Read(_) | Operation::Is(..))
    }

    /// The value that it makes of one, or nothing if it refuses the transaction.
    pub fn on(self, value: u32) -> Option<u32> {
        match self {
            Operation::Read(_) => Some(value),
            Operation::Is(_, expected) => (value == expected).then_some(value),
            Operation::Put(_, new) => Some(new),
            Operation::Take(_, amount) => value.checked_sub(amount),
            Operation::Give(_, amount) => value.checked_add(amount),
        }
    }
}

impl Transaction {
    /// Its operations, in the order in which it is written.
    pub fn operations(&self) -> Vec<Operation> {
        match self {
            Transaction::Read(keys) => keys.iter().copied().map(Operation::Read).collect(),
            Transaction::Put { compare, write } => {
                let compare = compare
                    .iter()
                    .map(|(key, value)| Operation::Is(*key, *value));
                let write = write
                    .iter()
                    .map(|(key, value)| Operation::Put(*key, *value));
                compare.chain(write).collect()
            }
            Transaction::Transfer { from, to, amount } => {
                vec![
                    Operation::Take(*from, *amount),
                    Operation::Give(*to, *amount),
                ]
            }
        }
    }

    /// Its keys, in the order in which it is written; one that it compares and writes comes twice.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.operations().into_iter().map(Operation::key)
    }

    /// The key whose owner coordinates it.
    ///
    /// # Panics
    ///
    /// If it has none: such a one cannot be written.
    pub fn first_key(&self) -> Key {
        self.keys().next().expect("a transaction has a key")
    }

    /// Whether the sum of all accounts is what it was.
    pub fn keeps_the_sum(&self) -> bool {
        match self {
            Transaction::Read(_) | Transaction::Transfer { .. } => true,
            Transaction::Put { write, .. } => write.is_empty(),
        }
    }

    /// Whether one of them would have to wait for the other, were it to come later.
    pub fn is_in_conflict_with(&self, other: &Transaction) -> bool {
        conflict(&self.operations(), &other.operations())
    }
}

/// Whether two transactions cannot both hold their locks for these: one writes what the other reads or writes (BHG 3.2).
pub fn conflict(one: &[Operation], other: &[Operation]) -> bool {
    one.iter().any(|a| {
        let mut others = other.iter();
        others.any(|b| a.key() == b.key() && (a.writes() || b.writes()))
    })
}

impl FromStr for Transaction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let transaction = match words[..] {
            ["read", ref keys @ ..] if !keys.is_empty() => {
                let keys: Result<_, _> = keys.iter().map(|word| key(word)).collect();
                Transaction::Read(keys?)
            }
            ["put", ref writes @ ..] if !writes.is_empty() => Transaction::Put {
                compare: Vec::new(),
                write: values(writes)?,
            },
            ["if", ref rest @ ..] if rest.contains(&"put") => {
                let put = rest.iter().position(|word| *word == "put");
                let (compare, write) = rest.split_at(put.expect("it is there"));
                let (compare, write) = (values(compare)?, values(&write[1..])?);
                if compare.is_empty() || write.is_empty() {
                    return Err(format!(
                        "`{text}` compares or writes nothing: write `if y=1 put x=0`"
                    ));
                }
                Transaction::Put { compare, write }
            }
            ["transfer", from, to, amount] => Transaction::Transfer {
                from: key(from)?,
                to: key(to)?,
                amount: number(amount)?,
            },
            ["transfer", ..] => {
                return Err(format!(
                    "`{text}` does not say from where, to where and how much: write `transfer x y 1`"
                ));
            }
            _ => {
                return Err(format!(
                    "`{text}` is no transaction: write `read x y`, `put x=1 y=2`, `if y=1 put x=0` or `transfer x y 1`"
                ));
            }
        };
        transaction.each_key_once()?;
        Ok(transaction)
    }
}

impl Transaction {
    /// A key is read, compared or written once; it may be compared and written.
    fn each_key_once(&self) -> Result<(), String> {
        let once = |keys: &[Key]| {
            let again = |(nth, key): (usize, &Key)| keys[..nth].contains(key).then_some(*key);
            match keys.iter().enumerate().find_map(again) {
                Some(key) => Err(format!("`{self}` has `{key}` twice: name each key once")),
                None => Ok(()),
            }
        };
        let first = |pairs: &[(Key, u32)]| pairs.iter().map(|(key, _)| *key).collect::<Vec<_>>();
        match self {
            Transaction::Read(keys) => once(keys),
            Transaction::Put { compare, write } => {
                once(&first(compare)).and_then(|()| once(&first(write)))
            }
            Transaction::Transfer { from, to, .. } => once(&[*from, *to]),
        }
    }
}

fn key(word: &str) -> Result<Key, String> {
    word.parse().map_err(|e: <Key as FromStr>::Err| e.message)
}

fn number(word: &str) -> Result<u32, String> {
    let none = |_| format!("`{word}` is no amount: write a whole number from 0 on");
    word.parse().map_err(none)
}

/// `x=1 y=2`
fn values(words: &[&str]) -> Result<Vec<(Key, u32)>, String> {
    let value = |word: &&str| {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| format!("`{word}` has no value: write `x=1`"))?;
        Ok((key(name)?, number(value)?))
    };
    words.iter().map(value).collect()
}

impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = |f: &mut fmt::Formatter<'_>, pairs: &[(Key, u32)]| {
            let mut pairs = pairs.iter();
            pairs.try_for_each(|(key, value)| write!(f, " {key}={value}"))
        };
        match self {
            Transaction::Read(keys) => {
                f.write_str("read")?;
                keys.iter().try_for_each(|key| write!(f, " {key}"))
            }
            Transaction::Put { compare, write } => {
                if !compare.is_empty() {
                    f.write_str("if")?;
                    pairs(f, compare)?;
                    f.write_str(" ")?;
                }
                f.write_str("put")?;
                pairs(f, write)
            }
            Transaction::Transfer { from, to, amount } => {
                write!(f, "transfer {from} {to} {amount}")
            }
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Read(key) => write!(f, "read {key}"),
            Operation::Is(key, value) => write!(f, "is {key} {value}"),
            Operation::Put(key, value) => write!(f, "put {key} {value}"),
            Operation::Take(key, amount) => write!(f, "take {key} {amount}"),
            Operation::Give(key, amount) => write!(f, "give {key} {amount}"),
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
