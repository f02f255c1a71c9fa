//! Builds traces by hand, a step at a time.

use serde_json::json;

use crate::model::facts::{Costs, Facts};
use crate::model::{KeyState, Limit, LinkOrder, LinkRules, Observation, Time, Value};
use crate::trace::{
    Did, FORMAT, Message, NodeInfo, NodeRecord, Origin, Outcome, PropertyStatus, Saved, Sent,
    StartRecord, StepRecord, Trace, What,
};

pub struct Build {
    pub trace: Trace,
    now: Time,
}

pub fn record(status: &str) -> NodeRecord {
    NodeRecord {
        up: true,
        status: status.to_owned(),
        key_state: KeyState::default(),
        state: json!({ "phase": status }),
        storage: json!(null),
        timers: Vec::new(),
    }
}

impl Build {
    /// Nodes by name, each with its role.
    pub fn new(protocol: &str, nodes: &[(&str, &str)]) -> Self {
        let info = |(name, role): &(&str, &str)| NodeInfo {
            name: (*name).to_owned(),
            role: (*role).to_owned(),
        };
        let start = || StartRecord {
            did: Did::default(),
            after: record("working"),
        };
        let trace = Trace {
            jury_trace: FORMAT,
            unrecorded: None,
            protocol: protocol.to_owned(),
            params: json!({}),
            origin: Origin::default(),
            links: LinkRules {
                order: LinkOrder::Unordered,
                copies: Limit::AtMost(2),
                never_forgets: false,
            },
            nodes: nodes.iter().map(info).collect(),
            start: nodes.iter().map(|_| start()).collect(),
            properties: Vec::new(),
            steps: Vec::new(),
            verdict: None,
            facts: Facts::default(),
            costs: Costs::default(),
            hash: String::new(),
        };
        Build {
            trace,
            now: Time::ZERO,
        }
    }

    fn node(&self, name: &str) -> usize {
        let found = self.trace.nodes.iter().position(|n| n.name == name);
        found.unwrap_or_else(|| panic!("no node {name}"))
    }

    /// Time goes on by so many microseconds.
    pub fn wait(&mut self, us: u64) -> &mut Self {
        self.now.0 += us * 1000;
        self
    }

    fn step(&mut self, event: String, what: What) -> &mut Self {
        self.wait(870);
        let after = match &what {
            What::Deliver(_)
            | What::Timeout { .. }
            | What::Choose { .. }
            | What::Recover { .. } => what.node().and_then(|n| self.last_record(n)),
            What::Crash { .. } => Some(NodeRecord {
                up: false,
                state: json!(null),
                ..record("down")
            }),
            _ => None,
        };
        self.trace.steps.push(StepRecord {
            at: Some(self.now),
            event,
            what,
            crash_after: None,
            suspicion: None,
            did: Did::default(),
            lost: Vec::new(),
            after,
            properties: Vec::new(),
        });
        self
    }

    fn last_record(&self, node: usize) -> Option<NodeRecord> {
        let steps = self.trace.steps.iter().rev();
        let mut own = steps.filter(|s| s.what.node() == Some(node));
        own.find_map(|s| s.after.clone())
            .or_else(|| Some(self.trace.start.get(node)?.after.clone()))
    }

    fn message(&self, src: &str, dst: &str, message: &str) -> Message {
        Message {
            src: self.node(src),
            dst: self.node(dst),
            message: message.to_owned(),
        }
    }

    pub fn deliver(&mut self, src: &str, dst: &str, message: &str) -> &mut Self {
        let m = self.message(src, dst, message);
        self.step(
            format!("deliver {src} -> {dst} {message}"),
            What::Deliver(m),
        )
    }

    pub fn arrive_at_down(&mut self, src: &str, dst: &str, message: &str) -> &mut Self {
        let m = self.message(src, dst, message);
        self.step(
            format!("deliver {src} -> {dst} {message}"),
            What::ArriveAtDown(m),
        )
    }

    pub fn drop(&mut self, src: &str, dst: &str, message: &str) -> &mut Self {
        let m = self.message(src, dst, message);
        self.step(format!("drop {src} -> {dst} {message}"), What::Drop(m))
    }

    pub fn duplicate(&mut self, src: &str, dst: &str, message: &str) -> &mut Self {
        let m = self.message(src, dst, message);
        self.step(
            format!("duplicate {src} -> {dst} {message}"),
            What::Duplicate(m),
        )
    }

    pub fn timeout(&mut self, node: &str, timer: &str) -> &mut Self {
        let what = What::Timeout {
            node: self.node(node),
            timer: timer.to_owned(),
        };
        self.step(format!("timeout {node} {timer}"), what)
    }

