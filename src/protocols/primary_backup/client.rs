//! Clients: each asks one thing after the other, and asks again until it is told (MIT 6.824, lab 2B: the clerk). One
//! that gives up, or crashes, never learns what became of its command.

use super::{Asked, Claim, Client, Failover, Msg, Op, PrimaryBackup, Storage, Timer, Workload};
use crate::model::cluster::index;
use crate::model::{Id, Out};

impl PrimaryBackup {
    pub(super) fn client_starts(&self, id: Id, begun: u32, o: &mut Out<Self>) -> Client {
        if begun > 0 {
            // Whatever became of its last command, it will not hear of it any more.
            o.observe(Claim::Returned(begun, None));
        }
        let client = Client {
            serial: begun,
            server: self.first_view().map(|view| view.primary.server),
            asked: None,
        };
        self.think(id, &client, o);
        client
    }

    /// Has something else to ask, in a while.
    fn think(&self, id: Id, client: &Client, o: &mut Out<Self>) {
        if client.serial < self.workload_of(id) {
            o.set_timer(Timer::Think, self.params.think);
        }
    }

    pub(super) fn client_waits_no_longer(
        &self,
        id: Id,
        client: &mut Client,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, &mut client.asked) {
            (Timer::Think, None) => match &self.params.clients {
                Workload::Scripts(_) => {
                    let script = &self.scripts[usize::from(self.client_number(id))];
                    self.begin(client, script[client.serial as usize], o);
                }
                Workload::Drawn(_) => o.choose("command", self.drawn.clone()),
            },
            (Timer::Retry, Some(asked)) => {
                if asked.tries_left == Some(0) {
                    client.asked = None;
                    o.observe(Claim::Returned(client.serial, None));
                    return self.think(id, client, o);
                }
                asked.tries_left = asked.tries_left.map(|left| left - 1);
                client.server = self.server_to_try(client.server);
                self.ask(client, o);
            }
            _ => {}
        }
    }

    /// Asks for something new. Its serial number is on the disk before, so that it is never used for anything else.
    pub(super) fn begin(&self, client: &mut Client, op: Op, o: &mut Out<Self>) {
        client.serial += 1;
        o.save(Storage::Client(client.serial));
        let tries_left = self.params.tries.map(|tries| tries - 1);
        client.asked = Some(Asked { op, tries_left });
        o.observe(Claim::Invoked(client.serial, op));
        self.ask(client, o);
    }

    /// Asks the primary, or, if it knows of none, who that is.
    fn ask(&self, client: &Client, o: &mut Out<Self>) {
        let Some(asked) = client.asked else { return };
        match (client.server, self.service) {
            (Some(server), _) => o.send(server, Msg::Request(client.serial, asked.op)),
            (None, Some(service)) => o.send(service, Msg::GetView),
            (None, None) => {}
        }
        o.set_timer(Timer::Retry, self.params.retry);
    }

    pub(super) fn client_hears(&self, id: Id, client: &mut Client, msg: &Msg, o: &mut Out<Self>) {
        let Some(asked) = client.asked else { return };
        match *msg {
            Msg::View(view) => {
                client.server = Some(view.primary.server);
                o.send(view.primary.server, Msg::Request(client.serial, asked.op));
            }
            Msg::Reply(serial, answer) if serial == client.serial => {
                o.observe(Claim::Returned(serial, Some(answer)));
                client.asked = None;
                o.cancel_timer(Timer::Retry);
                self.think(id, client, o);
            }
            _ => {}
        }
    }

    /// Whom a client tries that got no answer: whomever the view service names, or the next server.
    fn server_to_try(&self, tried: Option<Id>) -> Option<Id> {
        match (self.params.failover, tried) {
            (Failover::ViewService, _) | (_, None) => None,
            (Failover::Static | Failover::Elected, Some(tried)) => {
                Some(Id::from((index(tried) + 1) % self.servers.len()))
            }
        }
    }

    /// How many commands a client has.
    pub(super) fn workload_of(&self, id: Id) -> u32 {
        self.params.clients.commands_of(self.client_number(id))
    }
}
