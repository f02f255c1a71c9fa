//! What can still become of each node, and which messages can still matter to it.
//!
//! From the parts of the first world, every handler is asked about every message that any node can
//! ever send to it, every timer that is armed, every choice, every start that the budgets allow, and
//! the same with a crash behind each prefix of its commands; until nothing new comes of it. Whether a
//! message can be in flight just then is not asked, so that it is more than can happen, never less:
//! whatever happens to a node in a search is an edge here, and whatever is sent to it is known here.
//!
//! A message is *dead* at a part if at no part that can be reached from it, where a message can arrive
//! at all, it makes any difference: the part stays as it is, nothing is sent or observed, no bound
//! withholds it, and no crash inside the handler leaves anything behind. What is dead stays dead.
//! Where a node is down, or has not joined yet, a message is lost without a trace; where it has a
//! choice to settle, no message arrives.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::check::intern::{Interner, Number, number};
use crate::check::reduction::Forgone;
use crate::check::{LOOK_EVERY, Monitor, Stopped};
use crate::model::cluster::index;
use crate::model::{
    Command, Id, Input, Lasting, Link, Node, NodeSet, Protocol, System, View, World,
};

/// Numbers of messages, as bits.
type Bits = Vec<u64>;

/// What can become of one node.
pub struct Prospect<P: Protocol> {
    parts: Interner<Node<P>>,
    /// All that may ever be on its way to it, with whom it is from.
    messages: Interner<(Id, P::Msg)>,
    /// For each part, which of the sets of dead messages is its own.
    dead_at: Vec<Number>,
    /// The first of them is empty. Those of parts that are up are told from those of others.
    dead: Interner<(Bits, bool)>,
}

impl<P: Protocol> Prospect<P> {
    /// Which messages are dead at a part, by the number of their set; 0 if none is. Nothing if the
    /// part cannot come about.
    pub fn class(&self, part: &Node<P>) -> Option<Number> {
        Some(self.dead_at[self.parts.find(part)? as usize])
    }

    /// Whether a message is in one of these sets. Nothing if nobody can send it.
    pub fn is_dead(&self, class: Number, src: Id, msg: &P::Msg) -> Option<bool> {
        let at = self.messages.find(&(src, msg.clone()))? as usize;
        Some(self.dead.get(class).0[at / 64] >> (at % 64) & 1 == 1)
    }
}

/// Why something was not found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unforeseen {
    Forgone(Forgone),
    /// The monitor wanted it to end.
    Stopped(Stopped),
}

/// What can become of each node from here on, or why that was not found out.
pub fn prospects<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    questions_max: usize,
    monitor: &mut dyn Monitor,
) -> Result<Vec<Prospect<P>>, Unforeseen> {
    // A handler that thinks that something cannot happen may be right.
    let found = catch_unwind(AssertUnwindSafe(|| {
        let mut closure = Closure::new(system, start, questions_max, monitor);
        while closure.sweep()? {}
        let Closure { nodes, watch, .. } = closure;
        let mut watch = watch;
        let mut judged = Vec::new();
        for local in nodes {
            judged.push(local.judge(&mut watch)?);
        }
        Ok(judged)
    }));
    found.unwrap_or(Err(Unforeseen::Forgone(Forgone::HandlerPanics)))
}

/// Shows a monitor how many questions were asked.
struct QuestionCounter<'a> {
    monitor: &'a mut dyn Monitor,
    questions: usize,
    /// What was done since the last look.
    unseen: usize,
}

impl QuestionCounter<'_> {
    fn look(&mut self) -> Result<(), Unforeseen> {
        self.unseen += 1;
        if self.unseen < LOOK_EVERY {
            return Ok(());
        }
        self.unseen = 0;
        let look = self.monitor.prepares(self.questions as u64);
        look.map_err(Unforeseen::Stopped)
    }
}

/// What is known of one node so far.
struct NodeClosure<P: Protocol> {
    parts: Interner<Node<P>>,
    messages: Interner<(Id, P::Msg)>,
    /// From part to part.
    edges: Vec<(usize, usize)>,
    /// The parts at which a message makes a difference.
    live: Vec<(usize, usize)>,
    /// For each part that was asked its own inputs, of how many messages it was asked.
    asked: Vec<usize>,
}

