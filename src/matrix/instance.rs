//! One instance of a protocol under sets of faults: what each search finds.
//!
//! The rules of a cell *are* its assumptions, so properties come to it without their own: a
//! verdict here says what happens under these faults, whatever anybody claims.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::lattice::{FaultSet, Frontier};
use super::report::{Cell, ProtocolMatrix, VariantMatrix};
use super::table::Table;
use crate::check::fast::Tuning;
use crate::check::{Engine, Limits, Monitor, Question, Trial, judge};
use crate::model::{
    BadParameter, FewMap, Limit, Property, Protocol, Rules, System, Untyped, Variant,
};

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
pub struct NextSearch<'a> {
    pub protocol: &'a str,
    pub variant: &'a str,
    /// Counted from 1; searches for claims come after the cells and are not counted.
    pub nth: usize,
    pub of: usize,
}

/// Watches over many searches, and brings a monitor to each.
pub trait Attendant {
    fn attend(&mut self, place: &NextSearch<'_>, search: &mut dyn FnMut(&mut dyn Monitor));
}

/// Lets every search go on to its end.
#[derive(Clone, Copy, Debug)]
pub struct Unhurried;

impl Attendant for Unhurried {
    fn attend(&mut self, _: &NextSearch<'_>, search: &mut dyn FnMut(&mut dyn Monitor)) {
        search(&mut crate::check::Patient);
    }
}

/// A variant of a protocol, ready to be searched.
pub struct Instance {
    protocol: Arc<Untyped>,
    /// As the protocol declares them, but for those that the variant leaves out.
    properties: Vec<Property<Untyped>>,
    table: Table,
}

impl Instance {
    pub fn new<P: Protocol>(variant: Variant<P::Params>) -> Result<Self, BadParameter> {
        let protocol = Untyped::new(P::new(&variant.params)?);
        let params = own_params(plain(&variant.params), &plain(&P::Params::default()));
        Ok(Instance::of(protocol, variant.with(params)))
    }

    fn of(protocol: Untyped, variant: Variant<Json>) -> Self {
        let is_looked_at = |p: &Property<_>| !variant.leaves_out.contains(&p.name);
        let properties = Property::those(&protocol.properties(), &is_looked_at);
        let stated = Property::all_stated(&properties);
        let name = protocol.types().name();
        Instance {
            table: Table::new(name, variant, protocol.cluster(), stated),
            protocol: Arc::new(protocol),
            properties,
        }
    }

    /// The same instance, judged by other properties than the protocol declares.
    pub fn judged_by(self, properties: Vec<Property<Untyped>>) -> Self {
        Instance {
            table: Table {
                properties: Property::all_stated(&properties),
                ..self.table
            },
            properties,
            ..self
        }
    }

    /// The sets of faults, smaller ones first.
    pub fn sets(&self) -> &[FaultSet] {
        &self.table.sets
    }

    /// The names of the faults in a set.
    pub fn names(&self, set: FaultSet) -> Vec<String> {
        self.table.names(set)
    }

    /// What is stated of the instance before anything is searched.
    pub fn stated(&self) -> VariantMatrix {
        self.table.stated()
    }

    /// For each property, where it stops holding.
    pub fn frontiers(&self, cells: &FewMap<FaultSet, Cell>) -> Vec<Frontier> {
        self.table.frontiers(cells)
    }

    /// Looks under every set of faults, and weighs every property by what it found.
    pub fn weigh(&self, effort: &Effort, attendant: &mut dyn Attendant) -> VariantMatrix {
        self.table.weigh(self, effort, attendant)
    }

    /// What one search under these faults finds.
    pub fn cell(&self, set: FaultSet, effort: &Effort, monitor: &mut dyn Monitor) -> Cell {
        self.table.cell(self, set, effort, monitor)
    }

    /// Searches under rules, and judges some of the properties by what they say alone.
    pub(super) fn look(
        &self,
        rules: &Rules,
        members: &[usize],
        effort: &Effort,
        monitor: &mut dyn Monitor,
    ) -> Trial {
        let system = System::new(self.protocol.clone(), rules.clone());
        let bare = |&member: &usize| Property {
            premise: Vec::new(),
            assumes: Vec::new(),
            ..self.properties[member].clone()
        };
        let properties: Vec<Property<Untyped>> = members.iter().map(bare).collect();
        let depth = effort.depth_max.unwrap_or(Limit::Unlimited);
        let states_max = self.table.variant.states_max;
        let question = Question {
            system: &system,
            properties: &properties,
            after: &[],
            limits: Limits {
                depth: self.table.variant.depth.min(depth),
                states: Some(effort.states_max.map_or(states_max, |s| s.min(states_max))),
            },
        };
        let engine = Engine::Fast(effort.tuning);
        judge(&question, engine, None, monitor).expect("without checkpoints none can be wrong")
    }
}

/// Looks at every variant that is wanted.
pub fn weigh<P: Protocol>(
    wanted: &dyn Fn(&str) -> bool,
    effort: &Effort,
    attendant: &mut dyn Attendant,
) -> ProtocolMatrix {
    let mut matrix = ProtocolMatrix {
        name: P::NAME.to_owned(),
        about: P::ABOUT.to_owned(),
        variants: Vec::new(),
    };
    for variant in P::matrix() {
        if wanted(variant.name) {
            let instance = Instance::new::<P>(variant);
            let instance = instance.expect("a protocol's own instances are possible");
            matrix.variants.push(instance.weigh(effort, attendant));
        }
    }
    matrix
}

fn plain<T: Serialize>(params: &T) -> Json {
    serde_json::to_value(params).expect("parameters are plain data")
}

/// The parameters that differ from the default ones.
fn own_params(mut own: Json, default: &Json) -> Json {
    if let (Some(own), Some(default)) = (own.as_object_mut(), default.as_object()) {
        own.retain(|key, value| default.get(key) != Some(value));
    }
    own
}
