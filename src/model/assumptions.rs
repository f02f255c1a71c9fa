//! What the adversary may do, as data.
//!
//! [`Rules`] say which events a system enables: timing, link behaviour, budgets for faults and
//! repairs, bounds on ordinary behaviour. An [`Assumption`] is what the literature makes of such
//! rules when it claims a property; it can be *imposed* on rules (it takes events away) and
//! *judged* on the [`Facts`] of a run.
//!
//! Invariant: imposing an assumption never enables an event that was disabled, except on a network that
//! never forgets, where every loss and every duplicate is implied. It becomes one that does: what is left
//! of them are events of their own.

#[cfg(test)]
use std::borrow::Cow;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cluster::{Cluster, NodeSet};
use super::crash::InsideHandlers;
use super::facts::Facts;
use super::network::{Cut, LinkOrder, LinkRules};

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    Unlimited,
    AtMost(u32),
}

impl Limit {
    pub const NONE: Limit = Limit::AtMost(0);

    /// Whether it may happen once more after `spent` times. What is unlimited is never counted.
    pub fn allows(self, spent: impl FnOnce() -> usize) -> bool {
        match self {
            Limit::Unlimited => true,
            Limit::AtMost(most) => spent() < most as usize,
        }
    }

    pub fn is_limited(self) -> bool {
        self != Limit::Unlimited
    }

    /// The stricter of two limits.
    pub fn min(self, other: Limit) -> Limit {
        match (self, other) {
            (Limit::Unlimited, l) | (l, Limit::Unlimited) => l,
            (Limit::AtMost(a), Limit::AtMost(b)) => Limit::AtMost(a.min(b)),
        }
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Limit::Unlimited => serializer.serialize_str("unlimited"),
            Limit::AtMost(n) => serializer.serialize_u32(*n),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LimitVisitor;

        impl Visitor<'_> for LimitVisitor {
            type Value = Limit;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of times, or \"unlimited\"")
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<Limit, E> {
                let most = u32::try_from(n);
                most.map(Limit::AtMost)
                    .map_err(|_| E::custom("too large: write \"unlimited\""))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Limit, E> {
                match text {
                    "unlimited" => Ok(Limit::Unlimited),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(LimitVisitor)
    }
}

#[cfg(test)]
impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How often something may happen: a number, or \"unlimited\".",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                { "const": "unlimited" }
            ]
        })
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Unlimited => f.write_str("unlimited"),
            Limit::AtMost(n) => n.fmt(f),
        }
    }
}

/// When an armed timer may fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// At any moment.
    #[default]
    Asynchronous,
    /// Only when every peer it awaits has failed, and the past is quiet: no false suspicions.
    Accurate,
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Timing::Asynchronous => "asynchronous",
            Timing::Accurate => "accurate",
        })
    }
}

/// How many faults and repairs there may be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Budgets {
    /// Crashes by group of nodes. A node may crash if it is in a group, and all its groups allow
    /// it.
    pub crashes: Vec<(NodeSet, Limit)>,
    pub inside_handlers: InsideHandlers,
    pub recoveries: Limit,
    /// Nodes down at the same time.
    pub down: Limit,
    pub drops: Limit,
    pub duplicates: Limit,
    /// Cuts begun, out of [`Rules::cuts`].
    pub cuts: Limit,
    pub heals: Limit,
}

impl Budgets {
    /// Nothing ever fails.
    pub fn none() -> Self {
        Budgets {
            crashes: Vec::new(),
            inside_handlers: InsideHandlers::InOrder,
            recoveries: Limit::NONE,
            down: Limit::Unlimited,
            drops: Limit::NONE,
            duplicates: Limit::NONE,
            cuts: Limit::NONE,
            heals: Limit::NONE,
        }
    }

    /// Anything may fail at any time.
    pub fn unlimited(nodes: NodeSet) -> Self {
        Budgets {
            crashes: vec![(nodes, Limit::Unlimited)],
            inside_handlers: InsideHandlers::InOrder,
            recoveries: Limit::Unlimited,
            down: Limit::Unlimited,
            drops: Limit::Unlimited,
            duplicates: Limit::Unlimited,
            cuts: Limit::Unlimited,
            heals: Limit::Unlimited,
        }
    }
}

