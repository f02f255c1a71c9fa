//! Crashes inside a handler: where they may strike, and what of the handler's doing they leave.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::actor::{Actor, Command, Input};
use super::cluster::Cluster;
use super::few::FewMap;
use super::id::Id;
use super::symmetry::Renaming;

/// Whether a crash may strike inside a handler, and what of its messages has left by then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InsideHandlers {
    /// Crashes strike between events only.
    Never,
    /// Messages leave in the order in which the handler gives them: the first few have left.
    #[default]
    InOrder,
    /// Between two saves, messages to different nodes leave in no order: those to any of them have left, of several
    /// to one node the first few. Closer to real systems, and what the nodes are called makes no difference.
    AnySubset,
}

impl InsideHandlers {
    pub fn may(self) -> bool {
        self != InsideHandlers::Never
    }
}

/// The word of a scenario for any subset; the others are `false` and `true`.
const ANY_SUBSET: &str = "any-subset";

impl Serialize for InsideHandlers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            InsideHandlers::Never => serializer.serialize_bool(false),
            InsideHandlers::InOrder => serializer.serialize_bool(true),
            InsideHandlers::AnySubset => serializer.serialize_str(ANY_SUBSET),
        }
    }
}

impl<'de> Deserialize<'de> for InsideHandlers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InsideHandlersVisitor;

        impl Visitor<'_> for InsideHandlersVisitor {
            type Value = InsideHandlers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "true, false or \"{ANY_SUBSET}\"")
            }

            fn visit_bool<E: Error>(self, may: bool) -> Result<InsideHandlers, E> {
                Ok(if may {
                    InsideHandlers::InOrder
                } else {
                    InsideHandlers::Never
                })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<InsideHandlers, E> {
                match text {
                    ANY_SUBSET => Ok(InsideHandlers::AnySubset),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(InsideHandlersVisitor)
    }
}

#[cfg(test)]
impl JsonSchema for InsideHandlers {
    fn schema_name() -> Cow<'static, str> {
        "InsideHandlers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Whether crashes strike inside handlers, and what of a broadcast has left by then: \
                            the first messages (true), or those to any nodes (\"any-subset\").",
            "anyOf": [{ "type": "boolean" }, { "const": ANY_SUBSET }]
        })
    }
}

/// Where inside a handler its node crashes: what was carried out by then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashPoint {
    /// So many commands: the first ones.
    pub after: usize,
    /// Of the messages behind them, up to the next save, to each of these nodes the first so many. Not all of those
    /// messages: that is a point behind them.
    pub and_to: FewMap<Id, usize>,
}

impl CrashPoint {
    /// Right behind the first few commands.
    pub fn behind(after: usize) -> Self {
        let and_to = FewMap::new();
        CrashPoint { after, and_to }
    }

    /// How many messages have left behind the first commands. (Who types it may type any number.)
    fn more(&self) -> usize {
        self.and_to.values().copied().fold(0, usize::saturating_add)
    }

    /// The same point, where nodes are called otherwise.
    #[must_use]
    pub fn renamed(&self, by: &Renaming) -> Self {
        let and_to = self.and_to.iter().map(|(dst, n)| (by.id(*dst), *n));
        CrashPoint {
            after: self.after,
            and_to: and_to.collect(),
        }
    }

    /// In the one notation: `2`, or `1 and to P1, P2 x3`.
    pub fn notation<'a>(&'a self, cluster: &'a Cluster) -> impl fmt::Display + use<'a> {
        let point = self;
        PointNotation { point, cluster }
    }
}

struct PointNotation<'a> {
    point: &'a CrashPoint,
    cluster: &'a Cluster,
}

impl fmt::Display for PointNotation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.point.after)?;
        let mut between = " and to ";
        for (dst, many) in &self.point.and_to {
            write!(f, "{between}{}", self.cluster.name(*dst))?;
            if *many > 1 {
                write!(f, " x{many}")?;
            }
            between = ", ";
        }
        Ok(())
    }
}

/// What of a handler's doing a crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasts {
    /// A message to this node.
    Message(Id),
    Record,
}

/// The commands of a handler, as far as crashes are concerned.
pub struct Lasting {
    /// Place by place; of what is volatile nothing.
    commands: Vec<Option<Lasts>>,
    /// The handler answers to a choice: nothing comes before one, no crash either.
    of_a_choice: bool,
}

