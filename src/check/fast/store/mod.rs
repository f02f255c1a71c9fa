//! What is known of parts and worlds: values by number, worlds as keys, keys by order and by set.
//!
//! The values of parts are interned (`shared`, `books`, `pieces`), and what was asked about them by number is
//! remembered (`memo`); what they are can be written down and read back (`values`). A world is packed into a key of a word or two (`pack`). The keys that were seen
//! are a set (`visited`) and a list in the order of their discovery (`keys`); those that came a moment ago
//! need not be looked up (`lately`).
//!
//! Nothing here applies an event, or knows how worlds are found.

pub mod books;
pub mod keys;
pub mod lately;
pub mod memo;
pub mod pack;
pub mod pieces;
pub mod shared;
pub mod values;
pub mod visited;
