//! One instance of a protocol under sets of faults: what each search finds.
//!
//! The rules of a cell *are* its assumptions, so properties come to it without their own: a
//! verdict here says what happens under these faults, whatever anybody claims.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lattice::{FaultSet, Found, Frontier, frontier, sets};
use super::report::{
    Cell, CellVerdict, CellWord, FaultKind, ProtocolMatrix, Sets, VariantMatrix, Weighed,
};
use crate::check::fast::Tuning;
use crate::check::{Engine, Judged, Limits, Monitor, Question, Search, Verdict, judge};
use crate::model::{
    Assumption, BadParameter, Cluster, Event, Expectation, Fault, Limit, Property, Protocol, Rules,
    System, Variant,
};

/// What a send that was absorbed leaves open.
const COPIES: &str = "copies";

/// How much may be spent on one search, beside what the variant states.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub tuning: Tuning,
    /// Distinct worlds.
    pub states_max: Option<u64>,
    pub depth_max: Option<Limit>,
}

impl Default for Effort {
    fn default() -> Self {
        Effort {
            // Cells are compared: what is left out of the large ones is left out of the small ones.
            tuning: Tuning {
                first_look: 0,
                ..Tuning::default()
            },
            states_max: None,
            depth_max: None,
        }
    }
}

/// Which search of a matrix comes next.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    pub protocol: &'a str,
    pub variant: &'a str,
    /// Counted from 1; searches for claims come after the cells and are not counted.
    pub nth: usize,
    pub of: usize,
}

/// Watches over many searches, and brings a monitor to each.
pub trait Attendant {
    fn attend(&mut self, place: &Place<'_>, search: &mut dyn FnMut(&mut dyn Monitor));
}

/// Lets every search go on to its end.
#[derive(Clone, Copy, Debug)]
pub struct Unhurried;

impl Attendant for Unhurried {
    fn attend(&mut self, _: &Place<'_>, search: &mut dyn FnMut(&mut dyn Monitor)) {
        search(&mut crate::check::Patient);
    }
}

/// A variant of a protocol, ready to be searched.
pub struct Instance<P: Protocol> {
    pub(super) variant: Variant<P::Params>,
    pub(super) cluster: Cluster,
    protocol: Arc<P>,
    /// As the protocol declares them, but for those that the variant leaves out.
    pub(super) properties: Vec<Property<P>>,
    pub(super) sets: Vec<FaultSet>,
}

/// A search, and what it found of some properties.
pub(super) struct Looked {
    pub distinct: u64,
    generated: u64,
    depth: u64,
    stopped: Option<String>,
    waiting_for_the_living: Option<Vec<String>>,
    pub verdicts: Vec<CellVerdict>,
}

impl<P: Protocol> Instance<P> {
    pub fn new(variant: Variant<P::Params>) -> Result<Self, BadParameter> {
        let protocol = Arc::new(P::new(&variant.params)?);
        assert!(
            variant.faults.len() <= Variant::<P::Params>::FAULTS_MAX,
            "{} kinds of faults make too many sets",
            variant.faults.len()
        );
        let mut properties = protocol.properties();
        properties.retain(|property| !variant.leaves_out.contains(&property.name));
        Ok(Instance {
            cluster: protocol.cluster(),
            properties,
            sets: sets(&variant.faults),
            protocol,
            variant,
        })
    }

    /// The same instance, judged by other properties than the protocol declares.
    pub fn judged_by(self, properties: Vec<Property<P>>) -> Self {
        Instance { properties, ..self }
    }

    /// The sets of faults, smaller ones first.
    pub fn sets(&self) -> &[FaultSet] {
        &self.sets
    }

    /// The names of the faults in a set.
    pub fn names(&self, set: FaultSet) -> Vec<String> {
        let faults = set.of(&self.variant.faults);
        faults.into_iter().map(Fault::name).collect()
    }

    fn all_names(&self, sets: &[FaultSet]) -> Sets {
        sets.iter().map(|set| self.names(*set)).collect()
    }

    pub(super) fn rules(&self, set: FaultSet) -> Rules {
        let faults = set.of(&self.variant.faults);
        self.variant.rules(&faults, &self.cluster)
    }