impl Lasting {
    pub fn of<A: Actor>(commands: &[Command<A>], input: Input<'_, A>) -> Self {
        let lasting = |command: &Command<A>| match command {
            Command::Send(dst, _) => Some(Lasts::Message(*dst)),
            Command::Save { .. } => Some(Lasts::Record),
            _ => None,
        };
        Lasting {
            commands: commands.iter().map(lasting).collect(),
            of_a_choice: matches!(input, Input::Choice { .. }),
        }
    }

    /// The points at which a crash leaves something that none between events does, in order.
    pub fn points(&self, inside: InsideHandlers) -> Vec<CrashPoint> {
        let prefixes = self.prefixes().into_iter();
        match inside {
            InsideHandlers::Never => Vec::new(),
            InsideHandlers::InOrder => prefixes.map(CrashPoint::behind).collect(),
            InsideHandlers::AnySubset => {
                let between = prefixes.filter(|after| !self.is_among_messages(*after));
                let mut points: Vec<_> = between.map(CrashPoint::behind).collect();
                for start in 0..self.commands.len() {
                    if self.is_start(start) {
                        points.extend(self.subsets(start));
                    }
                }
                points.sort();
                points
            }
        }
    }

    /// The lengths of the prefixes behind which a crash leaves something that no crash between events does: something
    /// was sent or saved, and something else was still to be.
    ///
    /// (A crash before the first of them is a crash, followed by the loss of the message at a node that is down; one
    /// behind the last is the whole step, followed by a crash. But before a choice there is no crash: there, having
    /// sent and saved nothing counts too.)
    pub fn prefixes(&self) -> Vec<usize> {
        let lasting = (1..).zip(&self.commands).filter(|(_, c)| c.is_some());
        let mut lasting: Vec<usize> = lasting.map(|(after, _)| after).collect();
        if lasting.pop().is_some() && self.of_a_choice {
            lasting.insert(0, 0);
        }
        lasting
    }

    /// Whether it is one of the points that there are, wherever crashes may strike.
    pub fn has(&self, point: &CrashPoint) -> bool {
        if point.and_to.is_empty() {
            return self.prefixes().contains(&point.after);
        }
        self.is_start(point.after)
            && self.fits(point)
            && point.and_to.values().all(|many| *many > 0)
            && point.more() < self.messages(point.after).count()
    }

    /// Whether the handler gave as many commands as are carried out at a point.
    pub fn fits(&self, point: &CrashPoint) -> bool {
        self.carried_out(point).len() == point.after.saturating_add(point.more())
    }

    /// The places of the commands that are carried out at a point, in order.
    pub fn carried_out(&self, point: &CrashPoint) -> Vec<usize> {
        let mut missing = point.and_to.clone();
        let first = 0..point.after.min(self.commands.len());
        let others = self.messages(point.after).filter_map(|(at, dst)| {
            let missing = missing.get_mut(&dst).filter(|missing| **missing > 0)?;
            *missing -= 1;
            Some(at)
        });
        first.chain(others).collect()
    }

    /// The point at which as many messages have left as behind a prefix, but others: of those between the same two
    /// saves the ones that are picked, given how many there are, and how many of them leave.
    pub fn instead(
        &self,
        after: usize,
        pick: impl FnOnce(usize, usize) -> Vec<usize>,
    ) -> CrashPoint {
        let start = (0..=after).rfind(|place| self.is_start(*place));
        let start = start.expect("the first place is a start");
        let messages: Vec<_> = self.messages(start).collect();
        let leave = messages.iter().filter(|(at, _)| *at < after).count();
        if leave == 0 || leave == messages.len() {
            return CrashPoint::behind(after);
        }
        let mut point = CrashPoint::behind(start);
        for nth in pick(messages.len(), leave) {
            *point.and_to.of(messages[nth].1) += 1;
        }
        point
    }

    /// Whether a place is the first, or right behind a save.
    fn is_start(&self, place: usize) -> bool {
        place == 0 || self.commands.get(place - 1) == Some(&Some(Lasts::Record))
    }

