//! turmoil: a tokio runtime for each host, and all of them advance by ticks.
//!
//! Latencies are whole milliseconds, drawn from an exponential distribution that is cut off at the largest: there is
//! no uniform one. Its curve is chosen so that the mean is that of the others, 5.5 ms.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;
use turmoil::net::tcp::OwnedWriteHalf;
use turmoil::net::{TcpListener, TcpStream, UdpSocket};
use turmoil::{Builder, Result, Sim};

use crate::workload::{
    Draws, Echo, IDLE_MS, IDLE_NODES, LATENCY_MS, SERVERS, Tally, check_idle, server,
};

const PORT: u16 = 1000;
const ANYWHERE: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT);

/// 1 + floor(9 x) ms, at most 10, is 5.5 ms in the mean if x is so distributed.
const CURVE: f64 = 1.388;

fn builder(tick_ms: u64) -> Builder {
    let (least, most) = LATENCY_MS;
    let mut builder = Builder::new();
    builder
        .rng_seed(1)
        .tick_duration(Duration::from_millis(tick_ms))
        .simulation_duration(Duration::MAX)
        .min_message_latency(Duration::from_millis(least))
        .max_message_latency(Duration::from_millis(most));
    builder
}

/// A simulation in which a whole window fits into the buffer of a socket.
fn echo_sim<'a>(echo: &Echo, tick_ms: u64) -> Sim<'a> {
    let capacity = usize::try_from(echo.window).expect("it fits into memory") + 64;
    let mut builder = builder(tick_ms);
    let sim = builder
        .udp_capacity(capacity)
        .tcp_capacity(capacity)
        .build();
    sim.set_message_latency_curve(CURVE);
    sim
}

fn name(nth: u64) -> String {
    format!("server-{nth}")
}

pub fn udp(echo: Echo, tick_ms: u64) -> Tally {
    let mut sim = echo_sim(&echo, tick_ms);
    for nth in 0..SERVERS {
        sim.host(name(nth), || async {
            let socket = UdpSocket::bind(ANYWHERE).await?;
            let mut buffer = [0; 8];
            loop {
                let (_, from) = socket.recv_from(&mut buffer).await?;
                socket.send_to(&buffer, from).await?;
            }
        });
    }
    let told = Rc::new(Cell::new(Tally::default()));
    let tell = told.clone();
    sim.client("client", async move {
        let socket = UdpSocket::bind(ANYWHERE).await?;
        let servers: Vec<SocketAddr> = (0..SERVERS)
            .map(|nth| (turmoil::lookup(name(nth)), PORT).into())
            .collect();
        let to = |number: u64| servers[server(number)];
        for number in echo.at_first() {
            socket.send_to(&number.to_le_bytes(), to(number)).await?;
        }
        let mut tally = Tally::default();
        let mut buffer = [0; 8];
        while tally.echoes < echo.requests {
            socket.recv_from(&mut buffer).await?;
            let number = u64::from_le_bytes(buffer);
            tally.take(number);
            if let Some(next) = echo.after(number) {
                socket.send_to(&next.to_le_bytes(), to(next)).await?;
            }
        }
        tell.set(tally);
        Ok(())
    });
    sim.run().expect("nobody fails");
    told.get()
}

pub fn tcp(echo: Echo, tick_ms: u64) -> Tally {
    let mut sim = echo_sim(&echo, tick_ms);
    for nth in 0..SERVERS {
        sim.host(name(nth), || async {
            let listener = TcpListener::bind(ANYWHERE).await?;
            let (mut stream, _) = listener.accept().await?;
            let mut buffer = [0; 8];
            // The client hangs up when it is done.
            while stream.read_exact(&mut buffer).await.is_ok() {
                if stream.write_all(&buffer).await.is_err() {
                    break;
                }
            }
            std::future::pending().await
        });
    }
    let told = Rc::new(Cell::new(Tally::default()));
    let tell = told.clone();
    sim.client("client", async move {
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for nth in 0..SERVERS {
            let stream = TcpStream::connect((name(nth), PORT)).await?;
            let (reader, writer) = stream.into_split();
            readers.push(reader);
            writers.push(writer);
        }
        let writers = Rc::new(Mutex::new(writers));
        for number in echo.at_first() {
            ask(&writers, number).await?;
        }
        let done = Rc::new(tokio::sync::Notify::new());
        for mut reader in readers {
            let (tell, writers, done) = (tell.clone(), writers.clone(), done.clone());
            tokio::task::spawn_local(async move {
                let mut buffer = [0; 8];
                while reader.read_exact(&mut buffer).await.is_ok() {
                    let number = u64::from_le_bytes(buffer);
                    let mut tally = tell.get();
                    tally.take(number);
                    tell.set(tally);
                    if let Some(next) = echo.after(number) {
                        ask(&writers, next).await.expect("the server is there");
                    } else if tally.echoes == echo.requests {
                        done.notify_one();
                    }
                }
            });
        }
        done.notified().await;
        Ok(())
    });
    sim.run().expect("nobody fails");
    told.get()
}

async fn ask(writers: &Mutex<Vec<OwnedWriteHalf>>, number: u64) -> Result {
    let mut writers = writers.lock().await;
    let writer = &mut writers[server(number)];
    writer.write_all(&number.to_le_bytes()).await?;
    Ok(())
}

pub fn idle(until_ms: u64, tick_ms: u64) {
    let mut sim = builder(tick_ms).build();
    let timeouts = Rc::new(Cell::new(0));
    let wait = move |nth: usize, timeouts: Rc<Cell<u64>>| async move {
        let mut draws = Draws(nth as u64);
        loop {
            let ms = draws.within(IDLE_MS);
            tokio::time::sleep(Duration::from_millis(ms)).await;
            timeouts.set(timeouts.get() + 1);
        }
    };
    for nth in 1..IDLE_NODES {
        let timeouts = timeouts.clone();
        sim.host(format!("idle-{nth}"), move || wait(nth, timeouts.clone()));
    }
    let own = timeouts.clone();
    sim.client("client", async move {
        let until = Duration::from_millis(until_ms);
        let _: std::result::Result<Result, _> = tokio::time::timeout(until, wait(0, own)).await;
        Ok(())
    });
    sim.run().expect("nobody fails");
    check_idle(timeouts.get(), until_ms);
}
