//! Cluster membership changes: joint consensus (6; thesis, 4.3), and one server at a time (thesis,
//! 4.1) as Ongaro mended it in 2015.

use crate::model::{Id, NodeSet};
use crate::protocols::raft::{
    Change, Configuration, Content, Members, Membership, Mistake, Reply, Timer, Turn,
};

impl Turn<'_> {
    /// Whom a leader replicates to: all that take part, and those that are about to (thesis, 4.2.1).
    pub fn followers(&self) -> NodeSet {
        let change = self.s.leading().and_then(|leader| leader.change);
        let joining = change.map_or(NodeSet::EMPTY, |change| change.target);
        self.others().union(joining).without(self.id)
    }

    pub fn change_membership(&mut self, client: Id, serial: u32, members: Members) {
        let (at, current) = self.s.stable.log.configuration();
        let target = members.out_of(current.voters());
        let is_committed = at <= self.s.commit_index;
        if current == Configuration::of(target) {
            if is_committed {
                self.reply(client, serial, Reply::Accepted);
            }
            // Otherwise it is under way. The client will ask again.
            return;
        }
        let moved = target
            .minus(current.voters())
            .union(current.voters().minus(target));
        let is_possible = match self.raft.params.membership {
            Membership::Fixed => false,
            Membership::Single => moved.len() == 1,
            Membership::Joint => true,
        };
        if !is_possible || target.is_empty() || !target.is_subset(self.raft.servers) {
            return self.reply(client, serial, Reply::Refused);
        }
        // One change after the other: the last one is committed, and, as Ongaro wrote in 2015, so is
        // an entry of this leader's term. Otherwise two changes could leave majorities that do not
        // overlap. The client will ask again.
        let in_turn = (is_committed && current.next().is_none())
            || self.makes(Mistake::ChangeWhileUncommitted);
        let knows = self.s.has_committed_own_term() || self.makes(Mistake::ChangeBeforeOwnCommit);
        let commit_index = self.s.commit_index;
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        let busy = leader.change.is_some_and(|c| c.catch_up.is_some());
        if !in_turn || !knows || busy {
            return;
        }
        leader.change = Some(Change {
            client,
            serial,
            target,
            catch_up: Some(commit_index),
        });
        // Thesis, 4.2.1: new servers join as non-voting members until they have caught up.
        let new = target.minus(current.voters()).without(self.id);
        if !new.is_empty() {
            self.set_timer(Timer::CatchUp, self.raft.params.election_timeout);
        }
        for id in new.iter() {
            self.replicate_to(id);
        }
        self.new_server_catches_up();
    }

    /// Thesis, 4.2.1: the leader aborts the change if a new server is unavailable, or so slow that it
    /// will never catch up.
    pub fn catch_up_timeout(&mut self) {
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        let aborted = leader.change.take_if(|change| change.catch_up.is_some());
        if let Some(change) = aborted {
            self.reply(change.client, change.serial, Reply::Refused);
        }
    }

    /// Once the new servers have what was committed when the change was asked for, the configuration
    /// goes into the log.
    pub fn new_server_catches_up(&mut self) {
        let current = self.configuration();
        let Some(leader) = self.s.leading() else {
            return;
        };
        let Some(change) = leader.change else { return };
        let Some(needed) = change.catch_up else {
            return;
        };
        let new = change.target.minus(current.voters()).without(self.id);
        if new.iter().any(|id| leader.of(id).matched < needed) {
            return;
        }
        if let Some(leader) = self.s.leading_mut() {
            leader.change = Some(Change {
                catch_up: None,
                ..change
            });
        }
        self.cancel(Timer::CatchUp);
        let next = match self.raft.params.membership {
            Membership::Joint => Configuration::joint(current.voters(), change.target),
            _ => Configuration::of(change.target),
        };
        self.configure(next);
    }

    /// A configuration takes effect as soon as it is in the log (6).
    fn configure(&mut self, configuration: Configuration) {
        self.append(Content::Configuration(configuration));
        self.replicate_to_all();
        self.advance_commit_index();
    }

    /// 6: once C-old,new has been committed, the leader creates an entry describing C-new; once that
    /// is committed, a leader that is not in it steps down.
    pub fn configuration_committed(&mut self) {
        let (at, current) = self.s.stable.log.configuration();
        let Some(leader) = self.s.leading() else {
            return;
        };
        if at > self.s.commit_index {
            return;
        }
        if let Some(next) = current.next() {
            return self.configure(Configuration::of(next));
        }
        let change = leader.change.filter(|change| change.catch_up.is_none());
        if let Some(change) = change {
            if let Some(leader) = self.s.leading_mut() {
                leader.change = None;
            }
            self.reply(change.client, change.serial, Reply::Accepted);
        }
        if !current.contains(self.id) {
            // Those that remain hear of it before.
            self.replicate_to_all();
            self.follow(None);
            self.cancel(Timer::Election);
        }
    }
}
