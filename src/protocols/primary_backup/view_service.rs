//! The view service: MIT 6.824, lab 2A.
//!
//! Invariant: the primary of a view was primary or backup of the one before, and that one was acknowledged. So whoever
//! is primary has the state.

use serde::{Deserialize, Serialize};

use super::{Claim, Member, Mistake, Msg, PrimaryBackup, Storage, Timer, View, ViewNumber};
use crate::model::{FewMap, Id, Out, Start};

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ViewService {
    /// The present one; none before the first server has pinged.
    pub view: Option<View>,
    /// Whether its primary has acknowledged it.
    pub acknowledged: bool,
    /// The servers that have pinged.
    pub seen: FewMap<Id, Seen>,
}

/// What is known of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seen {
    /// Its last incarnation.
    pub incarnation: u32,
    /// Whether it has pinged lately.
    pub is_up: bool,
}

impl PrimaryBackup {
    pub(super) fn service_starts(
        &self,
        start: Start<'_, Storage>,
        o: &mut Out<Self>,
    ) -> ViewService {
        let (view, acknowledged) = match start {
            Start::Again(Some(Storage::Service(view, acknowledged))) => (*view, *acknowledged),
            _ => (self.first_view(), self.params.paired),
        };
        let mut seen = FewMap::new();
        for Member {
            server,
            incarnation,
        } in view.iter().flat_map(View::members)
        {
            let is_up = true;
            seen.insert(server, Seen { incarnation, is_up });
            o.set_timer(Timer::Dead(server), self.params.patience);
        }
        if let Some(view) = view {
            o.observe(Claim::Viewed(view));
        }
        ViewService {
            view,
            acknowledged,
            seen,
        }
    }

    pub(super) fn service_hears(
        &self,
        service: &mut ViewService,
        src: Id,
        msg: &Msg,
        o: &mut Out<Self>,
    ) {
        if let Msg::Ping(number, incarnation) = *msg {
            let before = (service.view, service.acknowledged);
            if !service.notes_ping(src, number, incarnation) {
                return;
            }
            o.set_timer(Timer::Dead(src), self.params.patience);
            self.changes_view(service, o);
            if (service.view, service.acknowledged) != before {
                o.save(Storage::Service(service.view, service.acknowledged));
            }
        }
        if let (Msg::Ping(..) | Msg::GetView, Some(view)) = (msg, service.view) {
            o.send(src, Msg::View(view));
        }
    }

    /// A server has not pinged for too long.
    pub(super) fn suspects(&self, service: &mut ViewService, server: Id, o: &mut Out<Self>) {
        service.seen.of(server).is_up = false;
        if self.changes_view(service, o) {
            o.save(Storage::Service(service.view, service.acknowledged));
        }
    }

    /// Whether the view changed.
    fn changes_view(&self, service: &mut ViewService, o: &mut Out<Self>) -> bool {
        let next = self.next_view(service);
        if let Some(view) = next {
            service.view = next;
            service.acknowledged = false;
            o.observe(Claim::Viewed(view));
        }
        next.is_some()
    }

    /// The view to come, if it is time for one: the present one is acknowledged, and one of its members is gone, or an
    /// idle server can be its backup.
    pub(super) fn next_view(&self, service: &ViewService) -> Option<View> {
        let Some(view) = service.view else {
            return service.first_view();
        };
        if !service.acknowledged && !self.makes(Mistake::MovesOnUnacknowledged) {
            return None;
        }
        let number = view.number.next();
        let is_up = |member: &Member| service.is_up(*member);
        let backup = view.backup.filter(is_up);
        let idle = || service.up().find(|member| !view.has(*member));
        if !is_up(&view.primary) {
            let Some(primary) = backup else {
                // Nobody else has the state.
                let primary = self.makes(Mistake::PromotesIdle).then(idle)??;
                return Some(View {
                    number,
                    primary,
                    backup: None,
                });
            };
            let backup = idle();
            return Some(View {
                number,
                primary,
                backup,
            });
        }
        if backup.is_some() {
            return None;
        }
        let next = View {
            number,
            backup: idle(),
            ..view
        };
        (next.backup != view.backup).then_some(next)
    }
}

impl ViewService {
    /// Notes that a server is up, and which view it is in; not if it has come back since. The ping of the primary
    /// with the number of the present view is its acknowledgement.
    pub(super) fn notes_ping(&mut self, src: Id, number: ViewNumber, incarnation: u32) -> bool {
        let seen = self.seen.of(src);
        if incarnation < seen.incarnation {
            return false;
        }
        let is_up = true;
        *seen = Seen { incarnation, is_up };
        let member = Member {
            server: src,
            incarnation,
        };
        self.acknowledged |= self
            .view
            .is_some_and(|view| view.primary == member && view.number == number);
        true
    }

    /// The first server that pings is the first primary.
    fn first_view(&self) -> Option<View> {
        let primary = self.up().next()?;
        Some(View {
            number: ViewNumber(1),
            primary,
            backup: None,
        })
    }

    /// The servers that are up.
    fn up(&self) -> impl Iterator<Item = Member> {
        let up = self.seen.iter().filter(|(_, seen)| seen.is_up);
        up.map(|(server, seen)| Member {
            server: *server,
            incarnation: seen.incarnation,
        })
    }

    pub(super) fn is_up(&self, member: Member) -> bool {
        self.up().any(|up| up == member)
    }
}
