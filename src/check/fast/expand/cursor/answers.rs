//! What handlers, channels, globals and histories answer, remembered.
//!
//! Invariant: what is remembered of a question is what the model answers to it. Where answers are
//! doubted, some known ones are asked for again and compared: those that a protocol gives, and what
//! was put together from them (lists of events, tapes).

use super::{Cursor, RECENT};
use crate::check::fast::expand::equivariance::{About, Query};
use crate::check::fast::store::books::{
    Answered, Numbers, Points, Shelf, and_fate, code, with_fate,
};
use crate::check::fast::store::memo::question;
use crate::check::intern::{Number, number};
use crate::model::arms::Arm;
use crate::model::cluster::index;
use crate::model::globals::{Globals, GlobalsChange};
use crate::model::network::{ChannelChange, Fate};
use crate::model::promise::Promise;
use crate::model::symmetry::OwnedInput;
use crate::model::{Channel, Id, Input, Link, Node, Past, Protocol};

impl<P: Protocol> Cursor<P> {
    /// Whether the next known answer is to be asked for again. If not, it is one less until then; if so,
    /// that is left to whoever puts the [question](Self::doubts).
    #[inline]
    pub fn is_in_doubt(&mut self) -> bool {
        let in_doubt = self.doubt.1 == 1;
        if !in_doubt {
            self.doubt.1 = self.doubt.1.wrapping_sub(1);
        }
        in_doubt
    }

    /// Whether this known answer of the protocol is to be asked for again: one of so many is.
    #[inline]
    pub fn doubts(&mut self) -> bool {
        let doubts = self.is_in_doubt();
        if doubts {
            self.doubt.1 = self.doubt.0;
        }
        doubts
    }

    /// Whether everything that is known is asked for again.
    pub(super) fn is_paranoid(&self) -> bool {
        self.doubt.0 == 1
    }

    pub(super) fn shelf(&self) -> Shelf<'_, P> {
        self.books.shelf(&self.parts)
    }

    /// Compares what a question is answered to by all names.
    pub(super) fn compare(&mut self, question: Query<P>) {
        if let Some(orbits) = &mut self.orbits {
            orbits.check(&self.system, question);
        }
    }

    /// The same for a question about a node, as it is now, and an input.
    pub(super) fn compare_input(
        &mut self,
        id: Id,
        input: Input<'_, Numbers>,
        about: impl FnOnce(Node<P>, OwnedInput<P>) -> About<P>,
    ) {
        if self.orbits.is_some() {
            let node = self.shelf().node(id).clone();
            let about = about(node, OwnedInput::of(self.books.spell_input(id, input)));
            self.compare(Query { id, about });
        }
    }

    /// Where what is asked about an input of a node, as it is now, is remembered.
    #[inline]
    pub(super) fn asked(&mut self, id: Id, input: Input<'_, Numbers>) -> usize {
        let (part, code) = (self.parts[index(id)], code(input));
        let question = question(part, code);
        // Inputs of one world differ in their code.
        let recent = (code ^ code >> 6 ^ code >> 9) as usize % RECENT;
        let recent = &mut self.recent[index(id)][recent];
        if recent.0 == question {
            return recent.1 as usize;
        }
        let at = self.books.node[index(id)].asked(question);
        *recent = (question, number(at));
        at
    }

    /// The arms that were exercised by what handlers were asked since this was called last.
    pub fn heard(&mut self) -> Vec<(Id, Arm)> {
        let new = std::mem::replace(&mut self.told, self.inputs.len())..self.inputs.len();
        let arm = |at| {
            let (node, code) = *self.inputs.get(number(at));
            let id = Id::from(node);
            Some((id, self.books.arm(id, code)?))
        };
        new.filter_map(arm).collect()
    }

    /// Runs a handler.
    pub(super) fn ask(
        &mut self,
        id: Id,
        input: Input<'_, Numbers>,
        crash: Option<Number>,
    ) -> Answered {
        let point = |point: Number| self.books.node[index(id)].points.get(point).clone();
        let point = crash.map(point);
        self.inputs.intern((index(id), code(input)));
        self.compare_input(id, input, |node, input| About::Reaction {
            node,
            input,
            crash: point.clone(),
        });
        let protocol = &*self.system.protocol;
        let before = self.books.node[index(id)].values.get(self.parts[index(id)]);
        let mut node = Node::clone(before);
        let spelt = self.books.spell_input(id, input);
        let reaction = self.system.react(&mut node, id, spelt, point.as_ref());
        let after = self.books.node[index(id)].intern(protocol, id, node);
        let mut sent = Vec::new();
        for (dst, msg) in reaction.sends() {
            let at = self.books.at_link(Link::new(id, dst));
            let messages = &mut self.books.channel[at].messages;
            sent.push((dst, messages.intern(msg.clone()).0));
        }
        let observed = self
            .books
            .history
            .observed(id, reaction.observations, reaction.breaches);
        Answered {
            after,
            observed,
            sent,
        }
    }

    /// What withholds an input of a node, as it is now.
    pub(super) fn judge(&self, id: Id, input: Input<'_, Numbers>) -> Option<&'static str> {
        let state = self.shelf().node(id).state()?;
        let spelt = self.books.spell_input(id, input);
        self.system.protocol.withheld(id, state, spelt)
    }

    /// Where a crash inside the handler of a node, as it is now, makes a difference.
    pub(super) fn points(&mut self, id: Id, input: Input<'_, Numbers>) -> Points {
        let spelt = self.books.spell_input(id, input);
        let lasting = self
            .shelf()
            .node(id)
            .lasting(&self.system.protocol, id, spelt);
        let points = lasting.points(self.system.rules.budgets.inside_handlers);
        let numbers = &mut self.books.node[index(id)].points;
        points
            .into_iter()
            .map(|point| numbers.intern(point).0)
            .collect()
    }

    /// Complains if something that is known of a node was answered otherwise the second time.
    pub(super) fn insist(&self, is_same: bool, what: &str, id: Id, input: Input<'_, Numbers>) {
        if !is_same {
            let cluster = &self.system.cluster;
            Promise::Pure.complain(cluster.naming(&format!(
                "{what} {} is not pure: asked about {:?} a second time, it answered otherwise",
                cluster.name(id),
                self.books.spell_input(id, input),
            )));
        }
    }

    /// Asks once more what is known, and compares.
    pub(super) fn ask_again(
        &mut self,
        known: Number,
        id: Id,
        input: Input<'_, Numbers>,
        crash: Option<Number>,
    ) {
        let again = self.ask(id, input, crash);
        let is_same = self.books.node[index(id)].is_what_was(known, &again);
        self.insist(is_same, "the handler of", id, input);
    }
}

