//! What the relation reads of a world, and what it does to it.

use super::Cursor;
use crate::check::fast::expand::equivariance::About;
use crate::check::fast::expand::offers::Move;
use crate::check::fast::store::books::{Numbers, Points};
use crate::check::intern::{NONE, Number};
use crate::model::cluster::index;
use crate::model::globals::{Globals, GlobalsChange};
use crate::model::network::{ChannelChange, Fate};
use crate::model::world::{Source, Terms};
use crate::model::{
    Carrier, Channel, Cut, Enabled, Event, Id, Input, Link, LinkOrder, Node, NodeSet, Past,
    Protocol, Rules, System, View,
};

impl<P: Protocol> View<P> for Cursor<P> {
    fn nodes(&self) -> usize {
        self.books.nodes
    }

    fn node(&self, id: Id) -> &Node<P> {
        self.shelf().node(id)
    }

    fn channel(&self, link: Link) -> &Channel<P::Msg> {
        self.shelf().channel(link)
    }

    fn globals(&self) -> &Globals {
        self.shelf().globals()
    }

    fn past(&self) -> &Past<P> {
        self.shelf().past()
    }

    #[inline]
    fn is_up(&self, id: Id) -> bool {
        let at = index(id);
        self.books.node[at].facts[self.parts[at] as usize].up
    }

    #[inline]
    fn is_down(&self, id: Id) -> bool {
        let at = index(id);
        self.books.node[at].facts[self.parts[at] as usize].down
    }

    #[inline]
    fn is_undecided(&self, id: Id) -> bool {
        let at = index(id);
        self.books.node[at].facts[self.parts[at] as usize].undecided
    }

    #[inline]
    fn is_cut(&self, link: Link) -> bool {
        self.some_cut_lasts() && self.globals().is_cut(link)
    }

    #[inline]
    fn expendable(&self, _: &Rules) -> NodeSet {
        let globals = self.parts[self.books.at_globals()];
        self.books.globals.facts[globals as usize].expendable
    }

    #[inline]
    fn next_busy(&self, from: usize) -> Option<(usize, Link)> {
        let nodes = self.books.nodes;
        let channels = &self.parts[nodes + from..self.books.at_globals()];
        let at = from + channels.iter().position(|channel| *channel != 0)?;
        Some((at, self.books.link(at)))
    }

    #[inline]
    fn is_silent(&self, link: Link) -> bool {
        self.parts[self.books.nodes + self.books.at_link(link)] == 0
    }
}

impl<P: Protocol> Carrier<P> for Cursor<P> {
    type Vocabulary = Numbers;
    /// Where it is remembered.
    type Reaction = Number;
    type Points = Points;

    #[inline]
    fn offer_from(
        &mut self,
        source: Source,
        terms: Terms,
        enabled: &mut Enabled<Numbers>,
        relation: &dyn Fn(&mut Self, &mut Enabled<Numbers>),
    ) {
        self.offer_what_is_known(source, terms, enabled, relation);
    }

    #[inline]
    fn deliverable(&self, link: Link, order: LinkOrder, nth: usize) -> Option<Number> {
        debug_assert_eq!(order, self.system.rules.links.order);
        let at = self.books.at_link(link);
        let channel = self.parts[self.books.nodes + at];
        if channel == 0 {
            return None;
        }
        self.books.channel[at].deliverable(channel, nth)
    }

    fn in_flight(&self, link: Link, nth: usize) -> Option<Number> {
        let at = self.books.at_link(link);
        self.books.channel[at].in_flight(self.parts[self.books.nodes + at], nth)
    }

    fn copies(&self, link: Link, msg: &Number) -> usize {
        let all = (0..).map_while(|nth| self.in_flight(link, nth));
        all.filter(|other| other == msg).count()
    }

    #[inline]
    fn armed(&self, id: Id, nth: usize) -> Option<Number> {
        self.books.node[index(id)].armed(self.parts[index(id)], nth)
    }

    fn awaits(&self, protocol: &P, id: Id, timer: &Number) -> NodeSet {
        let awaited = self.books.node[index(id)].awaited(self.parts[index(id)], *timer);
        if self.is_paranoid()
            && let Some(state) = self.shelf().node(id).state()
        {
            let spelt = self.books.node[index(id)].timers.get(*timer);
            let is_same = awaited == protocol.awaits(id, state, spelt);
            self.insist(is_same, "whom a timer awaits at", id, Input::Timeout(timer));
        }
        awaited
    }

