//! The comparison file: one story for several protocols that solve the same problem, which is atomic commitment or a
//! replicated store.
//!
//! It names sites and moments by what all of these protocols have, and becomes a scenario of each.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde_json::{Map, Value};

use super::error::{Flaw, ScenarioError, Span};
use super::faults::{Anchor, CutPart, FaultPart, HealPart};
use super::file::{Expect, File, NetworkPart, NodePart, RunPart};
use super::spanned::{Entries, Spanned, Text};
use super::tree::Tree;
use super::values::Seeds;
use super::{Scenario, VERSION, read, unmarked};
use crate::model::{Id, Protocol, Time};
use crate::protocols::atomic_commitment::{self, AtomicCommitment, Occasion, PlannedVote};
use crate::protocols::key_value::{self, ReplicatedStore, Workload};

/// How many servers a store has, unless the story says so.
const SERVERS: u8 = 3;

/// When clients start: whoever is to lead does so by then.
const CLIENTS_START: Time = Time(500_000_000);

/// What a comparison file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComparisonFile {
    /// The version of this format: 1.
    jury_comparison: Spanned<u32>,
    /// The story, in a sentence or two.
    about: String,
    /// Of atomic commitment: how each participant votes.
    #[serde(default)]
    votes: Option<Spanned<Vec<PlannedVote>>>,
    /// Of a replicated store: what each client asks for.
    #[serde(default)]
    clients: Option<Spanned<Workload>>,
    /// How many servers the store has. Default: 3.
    #[serde(default)]
    servers: Option<Spanned<u8>>,
    /// Default: 1..100.
    #[serde(default)]
    seeds: Option<Spanned<Seeds>>,
    /// Virtual time at which a run ends. Default: 10s.
    #[serde(default)]
    until: Option<Spanned<Time>>,
    #[serde(default)]
    network: Option<NetworkPart>,
    #[serde(default)]
    faults: Vec<Spanned<SharedFault>>,
}

/// A fault or repair with its moment: `at` or `after`, and one of the rest. Sites are `lead`, and
/// `P1`, `P2` … by the order of the votes, or the servers `S1`, `S2` … and the clients `C1`, `C2` …
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedFault {
    #[serde(default)]
    at: Option<Spanned<Time>>,
    #[serde(default)]
    after: Option<Text>,
    #[serde(default)]
    crash: Option<Text>,
    #[serde(default)]
    recover: Option<Text>,
    #[serde(default)]
    cut: Option<Spanned<Vec<Vec<Text>>>>,
    #[serde(default)]
    heal: Option<Spanned<Heal>>,
}

/// What a repair heals.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Heal {
    All,
}

/// What the protocols of a story are there for.
#[derive(Clone, Debug)]
pub enum Problem {
    /// A transaction, and how each participant votes.
    AtomicCommitment(Spanned<Vec<PlannedVote>>),
    /// A store of so many servers, and what each client asks for.
    ReplicatedStore(Spanned<u8>, Spanned<Workload>),
}

/// A story that no protocol has been told yet.
#[derive(Clone, Debug)]
pub struct Comparison {
    story: ComparisonFile,
    problem: Problem,
    /// How the file was named.
    name: String,
    text: Arc<str>,
}

