//! A whole protocol in one screen, simulated and checked: a lock server that writes down who holds the
//! lock. Its messages carry no number, so that an old one passes for a new one.
//! (`cargo run --example new_protocol`)

use jury::prelude::*;
use serde::{Deserialize, Serialize};

/// What is sent; and a timer is called what is sent when it fires.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Msg {
    Acquire,
    Granted,
    Release,
}

const PAUSE: TimerRange = TimerRange::millis(10, 20);

/// The server is node 0.
struct Lock;

impl Actor for Lock {
    type Msg = Msg;
    type Timer = Msg;
    /// Who holds the lock: the server knows, and writes it down; a client knows it of itself.
    type State = Option<Id>;
    type Storage = Option<Id>;
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, start: Start<'_, Self::Storage>, o: &mut Out<Self>) -> Self::State {
        if id != Id::from(0) {
            o.set_timer(Msg::Acquire, PAUSE);
        }
        start.storage().copied().flatten()
    }

    fn on_message(&self, id: Id, holder: &mut Self::State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Acquire if holder.is_none_or(|holder| holder == src) => {
                *holder = Some(src);
                o.save(*holder);
                o.send(src, Msg::Granted);
            }
            Msg::Granted if holder.is_none() => {
                *holder = Some(id);
                o.observe(Observation::took("the lock"));
                o.cancel_timer(Msg::Acquire);
                o.set_timer(Msg::Release, PAUSE);
            }
            // The mistake: this may be an old one, and so may a GRANTED.
            Msg::Release if holder.take().is_some() => o.save(None),
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, holder: &mut Self::State, timer: &Msg, o: &mut Out<Self>) {
        if holder.take().is_some() {
            o.observe(Observation::gave("the lock"));
        }
        o.send(Id::from(0), timer.clone());
        o.set_timer(Msg::Acquire, PAUSE);
    }
}

impl Protocol for Lock {
    const NAME: &'static str = "lock";
    const ABOUT: &'static str = "A lock server and two clients.";
    type Params = ();
    type History = ();

    fn new((): &()) -> Result<Self, BadParameter> {
        Ok(Lock)
    }

    fn cluster(&self) -> Cluster {
        Cluster::new([("S", "server"), ("A", "client"), ("B", "client")])
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let about = "At most one client holds the lock.";
        let one_holder = Predicate::World(|lock: &Lock, world: &dyn View<Lock>| {
            let holds = |id: &Id| world.state(*id) == Some(&Some(*id));
            let holders: NodeSet = world.ids().filter(holds).collect();
            let text = || format!("{} hold the lock", lock.cluster().names(holders));
            Reason::unless(holders.len() <= 1, holders, text)
        });
        let property = Property::always("mutual-exclusion", about, "Dijkstra 1965", one_holder);
        vec![property]
    }
}

fn main() {
    let lock = Testbed::parse::<Lock>(include_str!("lock.json"), "lock.json").expect("a scenario");
    let mut report = lock
        .check(&CheckOptions::default(), None, &mut Patient)
        .unwrap();
    for trace in [
        lock.run(1, true, &RunLimits::default()).trace,
        report.properties.remove(0).trace,
    ] {
        let picture = diagram(&trace.expect("recorded"), &Options::default());
        println!("{picture}");
    }
}