/// Everything that decides which events a system enables, beside the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    pub links: LinkRules,
    pub timing: Timing,
    pub budgets: Budgets,
    /// The cuts that may be made.
    pub cuts: Vec<Cut>,
    /// Timeouts in all; a bound on ordinary behaviour.
    pub timeouts: Limit,
    /// Nodes that must stay up: of each set, at least so many.
    pub survivors: Vec<(NodeSet, usize)>,
    /// Nodes that have not started yet.
    pub absent: NodeSet,
    /// Remember who failed for whom. `Accurate` timing needs it; a run asks for it to tell true
    /// suspicions from false ones.
    pub remember_failures: bool,
    /// Nodes that have not started may yet do so by themselves, as time goes by: they are slow, and not
    /// down.
    pub time_passes: bool,
}

impl Rules {
    /// Asynchronous, unordered, nothing fails, at most two equal messages in flight.
    pub fn fault_free() -> Self {
        Rules {
            links: LinkRules {
                order: LinkOrder::Unordered,
                copies: Limit::AtMost(2),
                never_forgets: false,
            },
            timing: Timing::Asynchronous,
            budgets: Budgets::none(),
            cuts: Vec::new(),
            timeouts: Limit::Unlimited,
            survivors: Vec::new(),
            absent: NodeSet::EMPTY,
            remember_failures: false,
            time_passes: false,
        }
    }

    /// The rules under which a run takes place: whatever physics allows.
    pub fn physics(cluster: &Cluster, order: LinkOrder) -> Self {
        Rules {
            links: LinkRules {
                order,
                copies: Limit::Unlimited,
                never_forgets: false,
            },
            budgets: Budgets::unlimited(cluster.all()),
            remember_failures: true,
            time_passes: true,
            ..Rules::fault_free()
        }
    }

    pub fn tracks_failures(&self) -> bool {
        self.remember_failures || self.timing == Timing::Accurate
    }
}

/// What the literature assumes when it claims a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assumption {
    /// No message is lost on a link that is not cut.
    NoLoss,
    NoDuplication,
    /// Links deliver in the order of sending.
    Fifo,
    NoCut,
    /// At most so many cuts, healed or not.
    MaxCuts {
        cuts: u32,
    },
    /// A node that crashed stays down.
    CrashStop,
    /// At most so many crashes, of nodes with the role if one is named.
    MaxCrashes {
        crashes: u32,
        role: Option<&'static str>,
    },
    /// At any time some node with the role is up (any node if none is named).
    NoTotalFailure {
        role: Option<&'static str>,
    },
    /// At any time a majority of the nodes with the role is up.
    LiveQuorum {
        role: &'static str,
    },
    /// No timer fires while a peer it awaits may still answer.
    Synchrony,
    /// Clocks drift by at most so many parts per million. Imposed on nothing: the checker's
    /// timers have no durations.
    BoundedDrift {
        ppm: u32,
    },
}

impl Assumption {
    /// Nobody crashes.
    pub const NO_CRASH: Assumption = Assumption::MaxCrashes {
        crashes: 0,
        role: None,
    };

    /// Takes away the events that would break the assumption.
    pub fn impose(self, rules: &mut Rules, cluster: &Cluster) {
        match self {
            Assumption::NoLoss => {
                rules.budgets.drops = Limit::NONE;
                rules.links.never_forgets = false;
            }
            Assumption::NoDuplication => {
                rules.budgets.duplicates = Limit::NONE;
                rules.links.never_forgets = false;
            }
            Assumption::Fifo => {
                rules.links.order = LinkOrder::Fifo;
                rules.links.never_forgets = false;
                rules.budgets.duplicates = Limit::NONE;
            }
            Assumption::NoCut => rules.budgets.cuts = Limit::NONE,
            Assumption::MaxCuts { cuts } => {
                let most = rules.budgets.cuts.min(Limit::AtMost(cuts));
                rules.budgets.cuts = most;
            }
            Assumption::CrashStop => rules.budgets.recoveries = Limit::NONE,
            Assumption::MaxCrashes { crashes, role } => {
                let nodes = nodes(cluster, role);
                let most = Limit::AtMost(crashes);
                let groups = &mut rules.budgets.crashes;
                // A limit that says nothing new must not become a new part of the world.
                if groups
                    .iter()
                    .any(|(g, l)| nodes.is_subset(*g) && l.min(most) == *l)
                {
                    return;
                }
                if most == Limit::NONE {
                    // Nothing to count: the nodes leave every group.
                    for (group, _) in groups.iter_mut() {
                        *group = group.minus(nodes);
                    }
                    groups.retain(|(g, _)| !g.is_empty());
                    return;
                }
                let may_crash = groups.iter().fold(NodeSet::EMPTY, |a, (g, _)| a.union(*g));
                let bounded = may_crash.intersection(nodes);
                if !bounded.is_empty() {
                    groups.push((bounded, most));
                }
            }
            Assumption::NoTotalFailure { role } => {
                keep_up(rules, nodes(cluster, role), 1);
            }
            Assumption::LiveQuorum { role } => {
                let nodes = cluster.with_role(role);
                keep_up(rules, nodes, nodes.len() / 2 + 1);
            }
            Assumption::Synchrony => {
                rules.timing = Timing::Accurate;
                if rules.links.never_forgets {
                    // There the past is never quiet. The same faults, one at a time:
                    rules.links.never_forgets = false;
                    rules.budgets.drops = Limit::Unlimited;
                    rules.budgets.duplicates = Limit::Unlimited;
                }
            }
            Assumption::BoundedDrift { .. } => {}
        }
    }

