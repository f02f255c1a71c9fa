//! Planned faults and the nemesis, with names resolved.

use super::excerpt;
use super::names::Names;
use crate::model::{NodeSet, Time, TimerRange, event};
use crate::scenario::error::{Flaw, Span};
use crate::scenario::faults::{Anchor, FaultPart, HealPart, NemesisPart};
use crate::scenario::spanned::{Spanned, Text};
use crate::sim::setup::{AnchorPoint, Nemesis, Planned, PlannedFault, When};

/// How long a node stays down and a cut lasts if the scenario does not say.
const OUTAGE: TimerRange = TimerRange::millis(100, 500);

pub fn planned(part: &Spanned<FaultPart>, names: &Names<'_>, text: &str) -> Result<Planned, Flaw> {
    let when = when(part, names)?;
    let what = what(part, names)?;
    if let PlannedFault::DropIt | PlannedFault::DuplicateIt | PlannedFault::DelayIt(_) = what {
        let in_hand = match &when {
            When::Anchor { moment, .. } => matches!(
                moment,
                AnchorPoint::BeforeDeliver { .. } | AnchorPoint::AfterSend { .. }
            ),
            When::At(_) => false,
        };
        if !in_hand {
            return Err(
                Flaw::at(part.span(), "there is no message here to do this to")
                    .label("this fault")
                    .advice(
                        "`drop`, `duplicate` and `delay` need a message on its way: \
                         `before` a `deliver`, or `after` a `send`",
                    ),
            );
        }
    }
    Ok(Planned {
        when,
        what,
        text: excerpt(text, part.span()),
    })
}

