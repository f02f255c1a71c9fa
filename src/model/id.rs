//! What a node is known by.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A node's place in its cluster, counted from 0. People read `Id(2)`, whoever prints it: so who knows the
/// names can put the name there.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u64);

impl From<usize> for Id {
    #[inline]
    fn from(place: usize) -> Self {
        Id(place as u64)
    }
}

impl From<Id> for usize {
    #[inline]
    fn from(id: Id) -> usize {
        usize::try_from(id.0).expect("a place in a cluster")
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&format_args!("{self:?}"))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u64::deserialize(deserializer).map(Id);
        }
        let text = String::deserialize(deserializer)?;
        let number = text.strip_prefix("Id(").and_then(|t| t.strip_suffix(')'));
        let number = number.and_then(|number| number.parse().ok());
        let no_id = || D::Error::custom(format!("`{text}` is no id: write `Id(2)`"));
        number.map(Id).ok_or_else(no_id)
    }
}

/// A text in which nodes go by their names: a protocol that prints an id says `Id(2)`, and means `P2`.
pub fn named(text: &str, names: &[String]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(ID) {
        let (before, id) = rest.split_at(at);
        let number = id[ID.len()..].split(')').next().unwrap_or_default();
        let name = number.parse().ok().and_then(|n: usize| names.get(n));
        let whole_word = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        out.push_str(before);
        match name {
            Some(name) if whole_word && id[ID.len() + number.len()..].starts_with(')') => {
                out.push_str(name);
                rest = &id[ID.len() + number.len() + 1..];
            }
            _ => {
                out.push_str(ID);
                rest = &id[ID.len()..];
            }
        }
    }
    out + rest
}

/// How an id begins where it is printed.
const ID: &str = "Id(";

/// A list with one thing for each node, which people read by whose it is:
/// `#[serde(with = "jury::model::id::by_node")]`.
pub mod by_node {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Id;
    use crate::model::FewMap;

    pub fn serialize<T: Serialize, S: Serializer>(
        list: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let each = list.iter().enumerate();
            return serializer.collect_map(each.map(|(at, thing)| (Id::from(at), thing)));
        }
        list.serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        if deserializer.is_human_readable() {
            let each = FewMap::<Id, T>::deserialize(deserializer)?;
            return Ok(each.into_values().collect());
        }
        Vec::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::{Id, by_node};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Leader {
        to: Id,
        #[serde(with = "by_node")]
        next: Vec<u32>,
    }

    #[test]
    fn people_read_whose_it_is_and_bytes_are_numbers() {
        let leader = Leader {
            to: Id::from(2),
            next: vec![7, 8],
        };
        let text = serde_json::to_string(&leader).unwrap();
        assert_eq!(text, r#"{"to":"Id(2)","next":{"Id(0)":7,"Id(1)":8}}"#);
        assert_eq!(serde_json::from_str::<Leader>(&text).unwrap(), leader);
        let bytes = postcard::to_extend(&leader, Vec::new()).unwrap();
        assert_eq!(bytes, [2, 2, 7, 8]);
        assert_eq!(postcard::from_bytes::<Leader>(&bytes).unwrap(), leader);
        assert!(serde_json::from_str::<Id>("\"Id(x)\"").is_err());
    }
}