impl Comparison {
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            ScenarioError::unreadable(&name, Flaw::new(format!("cannot be read: {error}")))
        })?;
        Comparison::parse(&text, &name)
    }

    /// Reads a text; errors call it `name`.
    pub fn parse(text: &str, name: &str) -> Result<Self, ScenarioError> {
        let text: Arc<str> = Arc::from(unmarked(text));
        let error = |flaw| ScenarioError::new(name, &text, flaw);
        let tree = Tree::parse(&text).map_err(error)?;
        if tree.get("jury_comparison").is_none() {
            let flaw = Flaw::at(tree.span, "the key `jury_comparison` is missing");
            return Err(error(flaw.label("in this object").advice(format!(
                "write \"jury_comparison\": {VERSION}; a scenario of one protocol is for `jury try`"
            ))));
        }
        let story: ComparisonFile = read::read(&tree).map_err(error)?;
        if *story.jury_comparison != VERSION {
            let flaw = Flaw::at(story.jury_comparison.span(), "there is no such version");
            return Err(error(flaw.advice(format!("write {VERSION}"))));
        }
        let problem = story.problem(tree.span).map_err(error)?;
        let name = name.to_owned();
        Ok(Comparison {
            story,
            problem,
            name,
            text: Arc::clone(&text),
        })
    }

    pub fn about(&self) -> &str {
        &self.story.about
    }

    pub fn seeds(&self) -> Seeds {
        let seeds = self.story.seeds.as_ref();
        seeds.map_or_else(|| Seeds::from(1, 100), |seeds| **seeds)
    }

    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// A story of such votes as a scenario of this protocol.
    pub fn told_to<P: AtomicCommitment>(
        &self,
        votes: &Spanned<Vec<PlannedVote>>,
    ) -> Result<Scenario, ScenarioError> {
        let params = P::instance((**votes).clone());
        let protocol = self.protocol::<P>(&params, &|_| votes.span())?;
        let cluster = protocol.cluster();
        let lead = cluster.name(protocol.lead()).to_owned();
        let participants = protocol.ballot().participants;
        let participants: Vec<Id> = participants.iter().collect();
        let named = |site: &str| {
            let nth: usize = site.strip_prefix('P')?.parse().ok()?;
            let id = participants.get(nth.checked_sub(1)?)?;
            Some(cluster.name(*id).to_owned())
        };
        let moment = |text: &Text| {
            let milestone: atomic_commitment::Milestone = moment(text)?;
            Ok(match protocol.occasion(milestone) {
                Occasion::Delivered(kind) => delivered(kind),
                Occasion::Sent(kind) => sent(kind, &lead),
                Occasion::Saved(nth) => Anchor {
                    save: Some(lead.clone().into()),
                    nth: Some(nth.into()),
                    ..Anchor::default()
                },
            })
        };
        let last = participants.len();
        let sites = Sites {
            protocol: P::NAME,
            lead: &lead,
            named: &named,
            all: format!("`P1` to `P{last}` by the order of the votes"),
            moment: &moment,
        };
        self.told::<P>(&params, Entries::default(), &sites)
    }

    /// A story of such clients as a scenario of this form of a protocol, in which S1 leads while nothing fails, nearly
    /// always: it starts earlier than the others.
    pub fn told_to_store<P: ReplicatedStore>(
        &self,
        params: &P::Params,
        (servers, clients): (&Spanned<u8>, &Spanned<Workload>),
    ) -> Result<Scenario, ScenarioError> {
        let protocol = self.protocol::<P>(params, &|parameter| match parameter {
            "servers" => servers.span(),
            _ => clients.span(),
        })?;
        let cluster = protocol.cluster();
        let of_role = |role: &str| -> Vec<String> {
            let ids = cluster.with_role(role).iter();
            ids.map(|id| cluster.name(id).to_owned()).collect()
        };
        let (servers, clients) = (of_role("server"), of_role("client"));
        let lead = &servers[0];
        let named = |site: &str| {
            let mut all = servers.iter().chain(&clients);
            all.find(|name| *name == site).cloned()
        };
        let moment = |text: &Text| {
            Ok(match moment(text)? {
                key_value::Milestone::FirstRequest => Anchor {
                    to: Some(lead.clone().into()),
                    ..delivered("Request")
                },
                key_value::Milestone::FirstAnswer => sent("Reply", lead),
            })
        };
        let (last, count) = (servers.len(), clients.len());
        let sites = Sites {
            protocol: P::NAME,
            lead,
            named: &named,
            all: format!("servers `S1` to `S{last}`, and clients `C1` to `C{count}`"),
            moment: &moment,
        };
        let later = |name: &String, delay: Time| {
            let part = NodePart {
                start_delay: (delay > Time::ZERO).then(|| delay.into()),
                ..NodePart::default()
            };
            (Text::from(name.clone()), part)
        };
        let behind = servers[1..].iter();
        let behind = behind.map(|name| later(name, protocol.head_start()));
        let clients = clients.iter().map(|name| later(name, CLIENTS_START));
        let is_late = |(_, part): &(_, NodePart)| part.start_delay.is_some();
        let nodes = behind.chain(clients).filter(is_late).collect();
        self.told::<P>(params, Entries(nodes), &sites)
    }

    fn protocol<P: Protocol>(
        &self,
        params: &P::Params,
        place: &dyn Fn(&str) -> Span,
    ) -> Result<P, ScenarioError> {
        P::new(params).map_err(|bad| self.error(Flaw::at(place(bad.parameter), bad.to_string())))
    }

    /// The same to a protocol with these parameters, nodes that differ from the rest, and sites.
    fn told<P: Protocol>(
        &self,
        params: &P::Params,
        nodes: Entries<NodePart>,
        sites: &Sites<'_>,
    ) -> Result<Scenario, ScenarioError> {
        let params = serde_json::to_value(params);
        let Ok(Value::Object(params)) = params else {
            panic!("the parameters of {} are an object", P::NAME);
        };
        self.scenario(P::NAME, params, nodes, sites)
    }

    fn scenario(
        &self,
        protocol: &str,
        params: Map<String, Value>,
        nodes: Entries<NodePart>,
        sites: &Sites<'_>,
    ) -> Result<Scenario, ScenarioError> {
        let fault = |fault: &Spanned<SharedFault>| sites.fault(fault).map(Spanned::from);
        let faults = self.story.faults.iter().map(fault);
        let faults = faults.collect::<Result<_, _>>();
        let file = File {
            schema: None,
            jury: VERSION.into(),
            about: self.story.about.clone(),
            protocol: protocol.into(),
            params,
            run: Some(
                RunPart {
                    seeds: Some(self.seeds().into()),
                    until: self.story.until.clone(),
                    network: self.story.network.clone(),
                    nodes,
                    faults: faults.map_err(|flaw| self.error(flaw))?,
                    ..RunPart::default()
                }
                .into(),
            ),
            check: None,
            expect: Expect::default(),
        };
        Scenario::from_file(&file, &format!("{} for {protocol}", self.name))
    }

    fn error(&self, flaw: Flaw) -> ScenarioError {
        ScenarioError::new(&self.name, &self.text, flaw)
    }
}

