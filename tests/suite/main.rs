//! What is shipped as files, against what the code says today: scenarios, the pictures of them, the
//! matrix, transcripts.
//!
//! One program, so that whatever several of these tests compare is run and explored once.

mod cores;
mod detection;
mod explained;
mod found;
mod matrix;
mod pictures;
mod reports;
mod scenarios;
mod shipped;
mod shrinking;
mod transcripts;
