//! `jury explore`: Stateright's Explorer, in a browser, on the same system.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Instant;

use super::output::remark;
use super::picture::Picture;
use super::records::PendingRecords;
use super::{Failure, Outcome, Terminal, edge, story};

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

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let case = edge::open(&args.file)?;
    if !case.has_check() {
        return Err(super::check::has_none(&args.file));
    }
    if let Some(story) = case.refuted_check() {
        let asked = story::Asked {
            command: "explore",
            file: &args.file,
            begun: Instant::now(),
            json: false,
            with_trace: false,
            quiet: false,
            part: (None, None),
            picture: Picture::default(),
        };
        return story::tell(&asked, story, PendingRecords::default(), terminal);
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