impl ComparisonFile {
    fn problem(&self, all: Span) -> Result<Problem, Flaw> {
        match (&self.votes, &self.clients) {
            (Some(votes), None) => match &self.servers {
                None => Ok(Problem::AtomicCommitment(votes.clone())),
                Some(servers) => Err(Flaw::at(servers.span(), "a transaction has no servers")
                    .label("only a store has")
                    .advice("leave it out: there are as many participants as votes")),
            },
            (None, Some(clients)) => {
                let servers = self.servers.clone();
                let servers = servers.unwrap_or_else(|| clients.with(SERVERS));
                Ok(Problem::ReplicatedStore(servers, clients.clone()))
            }
            (Some(_), Some(clients)) => {
                let text = "a story is of a transaction or of a store, not of both";
                Err(Flaw::at(clients.span(), text).advice("leave out `votes` or `clients`"))
            }
            (None, None) => Err(Flaw::at(all, "there is nothing to compare")
                .label("in this object")
                .advice(
                    "write the `votes` of a transaction, [\"yes\", \"yes\"], or what the `clients` of a store \
                     ask for, [[\"put x 1\", \"get x\"]]",
                )),
        }
    }
}

/// A moment by its name.
fn moment<M: for<'de> Deserialize<'de>>(text: &Text) -> Result<M, Flaw> {
    let named: Result<M, Flaw> = M::deserialize(text.as_str().into_deserializer());
    named.map_err(|flaw| flaw.or_at(text.span()))
}

fn delivered(kind: &str) -> Anchor {
    Anchor {
        deliver: Some(kind.to_owned().into()),
        ..Anchor::default()
    }
}

fn sent(kind: &str, by: &str) -> Anchor {
    Anchor {
        send: Some(kind.to_owned().into()),
        from: Some(by.to_owned().into()),
        ..Anchor::default()
    }
}

/// Who is who in one protocol, and when is when.
struct Sites<'a> {
    protocol: &'static str,
    /// What it calls the site that leads.
    lead: &'a str,
    /// What it calls another.
    named: &'a dyn Fn(&str) -> Option<String>,
    /// Those that there are, for advice.
    all: String,
    /// The event at which a moment has come.
    moment: &'a dyn Fn(&Text) -> Result<Anchor, Flaw>,
}

impl Sites<'_> {
    /// The name of a site in this protocol.
    fn name(&self, site: &Text) -> Result<Text, Flaw> {
        let name = match site.as_str() {
            "lead" => Some(self.lead.to_owned()),
            other => (self.named)(other),
        };
        let name = name.ok_or_else(|| {
            Flaw::at(site.span(), format!("there is no site `{}`", **site))
                .label("no such site")
                .advice(format!("sites are `lead`, and {}", self.all))
        })?;
        Ok(site.with(name))
    }

    fn fault(&self, fault: &Spanned<SharedFault>) -> Result<FaultPart, Flaw> {
        let name = |site: &Option<Text>| site.as_ref().map(|site| self.name(site)).transpose();
        let cut = fault.cut.as_ref().map(|cut| {
            let groups = self.groups(cut)?;
            Ok::<_, Flaw>(cut.with(CutPart::Groups(groups)))
        });
        let after = fault.after.as_ref();
        let after = after.map(|moment| Ok::<_, Flaw>(moment.with((self.moment)(moment)?)));
        Ok(FaultPart {
            at: fault.at.clone(),
            after: after.transpose()?,
            crash: name(&fault.crash)?,
            recover: name(&fault.recover)?,
            cut: cut.transpose()?,
            heal: fault.heal.as_ref().map(|heal| heal.with(HealPart::All)),
            ..FaultPart::default()
        })
    }

    /// The groups of a cut. Two names of one group may be those of one site: whoever leads may be a participant.
    fn groups(&self, cut: &[Vec<Text>]) -> Result<Vec<Vec<Text>>, Flaw> {
        let mut groups: Vec<Vec<Text>> = Vec::new();
        for sites in cut {
            let mut group: Vec<Text> = Vec::new();
            for site in sites {
                let name = self.name(site)?;
                let is_it = |other: &Text| **other == *name;
                if groups.iter().flatten().any(is_it) {
                    let text = format!(
                        "in {} this is {}, which is on the other side",
                        self.protocol, *name
                    );
                    return Err(Flaw::at(site.span(), text)
                        .label("no site can be cut off from itself")
                        .advice(
                            "name another site, or leave this protocol out with `--protocols`",
                        ));
                }
                if !group.iter().any(is_it) {
                    group.push(name);
                }
            }
            groups.push(group);
        }
        Ok(groups)
    }
}
