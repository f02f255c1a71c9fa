//! What the checker is asked for.

use super::names::Names;
use super::{CheckCase, lines, pointless};
use crate::model::{
    Budgets, Cut, Few, InsideHandlers, Limit, LinkOrder, LinkRules, NodeSet, Rules, Timing,
};
use crate::scenario::error::Flaw;
use crate::scenario::faults::{CrashBudget, Cuts, WhichCut};
use crate::scenario::file::{BoundsPart, CheckPart, Counting, FaultBudgets};
use crate::scenario::spanned::Spanned;

pub fn check(part: &Spanned<CheckPart>, names: &Names<'_>) -> Result<CheckCase, Flaw> {
    let (no_faults, no_bounds) = (FaultBudgets::default(), BoundsPart::default());
    let faults = part.faults.as_ref().unwrap_or(&no_faults);
    let bounds = part.bounds.as_ref().unwrap_or(&no_bounds);
    let never_forgets = never_forgets(part, faults)?;
    let cuts = faults.cuts.as_ref();
    let (cuts, most_cuts) = cuts.map_or(Ok((Vec::new(), Limit::NONE)), |c| which(c, names))?;
    let absent = part.joins_later.iter();
    let absent = absent.map(|name| names.node(name));
    let rules = Rules {
        links: LinkRules {
            order: part.order.as_ref().map_or(LinkOrder::Unordered, |o| **o),
            copies: copies(bounds)?,
            never_forgets,
        },
        timing: part.timing.as_ref().map(|t| **t).unwrap_or_default(),
        budgets: Budgets {
            cuts: most_cuts,
            ..budgets(faults, never_forgets, names)?
        },
        cuts,
        timeouts: bounds.timeouts.unwrap_or(Limit::Unlimited),
        absent: absent.collect::<Result<NodeSet, _>>()?,
        ..Rules::fault_free()
    };
    Ok(CheckCase {
        rules,
        depth: bounds.depth.unwrap_or(Limit::Unlimited),
        properties: names.wanted(part.properties.as_deref())?,
        after: lines::lines(&part.after, names)?,
        counting: counting(part)?,
    })
}

fn counting(part: &CheckPart) -> Result<Counting, Flaw> {
    match &part.budgets {
        None => Ok(Counting::default()),
        Some(budgets) if part.after.is_empty() => Err(pointless(
            budgets.span(),
            "nothing happens before the check that could spend a budget",
            "without `after` the search starts at the start: remove `budgets`",
        )),
        Some(budgets) => Ok(**budgets),
    }
}

/// Whether in flight is a set from which nothing is removed, and whether that goes together with
/// the rest.
fn never_forgets(part: &CheckPart, faults: &FaultBudgets) -> Result<bool, Flaw> {
    let Some(duplicates) = faults.duplicates.as_ref() else {
        return Ok(false);
    };
    if let (Some(LinkOrder::Fifo), true) = (
        part.order.as_ref().map(|o| **o),
        **duplicates != Limit::NONE,
    ) {
        return Err(pointless(
            duplicates.span(),
            "there are no duplicates on fifo links",
            "remove `duplicates`, or let links be \"unordered\"",
        ));
    }
    if **duplicates != Limit::Unlimited {
        return Ok(false);
    }
    if let Some(timing) = part.timing.as_ref().filter(|t| ***t == Timing::Accurate) {
        return Err(Flaw::at(
            timing.span(),
            "timing cannot be accurate where duplicates are unlimited",
        )
        .label("accurate")
        .advice(
            "nothing ever leaves the network then, so the past is never quiet and no peer is \
             ever known to be silent; limit the duplicates, or let timing be \"asynchronous\"",
        ));
    }
    if let Some(drops) = faults.drops.as_ref().filter(|d| d.is_limited()) {
        return Err(pointless(
            drops.span(),
            "unlimited duplicates stand for every amount of loss",
            "remove `drops`, or limit `duplicates`",
        ));
    }
    Ok(true)
}

