//! Whether a protocol is as symmetric as it says: the same questions by all names.
//!
//! A question that is asked of the protocol for the first time is asked by every renaming, and the
//! answer has to be the answer to the first, renamed. It is not enough to rename what was asked by a
//! few trades: of worlds that differ by names a search looks at one, so that another node may never
//! get where a node has been. Asking what came of one trade again by all trades asks everything, once.
//!
//! Invariant: nothing of this changes what is found. A mistake ends the search in a panic that names
//! who was asked, and what differed.

use std::fmt::{self, Debug};

use crate::check::intern::Interner;
use crate::model::network::in_order;
use crate::model::promise::Promise;
use crate::model::symmetry::OwnedInput;
use crate::model::{
    Breach, CrashPoint, Id, LinkOrder, Node, NodeSet, Past, Protocol, Renaming, Symmetry, System,
};
use derive_where::derive_where;

/// What may be asked of a protocol about one part.
#[derive_where(Clone, PartialEq, Eq, Hash)]
pub struct Query<P: Protocol> {
    pub id: Id,
    pub about: About<P>,
}

#[derive_where(Clone, Debug, PartialEq, Eq, Hash)]
pub enum About<P: Protocol> {
    /// What an input does.
    Reaction {
        node: Node<P>,
        input: OwnedInput<P>,
        crash: Option<CrashPoint>,
    },
    /// Where a crash inside the handler makes a difference.
    CrashPoints { node: Node<P>, input: OwnedInput<P> },
    /// What keeps an input from happening.
    Withheld { node: Node<P>, input: OwnedInput<P> },
    /// Whom the timers of a node wait for.
    Awaited(Node<P>),
    /// What observations and breaches make of the past.
    Record {
        past: Past<P>,
        observations: Vec<P::Observation>,
        breaches: Vec<Breach>,
    },
}

#[derive_where(Debug, PartialEq)]
enum Response<P: Protocol> {
    Reaction {
        after: Node<P>,
        /// In the order of the links; on a link in the order of sending, or of the messages where
        /// nothing depends on the order.
        sent: Vec<(Id, P::Msg)>,
        observations: Vec<P::Observation>,
        breaches: Vec<Breach>,
    },
    /// In order.
    CrashPoints(Vec<CrashPoint>),
    Withheld(Option<&'static str>),
    /// In the order of timers.
    Awaited(Vec<(P::Timer, NodeSet)>),
    Record(Past<P>),
}

/// The questions that were asked by all names.
#[derive_where(Default)]
pub struct Checks<P: Protocol> {
    asked: Interner<Query<P>>,
}

impl<P: Protocol> Checks<P> {
    /// Asks a question by all names.
    pub fn check(
        &mut self,
        system: &System<P>,
        symmetry: &Symmetry<P>,
        trades: &[Renaming],
        question: Query<P>,
    ) {
        let (number, new) = self.asked.intern(question);
        if !new {
            return;
        }
        let answer = self.asked.get(number).ask(system);
        let mut open = vec![(number, answer)];
        while let Some((number, answer)) = open.pop() {
            for by in trades {
                let question = self.asked.get(number);
                let elsewhere = question.renamed(symmetry, by);
                let back = elsewhere.renamed(symmetry, by);
                if back != *question {
                    Promise::Symmetry.complain(format!(
                        "node symmetry is broken: the protocol does not rename well. {} trade names \
                         twice, and {question:?} becomes {back:?}",
                        system.cluster.names(by.moved()),
                    ));
                }
                let said = elsewhere.ask(system);
                let expected = answer.renamed(symmetry, system, by);
                if said != expected {
                    refuse(system, by, question, &elsewhere, &expected, &said);
                }
                let (number, new) = self.asked.intern(elsewhere);
                if new {
                    open.push((number, said));
                }
            }
            if let Response::Reaction { after, .. } = answer {
                let id = self.asked.get(number).id;
                let about = About::Awaited(after);
                self.check(system, symmetry, trades, Query { id, about });
            }
        }
    }

    pub fn bytes(&self) -> usize {
        self.asked.bytes()
    }
}

impl<P: Protocol> Query<P> {
    fn ask(&self, system: &System<P>) -> Response<P> {
        let (protocol, id) = (&*system.protocol, self.id);
        match &self.about {
            About::Reaction { node, input, crash } => {
                let mut after = node.clone();
                let reaction = system.react(&mut after, id, input.as_input(), crash.as_ref());
                let sent = reaction.sends().map(|(dst, msg)| (dst, msg.clone()));
                let answer = Response::Reaction {
                    sent: sent.collect(),
                    observations: reaction.observations,
                    breaches: reaction.breaches,
                    after,
                };
                answer.in_order(system)
            }
            About::CrashPoints { node, input } => {
                let lasting = node.lasting(protocol, id, input.as_input());
                Response::CrashPoints(lasting.points(system.rules.budgets.inside_handlers))
            }
            About::Withheld { node, input } => {
                let state = node.state().expect("only a node that is up is asked");
                Response::Withheld(protocol.withheld(id, state, input.as_input()))
            }
            About::Awaited(node) => {
                let awaited = node.up().into_iter().flat_map(|up| {
                    let awaited = |timer| protocol.awaits(id, &up.state, timer);
                    up.timers.iter().map(move |t| (t.clone(), awaited(t)))
                });
                Response::Awaited(awaited.collect())
            }
            About::Record {
                past,
                observations,
                breaches,
            } => {
                let mut past = past.clone();
                past.record(protocol, id, observations, breaches);
                Response::Record(past)
            }
        }
    }