    /// Whether it held in a run.
    pub fn held(self, facts: &Facts, cluster: &Cluster) -> bool {
        match self {
            Assumption::NoLoss => facts.drops == 0,
            Assumption::NoDuplication => facts.duplicates == 0,
            Assumption::Fifo => facts.reorderings == 0 && facts.duplicates == 0,
            Assumption::NoCut => facts.cuts == 0,
            Assumption::MaxCuts { cuts } => facts.cuts <= cuts,
            Assumption::CrashStop => facts.recoveries == 0,
            Assumption::MaxCrashes { crashes, role } => {
                let of_role = |id| facts.crashes[usize::from(id)];
                nodes(cluster, role).iter().map(of_role).sum::<u32>() <= crashes
            }
            // Of nodes that are not there, none can fail.
            Assumption::NoTotalFailure { role } => {
                let nodes = nodes(cluster, role);
                nodes.is_empty() || facts.fewest_up(nodes) >= 1
            }
            Assumption::LiveQuorum { role } => {
                let nodes = cluster.with_role(role);
                nodes.is_empty() || facts.fewest_up(nodes) > nodes.len() / 2
            }
            Assumption::Synchrony => facts.is_synchronous(),
            Assumption::BoundedDrift { ppm } => facts.drift_ppm_max <= ppm,
        }
    }
}

/// At least so many of these nodes stay up; nothing new where none of them may crash.
fn keep_up(rules: &mut Rules, nodes: NodeSet, least: usize) {
    let may_crash = |(group, _): &(NodeSet, Limit)| !group.intersection(nodes).is_empty();
    let known = rules.survivors.contains(&(nodes, least));
    if !known && rules.budgets.crashes.iter().any(may_crash) {
        rules.survivors.push((nodes, least));
    }
}

fn nodes(cluster: &Cluster, role: Option<&str>) -> NodeSet {
    role.map_or(cluster.all(), |role| cluster.with_role(role))
}

impl std::fmt::Display for Assumption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Assumption::NoLoss => f.write_str("no loss"),
            Assumption::NoDuplication => f.write_str("no duplication"),
            Assumption::Fifo => f.write_str("fifo links"),
            Assumption::NoCut => f.write_str("no cut"),
            Assumption::MaxCuts { cuts } => {
                let s = if *cuts == 1 { "" } else { "s" };
                write!(f, "at most {cuts} cut{s}")
            }
            Assumption::CrashStop => f.write_str("crash-stop"),
            Assumption::MaxCrashes {
                crashes: 0,
                role: None,
            } => f.write_str("no crash"),
            Assumption::MaxCrashes {
                crashes: 0,
                role: Some(role),
            } => write!(f, "no crash of a {role}"),
            Assumption::MaxCrashes { crashes, role } => {
                let s = if *crashes == 1 { "" } else { "es" };
                write!(f, "at most {crashes} crash{s}")?;
                role.map_or(Ok(()), |role| write!(f, " of a {role}"))
            }
            Assumption::NoTotalFailure { role: None } => f.write_str("no total failure"),
            Assumption::NoTotalFailure { role: Some(role) } => {
                write!(f, "no total failure of the {role}s")
            }
            Assumption::LiveQuorum { role } => write!(f, "a live quorum of {role}s"),
            Assumption::Synchrony => f.write_str("synchrony"),
            Assumption::BoundedDrift { ppm } => write!(f, "clock drift of at most {ppm} ppm"),
        }
    }
}