/// The one option that is given, of several.
fn one_of<const N: usize>(
    options: [(&'static str, Option<Span>); N],
    whole: Span,
    none: &str,
    many: &str,
) -> Result<&'static str, Flaw> {
    let mut found: Option<&'static str> = None;
    for (name, given) in options {
        let Some(span) = given else { continue };
        if let Some(first) = found {
            return Err(Flaw::at(span, many)
                .label(format!("beside `{first}`"))
                .advice(format!("keep `{first}` or `{name}`")));
        }
        found = Some(name);
    }
    found.ok_or_else(|| {
        let all = crate::scenario::nearest::list(&options.map(|(name, _)| name));
        Flaw::at(whole, none)
            .label("in this object")
            .advice(format!("add one of {all}"))
    })
}

fn place<T>(value: Option<&Spanned<T>>) -> Option<Span> {
    value.map(Spanned::span)
}

fn when(part: &Spanned<FaultPart>, names: &Names<'_>) -> Result<When, Flaw> {
    one_of(
        [
            ("at", place(part.at.as_ref())),
            ("before", place(part.before.as_ref())),
            ("after", place(part.after.as_ref())),
        ],
        part.span(),
        "this fault has no moment",
        "a fault has one moment",
    )?;
    if let Some(at) = &part.at {
        return Ok(When::At(**at));
    }
    let (anchor, before) = match (&part.before, &part.after) {
        (Some(anchor), _) => (anchor, true),
        (None, Some(anchor)) => (anchor, false),
        (None, None) => return Err(Flaw::at(part.span(), "this fault has no moment")),
    };
    let moment = moment(anchor, before, names)?;
    let nth = match &anchor.nth {
        None => 1,
        Some(nth) if **nth == 0 => {
            return Err(Flaw::at(nth.span(), "events are counted from 1").label("never"));
        }
        Some(nth) => **nth,
    };
    Ok(When::Anchor { moment, nth })
}

fn moment(anchor: &Spanned<Anchor>, before: bool, names: &Names<'_>) -> Result<AnchorPoint, Flaw> {
    let sort = one_of(
        [
            ("deliver", place(anchor.deliver.as_ref())),
            ("send", place(anchor.send.as_ref())),
            ("save", place(anchor.save.as_ref())),
            ("timeout", place(anchor.timeout.as_ref())),
        ],
        anchor.span(),
        "this anchor names no event",
        "an anchor names one event",
    )?;
    if before && sort != "deliver" {
        return Err(Flaw::at(
            anchor.span(),
            format!("a fault comes `after` a {sort}, not before it"),
        )
        .label("this anchor")
        .advice("only a `deliver` can be anchored with `before`"));
    }
    only_for(anchor.from.as_ref(), "from", sort, &["deliver", "send"])?;
    only_for(anchor.to.as_ref(), "to", sort, &["deliver", "send"])?;
    only_for(anchor.node.as_ref(), "node", sort, &["timeout"])?;
    let node = |name: &Option<Text>| name.as_ref().map(|name| names.node(name)).transpose();
    let (from, to) = (node(&anchor.from)?, node(&anchor.to)?);
    if let Some(kind) = &anchor.deliver {
        names.message(event::kind(kind), kind.span())?;
        let kind = (**kind).clone();
        return Ok(if before {
            AnchorPoint::BeforeDeliver { kind, from, to }
        } else {
            AnchorPoint::AfterDeliver { kind, from, to }
        });
    }
    if let Some(kind) = &anchor.send {
        names.message(event::kind(kind), kind.span())?;
        let kind = (**kind).clone();
        return Ok(AnchorPoint::AfterSend { kind, from, to });
    }
    if let Some(timer) = &anchor.timeout {
        names.timer(event::kind(timer), timer.span())?;
        let timer = (**timer).clone();
        let node = node(&anchor.node)?;
        return Ok(AnchorPoint::AfterTimeout { timer, node });
    }
    let node = node(&anchor.save)?;
    Ok(AnchorPoint::AfterSave { node })
}

/// Refuses a key that says nothing about this event.
fn only_for(value: Option<&Text>, key: &str, event: &str, events: &[&str]) -> Result<(), Flaw> {
    match value {
        Some(value) if !events.contains(&event) => {
            let events = crate::scenario::nearest::list(events);
            let advice = format!("`{key}` goes with {events}");
            let message = format!("`{key}` says nothing about a {event}");
            Err(super::pointless(value.span(), &message, &advice))
        }
        _ => Ok(()),
    }
}

fn what(part: &Spanned<FaultPart>, names: &Names<'_>) -> Result<PlannedFault, Flaw> {
    one_of(
        [
            ("crash", place(part.crash.as_ref())),
            ("recover", place(part.recover.as_ref())),
            ("cut", place(part.cut.as_ref())),
            ("heal", place(part.heal.as_ref())),
            ("drop", place(part.drop.as_ref())),
            ("duplicate", place(part.duplicate.as_ref())),
            ("delay", place(part.delay.as_ref())),
        ],
        part.span(),
        "this entry says when, but not what happens",
        "one entry holds one fault",
    )?;
    if let Some(name) = &part.crash {
        return Ok(PlannedFault::Crash(names.node(name)?));
    }
    if let Some(name) = &part.recover {
        return Ok(PlannedFault::Recover(names.node(name)?));
    }
    if let Some(cut) = &part.cut {
        return Ok(PlannedFault::Cut(names.cut(cut, cut.span())?));
    }
    if let Some(heal) = &part.heal {
        return Ok(PlannedFault::Heal(match &**heal {
            HealPart::All => None,
            HealPart::One(cut) => Some(names.cut(cut, heal.span())?),
        }));
    }
    if let Some(delay) = &part.delay {
        if **delay == Time::ZERO {
            return Err(Flaw::at(delay.span(), "a delay of nothing changes nothing"));
        }
        return Ok(PlannedFault::DelayIt(**delay));
    }
    Ok(if part.drop.is_some() {
        PlannedFault::DropIt
    } else {
        PlannedFault::DuplicateIt
    })
}

pub fn nemesis(
    part: &Spanned<NemesisPart>,
    names: &Names<'_>,
    until: Time,
) -> Result<Nemesis, Flaw> {
    let crashes = match &part.crashes {
        None => names.cluster.all(),
        Some(wanted) => wanted.iter().try_fold(NodeSet::EMPTY, |all, name| {
            names.nodes_or_role(name).map(|nodes| all.union(nodes))
        })?,
    };
    for cut in &part.cuts {
        names.family(**cut, cut.span())?;
    }
    for every in [&part.crash_every, &part.cut_every].into_iter().flatten() {
        if **every == Time::ZERO {
            return Err(Flaw::at(
                every.span(),
                "a mean time of nothing would never end",
            ));
        }
    }
    if let (Some(every), true) = (&part.cut_every, part.cuts.is_empty()) {
        return Err(Flaw::at(every.span(), "there are no cuts to draw from")
            .label("cuts are wanted")
            .advice("name families of cuts: \"cuts\": [\"halves\"]"));
    }
    if let (None, Some(cut)) = (&part.cut_every, part.cuts.first()) {
        return Err(super::pointless(
            cut.span(),
            "these cuts never happen",
            "say how often: \"cut-every\": \"500ms\"",
        ));
    }
    if *part.until > until {
        let message = format!("the run ends at {until}, before the nemesis does");
        return Err(Flaw::at(part.until.span(), message)
            .label("too late")
            .advice("leave time between the two, to see whether the protocol recovers"));
    }
    let down_max = part.down_max.as_ref().map_or(1, |most| **most);
    let range = |range: Option<TimerRange>| {
        let range = range.unwrap_or(OUTAGE);
        (range.min, range.max)
    };
    Ok(Nemesis {
        crashes,
        crash_every: part.crash_every.as_ref().map(|every| **every),
        inside_handlers: part.inside_handlers.unwrap_or_default(),
        down_for: range(part.down_for),
        down_max,
        cuts: part.cuts.iter().map(|cut| **cut).collect(),
        cut_every: part.cut_every.as_ref().map(|every| **every),
        cut_for: range(part.cut_for),
        until: *part.until,
    })
}
