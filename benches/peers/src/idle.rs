//! Nodes that only wait, as Jury's handlers.

use jury::prelude::*;
use serde::{Deserialize, Serialize};

use crate::workload::{IDLE_MS, IDLE_NODES};

#[derive(Clone, Debug)]
pub struct Idlers;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Again;

const PAUSE: TimerRange = TimerRange::millis(IDLE_MS.start, IDLE_MS.end);

impl Actor for Idlers {
    type Msg = ();
    type Timer = Again;
    /// How often its timer fired.
    type State = u64;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, _: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> u64 {
        o.set_timer(Again, PAUSE);
        0
    }

    fn on_message(&self, _: Id, _: &mut u64, _: Id, (): (), _: &mut Out<Self>) {}

    fn on_timeout(&self, _: Id, fired: &mut u64, _: &Again, o: &mut Out<Self>) {
        *fired += 1;
        o.set_timer(Again, PAUSE);
    }
}

impl Protocol for Idlers {
    const NAME: &'static str = "idle";
    const ABOUT: &'static str = "Nodes that only wait.";
    type Params = ();
    type History = ();

    fn new((): &()) -> Result<Self, BadParameter> {
        Ok(Idlers)
    }

    fn cluster(&self) -> Cluster {
        Cluster::new((0..IDLE_NODES).map(|nth| (format!("I{nth}"), "idler")))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let once = Predicate::Step("once", |_, step| match step.states() {
            Some((before, after)) if *after != before + 1 => Err("counted wrongly".to_owned()),
            _ => Ok(()),
        });
        vec![Property::always("once", "A timeout counts once.", "", once)]
    }
}
