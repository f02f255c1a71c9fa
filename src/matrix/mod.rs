//! The matrix of assumptions: which faults each property of a protocol bears, and whether that
//! agrees with what its file claims.
//!
//! A protocol declares small instances ([`Variant`](crate::model::Variant)). Each is explored
//! under every set of kinds of faults, a *cell*; all properties are judged there by what they say
//! alone. From the table follow the largest sets under which a property holds and the smallest
//! under which it fails. What the file claims is put to the test under everything that the claim
//! leaves.
//!
//! Invariant: nothing in what is reported depends on time, threads or memory, unless a monitor
//! stopped a search, and then the report says so. It draws no pictures and knows no scenario.

mod claims;
mod instance;
mod lattice;
mod layout;
mod markdown;
pub mod report;
pub mod skeen;
mod table;
pub mod words;

pub use instance::{Attendant, Effort, Instance, NextSearch, Unhurried, weigh};
pub use lattice::{FaultSet, Found, Frontier, frontier, sets};
pub use layout::layout;
pub use markdown::markdown;
pub use report::{Cell, CellWord, Claim, ClaimOutcome, Matrix, ProtocolMatrix, VariantMatrix};

use crate::model::Protocol;
use crate::protocols::{Visitor, each};

/// The protocols that declare instances, each with the names of its variants.
pub fn variants() -> Vec<(&'static str, Vec<&'static str>)> {
    struct VariantNames(Vec<(&'static str, Vec<&'static str>)>);

    impl Visitor for VariantNames {
        fn visit<P: Protocol>(&mut self) {
            let variants = P::matrix();
            let names = variants.iter().map(|variant| variant.name).collect();
            self.0.push((P::NAME, names));
        }
    }

    let mut names = VariantNames(Vec::new());
    each(&mut names);
    names.0
}

/// Weighs every variant that is wanted, by protocol and name.
pub fn matrix(
    wanted: &dyn Fn(&str, &str) -> bool,
    effort: &Effort,
    attendant: &mut dyn Attendant,
) -> Matrix {
    struct Weigh<'a> {
        wanted: &'a dyn Fn(&str, &str) -> bool,
        effort: &'a Effort,
        attendant: &'a mut dyn Attendant,
        matrix: Matrix,
    }

    impl Visitor for Weigh<'_> {
        fn visit<P: Protocol>(&mut self) {
            let wanted = |variant: &str| (self.wanted)(P::NAME, variant);
            let protocol = weigh::<P>(&wanted, self.effort, self.attendant);
            if !protocol.variants.is_empty() {
                self.matrix.protocols.push(protocol);
            }
        }
    }

    let mut weigh = Weigh {
        wanted,
        effort,
        attendant,
        matrix: Matrix::default(),
    };
    each(&mut weigh);
    weigh.matrix
}