    /// What one search under these faults finds.
    pub fn cell(&self, set: FaultSet, effort: &Effort, monitor: &mut dyn Monitor) -> Cell {
        let every: Vec<usize> = (0..self.properties.len()).collect();
        let looked = self.look(&self.rules(set), &every, effort, monitor);
        Cell {
            faults: self.names(set),
            distinct: looked.distinct,
            generated: looked.generated,
            depth: looked.depth,
            stopped: looked.stopped,
            waiting_for_the_living: looked.waiting_for_the_living,
            verdicts: looked.verdicts,
        }
    }

    /// Searches under rules, and judges some of the properties by what they say alone.
    pub(super) fn look(
        &self,
        rules: &Rules,
        members: &[usize],
        effort: &Effort,
        monitor: &mut dyn Monitor,
    ) -> Looked {
        let system = System::new(self.protocol.clone(), rules.clone());
        let bare = |&member: &usize| Property {
            premise: Vec::new(),
            assumes: Vec::new(),
            ..self.properties[member].clone()
        };
        let properties: Vec<Property<P>> = members.iter().map(bare).collect();
        let depth = effort.depth_max.unwrap_or(Limit::Unlimited);
        let states_max = self.variant.states_max;
        let question = Question {
            system: &system,
            properties: &properties,
            after: &[],
            limits: Limits {
                depth: self.variant.depth.min(depth),
                states: Some(effort.states_max.map_or(states_max, |s| s.min(states_max))),
            },
        };
        let trial = judge(&question, Engine::Fast(effort.tuning), monitor);
        let search = &trial.searches[0];
        let waiting = search.waiting_for_the_living.as_ref();
        Looked {
            distinct: search.progress.distinct,
            generated: search.progress.generated,
            depth: search.progress.depth,
            stopped: search.stopped.map(|why| why.to_string()),
            waiting_for_the_living: waiting.map(|events| self.notation(events)),
            verdicts: trial
                .judged
                .iter()
                .map(|judged| self.verdict(judged, search))
                .collect(),
        }
    }

    fn notation(&self, schedule: &[Event<P>]) -> Vec<String> {
        let line = |event: &Event<P>| event.notation(&self.cluster).to_string();
        schedule.iter().map(line).collect()
    }

    fn verdict(&self, judged: &Judged<P>, search: &Search<P>) -> CellVerdict {
        let mut found = CellVerdict {
            property: judged.property.to_owned(),
            verdict: CellWord::Holds,
            bounds: Vec::new(),
            follows_from: None,
            schedule: Vec::new(),
            then: Vec::new(),
            sentences: Vec::new(),
        };
        found.verdict = match &judged.verdict {
            Verdict::Holds => CellWord::Holds,
            Verdict::HoldsWithinBounds(bounds) => {
                found.bounds.clone_from(bounds);
                match search.stopped {
                    None => CellWord::HoldsWithinBounds,
                    Some(_) => CellWord::NotEstablished,
                }
            }
            Verdict::Violated {
                schedule, reason, ..
            } => {
                found.schedule = self.notation(schedule);
                found.sentences = vec![format!("{}.", reason.text)];
                CellWord::Violated
            }
            Verdict::Reached { .. } => CellWord::Reached,
            Verdict::Unreachable => CellWord::Unreachable,
            Verdict::CanBlock {
                schedule,
                then,
                blocked,
                ..
            } => {
                found.schedule = self.notation(schedule);
                found.then = self.notation(then);
                found.sentences.clone_from(&blocked.sentences);
                CellWord::CanBlock
            }
            Verdict::Unknown(bounds) => {
                found.bounds.clone_from(bounds);
                CellWord::NotEstablished
            }
        };
        // A message that was absorbed is never delivered, so what a search did not find might need
        // more copies. What it found is real.
        let real = matches!(found.verdict, CellWord::Violated | CellWord::Reached);
        if search.absorbed && !real {
            found.bounds.push(COPIES.to_owned());
            if found.verdict == CellWord::Holds {
                found.verdict = CellWord::HoldsWithinBounds;
            }
        }
        found
    }

