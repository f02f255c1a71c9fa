//! What the numbers of parts stand for, in a checkpoint.
//!
//! Invariant: values are written in the order of their numbers, so that whoever interns them in the order
//! in which they are read gives them the same.

use std::io;
use std::sync::Arc;

use serde::Serialize;

use super::books::Books;
use super::shared::Shared;
use crate::check::checkpoint::{CheckpointError, Place, Reader, Writer};
use crate::check::intern::{Number, number};
use crate::model::bytes::from_bytes;
use crate::model::{Id, Protocol, System};

/// Writes what the numbers of parts stand for.
pub fn write_values<P: Protocol>(
    writer: &mut Writer,
    protocol: &P,
    books: &Books<P>,
) -> io::Result<()> {
    fn all<T: Serialize + PartialEq>(
        writer: &mut Writer,
        values: &Shared<Arc<T>>,
        read: &dyn Fn(&[u8]) -> postcard::Result<T>,
    ) -> io::Result<()> {
        writer.number(values.len() as u64)?;
        (0..values.len()).try_for_each(|nth| writer.faithful(&**values.get(number(nth)), read))
    }
    let types = protocol.types();
    for book in &books.node {
        all(writer, &book.values, &|bytes| types.node(bytes))?;
    }
    for book in &books.channel {
        all(writer, &book.values, &|bytes| types.channel(bytes))?;
    }
    all(writer, &books.globals.values, &from_bytes)?;
    all(writer, &books.history.values, &|bytes| types.past(bytes))
}

/// Interns values in the order in which they were, so that they get the same numbers.
pub fn read_values<P: Protocol>(
    reader: &mut Reader,
    place: &Place,
    system: &System<P>,
    books: &mut Books<P>,
) -> Result<(), CheckpointError> {
    fn all<T>(
        reader: &mut Reader,
        place: &Place,
        read: &dyn Fn(&[u8]) -> postcard::Result<T>,
        mut intern: impl FnMut(T) -> Number,
    ) -> Result<(), CheckpointError> {
        for nth in 0..reader.count(size_of::<u64>() as u64)? {
            if intern(reader.value_by(read)?) != number(nth) {
                return Err(place.of_another_protocol("it begins with another world"));
            }
        }
        Ok(())
    }
    let (nodes, rules) = (books.nodes, &system.rules);
    let protocol = &*system.protocol;
    let types = protocol.types();
    for (at, book) in books.node.iter_mut().enumerate() {
        let intern = |node| book.intern(protocol, Id::from(at), node);
        all(reader, place, &|bytes| types.node(bytes), intern)?;
    }
    for book in &mut books.channel {
        let intern = |channel| book.intern(rules.links.order, channel);
        all(reader, place, &|bytes| types.channel(bytes), intern)?;
    }
    let book = &mut books.globals;
    let intern = |globals| book.intern(nodes, rules, globals);
    all(reader, place, &from_bytes, intern)?;
    let values = &mut books.history.values;
    let intern = |past| values.intern(past);
    all(reader, place, &|bytes| types.past(bytes), intern)
}
