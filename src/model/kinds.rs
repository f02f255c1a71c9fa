//! The kinds of a protocol's messages and timers, as their types declare them, and a specimen of
//! each.
//!
//! A type is asked for by a deserializer that has nothing to offer but listens to what the type
//! wants: an enum names its variants. A kind is the name in front of a value's `Debug` text, so
//! variants must not be renamed for serde.

use std::fmt::Debug;

use serde::Deserializer;
use serde::de::{DeserializeOwned, Error as _, Visitor, value::Error};
use serde::forward_to_deserialize_any;

use super::bytes::begins;
use super::event::{kind, label};

/// So many bytes are enough for a value of which everything is nothing.
const ENOUGH: usize = 256;

/// The kinds of `T`; empty if the type does not tell (a number, say).
pub fn kinds<T: DeserializeOwned>() -> Vec<&'static str> {
    let mut kinds = Vec::new();
    // The answer is always an error: there is no value.
    let _ = T::deserialize(Probe(&mut kinds));
    kinds
}

/// The kinds of `T`, each with a value of it, if one can be made: zeros, empty lists, first variants.
/// A type that does not take these for a value has none.
pub fn specimens<T: DeserializeOwned + Debug>() -> Vec<(&'static str, Option<T>)> {
    let specimen = |(variant, name): (u8, &'static str)| {
        // In postcard a variant is a number in front of its contents, and nothing is zeros.
        let mut bytes = [0; ENOUGH];
        bytes[0] = variant;
        let value = begins(&bytes).ok().map(|(value, _)| value);
        (name, value.filter(|value| kind(&label(value)) == name))
    };
    // From the 128th on a number takes two bytes.
    let kinds = (0..128).zip(kinds::<T>());
    kinds.map(specimen).collect()
}

struct Probe<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("there is no value"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(variants);
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.push(name);
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.push(name);
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.push(name);
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.push(name);
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit seq tuple map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use std::num::NonZero;
    use std::sync::Arc;

    use super::{kinds, specimens};

    #[derive(Debug, PartialEq, Deserialize)]
    enum Msg {
        Prepare { txn: u64 },
        Vote(bool),
        Ack,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Ping(u8);

    #[derive(Debug, PartialEq, Deserialize)]
    enum Rich {
        Nested(Option<Msg>, Msg, [u16; 2]),
        Lists(Arc<[Msg]>, String),
        NeverZero(NonZero<u8>),
        Endless(Box<Rich>, Msg),
    }

    #[test]
    fn a_type_tells_its_kinds() {
        assert_eq!(kinds::<Msg>(), ["Prepare", "Vote", "Ack"]);
        assert_eq!(kinds::<Box<Msg>>(), ["Prepare", "Vote", "Ack"]);
        assert_eq!(kinds::<Ping>(), ["Ping"]);
        assert!(kinds::<u8>().is_empty());
        assert!(kinds::<()>().is_empty());
    }

    #[test]
    fn a_specimen_is_of_its_kind_and_else_of_nothing() {
        let specimens_of_msg = [
            ("Prepare", Some(Msg::Prepare { txn: 0 })),
            ("Vote", Some(Msg::Vote(false))),
            ("Ack", Some(Msg::Ack)),
        ];
        assert_eq!(specimens::<Msg>(), specimens_of_msg);
        assert_eq!(specimens::<Ping>(), [("Ping", Some(Ping(0)))]);
        assert!(specimens::<u8>().is_empty());
        let nested = || Rich::Nested(None, Msg::Prepare { txn: 0 }, [0, 0]);
        let endless = Rich::Endless(Box::new(nested()), Msg::Prepare { txn: 0 });
        let specimens_of_rich = [
            ("Nested", Some(nested())),
            ("Lists", Some(Rich::Lists(Arc::new([]), String::new()))),
            ("NeverZero", None),
            ("Endless", Some(endless)),
        ];
        assert_eq!(specimens::<Rich>(), specimens_of_rich);
    }
}