    fn renamed(&self, symmetry: &Symmetry<P>, by: &Renaming) -> Self {
        let about = match &self.about {
            About::Reaction { node, input, crash } => About::Reaction {
                node: symmetry.node(node, by),
                input: symmetry.input(input, by),
                crash: crash.as_ref().map(|point| point.renamed(by)),
            },
            About::CrashPoints { node, input } => About::CrashPoints {
                node: symmetry.node(node, by),
                input: symmetry.input(input, by),
            },
            About::Withheld { node, input } => About::Withheld {
                node: symmetry.node(node, by),
                input: symmetry.input(input, by),
            },
            About::Awaited(node) => About::Awaited(symmetry.node(node, by)),
            About::Record {
                past,
                observations,
                breaches,
            } => About::Record {
                past: symmetry.past(past, by),
                observations: observations.clone(),
                breaches: breaches.iter().map(|b| b.renamed(by)).collect(),
            },
        };
        Query {
            id: by.id(self.id),
            about,
        }
    }

    /// Who is asked what, in words.
    fn words(&self, system: &System<P>) -> String {
        let name = system.cluster.name(self.id);
        match &self.about {
            About::Reaction { input, crash, .. } => {
                let until = crash.as_ref().map_or_else(String::new, |point| {
                    let point = point.notation(&system.cluster);
                    format!(" and a crash after {point} of its commands")
                });
                format!("the handler of {name}, asked about {input:?}{until}")
            }
            About::CrashPoints { input, .. } => {
                format!("the handler of {name}, asked where it may crash within {input:?}")
            }
            About::Withheld { input, .. } => format!("`withheld` for {name} and {input:?}"),
            About::Awaited(_) => format!("`awaits` for {name}"),
            About::Record { observations, .. } => {
                format!("`record` for {name} and {observations:?}")
            }
        }
    }
}

/// As whoever renamed it wrongly reads it.
impl<P: Protocol> Debug for Query<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Query { id, about } = self;
        let mut question = f.debug_struct("Question");
        question.field("id", id).field("about", about).finish()
    }
}

impl<P: Protocol> Response<P> {
    fn renamed(&self, symmetry: &Symmetry<P>, system: &System<P>, by: &Renaming) -> Self {
        match self {
            Response::Reaction {
                after,
                sent,
                observations,
                breaches,
            } => {
                let sent = sent
                    .iter()
                    .map(|(dst, msg)| (by.id(*dst), (symmetry.msg)(msg, by)));
                let answer = Response::Reaction {
                    after: symmetry.node(after, by),
                    sent: sent.collect(),
                    observations: observations.clone(),
                    breaches: breaches.iter().map(|b| b.renamed(by)).collect(),
                };
                answer.in_order(system)
            }
            Response::CrashPoints(points) => {
                let mut renamed: Vec<_> = points.iter().map(|point| point.renamed(by)).collect();
                renamed.sort();
                Response::CrashPoints(renamed)
            }
            Response::Withheld(bound) => Response::Withheld(*bound),
            Response::Awaited(awaited) => {
                let renamed = awaited
                    .iter()
                    .map(|(timer, set)| ((symmetry.timer)(timer, by), by.set(*set)));
                Response::Awaited(in_order(renamed, |(a, _), (b, _)| a < b))
            }
            Response::Record(past) => Response::Record(symmetry.past(past, by)),
        }
    }

    /// What is sent to different nodes is put in flight on different links, so that the order makes
    /// no difference: where a crash may part it, what was sent until then is a question of its own.
    fn in_order(mut self, system: &System<P>) -> Self {
        if let Response::Reaction { sent, .. } = &mut self {
            let is_fifo = system.rules.links.order == LinkOrder::Fifo;
            *sent = in_order(
                sent.drain(..),
                |a, b| {
                    if is_fifo { a.0 < b.0 } else { a < b }
                },
            );
        }
        self
    }

    /// What differs, in both.
    fn difference(&self, other: &Self) -> (&'static str, String, String) {
        fn told(
            what: &'static str,
            a: &dyn Debug,
            b: &dyn Debug,
        ) -> (&'static str, String, String) {
            (what, format!("{a:?}"), format!("{b:?}"))
        }
        match (self, other) {
            (
                Response::Reaction {
                    after: a,
                    sent: a_sent,
                    observations: a_seen,
                    breaches: a_broken,
                },
                Response::Reaction {
                    after: b,
                    sent: b_sent,
                    observations: b_seen,
                    breaches: b_broken,
                },
            ) => {
                if a != b {
                    told("the node afterwards", a, b)
                } else if a_sent != b_sent {
                    told("what is sent", a_sent, b_sent)
                } else if a_seen != b_seen {
                    told("what is observed", a_seen, b_seen)
                } else {
                    told("what is broken", a_broken, b_broken)
                }
            }
            (a, b) => told("the answer", &a, &b),
        }
    }
}

fn refuse<P: Protocol>(
    system: &System<P>,
    by: &Renaming,
    question: &Query<P>,
    elsewhere: &Query<P>,
    expected: &Response<P>,
    said: &Response<P>,
) -> ! {
    let (what, expected, said) = expected.difference(said);
    let advice = match elsewhere.about {
        About::Reaction { crash: Some(_), .. } => {
            " (Whoever sends to one node after the other is not symmetric where it may crash inside a \
             handler: let any subset of a broadcast leave, `\"inside-handlers\": \"any-subset\"`, or check \
             without node symmetry.)"
        }
        _ => "",
    };
    Promise::Symmetry.complain(format!(
        "node symmetry is broken: {} and {} make a difference. Compare {} with {}: {what} has to be \
         {expected} but is {said}.{advice}",
        system
            .cluster
            .name(by.moved().iter().next().expect("two trade")),
        system
            .cluster
            .name(by.moved().iter().last().expect("two trade")),
        question.words(system),
        elsewhere.words(system),
    ));
}
