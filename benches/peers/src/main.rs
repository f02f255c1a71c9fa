//! Jury's simulator beside turmoil and madsim: what a delivered message takes, and what time takes that passes
//! with nothing to do.
//!
//! Each measurement runs in a process of its own, on one thread: this program once more, told what to measure. In
//! every round all take their turns; the tables show medians, of processor time. Whoever does not get exactly the
//! echoes that it asked for fails.
//!
//!     cd benches/peers && cargo run --release
//!
//! An argument is the number of rounds: 5 if there is none.

#[cfg(not(madsim))]
compile_error!(
    "madsim needs its flag: run cargo in benches/peers, where .cargo/config.toml sets it"
);

mod echo;
mod idle;
mod measure;
mod on_jury;
mod on_madsim;
mod on_turmoil;
mod table;
mod workload;

use table::Table;
use workload::{Echo, IDLE_NODES};

/// Who takes part, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    Jury,
    JuryWithFaults,
    TurmoilUdp { tick_ms: u64 },
    TurmoilTcp { tick_ms: u64 },
    Madsim,
}

use Contestant::{Jury, JuryWithFaults, Madsim, TurmoilTcp, TurmoilUdp};

const WINDOWS: [u64; 3] = [1, 100, 1_000];

/// Who simulates echoes, and how many for each window: what takes it about a second.
const ECHOES: [(Contestant, [u64; 3]); 6] = [
    (Jury, [2_000_000, 2_000_000, 1_000_000]),
    (JuryWithFaults, [2_000_000, 2_000_000, 1_000_000]),
    (TurmoilUdp { tick_ms: 1 }, [30_000, 1_000_000, 500_000]),
    (TurmoilUdp { tick_ms: 10 }, [150_000, 1_500_000, 1_000_000]),
    (TurmoilTcp { tick_ms: 1 }, [30_000, 800_000, 800_000]),
    (Madsim, [500_000, 500_000, 500_000]),
];

/// Who simulates idle nodes, and for how many seconds.
const IDLE: [(Contestant, u64); 4] = [
    (Jury, 10_000),
    (TurmoilUdp { tick_ms: 1 }, 2),
    (TurmoilUdp { tick_ms: 10 }, 10),
    (Madsim, 10_000),
];

impl Contestant {
    fn name(self) -> String {
        match self {
            Jury => "Jury".to_owned(),
            JuryWithFaults => "Jury, with faults".to_owned(),
            TurmoilUdp { tick_ms } => format!("turmoil, UDP, ticks of {tick_ms} ms"),
            TurmoilTcp { tick_ms } => format!("turmoil, TCP, ticks of {tick_ms} ms"),
            Madsim => "madsim, `Endpoint`".to_owned(),
        }
    }

    /// The messages that were delivered.
    fn echo(self, echo: Echo) -> u64 {
        let tally = match self {
            Jury => on_jury::echo(echo),
            JuryWithFaults => return on_jury::echo_with_faults(echo),
            TurmoilUdp { tick_ms } => on_turmoil::udp(echo, tick_ms),
            TurmoilTcp { tick_ms } => on_turmoil::tcp(echo, tick_ms),
            Madsim => on_madsim::echo(echo),
        };
        assert!(tally.is_all_of(&echo), "{self:?}, {echo:?}: {tally:?}");
        echo.messages()
    }

    /// The virtual seconds that passed.
    fn idle(self, seconds: u64) -> u64 {
        let ms = seconds * 1_000;
        match self {
            Jury | JuryWithFaults => on_jury::idle(ms),
            TurmoilUdp { tick_ms } | TurmoilTcp { tick_ms } => on_turmoil::idle(ms, tick_ms),
            Madsim => on_madsim::idle(ms),
        }
        seconds
    }
}

/// One measurement: a line of a table, and a column of it.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    Echo { line: usize, column: usize },
    Idle { line: usize },
}

impl Task {
    /// Messages delivered, or virtual seconds.
    fn run(self) -> u64 {
        match self {
            Task::Echo { line, column } => {
                let (contestant, requests) = ECHOES[line];
                let (window, requests) = (WINDOWS[column], requests[column]);
                contestant.echo(Echo { window, requests })
            }
            Task::Idle { line } => {
                let (contestant, seconds) = IDLE[line];
                contestant.idle(seconds)
            }
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some(task) = measure::asked_for(&args) {
        return measure::report(task);
    }
    let rounds = args
        .first()
        .map_or(5, |n| n.parse().expect("a number of rounds"));
    let echo_tasks = || {
        let lines = 0..ECHOES.len();
        lines.flat_map(|line| (0..WINDOWS.len()).map(move |column| Task::Echo { line, column }))
    };
    let idle_tasks = || (0..IDLE.len()).map(|line| Task::Idle { line });
    let mut echoes = vec![Vec::new(); echo_tasks().count()];
    let mut idle = vec![Vec::new(); IDLE.len()];
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for (speeds, task) in echoes.iter_mut().zip(echo_tasks()) {
            speeds.push(measure::elsewhere(task));
        }
        for (speeds, task) in idle.iter_mut().zip(idle_tasks()) {
            speeds.push(measure::elsewhere(task));
        }
    }
    let columns = WINDOWS.map(|window| format!("window {}", table::thousands(window)));
    println!("Delivered messages per second of processor time:\n");
    let echoes = Table {
        columns: columns.to_vec(),
        names: ECHOES.map(|(contestant, _)| contestant.name()).to_vec(),
        measured: echoes,
        ours: 2,
    };
    echoes.print(table::millions);
    println!("\nVirtual against processor time, {IDLE_NODES} idle nodes:\n");
    let idle = Table {
        columns: vec!["times as fast".to_owned()],
        names: IDLE.map(|(contestant, _)| contestant.name()).to_vec(),
        measured: idle,
        ours: 1,
    };
    idle.print(table::times);
}
