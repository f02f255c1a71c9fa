//! What the events before a check leave of what its scenario allows.

use crate::model::cluster::enumerate;
use crate::model::globals::Counted;
use crate::model::{Protocol, System, View, World};

/// What to say if the world in which a search starts leaves nothing of what the rules give.
pub(super) fn used_up<P: Protocol>(system: &System<P>, start: &World<P>) -> Vec<String> {
    let rules = &system.rules;
    let gone = start.globals().spent.used_up(rules);
    let mut notes = Vec::new();
    if !gone.is_empty() {
        let named = gone.iter().map(|(counted, limit)| {
            let key = key(system, *counted);
            format!("{key} ({limit})")
        });
        notes.push(format!(
            "the events of `after` use up {}: the search has none of it. To count from where it starts, \
             write \"budgets\": \"from-here\"; if none is meant, leave it out.",
            enumerate(named)
        ));
    }
    notes.extend(too_many_down(system, start));
    notes
}

/// As many nodes are down as may be, and none comes back: no budget of crashes is of any use.
fn too_many_down<P: Protocol>(system: &System<P>, start: &World<P>) -> Option<String> {
    let budgets = &system.rules.budgets;
    let globals = start.globals();
    let down = system.cluster.ids().filter(|&id| start.is_down(id)).count();
    let recovers = budgets
        .recoveries
        .allows(|| globals.spent.recoveries as usize);
    let may_crash = globals.expendable(start.nodes(), &system.rules);
    let frail = may_crash.intersection(start.up());
    let is_full = down > 0 && !budgets.down.allows(|| down);
    (is_full && !recovers && !frail.is_empty()).then(|| {
        let limit = budgets.down;
        format!(
            "after the events of `after` as many nodes are down as `faults.down` ({limit}) allows, and \
             none can recover: nothing crashes in the search."
        )
    })
}

/// What a scenario calls it.
fn key<P: Protocol>(system: &System<P>, counted: Counted) -> String {
    let word = match counted {
        Counted::Crashes(group) if group == system.cluster.all() => "`faults.crashes`",
        Counted::Crashes(group) => {
            return format!("`faults.crashes` of {}", system.cluster.names(group));
        }
        Counted::Recoveries => "`faults.recoveries`",
        Counted::Drops => "`faults.drops`",
        Counted::Duplicates => "`faults.duplicates`",
        Counted::Cuts => "`faults.cuts`",
        Counted::Heals => "`faults.heals`",
        Counted::Timeouts => "`bounds.timeouts`",
    };
    word.to_owned()
}
