//! Reads types out of a [`Tree`], so that every complaint has its place.
//!
//! Stricter than serde asks: a key that a type would skip is an error, whether or not the type
//! denies unknown keys. Places reach the types through [`Spanned`](super::spanned::Spanned).

use serde::de::value::U64Deserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::error::Flaw;
use super::spanned::SPANNED;
use super::tree::{Kind, Tree};

/// Reads a value of type `T`.
pub fn read<'de, T: Deserialize<'de>>(tree: &'de Tree) -> Result<T, Flaw> {
    T::deserialize(Reader::of(tree))
}

#[derive(Clone, Copy)]
struct Reader<'de> {
    tree: &'de Tree,
    /// The key that this is the value of, and the keys that its object may have.
    key: Option<(&'de Tree, &'static [&'static str])>,
}

impl<'de> Reader<'de> {
    fn of(tree: &'de Tree) -> Self {
        Reader { tree, key: None }
    }

    fn any<V: Visitor<'de>>(
        self,
        visitor: V,
        keys: &'static [&'static str],
    ) -> Result<V::Value, Flaw> {
        let value = match &self.tree.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(b) => visitor.visit_bool(*b),
            Kind::Number(n) => match (n.as_u64(), n.as_i64()) {
                (Some(n), _) => visitor.visit_u64(n),
                (None, Some(n)) => visitor.visit_i64(n),
                (None, None) => visitor.visit_f64(n.as_f64().unwrap_or(f64::NAN)),
            },
            Kind::String(s) => visitor.visit_borrowed_str(s),
            Kind::List(items) => list(items, visitor),
            Kind::Object(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
                keys,
            }),
        };
        value.map_err(|flaw: Flaw| flaw.or_at(self.tree.span))
    }
}

fn list<'de, V: Visitor<'de>>(items: &'de [Tree], visitor: V) -> Result<V::Value, Flaw> {
    let mut items = Items(items.iter());
    let value = visitor.visit_seq(&mut items)?;
    match items.0.next() {
        None => Ok(value),
        Some(extra) => {
            Err(Flaw::at(extra.span, "this list has too many elements").label("one too many"))
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Flaw;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        self.any(visitor, &[])
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        match self.tree.kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        if name == SPANNED {
            return visitor.visit_seq(WithSpan {
                tree: self.tree,
                given: 0,
            });
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        // A derived struct would also be read from a list, by position: nobody means that.
        if let Kind::List(_) = self.tree.kind {
            return Err(Flaw::invalid_type(Unexpected::Seq, &visitor).or_at(self.tree.span));
        }
        self.any(visitor, keys)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        let span = self.tree.span;
        let (word, value) = match &self.tree.kind {
            Kind::String(_) => (self.tree, None),
            Kind::Object(entries) => match &entries[..] {
                [(word, value)] => (word, Some(value)),
                _ => {
                    return Err(Flaw::at(span, "expected an object with exactly one key")
                        .label(format!("{} keys", entries.len())));
                }
            },
            _ => return self.any(visitor, &[]),
        };
        visitor
            .visit_enum(Word { word, value })
            .map_err(|flaw| flaw.or_at(span))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaw> {
        match self.key {
            Some((key, keys)) => {
                Err(Flaw::unknown_key(key.as_str().unwrap_or_default(), keys).or_at(key.span))
            }
            None => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

struct Items<'de>(std::slice::Iter<'de, Tree>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Flaw;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Flaw> {
        let Some(tree) = self.0.next() else {
            return Ok(None);
        };
        let value = seed.deserialize(Reader::of(tree));
        value.map(Some).map_err(|flaw| flaw.or_at(tree.span))
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, (Tree, Tree)>,
    /// The key read last, and its value.
    value: Option<&'de (Tree, Tree)>,
    keys: &'static [&'static str],
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Flaw;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Flaw> {
        self.value = self.rest.next();
        let Some((key, _)) = self.value else {
            return Ok(None);
        };
        let name = seed.deserialize(Reader::of(key));
        name.map(Some).map_err(|flaw| flaw.or_at(key.span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Flaw> {
        let (key, tree) = self.value.take().expect("a key comes before its value");
        let key = Some((key, self.keys));
        seed.deserialize(Reader { tree, key })
            .map_err(|flaw| flaw.or_at(tree.span))
    }
}

/// A word, or an object that gives one word a value.
struct Word<'de> {
    word: &'de Tree,
    value: Option<&'de Tree>,
}

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Flaw;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Flaw> {
        let variant = seed.deserialize(Reader::of(self.word));
        let variant = variant.map_err(|flaw| flaw.or_at(self.word.span))?;
        Ok((variant, self))
    }
}

impl<'de> Word<'de> {
    fn value(&self) -> Result<Reader<'de>, Flaw> {
        let word = self.word.as_str().unwrap_or_default();
        self.value.map(Reader::of).ok_or_else(|| {
            Flaw::at(self.word.span, format!("`{word}` needs a value"))
                .label("a word alone")
                .advice(format!("write {{ \"{word}\": ... }}"))
        })
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Flaw;

    fn unit_variant(self) -> Result<(), Flaw> {
        match self.value {
            None => Ok(()),
            Some(value) => {
                let word = self.word.as_str().unwrap_or_default();
                Err(Flaw::at(value.span, format!("`{word}` takes no value"))
                    .label("too much")
                    .advice(format!("write \"{word}\" alone")))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Flaw> {
        let value = self.value()?;
        let read = seed.deserialize(value);
        read.map_err(|flaw| flaw.or_at(value.tree.span))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Flaw> {
        self.value()?.any(visitor, &[])
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaw> {
        self.value()?.deserialize_struct("", keys, visitor)
    }
}

/// A value behind its place: start, end, value.
struct WithSpan<'de> {
    tree: &'de Tree,
    given: usize,
}

impl<'de> SeqAccess<'de> for WithSpan<'de> {
    type Error = Flaw;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Flaw> {
        let number = |n: usize| -> U64Deserializer<Flaw> { (n as u64).into_deserializer() };
        self.given += 1;
        match self.given {
            1 => seed.deserialize(number(self.tree.span.start)).map(Some),
            2 => seed.deserialize(number(self.tree.span.end)).map(Some),
            3 => seed.deserialize(Reader::of(self.tree)).map(Some),
            _ => Ok(None),
        }
    }
}
