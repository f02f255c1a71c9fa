//! What was seen on the way, as a checkpoint holds it.

use serde::{Deserialize, Serialize};

use crate::check::fast::expand::worker::Seen;
use crate::model::arms::Arm;
use crate::model::cluster::index;
use crate::model::{Bound, Id};

/// What was [`Seen`].
#[derive(Serialize, Deserialize)]
pub struct SavedSeen {
    withheld: Vec<SavedBound>,
    absorbed: bool,
    repair_withheld: bool,
    /// By the position of the node.
    exercised: Vec<(usize, Arm)>,
    pub waiting: Option<usize>,
}

#[derive(Serialize, Deserialize)]
enum SavedBound {
    Depth,
    Timeouts,
    Protocol(String),
}

impl From<&Bound> for SavedBound {
    fn from(bound: &Bound) -> Self {
        match bound {
            Bound::Depth => SavedBound::Depth,
            Bound::Timeouts => SavedBound::Timeouts,
            Bound::Protocol(name) => SavedBound::Protocol((*name).to_owned()),
        }
    }
}

impl From<SavedBound> for Bound {
    fn from(bound: SavedBound) -> Self {
        match bound {
            SavedBound::Depth => Bound::Depth,
            SavedBound::Timeouts => Bound::Timeouts,
            // The names of bounds are part of the program. These few, read once, live as long.
            SavedBound::Protocol(name) => Bound::Protocol(name.leak()),
        }
    }
}

impl SavedSeen {
    pub fn of(seen: &Seen) -> Self {
        let by_position = |(id, arm): &(Id, Arm)| (index(*id), arm.clone());
        SavedSeen {
            withheld: seen.withheld.iter().map(SavedBound::from).collect(),
            absorbed: seen.absorbed,
            repair_withheld: seen.repair_withheld,
            exercised: seen.exercised.iter().map(by_position).collect(),
            waiting: seen.waiting,
        }
    }
}

impl From<SavedSeen> for Seen {
    fn from(saved: SavedSeen) -> Self {
        let by_id = |(node, arm)| (Id::from(node), arm);
        Seen {
            withheld: saved.withheld.into_iter().map(Bound::from).collect(),
            absorbed: saved.absorbed,
            repair_withheld: saved.repair_withheld,
            exercised: saved.exercised.into_iter().map(by_id).collect(),
            waiting: saved.waiting,
        }
    }
}