    /// The messages from a place on, up to the next save: where each stands, and whom it is for.
    fn messages(&self, start: usize) -> impl Iterator<Item = (usize, Id)> {
        let behind = self.commands.iter().enumerate().skip(start);
        let until_saved = behind.take_while(|(_, command)| **command != Some(Lasts::Record));
        until_saved.filter_map(|(at, command)| match command {
            Some(Lasts::Message(dst)) => Some((at, *dst)),
            _ => None,
        })
    }

    /// Whether a message is sent right before a place, and another right behind it.
    fn is_among_messages(&self, place: usize) -> bool {
        let (before, behind) = self.commands.split_at(place);
        let last = before.iter().rev().flatten().next();
        let next = behind.iter().flatten().next();
        let is_message = |lasting: Option<&Lasts>| matches!(lasting, Some(Lasts::Message(_)));
        is_message(last) && is_message(next)
    }

    /// The points inside the messages behind a place: some of them have left, not all.
    fn subsets(&self, after: usize) -> Vec<CrashPoint> {
        let mut all: FewMap<Id, usize> = FewMap::new();
        for (_, dst) in self.messages(after) {
            *all.of(dst) += 1;
        }
        let mut points = vec![CrashPoint::behind(after)];
        for (dst, many) in &all {
            let with_more = |point: &CrashPoint| {
                let point = point.clone();
                (1..=*many).map(move |some| {
                    let mut more = point.clone();
                    more.and_to.insert(*dst, some);
                    more
                })
            };
            let more: Vec<_> = points.iter().flat_map(with_more).collect();
            points.extend(more);
        }
        points.retain(|point| !point.and_to.is_empty() && point.and_to != all);
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(nth: usize) -> Id {
        Id::from(nth)
    }

    /// Two messages, a save, and three messages, two of them to one node.
    fn lasting() -> Lasting {
        let sent = |nth| Some(Lasts::Message(id(nth)));
        let commands = vec![
            sent(1),
            None,
            sent(2),
            Some(Lasts::Record),
            sent(1),
            sent(2),
            sent(1),
        ];
        Lasting {
            commands,
            of_a_choice: false,
        }
    }

    fn point(after: usize, and_to: &[(usize, usize)]) -> CrashPoint {
        let and_to = and_to.iter().map(|(dst, many)| (id(*dst), *many));
        CrashPoint {
            after,
            and_to: and_to.collect(),
        }
    }

    #[test]
    fn any_subset_is_of_the_messages_between_two_saves() {
        let points = [
            point(0, &[(1, 1)]),
            point(0, &[(2, 1)]),
            point(3, &[]),
            point(4, &[]),
            point(4, &[(1, 1)]),
            point(4, &[(1, 1), (2, 1)]),
            point(4, &[(1, 2)]),
            point(4, &[(2, 1)]),
        ];
        let lasting = lasting();
        assert_eq!(lasting.points(InsideHandlers::AnySubset), points);
        assert!(points.iter().all(|point| lasting.has(point)));
        assert_eq!(lasting.carried_out(&points[1]), [2]);
        assert_eq!(lasting.carried_out(&points[4]), [0, 1, 2, 3, 4]);
        assert_eq!(lasting.carried_out(&points[7]), [0, 1, 2, 3, 5]);
        assert_eq!(lasting.prefixes(), [1, 3, 4, 5, 6]);
    }

    #[test]
    fn what_cannot_be_is_no_point() {
        let lasting = lasting();
        let all = point(4, &[(1, 2), (2, 1)]);
        let too_many = point(4, &[(2, 2)]);
        let nobody = point(4, &[(1, 0)]);
        let elsewhere = point(1, &[(2, 1)]);
        let far_off = point(usize::MAX, &[(1, 1)]);
        let no_number = point(4, &[(1, usize::MAX), (2, usize::MAX)]);
        for none in [all, too_many, nobody, elsewhere, far_off, no_number] {
            assert!(!lasting.has(&none), "{none:?}");
        }
    }

    #[test]
    fn other_messages_may_leave_instead_and_as_many() {
        let lasting = lasting();
        let last = |all: usize, leave: usize| (all - leave..all).collect();
        assert_eq!(lasting.instead(1, last), point(0, &[(2, 1)]));
        assert_eq!(lasting.instead(3, last), point(3, &[]));
        assert_eq!(lasting.instead(4, last), point(4, &[]));
        assert_eq!(lasting.instead(6, last), point(4, &[(1, 1), (2, 1)]));
    }
}
