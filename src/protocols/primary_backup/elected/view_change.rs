//! View changes: VRR, 4.2.

use std::sync::Arc;

use super::super::{Claim, Command, Mistake, Msg, Storage, Timer, ViewNumber};
use super::{Report, Seat, Status};
use crate::model::{FewMap, Id, NodeSet};

impl Seat<'_> {
    /// The primary is silent, or others want to go on without it. That it wants this view is on its disk before it says
    /// so: a vote may arrive when whoever cast it has lost its state.
    pub fn begins_view_change(&mut self, view: ViewNumber) {
        self.r.view = view;
        if !self.makes(Mistake::VotesUnsaved) {
            let nonce = self.r.nonce;
            self.out.save(Storage::Replica {
                nonce,
                wanted: view,
            });
        }
        self.r.status = Status::ViewChange {
            agreed: NodeSet::only(self.id),
            reports: FewMap::new(),
        };
        self.follows_timers();
        self.out.cancel_timer(Timer::Dead(self.id));
        self.votes();
        if self.makes(Mistake::TakesOverAlone) && self.leads(view) {
            let report = self.report();
            self.begins_view(report);
        }
    }

    /// Says that it wants the view to begin; and, once a majority does, what it has.
    pub fn votes(&mut self) {
        let Status::ViewChange { agreed, .. } = &self.r.status else {
            return;
        };
        let agreed = *agreed;
        let msg = Msg::StartViewChange(self.r.view);
        self.out.broadcast(self.others(), &msg);
        if self.protocol.is_majority(agreed.len()) {
            self.tells_what_it_has();
        }
        self.resend_later();
    }

    pub fn on_start_view_change(&mut self, src: Id, view: ViewNumber) {
        if view > self.r.view {
            self.begins_view_change(view);
        }
        if view < self.r.view {
            return;
        }
        match &mut self.r.status {
            Status::ViewChange { agreed, .. } => {
                let before = agreed.len();
                agreed.insert(src);
                let agreed = agreed.len();
                if agreed > before && self.protocol.is_majority(agreed) {
                    self.tells_what_it_has();
                }
            }
            // It has missed that the view began.
            Status::Primary { .. } => self.on_get_state(src),
            Status::Backup | Status::Recovering { .. } => {}
        }
    }

    fn tells_what_it_has(&mut self) {
        let (view, report) = (self.r.view, self.report());
        if self.leads(view) {
            self.on_do_view_change(self.id, view, report);
        } else {
            self.out
                .send(self.primary(), Msg::DoViewChange(view, report));
        }
    }

    fn report(&self) -> Report {
        let mut log = Arc::clone(&self.r.log);
        if self.makes(Mistake::TruncatesToWatermark) {
            let known = self.r.copy.log.len();
            Arc::make_mut(&mut log).truncate(known);
        }
        Report {
            last_normal: self.r.last_normal,
            log,
            committed: self.r.committed(),
        }
    }

    /// The primary to be begins the view with what a majority has, itself among them: so it has all that was committed.
    pub fn on_do_view_change(&mut self, src: Id, view: ViewNumber, report: Report) {
        if view > self.r.view {
            self.begins_view_change(view);
        }
        if view < self.r.view {
            return;
        }
        if self.r.is_primary() {
            return self.on_get_state(src);
        }
        let own = self.report();
        let Status::ViewChange { reports, .. } = &mut self.r.status else {
            return;
        };
        reports.insert(src, report);
        reports.insert(self.id, own.clone());
        let told = || reports.iter().map(|(_, report)| report);
        if !self.protocol.is_majority(told().count()) {
            return;
        }
        let committed = told().map(|report| report.committed).max();
        // The log of the latest view in which it was normal; of several, the longest.
        let rank = |report: &&Report| {
            let view = report.last_normal;
            let counts = !self.protocol.makes(Mistake::ComparesLengthOnly);
            (counts.then_some(view), report.log.len())
        };
        let best = told().max_by_key(rank).cloned();
        let mut best = best.filter(|_| !self.makes(Mistake::TakesOverWithItsOwn));
        let best = best.get_or_insert(own);
        best.committed = committed.unwrap_or(0);
        self.begins_view(best.clone());
    }

    fn begins_view(&mut self, with: Report) {
        self.adopts(with.log);
        self.r.last_normal = self.r.view;
        self.r.status = Status::leads();
        self.out.observe(Claim::Leads(self.r.view));
        let (view, log) = (self.r.view, Arc::clone(&self.r.log));
        let msg = Msg::StartView(view, log, with.committed);
        self.out.broadcast(self.others(), &msg);
        self.follows_timers();
        self.executes(with.committed);
        if self.r.committed() < self.r.length() {
            self.resend_later();
        } else {
            self.out.cancel_timer(Timer::Resend);
        }
    }

    /// The view has begun. What a backup has beyond it is gone: no majority had that. One that is late in a view that
    /// it follows already would take back what came since.
    pub fn on_start_view(
        &mut self,
        src: Id,
        view: ViewNumber,
        log: Arc<Vec<Command>>,
        committed: u32,
    ) {
        let is_news = match self.r.status {
            Status::Backup => log.len() > self.r.log.len() || self.makes(Mistake::InstallsAgain),
            Status::ViewChange { .. } => true,
            Status::Primary { .. } | Status::Recovering { .. } => false,
        };
        if view < self.r.view || view == self.r.view && !is_news {
            return;
        }
        self.r.view = view;
        self.becomes_backup(log);
        self.out.send(src, Msg::PrepareOk(view, self.r.length()));
        self.executes(committed);
    }

    /// It follows its view, with the log of the primary.
    pub fn becomes_backup(&mut self, log: Arc<Vec<Command>>) {
        self.adopts(log);
        self.r.last_normal = self.r.view;
        self.r.status = Status::Backup;
        self.out.cancel_timer(Timer::Resend);
        self.follows_timers();
    }

    fn adopts(&mut self, log: Arc<Vec<Command>>) {
        let known = self.r.copy.log.len();
        if self.makes(Mistake::TruncatesToWatermark) && known <= log.len() {
            // What it takes for committed stays, and the rest is fetched behind it.
            let mut kept = self.r.copy.log.clone();
            kept.extend_from_slice(&log[known..]);
            self.r.log = Arc::new(kept);
            return;
        }
        self.r.log = log;
    }

    /// A server has missed something of the present view (5.2).
    pub fn on_get_state(&mut self, src: Id) {
        if self.r.is_primary() {
            let (log, committed) = (Arc::clone(&self.r.log), self.r.committed());
            self.out
                .send(src, Msg::StartView(self.r.view, log, committed));
        }
    }
}