    /// Looks under every set of faults, and weighs every property by what it found.
    pub fn weigh(&self, effort: &Effort, attendant: &mut dyn Attendant) -> VariantMatrix {
        let mut cells = BTreeMap::new();
        for (i, &set) in self.sets.iter().enumerate() {
            attendant.attend(&self.place(i + 1), &mut |monitor| {
                cells.insert(set, self.cell(set, effort, monitor));
            });
        }
        self.fill_in(&mut cells);
        let claims = self.claims(&cells, effort, attendant);
        let frontiers = self.frontiers(&cells).into_iter().zip(claims);
        let weighed = self.properties.iter().zip(frontiers);
        let weighed = weighed.map(|(property, (frontier, claim))| Weighed {
            property: property.name.to_owned(),
            about: property.about.to_owned(),
            citation: property.citation.to_owned(),
            expectation: property.expectation.name().to_owned(),
            needs: frontier.holds.iter().map(|set| self.needs(*set)).collect(),
            holds: self.all_names(&frontier.holds),
            fails: self.all_names(&frontier.fails),
            again: self.all_names(&frontier.again),
            open: self.all_names(&frontier.open),
            claim,
        });
        let properties = weighed.collect();
        let mut of = |set: &FaultSet| cells.remove(set).expect("every set was looked at");
        VariantMatrix {
            properties,
            cells: self.sets.iter().map(&mut of).collect(),
            ..self.stated()
        }
    }

