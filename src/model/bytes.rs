//! Values as bytes, and back.
//!
//! Reading and writing values is compiled anew for each type of each protocol, and is done seldom: so what it
//! consists of is called, not copied.

use postcard::{Deserializer, Error, Result, de_flavors, ser_flavors, serialize_with_flavor};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a value.
pub fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>> {
    serialize_with_flavor(value, Written(Vec::new()))
}

/// The value that has just these bytes.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match begins(bytes)? {
        (value, []) => Ok(value),
        _ => Err(Error::DeserializeBadEncoding),
    }
}

/// The value that bytes begin with, and the others.
pub fn begins<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8])> {
    let mut deserializer = Deserializer::from_flavor(Unread(bytes));
    let value = T::deserialize(&mut deserializer)?;
    Ok((value, deserializer.finalize()?))
}

struct Written(Vec<u8>);

impl ser_flavors::Flavor for Written {
    type Output = Vec<u8>;

    #[inline(never)]
    fn try_extend(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    #[inline(never)]
    fn try_push(&mut self, byte: u8) -> Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> Result<Vec<u8>> {
        Ok(self.0)
    }
}

struct Unread<'a>(&'a [u8]);

impl<'a> de_flavors::Flavor<'a> for Unread<'a> {
    type Remainder = &'a [u8];
    type Source = &'a [u8];

    #[inline(never)]
    fn pop(&mut self) -> Result<u8> {
        let (first, rest) = self
            .0
            .split_first()
            .ok_or(Error::DeserializeUnexpectedEnd)?;
        self.0 = rest;
        Ok(*first)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }

    #[inline(never)]
    fn try_take_n(&mut self, count: usize) -> Result<&'a [u8]> {
        let taken = self.0.split_at_checked(count);
        let (taken, rest) = taken.ok_or(Error::DeserializeUnexpectedEnd)?;
        self.0 = rest;
        Ok(taken)
    }

    fn finalize(self) -> Result<&'a [u8]> {
        Ok(self.0)
    }
}