/// Changes to one part, remembered.
impl<P: Protocol> Cursor<P> {
    #[inline]
    pub fn change_on(&mut self, link: Link, change: &ChannelChange<'_, Number>) -> Fate {
        let rules = &self.system.rules;
        let at = self.books.at_link(link);
        let part = self.books.nodes + at;
        let before = self.parts[part];
        let asked = match change {
            ChannelChange::Send(msg) => *msg << 2,
            ChannelChange::Take(msg) => 1 | *msg << 2,
            ChannelChange::Copy(msg) => 2 | *msg << 2,
            ChannelChange::Clear => 3,
        };
        let question = question(before, asked);
        let book = &mut self.books.channel[at];
        let answer = book.changes.get(question).unwrap_or_else(|| {
            let mut channel = Channel::clone(book.values.get(before));
            let spelt = match change {
                ChannelChange::Send(msg) => ChannelChange::Send(book.messages.get(**msg)),
                ChannelChange::Take(msg) => ChannelChange::Take(book.messages.get(**msg)),
                ChannelChange::Copy(msg) => ChannelChange::Copy(book.messages.get(**msg)),
                ChannelChange::Clear => ChannelChange::Clear,
            };
            let fate = channel.change(&spelt, rules.links.on(link));
            let answer = with_fate(book.intern(rules.links.order, channel), fate);
            book.changes.put(question, answer);
            answer
        });
        let (after, fate) = and_fate(answer);
        self.set(part, after);
        fate
    }

    #[inline]
    pub fn change_all(&mut self, change: &GlobalsChange<'_, Number>) {
        let rules = &self.system.rules;
        let part = self.books.at_globals();
        let before = self.parts[part];
        let (sort, what) = match change {
            GlobalsChange::Timeout => (0, 0),
            GlobalsChange::Crash(id) => (1, number(index(*id))),
            GlobalsChange::Drop(link) => (2, number(self.books.at_link(*link))),
            GlobalsChange::Duplicate => (3, 0),
            GlobalsChange::Cut(cut) => (4, **cut),
            GlobalsChange::Recover => (5, 0),
            GlobalsChange::Heal(cut) => (6, **cut),
        };
        let question = question(before, sort | what << 3);
        let nodes = self.books.nodes;
        let book = &mut self.books.globals;
        let after = book.changes.get(question).unwrap_or_else(|| {
            let spelt = match change {
                GlobalsChange::Timeout => GlobalsChange::Timeout,
                GlobalsChange::Crash(id) => GlobalsChange::Crash(*id),
                GlobalsChange::Drop(link) => GlobalsChange::Drop(*link),
                GlobalsChange::Duplicate => GlobalsChange::Duplicate,
                GlobalsChange::Cut(cut) => GlobalsChange::Cut(book.cuts.get(**cut)),
                GlobalsChange::Recover => GlobalsChange::Recover,
                GlobalsChange::Heal(cut) => GlobalsChange::Heal(book.cuts.get(**cut)),
            };
            let mut globals = Globals::clone(book.values.get(before));
            globals.change(&spelt, rules);
            let after = book.intern(nodes, rules, globals);
            book.changes.put(question, after);
            after
        });
        self.set(part, after);
    }

    /// Adds what was observed of a node to the history.
    #[inline]
    pub fn observe(&mut self, id: Id, observed: Number) {
        let place = self.books.at_history();
        let before = self.parts[place];
        let question = question(before, observed);
        if self.orbits.is_some() && self.books.history.records.get(question).is_none() {
            let past = Past::clone(self.books.history.values.get(before));
            let (_, observations, breaches) = self.books.history.observations.get(observed).clone();
            let about = About::Record {
                past,
                observations,
                breaches,
            };
            self.compare(Query { id, about });
        }
        let after = if let Some(after) = self.books.history.records.get(question) {
            if self.doubts() {
                let again = self.recorded(before, id, observed);
                if again != **self.books.history.values.get(after) {
                    Promise::Pure.complain(format!(
                        "what is recorded of {} is not pure: asked to record {:?} a second time, it \
                         did otherwise",
                        self.system.cluster.name(id),
                        self.books.history.observations.get(observed).1,
                    ));
                }
            }
            after
        } else {
            let history = self.recorded(before, id, observed);
            let after = self.books.history.values.intern(history);
            self.books.history.records.put(question, after);
            after
        };
        self.set(place, after);
    }

    /// A past with what was observed of a node besides, and what it broke.
    fn recorded(&self, before: Number, id: Id, observed: Number) -> Past<P> {
        let book = &self.books.history;
        let mut past = Past::clone(book.values.get(before));
        let (_, observations, breaches) = book.observations.get(observed);
        past.record(&self.system.protocol, id, observations, breaches);
        past
    }
}
