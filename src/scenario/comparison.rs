//! The comparison file: one story for several protocols that solve atomic commitment.
//!
//! It names sites and moments by what all of these protocols have, and becomes a scenario of each.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::{Flaw, ScenarioError};
use super::faults::{Anchor, CutPart, FaultPart, HealPart};
use super::file::{Expect, File, NetworkPart, RunPart};
use super::spanned::{Spanned, Text};
use super::tree::Tree;
use super::values::Seeds;
use super::{Scenario, VERSION, read, unmarked};
use crate::model::{Cluster, Id, Time};
use crate::protocols::atomic_commitment::{AtomicCommitment, Milestone, Occasion, PlannedVote};

/// What a comparison file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComparisonFile {
    /// The version of this format: 1.
    jury_comparison: Spanned<u32>,
    /// The story, in a sentence or two.
    about: String,
    /// How each participant votes.
    votes: Spanned<Vec<PlannedVote>>,
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
/// `P1`, `P2` … by the order of the votes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedFault {
    #[serde(default)]
    at: Option<Spanned<Time>>,
    #[serde(default)]
    after: Option<Spanned<Milestone>>,
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

/// A story that no protocol has been told yet.
#[derive(Clone, Debug)]
pub struct Comparison {
    story: ComparisonFile,
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
        let name = name.to_owned();
        Ok(Comparison {
            story,
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

    /// The same story as a scenario of this protocol.
    pub fn told_to<P: AtomicCommitment>(&self) -> Result<Scenario, ScenarioError> {
        let votes = &self.story.votes;
        let params = P::instance((**votes).clone());
        let protocol =
            P::new(&params).map_err(|bad| self.error(Flaw::at(votes.span(), bad.to_string())))?;
        let sites = Sites {
            protocol: P::NAME,
            cluster: &protocol.cluster(),
            lead: protocol.lead(),
            participants: protocol.ballot().participants.iter().collect(),
        };
        let params = serde_json::to_value(params);
        let Ok(Value::Object(params)) = params else {
            panic!("the parameters of {} are an object", P::NAME);
        };
        self.told(P::NAME, params, &sites, &|moment| protocol.occasion(moment))
    }

    /// The same to the protocol of this name, with these sites and occasions.
    fn told(
        &self,
        protocol: &str,
        params: Map<String, Value>,
        sites: &Sites<'_>,
        occasion: &dyn Fn(Milestone) -> Occasion,
    ) -> Result<Scenario, ScenarioError> {
        let fault = |fault: &Spanned<SharedFault>| sites.fault(fault, occasion).map(Spanned::from);
        let faults = self
            .story
            .faults
            .iter()
            .map(fault)
            .collect::<Result<_, _>>();
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

/// Who is who in one protocol.
struct Sites<'a> {
    protocol: &'static str,
    cluster: &'a Cluster,
    lead: Id,
    participants: Vec<Id>,
}

impl Sites<'_> {
    /// The name of a site in this protocol.
    fn name(&self, site: &Text) -> Result<Text, Flaw> {
        let nth = || {
            site.strip_prefix('P')?
                .parse::<usize>()
                .ok()?
                .checked_sub(1)
        };
        let id = match site.as_str() {
            "lead" => Some(self.lead),
            _ => nth().and_then(|nth| self.participants.get(nth).copied()),
        };
        let id = id.ok_or_else(|| {
            Flaw::at(site.span(), format!("there is no site `{}`", **site))
                .label("no such site")
                .advice(format!(
                    "sites are `lead`, and `P1` to `P{}` by the order of the votes",
                    self.participants.len()
                ))
        })?;
        Ok(site.with(self.cluster.name(id).to_owned()))
    }

    fn fault(
        &self,
        fault: &Spanned<SharedFault>,
        occasion: &dyn Fn(Milestone) -> Occasion,
    ) -> Result<FaultPart, Flaw> {
        let name = |site: &Option<Text>| site.as_ref().map(|site| self.name(site)).transpose();
        let cut = fault.cut.as_ref().map(|cut| {
            let groups = self.groups(cut)?;
            Ok::<_, Flaw>(cut.with(CutPart::Groups(groups)))
        });
        let after = fault.after.as_ref();
        Ok(FaultPart {
            at: fault.at.clone(),
            after: after.map(|moment| moment.with(self.anchor(occasion(**moment)))),
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

    fn anchor(&self, occasion: Occasion) -> Anchor {
        let lead = || Some(self.cluster.name(self.lead).into());
        match occasion {
            Occasion::Delivered(kind) => Anchor {
                deliver: Some(kind.into()),
                ..Anchor::default()
            },
            Occasion::Sent(kind) => Anchor {
                send: Some(kind.into()),
                from: lead(),
                ..Anchor::default()
            },
            Occasion::Saved(nth) => Anchor {
                save: lead(),
                nth: Some(nth.into()),
                ..Anchor::default()
            },
        }
    }
}
