//! madsim: one executor for all nodes, which jumps from timer to timer.
//!
//! Its latencies are 1 to 10 ms by default. Who sends sleeps for a millisecond first, so with one task at each node,
//! as here, messages queue up before they are sent. With a task for each that is in flight they do not; but it
//! takes a tenth to a fifth longer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madsim::net::Endpoint;
use madsim::runtime::Runtime;
use madsim::{Config, time};

use crate::workload::{Draws, Echo, IDLE_MS, IDLE_NODES, LATENCY_MS, SERVERS, Tally, check_idle};

/// What messages of this bench are tagged with: any task may take any of them.
const TAG: u64 = 0;

fn runtime() -> Runtime {
    let mut config = Config::default();
    let (least, most) = LATENCY_MS;
    config.net.send_latency = Duration::from_millis(least)..Duration::from_millis(most);
    Runtime::with_seed_and_config(1, config)
}

fn address(node: u64) -> SocketAddr {
    let last = u8::try_from(node + 1).expect("few nodes");
    ([10, 0, 0, last], 1000).into()
}

/// The client is the first node; servers follow.
fn server_address(number: u64) -> SocketAddr {
    address(1 + number % SERVERS)
}

pub fn echo(echo: Echo) -> Tally {
    let runtime = runtime();
    for nth in 0..SERVERS {
        let own = server_address(nth);
        let node = runtime.create_node().ip(own.ip()).build();
        node.spawn(async move {
            let endpoint = Endpoint::bind(own).await.expect("it is free");
            let mut buffer = [0; 8];
            loop {
                let received = endpoint.recv_from(TAG, &mut buffer).await;
                let (_, from) = received.expect("it is bound");
                let sent = endpoint.send_to(from, TAG, &buffer).await;
                sent.expect("it is bound");
            }
        });
    }
    let own = address(0);
    let node = runtime.create_node().ip(own.ip()).build();
    let client = node.spawn(async move {
        let endpoint = Endpoint::bind(own).await.expect("it is free");
        // The servers are bound by then.
        time::sleep(Duration::from_millis(100)).await;
        let ask = async |number: u64| {
            let bytes = number.to_le_bytes();
            let sent = endpoint.send_to(server_address(number), TAG, &bytes).await;
            sent.expect("it is bound");
        };
        for number in echo.at_first() {
            ask(number).await;
        }
        let mut tally = Tally::default();
        let mut buffer = [0; 8];
        while tally.echoes < echo.requests {
            let received = endpoint.recv_from(TAG, &mut buffer).await;
            received.expect("it is bound");
            let number = u64::from_le_bytes(buffer);
            tally.take(number);
            if let Some(next) = echo.after(number) {
                ask(next).await;
            }
        }
        tally
    });
    runtime.block_on(client).expect("it ends")
}

pub fn idle(until_ms: u64) {
    let runtime = runtime();
    let timeouts = Arc::new(AtomicU64::new(0));
    for nth in 0..IDLE_NODES {
        let timeouts = timeouts.clone();
        let node = runtime.create_node().ip(address(nth as u64).ip()).build();
        node.spawn(async move {
            let mut draws = Draws(nth as u64);
            loop {
                time::sleep(Duration::from_millis(draws.within(IDLE_MS))).await;
                timeouts.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let until = Duration::from_millis(until_ms);
    runtime.block_on(async move { time::sleep(until).await });
    check_idle(timeouts.load(Ordering::Relaxed), until_ms);
}
