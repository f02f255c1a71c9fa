//! A protocol that does nothing, but has everything that a scenario can name.

use jury::model::{
    Actor, BadParameter, Bug, Cluster, Expectation, Id, Observation, Out, Predicate, Property,
    Protocol, Start, TimerRange,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct Toy {
    participants: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    Prepare,
    Vote(bool),
    Decision { commit: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    Patience,
    Retry(u8),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Params {
    /// How many participants there are.
    pub participants: usize,
    /// How each of them votes.
    pub votes: Vec<Vote>,
    // With a part like this a type ignores the keys that it does not know.
    #[serde(flatten)]
    pub patience: Patience,
    // Nobody looks at it.
    /// A mistake to make on purpose.
    pub bug: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Patience {
    /// How long a participant waits.
    pub patience: TimerRange,
}

impl Default for Patience {
    fn default() -> Self {
        let patience = TimerRange::millis(50, 100);
        Patience { patience }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Vote {
    Yes,
    No,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            participants: 3,
            votes: Vec::new(),
            patience: Patience::default(),
            bug: None,
        }
    }
}

impl Actor for Toy {
    type Msg = Msg;
    type Timer = Timer;
    type State = ();
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, _: Id, _: Start<'_, ()>, _: &mut Out<Self>) {}

    fn on_message(&self, _: Id, (): &mut (), _: Id, _: Msg, _: &mut Out<Self>) {}
}

impl Protocol for Toy {
    const NAME: &'static str = "toy";
    const ABOUT: &'static str = "A protocol that does nothing.";
    const SOURCES: &'static [&'static str] = &[];
    const BUGS: &'static [Bug] = &[Bug {
        name: "forgets-votes",
        about: "Votes are forgotten.",
        breaks: &["atomicity"],
        source: "",
    }];

    type Params = Params;
    type History = ();

    fn new(params: &Params) -> Result<Self, BadParameter> {
        let (n, votes) = (params.participants, params.votes.len());
        if votes != 0 && votes != n {
            let message = format!("{votes} votes for {n} participants");
            return Err(BadParameter::new("votes", message));
        }
        Ok(Toy { participants: n })
    }

    fn cluster(&self) -> Cluster {
        let participants = (1..=self.participants).map(|i| (format!("P{i}"), "participant"));
        let coordinator = ("C".to_owned(), "coordinator");
        Cluster::new(std::iter::once(coordinator).chain(participants))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let predicate = || Predicate::History(|_: &Self, ()| Ok(()));
        let property = |name, expectation| Property {
            name,
            about: "",
            citation: "",
            premise: vec![],
            assumes: Vec::new(),
            expectation,
        };
        // Of thirteen participants there is a protocol that makes a mistake in what it says of itself.
        let reachable = if self.participants == 13 {
            "atomicity"
        } else {
            "committed"
        };
        vec![
            property("atomicity", Expectation::Always(predicate())),
            property(reachable, Expectation::Reachable(predicate())),
            property(
                "non-blocking",
                Expectation::NeverBlocked {
                    condition: None,
                    goal: predicate(),
                },
            ),
        ]
    }
}

/// A scenario that uses much of what there is.
pub const GOOD: &str = r#"{
  "$schema": "../../schema.json",
  "jury": 1,
  "about": "The coordinator dies after asking for votes.",
  "protocol": "toy",
  "params": { "participants": 3, "votes": ["yes", "yes", "no"] },
  "run": {
    "seeds": "1..100",
    "until": "5s",
    "network": {
      "latency": { "uniform": ["1ms", "10ms"] },
      "links": { "C -> P1": { "latency": { "constant": "50ms" } } },
      "loss": [1, 100]
    },
    "nodes": { "P2": { "start-delay": "10ms", "drift-ppm": -200 } },
    "faults": [
      { "after": { "deliver": "Prepare", "to": "P3", "nth": 2 }, "crash": "C" },
      { "before": { "deliver": "Vote", "from": "P1" }, "drop": true },
      { "at": "20ms", "cut": [["C", "P1"], ["P2", "P3"]] },
      { "at": "1s", "heal": "all" },
      { "after": { "timeout": "Patience", "node": "P1" }, "recover": "C" }
    ],
    "nemesis": { "crashes": ["participant"], "crash-every": "300ms", "until": "4s" }
  },
  "check": {
    "timing": "accurate",
    "faults": {
      "crashes": { "C": 1, "participant": "unlimited" },
      "recoveries": 1,
      "cuts": { "most": 1, "which": ["isolate-one", [["C"], ["P1", "P2"]], ["C -> P3"]] },
      "heals": "unlimited"
    },
    "bounds": { "depth": 40 },
    "after": ["deliver C -> P1 Prepare", "crash C"]
  },
  "expect": {
    "run": { "every": ["ok", "blocked"], "some": [{ "violated": "atomicity" }] },
    "check": { "atomicity": "violated outside the assumptions", "non-blocking": "can block" }
  }
}
"#;
