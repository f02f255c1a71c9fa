//! The command line, on the protocols of this crate.

use std::process::ExitCode;

use jury::registry::Registry;

fn main() -> ExitCode {
    jury::cli::main(Registry::shipped())
}