    /// What is stated of the instance before anything is searched.
    pub fn stated(&self) -> VariantMatrix {
        let names = self.cluster.ids().map(|id| self.cluster.name(id));
        VariantMatrix {
            name: self.variant.name.to_owned(),
            about: self.variant.about.to_owned(),
            params: own_params(&self.variant.params),
            nodes: names.map(str::to_owned).collect(),
            faults: self.variant.faults.iter().map(|f| self.kind(*f)).collect(),
            bounds: self.bounds(),
            properties: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// For each property, where it stops holding.
    pub fn frontiers(&self, cells: &BTreeMap<FaultSet, Cell>) -> Vec<Frontier> {
        let of = |nth: usize| {
            let found = |cell: &Cell| match cell.verdicts[nth].verdict {
                CellWord::NotEstablished => Found::Open,
                word if word.is_against() => Found::Fails,
                _ => Found::Holds,
            };
            let table = cells.iter().map(|(set, cell)| (*set, found(cell)));
            frontier(&table.collect())
        };
        (0..self.properties.len()).map(of).collect()
    }

    pub(super) fn place(&self, nth: usize) -> Place<'_> {
        Place {
            protocol: P::NAME,
            variant: self.variant.name,
            nth,
            of: self.sets.len(),
        }
    }

    /// The assumptions that rule out everything beyond a set.
    fn needs(&self, holds: FaultSet) -> Vec<String> {
        let allowed = holds.of(&self.variant.faults);
        let crashes = allowed.iter().any(|fault| fault.is_crash());
        let missing = self.variant.faults.iter().filter(|f| !allowed.contains(f));
        // Who never crashes need not be kept from recovering.
        let missing = missing.filter(|f| **f != Fault::Recovery || crashes);
        missing.map(|fault| fault.ruled_out()).collect()
    }

    fn kind(&self, fault: Fault) -> FaultKind {
        let variant = &self.variant;
        let times = |n: u32| match n {
            1 => "at most one".to_owned(),
            n => format!("at most {n}"),
        };
        let how_often = match fault {
            Fault::Crash { .. } => format!("{}, also inside a handler", times(variant.crashes)),
            Fault::Recovery => "after each crash".to_owned(),
            Fault::Loss => times(variant.drops),
            Fault::Duplication => times(variant.duplicates),
            Fault::Cut => {
                let possible = variant.which_cuts.cuts(self.cluster.len()).len();
                format!(
                    "{} of {possible} possible, and it may heal",
                    times(variant.cuts)
                )
            }
            Fault::FalseSuspicion => "any number".to_owned(),
        };
        FaultKind {
            name: fault.name(),
            how_often,
            ruled_out: fault.ruled_out(),
        }
    }

    fn bounds(&self) -> Vec<String> {
        let variant = &self.variant;
        let mut bounds = vec![format!("{} links", variant.order)];
        if let Limit::AtMost(n) = variant.copies {
            let messages = if n == 1 { "message" } else { "messages" };
            bounds.push(format!("at most {n} equal {messages} in flight on a link"));
        }
        if let Limit::AtMost(n) = variant.timeouts {
            bounds.push(format!("at most {n} timeouts"));
        }
        if let Limit::AtMost(n) = variant.depth {
            bounds.push(format!("at most {n} events in a row"));
        }
        bounds
    }

    /// Verdicts that a limit left open, where those under other faults decide them.
    fn fill_in(&self, cells: &mut BTreeMap<FaultSet, Cell>) {
        let known = cells.clone();
        for (&set, cell) in cells.iter_mut() {
            for (nth, verdict) in cell.verdicts.iter_mut().enumerate() {
                if verdict.verdict != CellWord::NotEstablished {
                    continue;
                }
                let decides = |other: &&FaultSet| {
                    let word = known[*other].verdicts[nth].verdict;
                    self.follows(self.properties[nth].expectation, set, **other, word)
                };
                if let Some(from) = self.sets.iter().find(decides) {
                    *verdict = known[from].verdicts[nth].clone();
                    verdict.follows_from = Some(self.names(*from));
                }
            }
        }
    }

    /// Whether what was found under other faults is true under these.
    ///
    /// With more faults there are more runs, so more is reached and more is violated. Whether a
    /// world is blocked depends on the ordinary events behind it, and these on timing: there
    /// verdicts carry over between sets with the same timing only. (A repair that a budget
    /// withheld makes a world open, so more repairs unblock nothing.)
    fn follows(
        &self,
        expectation: Expectation<P>,
        set: FaultSet,
        other: FaultSet,
        word: CellWord,
    ) -> bool {
        let carries_up = match word {
            CellWord::Violated | CellWord::CanBlock | CellWord::Reached => true,
            CellWord::Holds | CellWord::HoldsWithinBounds | CellWord::Unreachable => false,
            CellWord::NotEstablished => return false,
        };
        let timing = |set| self.rules(set).timing;
        let same_timing = expectation.goal().is_none() || timing(set) == timing(other);
        same_timing
            && if carries_up {
                other.is_below(set)
            } else {
                set.is_below(other)
            }
    }
}

/// Looks at every variant that is wanted.
pub fn weigh<P: Protocol>(
    wanted: &dyn Fn(&str) -> bool,
    effort: &Effort,
    attendant: &mut dyn Attendant,
) -> ProtocolMatrix {
    let variants = P::matrix().into_iter().filter(|v| wanted(v.name));
    ProtocolMatrix {
        name: P::NAME.to_owned(),
        about: P::ABOUT.to_owned(),
        variants: variants
            .map(|variant| {
                let instance = Instance::<P>::new(variant);
                let instance = instance.expect("a protocol's own instances are possible");
                instance.weigh(effort, attendant)
            })
            .collect(),
    }
}

/// What is imposed on rules, without what makes no difference.
pub(super) fn imposed(mut rules: Rules, assumes: &[Assumption], cluster: &Cluster) -> Rules {
    for assumption in assumes {
        assumption.impose(&mut rules, cluster);
    }
    if rules.budgets.crashes.is_empty() {
        rules.budgets.recoveries = Limit::NONE;
        rules.survivors.clear();
    }
    if rules.budgets.cuts == Limit::NONE {
        rules.budgets.heals = Limit::NONE;
        rules.cuts.clear();
    }
    rules
}

/// The parameters that differ from the default ones.
fn own_params<T: Default + serde::Serialize>(params: &T) -> serde_json::Value {
    let plain = |params: &T| serde_json::to_value(params).expect("parameters are plain data");
    let (mut own, default) = (plain(params), plain(&T::default()));
    if let (Some(own), Some(default)) = (own.as_object_mut(), default.as_object()) {
        own.retain(|key, value| default.get(key) != Some(value));
    }
    own
}
