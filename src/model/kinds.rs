//! The kinds of a protocol's messages and timers, as their types declare them.
//!
//! A type is asked for by a deserializer that has nothing to offer but listens to what the type
//! wants: an enum names its variants. A kind is the name in front of a value's `Debug` text, so
//! variants must not be renamed for serde.

use serde::Deserializer;
use serde::de::{DeserializeOwned, Error as _, Visitor, value::Error};
use serde::forward_to_deserialize_any;

/// The kinds of `T`; empty if the type does not tell (a number, say).
pub fn kinds<T: DeserializeOwned>() -> Vec<&'static str> {
    let mut kinds = Vec::new();
    // The answer is always an error: there is no value.
    let _ = T::deserialize(Probe(&mut kinds));
    kinds
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

    use super::kinds;

    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Msg {
        Prepare { txn: u64 },
        Vote(bool),
        Ack,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Ping(u8);

    #[test]
    fn a_type_tells_its_kinds() {
        assert_eq!(kinds::<Msg>(), ["Prepare", "Vote", "Ack"]);
        assert_eq!(kinds::<Box<Msg>>(), ["Prepare", "Vote", "Ack"]);
        assert_eq!(kinds::<Ping>(), ["Ping"]);
        assert!(kinds::<u8>().is_empty());
        assert!(kinds::<()>().is_empty());
    }
}
