//! What the events before a check leave of what its scenario allows.

use crate::model::cluster::enumerate;
use crate::model::globals::{Counted, Globals};
use crate::model::{Cluster, NodeSet, Rules, System, Untyped, View, World};

/// What to say if the world in which a search starts leaves nothing of what the rules give.
pub(super) fn used_up(system: &System<Untyped>, start: &World<Untyped>) -> Vec<String> {
    let ids = system.cluster.ids();
    Start {
        rules: &system.rules,
        cluster: &system.cluster,
        globals: start.globals(),
        up: start.up(),
        down: ids.filter(|&id| start.is_down(id)).collect(),
    }
    .used_up()
}

/// What there is to know of the world in which a search starts.
struct Start<'a> {
    rules: &'a Rules,
    cluster: &'a Cluster,
    globals: &'a Globals,
    up: NodeSet,
    down: NodeSet,
}

impl Start<'_> {
    fn used_up(&self) -> Vec<String> {
        let gone = self.globals.spent.used_up(self.rules);
        let mut notes = Vec::new();
        if !gone.is_empty() {
            let named = gone.iter().map(|(counted, limit)| {
                let key = key(self.cluster, *counted);
                format!("{key} ({limit})")
            });
            notes.push(format!(
                "the events of `after` use up {}: the search has none of it. To count from where it \
                 starts, write \"budgets\": \"from-here\"; if none is meant, leave it out.",
                enumerate(named)
            ));
        }
        notes.extend(self.too_many_down());
        notes
    }

    /// As many nodes are down as may be, and none comes back: no budget of crashes is of any use.
    fn too_many_down(&self) -> Option<String> {
        let Start { rules, globals, .. } = self;
        let budgets = &rules.budgets;
        let down = self.down.len();
        let recovers = budgets
            .recoveries
            .allows(|| globals.spent.recoveries as usize);
        let may_crash = globals.expendable(self.cluster.len(), rules);
        let frail = may_crash.intersection(self.up);
        let is_full = down > 0 && !budgets.down.allows(|| down);
        (is_full && !recovers && !frail.is_empty()).then(|| {
        let limit = budgets.down;
        format!(
            "after the events of `after` as many nodes are down as `faults.down` ({limit}) allows, and \
             none can recover: nothing crashes in the search."
        )
    })
    }
}

/// What a scenario calls it.
fn key(cluster: &Cluster, counted: Counted) -> String {
    let word = match counted {
        Counted::Crashes(group) if group == cluster.all() => "`faults.crashes`",
        Counted::Crashes(group) => {
            return format!("`faults.crashes` of {}", cluster.names(group));
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
