//! What clients asked for and were told, for whoever shows it; and an order that explains it.

use serde::Serialize;

/// Something that a client asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// The client, as a node.
    pub client: usize,
    pub asked: String,
    /// What it was told; nothing as long as it waits, or if it never will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The step in which it asked, and the one in which it was told.
    pub from: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<usize>,
}

/// One end of an operation, which is known by its place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Asked(usize),
    Told(usize),
}

/// What all clients asked for, and in which order they asked and were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    pub list: Vec<Operation>,
    pub ends: Vec<End>,
}

/// Whether there is an order of operations, each between its ends, in which one copy would have answered as clients
/// were told (Herlihy & Wing 1990).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Linearization {
    /// Such an order. Operations that nobody was told of are in it where others need them.
    Order(Vec<usize>),
    /// There is none.
    Broken {
        /// The first operation whose answer no order explains.
        at: usize,
        /// What it could have been told.
        possible: Vec<String>,
        /// An order of what came before.
        order: Vec<usize>,
        /// What it is held against, itself among it: the operations on the same thing up to then, as they were asked for.
        together: Vec<usize>,
        /// The same in a sentence.
        why: String,
    },
}