fn copies(bounds: &BoundsPart) -> Result<Limit, Flaw> {
    match &bounds.copies {
        None => Ok(Rules::fault_free().links.copies),
        Some(copies) if **copies == Limit::NONE => Err(Flaw::at(
            copies.span(),
            "with no copy in flight nothing can be sent",
        )
        .advice("write at least 1")),
        Some(copies) => Ok(**copies),
    }
}

fn budgets(faults: &FaultBudgets, never_forgets: bool, names: &Names<'_>) -> Result<Budgets, Flaw> {
    let limit = |limit: &Option<Spanned<Limit>>| limit.as_ref().map_or(Limit::NONE, |l| **l);
    let crashes = faults.crashes.as_ref();
    Ok(Budgets {
        crashes: crashes.map_or(Ok(Vec::new()), |budget| crash_groups(budget, names))?,
        inside_handlers: inside_handlers(faults, names)?,
        recoveries: limit(&faults.recoveries),
        down: faults.down.unwrap_or(Limit::Unlimited),
        // Where duplication is assumed away, the loss that it stood for remains.
        drops: if never_forgets {
            Limit::Unlimited
        } else {
            limit(&faults.drops)
        },
        duplicates: limit(&faults.duplicates),
        cuts: Limit::NONE,
        heals: limit(&faults.heals),
    })
}

/// The most nodes of which a checker tries every subset: each more doubles the crashes in a broadcast to all.
const SUBSETS_MAX: usize = 12;

fn inside_handlers(faults: &FaultBudgets, names: &Names<'_>) -> Result<InsideHandlers, Flaw> {
    let Some(inside_handlers) = &faults.inside_handlers else {
        return Ok(InsideHandlers::default());
    };
    let nodes = names.cluster.len();
    if **inside_handlers == InsideHandlers::AnySubset && nodes > SUBSETS_MAX {
        let message = format!("{nodes} nodes have too many subsets to try them all");
        return Err(Flaw::at(inside_handlers.span(), message)
            .label(format!("for at most {SUBSETS_MAX} nodes"))
            .advice("write `true`: then the first messages of a broadcast leave"));
    }
    Ok(**inside_handlers)
}

fn crash_groups(budget: &CrashBudget, names: &Names<'_>) -> Result<Vec<(NodeSet, Limit)>, Flaw> {
    let entries = match budget {
        CrashBudget::Any(Limit::AtMost(0)) => return Ok(Vec::new()),
        CrashBudget::Any(limit) => return Ok(vec![(names.cluster.all(), *limit)]),
        CrashBudget::Of(entries) => entries,
    };
    let mut groups = Vec::new();
    let mut never = NodeSet::EMPTY;
    for (name, limit) in entries {
        let nodes = names.nodes_or_role(name)?;
        if *limit == Limit::NONE {
            never = never.union(nodes);
        } else {
            groups.push((nodes, *limit));
        }
    }
    // Nothing to count: nodes that never crash leave every group.
    for (group, _) in &mut groups {
        *group = group.minus(never);
    }
    groups.retain(|(group, _)| !group.is_empty());
    Ok(groups)
}

fn which(cuts: &Spanned<Cuts>, names: &Names<'_>) -> Result<(Vec<Cut>, Limit), Flaw> {
    let mut found = Few::new();
    for which in &cuts.which {
        match &**which {
            WhichCut::One(cut) => {
                found.insert(names.cut(cut, which.span())?);
            }
            WhichCut::Family(family) => {
                names.family(*family, which.span())?;
                found.extend(family.cuts(names.cluster.len()));
            }
        }
    }
    if found.is_empty() {
        return Err(Flaw::at(cuts.span(), "this names no cut")
            .label("`which` is empty")
            .advice("name cuts or families: \"which\": [\"halves\", [[\"A\"], [\"B\"]]]"));
    }
    let most = cuts.most.unwrap_or(Limit::AtMost(1));
    Ok((found.into_iter().collect(), most))
}