    pub fn choose(&mut self, node: &str, key: &str, value: &str) -> &mut Self {
        let what = What::Choose {
            node: self.node(node),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        self.step(format!("choose {node} {key} {value}"), what)
    }

    pub fn crash(&mut self, node: &str) -> &mut Self {
        let what = What::Crash {
            node: self.node(node),
        };
        self.step(format!("crash {node}"), what)
    }

    pub fn recover(&mut self, node: &str) -> &mut Self {
        let what = What::Recover {
            node: self.node(node),
        };
        self.step(format!("recover {node}"), what)
            .status("recovering")
    }

    /// `{C, P1} | {P2, P3}`
    pub fn cut(&mut self, groups: &str) -> &mut Self {
        let links = self.links(groups);
        self.step(format!("cut {groups}"), What::Cut { links })
    }

    pub fn heal(&mut self, groups: &str) -> &mut Self {
        let links = self.links(groups);
        self.step(format!("heal {groups}"), What::Heal { links })
    }

    /// The links between groups.
    fn links(&self, groups: &str) -> Vec<(usize, usize)> {
        let group = |names: &str| -> Vec<usize> {
            let names = names.trim_matches(['{', '}', ' ']);
            names.split(", ").map(|name| self.node(name)).collect()
        };
        let groups: Vec<Vec<usize>> = groups.split(" | ").map(group).collect();
        let mut links = Vec::new();
        for (i, from) in groups.iter().enumerate() {
            for (_, to) in groups.iter().enumerate().filter(|(j, _)| *j != i) {
                links.extend(from.iter().flat_map(|a| to.iter().map(move |b| (*a, *b))));
            }
        }
        links
    }

    /// What matters of the state of the last step's node now.
    pub fn key(&mut self, term: u32, log: &[&str], commit: u32) -> &mut Self {
        let entries = log.iter().map(|entry| (*entry).to_owned()).collect();
        if let Some(after) = &mut self.last().after {
            after.key_state = KeyState::default()
                .with("term", term.to_string())
                .with_log("log", 1, entries)
                .with("commit", commit.to_string());
        }
        self
    }

    fn last(&mut self) -> &mut StepRecord {
        self.trace.steps.last_mut().expect("a step to add to")
    }

    /// The last step's node crashed behind so many commands.
    pub fn crash_after(&mut self, commands: usize) -> &mut Self {
        let step = self.last();
        step.crash_after = Some(commands);
        step.after = Some(NodeRecord {
            up: false,
            state: json!(null),
            ..record("down")
        });
        self
    }

    pub fn suspicion(&mut self, suspicion: &str) -> &mut Self {
        self.last().suspicion = Some(suspicion.to_owned());
        self
    }

    pub fn send(&mut self, to: &[&str], message: &str) -> &mut Self {
        self.send_lost(to, message, None)
    }

    pub fn send_lost(&mut self, to: &[&str], message: &str, lost: Option<&str>) -> &mut Self {
        for dst in to {
            let dst = self.node(dst);
            self.last().did.sent.push(Sent {
                dst,
                message: message.to_owned(),
                lost: lost.map(str::to_owned),
            });
        }
        self
    }

    pub fn save(&mut self, record: &str, forced: bool) -> &mut Self {
        self.last().did.saved.push(Saved {
            record: record.to_owned(),
            forced,
        });
        self
    }

    pub fn force(&mut self, record: &str) -> &mut Self {
        self.save(record, true)
    }

    pub fn observe(&mut self, observation: Observation) -> &mut Self {
        self.last().did.observed.push(observation);
        self
    }

    /// A message that the beginning cut lost.
    pub fn loses(&mut self, src: &str, dst: &str, message: &str) -> &mut Self {
        let m = self.message(src, dst, message);
        self.last().lost.push(m);
        self
    }

    pub fn status(&mut self, status: &str) -> &mut Self {
        self.last().after = Some(record(status));
        self
    }

    /// What the last step's node remembers now.
    pub fn state(&mut self, state: &str) -> &mut Self {
        if let Some(after) = &mut self.last().after {
            after.state = json!(state);
        }
        self
    }

    pub fn violates(&mut self, property: &str, reason: &str) -> &mut Self {
        self.last().properties.push(PropertyStatus {
            property: property.to_owned(),
            holds: false,
            reason: Some(reason.to_owned()),
        });
        self
    }

    pub fn verdict(&mut self, verdict: &str, sentences: &[&str]) -> &mut Self {
        self.trace.verdict = Some(Outcome {
            verdict: verdict.to_owned(),
            sentences: sentences.iter().map(|s| (*s).to_owned()).collect(),
        });
        self
    }
}

pub fn voted(value: &'static str) -> Observation {
    Observation::Voted {
        subject: 1,
        value: Value::from(value),
    }
}

pub fn decided(value: &'static str) -> Observation {
    Observation::Decided {
        subject: 1,
        value: Value::from(value),
    }
}

pub fn locked() -> Observation {
    Observation::Locked { subject: 1 }
}

pub fn released() -> Observation {
    Observation::Released { subject: 1 }
}