struct Closure<'a, P: Protocol> {
    system: &'a System<P>,
    nodes: Vec<NodeClosure<P>>,
    /// The nodes that the budgets allow to crash, and what else they allow.
    frail: NodeSet,
    recovers: bool,
    times_out: bool,
    watch: QuestionCounter<'a>,
    questions_max: usize,
}

impl<'a, P: Protocol> Closure<'a, P> {
    fn new(
        system: &'a System<P>,
        start: &World<P>,
        questions_max: usize,
        monitor: &'a mut dyn Monitor,
    ) -> Self {
        let rules = &system.rules;
        let spent = &start.globals().spent;
        let ids = || system.cluster.ids();
        let local = |dst: Id| {
            let mut messages = Interner::default();
            for src in ids() {
                for msg in start.channel(Link::new(src, dst)).iter() {
                    messages.intern((src, msg.clone()));
                }
            }
            NodeClosure {
                parts: Interner::from_iter([start.node(dst).clone()]),
                messages,
                edges: Vec::new(),
                live: Vec::new(),
                asked: Vec::new(),
            }
        };
        Closure {
            nodes: ids().map(local).collect(),
            frail: start.expendable(rules),
            recovers: rules
                .budgets
                .recoveries
                .allows(|| spent.recoveries as usize),
            times_out: rules.timeouts.allows(|| spent.timeouts as usize),
            watch: QuestionCounter {
                monitor,
                questions: 0,
                unseen: 0,
            },
            questions_max,
            system,
        }
    }

    /// Asks what was not asked before; whether there was anything.
    fn sweep(&mut self) -> Result<bool, Unforeseen> {
        let mut asked = false;
        for id in self.system.cluster.ids() {
            let at = index(id);
            let mut part = 0;
            while part < self.nodes[at].parts.len() {
                let node = self.nodes[at].parts.get(number(part)).clone();
                if part == self.nodes[at].asked.len() {
                    self.nodes[at].asked.push(0);
                    self.own(id, part, &node)?;
                    asked = true;
                }
                while self.nodes[at].asked[part] < self.nodes[at].messages.len() {
                    let nth = self.nodes[at].asked[part];
                    self.nodes[at].asked[part] += 1;
                    self.message(id, part, &node, nth)?;
                    asked = true;
                }
                part += 1;
            }
        }
        Ok(asked)
    }

    /// What happens to a part by itself.
    fn own(&mut self, id: Id, part: usize, node: &Node<P>) -> Result<(), Unforeseen> {
        let Node::Up(up) = node else {
            let joins = matches!(node, Node::Absent);
            if joins || self.recovers {
                self.input(id, part, node, Input::Start)?;
            }
            return Ok(());
        };
        if let Some((key, options)) = up.choices.first_key_value() {
            for value in options {
                self.input(id, part, node, Input::Choice { key, value })?;
            }
            return Ok(());
        }
        if self.times_out {
            for timer in &up.timers {
                self.input(id, part, node, Input::Timeout(timer))?;
            }
        }
        if self.frail.contains(id) {
            let mut after = node.clone();
            after.crash();
            self.nodes[index(id)].lead(part, after);
        }
        Ok(())
    }

    fn message(
        &mut self,
        id: Id,
        part: usize,
        node: &Node<P>,
        nth: usize,
    ) -> Result<(), Unforeseen> {
        let arrives = node.up().is_some_and(|up| up.choices.is_empty());
        if arrives {
            let (src, msg) = self.nodes[index(id)].messages.get(number(nth)).clone();
            let input = Input::Message { src, msg: &msg };
            if self.input(id, part, node, input)? {
                self.nodes[index(id)].live.push((part, nth));
            }
        }
        Ok(())
    }

