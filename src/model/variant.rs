//! The instances on which a protocol's assumptions are weighed: parameters that are small enough,
//! which kinds of faults there are, and how often each may happen.

use super::assumptions::{Budgets, Limit, Rules, Timing};
use super::cluster::{Cluster, NodeSet};
use super::crash::InsideHandlers;
use super::network::{CutFamily, LinkOrder, LinkRules};

/// A kind of fault, as the matrix of assumptions counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A node crashes: one with the role, if one is named.
    Crash {
        role: Option<&'static str>,
    },
    /// Who crashed may recover. Without a crash it means nothing.
    Recovery,
    Loss,
    Duplication,
    /// A cut begins, and may heal.
    Cut,
    /// A timer fires although a peer that it awaits may still answer: asynchronous timing.
    FalseSuspicion,
}

impl Fault {
    /// All kinds, crashes of any node as one.
    pub const ALL: [Fault; 6] = [
        Fault::Crash { role: None },
        Fault::Recovery,
        Fault::Loss,
        Fault::Duplication,
        Fault::Cut,
        Fault::FalseSuspicion,
    ];

    pub fn is_crash(self) -> bool {
        matches!(self, Fault::Crash { .. })
    }

    /// Its name in tables: `loss`.
    pub fn name(self) -> String {
        match self {
            Fault::Crash { role: None } => "crash".to_owned(),
            Fault::Crash { role: Some(role) } => format!("crash of a {role}"),
            Fault::Recovery => "recovery".to_owned(),
            Fault::Loss => "loss".to_owned(),
            Fault::Duplication => "duplication".to_owned(),
            Fault::Cut => "cut".to_owned(),
            Fault::FalseSuspicion => "false suspicion".to_owned(),
        }
    }

    /// What it is to do without: in the words of [`Assumption`](super::Assumption).
    pub fn ruled_out(self) -> String {
        match self {
            Fault::Crash { .. } => format!("no {}", self.name()),
            Fault::Recovery => "crash-stop".to_owned(),
            Fault::Loss => "no loss".to_owned(),
            Fault::Duplication => "no duplication".to_owned(),
            Fault::Cut => "no cut".to_owned(),
            Fault::FalseSuspicion => "synchrony".to_owned(),
        }
    }
}

/// One instance of a protocol, and the faults under which it is looked at.
///
/// What is stated here is all that the verdicts of the matrix are about, so the matrix states it
/// again.
#[derive(Clone, Debug)]
pub struct Variant<Params> {
    /// `presumed abort, cooperative`
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    pub params: Params,
    /// The properties of which these bounds leave no evidence.
    pub leaves_out: Vec<&'static str>,
    /// The kinds of faults, in the order of columns; at most [`Self::FAULTS_MAX`].
    pub faults: Vec<Fault>,
    /// Crashes: of all nodes together, or of the nodes of each role that is named.
    pub crashes: u32,
    /// Messages lost.
    pub drops: u32,
    /// Messages duplicated.
    pub duplicates: u32,
    /// Cuts begun, out of a family. Each may heal.
    pub cuts: u32,
    pub which_cuts: CutFamily,
    pub order: LinkOrder,
    /// Equal messages in flight on a link.
    pub copies: Limit,
    /// Timeouts in all.
    pub timeouts: Limit,
    /// Events in a row.
    pub depth: Limit,
    /// Distinct worlds in one search; what needs more is not established.
    pub states_max: u64,
}

impl<Params> Variant<Params> {
    pub const FAULTS_MAX: usize = 8;

    /// An instance with one fault of each kind, unordered links, two equal messages in flight, and
    /// no bound but that on worlds.
    pub fn new(name: &'static str, about: &'static str, params: Params) -> Self {
        Variant {
            name,
            about,
            params,
            leaves_out: Vec::new(),
            faults: Fault::ALL.to_vec(),
            crashes: 1,
            drops: 1,
            duplicates: 1,
            cuts: 1,
            which_cuts: CutFamily::IsolateOne,
            order: LinkOrder::Unordered,
            copies: Limit::AtMost(2),
            timeouts: Limit::Unlimited,
            depth: Limit::Unlimited,
            states_max: 1_000_000,
        }
    }

    /// The same with other parameters, or with parameters told otherwise.
    pub fn with<Others>(self, params: Others) -> Variant<Others> {
        Variant {
            params,
            name: self.name,
            about: self.about,
            leaves_out: self.leaves_out,
            faults: self.faults,
            crashes: self.crashes,
            drops: self.drops,
            duplicates: self.duplicates,
            cuts: self.cuts,
            which_cuts: self.which_cuts,
            order: self.order,
            copies: self.copies,
            timeouts: self.timeouts,
            depth: self.depth,
            states_max: self.states_max,
        }
    }

    /// The same without some kinds of faults.
    pub fn without(mut self, faults: &[Fault]) -> Self {
        self.faults.retain(|fault| !faults.contains(fault));
        self
    }

    /// The same where what is under way is not sent again, and so without duplicates: where timers fire at
    /// will, repeated questions are nearly all that there is.
    pub fn lean(self) -> Self {
        Variant {
            copies: Limit::AtMost(1),
            ..self.without(&[Fault::Duplication])
        }
    }

    /// The rules under which nothing happens but these faults.
    pub fn rules(&self, faults: &[Fault], cluster: &Cluster) -> Rules {
        let some = |fault: Fault, limit: u32| {
            let limit = if faults.contains(&fault) { limit } else { 0 };
            Limit::AtMost(limit)
        };
        let crashes = faults.iter().filter_map(|fault| match fault {
            Fault::Crash { role } => {
                let nodes = role.map_or(cluster.all(), |role| cluster.with_role(role));
                Some((nodes, Limit::AtMost(self.crashes)))
            }
            _ => None,
        });
        let crashes: Vec<(NodeSet, Limit)> = crashes.collect();
        // Who may crash so often can recover so often: that needs no counting.
        let repairs = |possible: bool| {
            if possible {
                Limit::Unlimited
            } else {
                Limit::NONE
            }
        };
        let cuts = faults.contains(&Fault::Cut);
        Rules {
            links: LinkRules {
                order: self.order,
                copies: self.copies,
                never_forgets: false,
            },
            timing: if faults.contains(&Fault::FalseSuspicion) {
                Timing::Asynchronous
            } else {
                Timing::Accurate
            },
            budgets: Budgets {
                recoveries: repairs(!crashes.is_empty() && faults.contains(&Fault::Recovery)),
                crashes,
                inside_handlers: InsideHandlers::AnySubset,
                drops: some(Fault::Loss, self.drops),
                duplicates: some(Fault::Duplication, self.duplicates),
                cuts: some(Fault::Cut, self.cuts),
                heals: repairs(cuts),
                ..Budgets::none()
            },
            cuts: if cuts {
                self.which_cuts.cuts(cluster.len())
            } else {
                Vec::new()
            },
            timeouts: self.timeouts,
            ..Rules::fault_free()
        }
    }
}
