//! What the numbers of parts stand for, in a checkpoint.
//!
//! Invariant: values are written in the order of their numbers, so that whoever interns them in the order
//! in which they are read gives them the same.

use std::io;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::books::Books;
use super::shared::Shared;
use crate::check::checkpoint::{CheckpointError, Place, Reader, Writer};
use crate::check::intern::{Number, number};
use crate::model::globals::Globals;
use crate::model::{Channel, Id, Node, Past, Protocol, System};

/// Writes what the numbers of parts stand for.
pub fn write_values<P: Protocol>(writer: &mut Writer, books: &Books<P>) -> io::Result<()> {
    fn all<T>(writer: &mut Writer, values: &Shared<Arc<T>>) -> io::Result<()>
    where
        T: Serialize + DeserializeOwned + PartialEq,
    {
        writer.number(values.len() as u64)?;
        (0..values.len()).try_for_each(|nth| writer.faithful(&**values.get(number(nth))))
    }
    for book in &books.node {
        all(writer, &book.values)?;
    }
    for book in &books.channel {
        all(writer, &book.values)?;
    }
    all(writer, &books.globals.values)?;
    all(writer, &books.history.values)
}

/// Interns values in the order in which they were, so that they get the same numbers.
pub fn read_values<P: Protocol>(
    reader: &mut Reader,
    place: &Place,
    system: &System<P>,
    books: &mut Books<P>,
) -> Result<(), CheckpointError> {
    fn all<T: DeserializeOwned>(
        reader: &mut Reader,
        place: &Place,
        mut intern: impl FnMut(T) -> Number,
    ) -> Result<(), CheckpointError> {
        for nth in 0..reader.count(size_of::<u64>() as u64)? {
            if intern(reader.value()?) != number(nth) {
                return Err(place.of_another_protocol("it begins with another world"));
            }
        }
        Ok(())
    }
    let (nodes, rules) = (books.nodes, &system.rules);
    for (at, book) in books.node.iter_mut().enumerate() {
        let protocol = &*system.protocol;
        let intern = |node: Node<P>| book.intern(protocol, Id::from(at), node);
        all(reader, place, intern)?;
    }
    for book in &mut books.channel {
        let order = rules.links.order;
        all(reader, place, |channel: Channel<P::Msg>| {
            book.intern(order, channel)
        })?;
    }
    let book = &mut books.globals;
    all(reader, place, |globals: Globals| {
        book.intern(nodes, rules, globals)
    })?;
    let book = &mut books.history;
    all(reader, place, |past: Past<P>| book.values.intern(past))
}
