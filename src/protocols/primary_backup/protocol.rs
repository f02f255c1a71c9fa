//! What primary-backup replication says of itself: who takes part, who waits for whom, what a check leaves open, and
//! where a node stands.

use super::properties::awaits_backup;
use super::rules::RULES;
use super::{
    Claim, Client, History, Mistake, Msg, Params, Phase, PrimaryBackup, Replica, Role, Server,
    State, Status, Storage, Timer, ViewNumber, name,
};
use crate::model::arms::Told;
use crate::model::cluster::numbered;
use crate::model::operation::{Linearization, Operations};
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Variant, View as World,
};
use crate::protocols::key_value::{ReplicatedStore, Workload, in_order};
use crate::protocols::primary_backup::Failover;

impl Protocol for PrimaryBackup {
    const NAME: &'static str = "primary-backup";
    const ABOUT: &'static str = "Primary-backup replication: one server serves, and another has all that it takes to go on.";
    const SOURCES: &'static [&'static str] = &[
        "Alsberg & Day 1976, A Principle for Resilient Sharing of Distributed Resources",
        "Budhiraja, Marzullo, Schneider & Toueg 1993, The Primary-Backup Approach",
        "MIT 6.824, Lab 2: Primary/Backup Key/Value Service",
        "University of Washington CSE 452, Lab 2 (DSLabs)",
        "Liskov & Cowling 2012, Viewstamped Replication Revisited",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("servers", "S"),
        Size::nodes("clients", "C"),
        Size::nodes("clients.clients", "C"),
        Size::of("clients.commands"),
    ];
    /// A client asks, and somebody is taken for dead: pings go on for ever.
    const TIMEOUTS_AT_FIRST: Option<u32> = Some(4);

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let (scripts, drawn) = params.ops()?;
        let servers = usize::from(params.servers);
        let has_service = params.failover == Failover::ViewService;
        Ok(PrimaryBackup {
            params: params.clone(),
            service: has_service.then(|| Id::from(servers)),
            servers: NodeSet::first(servers),
            scripts,
            drawn,
        })
    }

    fn cluster(&self) -> Cluster {
        let service = self.service.iter();
        let service = service.map(|_| ("V".to_owned(), "view service"));
        let servers = numbered("S", "server", self.servers.len());
        let clients = numbered("C", "client", self.params.clients.clients().into());
        Cluster::new(servers.chain(service).chain(clients))
    }

    /// Who serves says so, and so does the view service of its view.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        step.newly(|state, _| match state? {
            State::Server(server) if server.serves() => server.view.map(Claim::Serves),
            State::Service(service) => service.view.map(Claim::Viewed),
            State::Replica(replica) if replica.is_primary() => Some(Claim::Leads(replica.view)),
            _ => None,
        })
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(self, id, claim);
    }

    /// A server pings as long as it is up, and a backup that is up acknowledges. All others wait for time to pass.
    fn awaits(&self, id: Id, state: &State, timer: &Timer) -> NodeSet {
        match (state, timer) {
            (_, Timer::Dead(server)) => NodeSet::only(*server),
            (State::Server(server), Timer::Resend) => match server.its_backup() {
                Some(backup) if awaits_backup(server) => NodeSet::only(backup.server),
                _ => NodeSet::EMPTY,
            },
            (State::Replica(replica), Timer::Resend) => match &replica.status {
                Status::Primary { acknowledged } => {
                    let up_to = |other: &Id| acknowledged.get(other).copied().unwrap_or(0);
                    let others = self.servers.without(id).iter();
                    others
                        .filter(|other| up_to(other) < replica.length())
                        .collect()
                }
                _ => NodeSet::EMPTY,
            },
            _ => NodeSet::EMPTY,
        }
    }

    /// A check looks at so many views and operations, and no further.
    fn withheld(&self, id: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        if let Input::Message {
            msg: Msg::Request(..) | Msg::Forward(..) | Msg::Forwarded(..) | Msg::Prepare(..),
            ..
        } = input
        {
            let filled = match state {
                State::Server(server) => server.copy.log.len(),
                State::Replica(replica) => replica.log.len(),
                State::Service(_) | State::Client(_) => 0,
            };
            let is_full = filled >= usize::try_from(self.params.places).unwrap_or(usize::MAX);
            return is_full.then_some("places");
        }
        let next = match state {
            State::Replica(replica) if matches!(input, Input::Timeout(Timer::Dead(_))) => {
                replica.view.next()
            }
            State::Service(service) => {
                let mut service = service.clone();
                match input {
                    Input::Timeout(Timer::Dead(server)) => service.seen.of(*server).is_up = false,
                    Input::Message {
                        src,
                        msg: Msg::Ping(number, incarnation),
                    } => {
                        service.notes_ping(src, *number, *incarnation);
                    }
                    _ => return None,
                }
                self.next_view(&service)?.number
            }
            State::Server(server) if self.is_static() => self.next_of_pair(id, server, input)?,
            _ => return None,
        };
        (next > ViewNumber(self.params.views)).then_some("views")
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn linearize(operations: &Operations) -> Option<Linearization> {
        in_order(operations)
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let (server, client) = (role == "server", role == "client");
        let service = !server && !client;
        let elects = self.params.failover == Failover::Elected;
        match told {
            Told::Message(Msg::Ping(..)) | Told::Timer(Timer::Dead(_)) => {
                match self.params.failover {
                    Failover::Static => server,
                    Failover::ViewService => service,
                    Failover::Elected => server && matches!(told, Told::Timer(_)),
                }
            }
            Told::Message(Msg::GetView) => service,
            Told::Message(Msg::View(_)) => self.service.is_some() && (server || client),
            Told::Message(
                Msg::State(..) | Msg::Synced(_) | Msg::Forward(..) | Msg::Forwarded(..),
            ) => server && !elects,
            Told::Message(Msg::Request(..)) | Told::Timer(Timer::Ping | Timer::Resend) => server,
            Told::Message(
                Msg::Prepare(..)
                | Msg::PrepareOk(..)
                | Msg::Commit(..)
                | Msg::StartViewChange(_)
                | Msg::DoViewChange(..)
                | Msg::StartView(..)
                | Msg::GetState
                | Msg::Recovery(_)
                | Msg::RecoveryResponse(..),
            ) => server && elects,
            Told::Message(Msg::Reply(..)) | Told::Timer(Timer::Think | Timer::Retry) => client,
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Service(service) => match service.view {
                Some(view) if service.acknowledged => format!("view {view:?}, acknowledged"),
                Some(view) => format!("view {view:?}, not acknowledged"),
                None => "no view".to_owned(),
            },
            State::Server(server) => format!("{}, {:?}", part(server), server.copy),
            State::Replica(replica) => format!("{}, {:?}", status(replica), replica.log),
            State::Client(client) => asks(client),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::Service(Some(view), _) => format!("view {view:?}"),
            Storage::Server(server) if server.view.is_some() => {
                format!("{}, {:?}", part(server), server.copy)
            }
            _ => String::new(),
        }
    }

    fn key_state(&self, state: &State) -> KeyState {
        let key = KeyState::default();
        match state {
            State::Service(service) => {
                let view = service.view.map(|view| format!("{view:?}"));
                let view = view.unwrap_or_default();
                let acknowledged = if service.acknowledged {
                    "acknowledged"
                } else {
                    ""
                };
                key.with("view", view).with("", acknowledged)
            }
            State::Server(server) => {
                let log = server.copy.log.iter();
                let log = log.map(|command| command.op.to_string()).collect();
                key.with("", part(server)).with_log("log", 1, log)
            }
            State::Replica(replica) => {
                let log = replica.log.iter().map(|command| command.op.to_string());
                key.with("", status(replica))
                    .with_log("log", 1, log.collect())
                    .with("committed", replica.committed().to_string())
            }
            State::Client(_) => key,
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::properties(self)
    }

    fn successes(&self, after: Option<&dyn World<Self>>) -> Successes<Self> {
        super::successes::successes(self, after.is_none())
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

/// S1 is the first primary of all its forms.
impl ReplicatedStore for PrimaryBackup {
    fn instances(servers: u8, clients: &Workload) -> Vec<(&'static str, Params)> {
        let forms = [
            ("static", Failover::Static),
            ("view-service", Failover::ViewService),
            ("elected", Failover::Elected),
        ];
        let instance = |(form, failover)| {
            let params = Params {
                failover,
                servers,
                clients: clients.clone(),
                ..Params::default()
            };
            (form, params)
        };
        // A static pair is a pair.
        let fits = |(_, params): &(_, Params)| params.failover != Failover::Static || servers == 2;
        forms.into_iter().map(instance).filter(fits).collect()
    }
}

/// `primary of view 2`.
fn part(server: &Server) -> String {
    let view = server.number();
    match &server.role {
        Role::Idle if server.view.is_none() => "idle".to_owned(),
        Role::Idle => format!("idle in view {view:?}"),
        Role::Awaiting => format!("awaits the state of view {view:?}"),
        Role::Backup => format!("backup of view {view:?}"),
        Role::Primary(primary) => match primary.phase {
            Phase::Transferring => format!("transfers its state in view {view:?}"),
            Phase::Serving { .. } => format!("primary of view {view:?}"),
        },
    }
}

/// `primary of view 2`.
fn status(replica: &Replica) -> String {
    let view = replica.view;
    match replica.status {
        Status::Primary { .. } => format!("primary of view {view:?}"),
        Status::Backup => format!("backup of view {view:?}"),
        Status::ViewChange { .. } => format!("wants view {view:?}"),
        Status::Recovering { .. } => "recovering".to_owned(),
    }
}

fn asks(client: &Client) -> String {
    match (&client.asked, client.server) {
        (Some(asked), Some(server)) => format!("asks {} for {}", name(server), asked.op),
        (Some(asked), None) => format!("wants {}", asked.op),
        (None, _) if client.serial == 0 => "has asked nothing".to_owned(),
        (None, _) => format!("has asked {}", client.serial),
    }
}