    /// An input to a part; whether it makes any difference.
    fn input(
        &mut self,
        id: Id,
        part: usize,
        node: &Node<P>,
        input: Input<'_, P>,
    ) -> Result<bool, Unforeseen> {
        let protocol = &*self.system.protocol;
        let withheld = |state| protocol.withheld(id, state, input);
        if node.state().and_then(withheld).is_some() {
            return Ok(true);
        }
        let (mut differs, commands) = self.ask(id, part, node, input)?;
        if self.frail.contains(id) {
            let inside_handlers = self.system.rules.budgets.inside_handlers;
            let mut points = Lasting::of(&commands, input).points(inside_handlers);
            // What is sent until then is known already.
            points.dedup_by_key(|point| point.after);
            for point in points {
                self.count()?;
                let after = node.crashed_behind(&commands[..point.after]);
                self.nodes[index(id)].lead(part, after);
                differs = true;
            }
        }
        Ok(differs)
    }

    /// Asks a handler; whether it did anything, and its commands.
    fn ask(
        &mut self,
        id: Id,
        part: usize,
        node: &Node<P>,
        input: Input<'_, P>,
    ) -> Result<(bool, Vec<Command<P>>), Unforeseen> {
        self.count()?;
        let mut after = node.clone();
        let reaction = after.react(&self.system.protocol, id, input, None);
        let mut differs = after != *node || !reaction.observations.is_empty();
        for (dst, msg) in reaction.sends() {
            self.nodes[index(dst)].messages.intern((id, msg.clone()));
            differs = true;
        }
        self.nodes[index(id)].lead(part, after);
        Ok((differs, reaction.commands))
    }

    /// Counts a question, or a crash in the midst of its answer.
    fn count(&mut self) -> Result<(), Unforeseen> {
        if self.watch.questions == self.questions_max {
            let too_many = Forgone::TooManyQuestions(self.questions_max);
            return Err(Unforeseen::Forgone(too_many));
        }
        self.watch.questions += 1;
        self.watch.look()
    }
}

impl<P: Protocol> NodeClosure<P> {
    fn lead(&mut self, part: usize, after: Node<P>) {
        let after = self.parts.intern(after).0 as usize;
        if after != part {
            self.edges.push((part, after));
        }
    }

    /// Finds what is dead: what is live nowhere ahead.
    fn judge(self, watch: &mut QuestionCounter<'_>) -> Result<Prospect<P>, Unforeseen> {
        let (parts, messages) = (self.parts.len(), self.messages.len());
        let live = live_ahead(parts, messages, &self.live, &self.edges, watch)?;
        let mut dead = Interner::from_iter([(vec![0; messages.div_ceil(64)], false)]);
        let mut dead_at = Vec::with_capacity(parts);
        for (part, bits) in self.parts.values().iter().zip(live) {
            let bits = others(bits, messages);
            let is_up = part.is_up() && bits.iter().any(|word| *word != 0);
            dead_at.push(dead.intern((bits, is_up)).0);
        }
        Ok(Prospect {
            parts: self.parts,
            messages: self.messages,
            dead_at,
            dead,
        })
    }
}

/// For each part, the messages that are live there or anywhere ahead.
fn live_ahead(
    parts: usize,
    messages: usize,
    live_at: &[(usize, usize)],
    edges: &[(usize, usize)],
    watch: &mut QuestionCounter<'_>,
) -> Result<Vec<Bits>, Unforeseen> {
    let mut live: Vec<Bits> = vec![vec![0; messages.div_ceil(64)]; parts];
    for &(part, nth) in live_at {
        live[part][nth / 64] |= 1 << (nth % 64);
    }
    let mut before = vec![Vec::new(); parts];
    for &(from, to) in edges {
        before[to].push(from);
    }
    let mut todo: Vec<usize> = (0..parts).collect();
    while let Some(part) = todo.pop() {
        watch.look()?;
        let ahead = live[part].clone();
        for &from in &before[part] {
            let mut news = false;
            for (bits, ahead) in live[from].iter_mut().zip(&ahead) {
                news |= ahead & !*bits != 0;
                *bits |= ahead;
            }
            if news {
                todo.push(from);
            }
        }
    }
    Ok(live)
}

/// All messages but these.
fn others(mut bits: Bits, messages: usize) -> Bits {
    for (nth, word) in bits.iter_mut().enumerate() {
        let known = messages - nth * 64;
        let all = if known < 64 {
            (1 << known) - 1
        } else {
            u64::MAX
        };
        *word = !*word & all;
    }
    bits
}