    #[inline]
    fn option(&self, id: Id, nth: usize) -> Option<((), Number)> {
        let option = self.books.node[index(id)].option(self.parts[index(id)], nth);
        option.map(|option| ((), option))
    }

    fn cut(&self, cut: &Cut) -> Number {
        let known = self.books.globals.cuts.find(cut);
        known.expect("cuts are those of the rules, or of the first world")
    }

    fn severed(&self, cut: &Number) -> Vec<Link> {
        self.books.globals.cuts.get(*cut).iter().collect()
    }

    #[inline]
    fn withheld(&mut self, _: &P, id: Id, input: Input<'_, Numbers>) -> Option<&'static str> {
        let at = self.asked(id, input);
        let asked = &self.books.node[index(id)].asked[at];
        if asked.is_judged {
            let withheld = asked.withheld;
            if self.doubts() {
                let is_same = withheld == self.judge(id, input);
                self.insist(is_same, "what withholds inputs of", id, input);
            }
            return withheld;
        }
        self.compare_input(id, input, |node, input| About::Withheld { node, input });
        let withheld = self.judge(id, input);
        let asked = &mut self.books.node[index(id)].asked[at];
        (asked.is_judged, asked.withheld) = (true, withheld);
        withheld
    }

    #[inline]
    fn crash_points(&mut self, _: &System<P>, id: Id, input: Input<'_, Numbers>) -> Points {
        let at = self.asked(id, input);
        if let Some(points) = self.books.node[index(id)].asked[at].points.clone() {
            if self.doubts() {
                let is_same = points == self.points(id, input);
                self.insist(is_same, "the handler of", id, input);
            }
            return points;
        }
        self.compare_input(id, input, |node, input| About::CrashPoints { node, input });
        let points = self.points(id, input);
        self.books.node[index(id)].asked[at].points = Some(points.clone());
        points
    }

    #[inline]
    fn react(
        &mut self,
        _: &System<P>,
        id: Id,
        input: Input<'_, Numbers>,
        crash: Option<&Number>,
    ) -> Number {
        let crash = crash.copied();
        let at = self.asked(id, input);
        let known = self.books.node[index(id)].known_reaction(at, crash);
        let reaction = if let Some(known) = known {
            if self.doubts() {
                self.ask_again(known, id, input, crash);
            }
            known
        } else {
            let answer = self.ask(id, input, crash);
            self.books.node[index(id)].remember(at, crash, &answer)
        };
        let after = self.books.node[index(id)].remembered(reaction).after;
        self.set(index(id), after);
        self.record_part(index(id));
        reaction
    }

    #[inline]
    fn addressee(&self, id: Id, reaction: &Number, nth: usize) -> Option<(usize, Id)> {
        let sent = self.books.node[index(id)].sent(*reaction, nth);
        sent.map(|(dst, _)| (nth, dst))
    }

    #[inline]
    fn send(&mut self, id: Id, reaction: &Number, nth: usize, _: &Rules) -> Fate {
        let sent = self.books.node[index(id)].sent(*reaction, nth);
        let (dst, msg) = sent.expect("it has an addressee");
        let link = Link::new(id, dst);
        self.record_move(|| Move::Sends { link, msg });
        self.change_on(link, &ChannelChange::Send(&msg))
    }

    fn crash(&mut self, id: Id) {
        let before = self.parts[index(id)];
        let book = &mut self.books.node[index(id)];
        let mut after = book.facts[before as usize].crashed;
        if after == NONE {
            let mut node = Node::clone(book.values.get(before));
            node.crash();
            after = book.intern(&self.system.protocol, id, node);
            book.facts[before as usize].crashed = after;
        }
        self.set(index(id), after);
    }

    #[inline]
    fn change_channel(
        &mut self,
        link: Link,
        change: &ChannelChange<'_, Number>,
        _: &Rules,
    ) -> Fate {
        let fate = self.change_on(link, change);
        self.record_part(self.books.nodes + self.books.at_link(link));
        fate
    }

    #[inline]
    fn change_globals(&mut self, change: &GlobalsChange<'_, Number>, _: &Rules) {
        if let Some(what) = Move::of_globals(change) {
            self.record_move(|| what);
        }
        self.change_all(change);
    }

    #[inline]
    fn record(&mut self, _: &P, id: Id, reaction: &Number) {
        let observed = self.books.node[index(id)].remembered(*reaction).observed;
        if observed != NONE {
            self.record_move(|| Move::Observes { id, observed });
            self.observe(id, observed);
        }
    }

    fn spell_out(&self, event: &Event<Numbers>) -> Event<P> {
        self.books.spell_out(event)
    }
}
