//! `jury explore`: Stateright's Explorer, in a browser, on the same system.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;

use super::output::remark;
use super::{Failure, Outcome, Terminal, edge};

const EXAMPLES: &str = "\
Examples:
  jury explore scenarios/2pc/happy-path.json
  jury explore mine.json --address localhost:8080";

/// Walk through a scenario's worlds by hand, in Stateright's Explorer.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The scenario.
    file: PathBuf,

    /// Where to listen. Whoever can reach it can explore: keep it local.
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:3000")]
    address: String,
}

pub fn run(args: &Args, _: &Terminal) -> Result<Outcome, Failure> {
    let case = edge::open(&args.file)?;
    if !case.has_check() {
        return Err(super::check::has_none(&args.file));
    }
    let address = listen(&args.address)?;
    remark(format!(
        "Exploring {} at http://{}/ (Ctrl-C ends it)",
        args.file.display(),
        args.address
    ));
    case.explorer(address);
    Ok(Outcome::AsExpected)
}

/// An address on which one can listen. The Explorer itself would panic.
fn listen(address: &str) -> Result<SocketAddr, Failure> {
    let advice = "write a host and a free port, like `localhost:3000`";
    let bad = |error| Failure::new(format!("cannot listen on {address}: {error}"), advice);
    let mut found = address.to_socket_addrs().map_err(bad)?;
    let address = found
        .next()
        .ok_or_else(|| Failure::new(format!("{address} is no address"), advice))?;
    TcpListener::bind(address).map_err(bad)?;
    Ok(address)
}
