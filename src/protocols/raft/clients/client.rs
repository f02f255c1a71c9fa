//! Clients (8; thesis, 6): each asks one thing after the other, and asks again, somebody else, until
//! it is told. One that gives up, or crashes, never learns what became of its command.

use crate::model::cluster::index;
use crate::model::{Id, Out};
use crate::protocols::raft::{
    Ask, Asked, Claim, Client, Msg, Raft, Reply, Storage, Timer, Workload,
};

impl Raft {
    pub(crate) fn client_starts(&self, id: Id, begun: u32, o: &mut Out<Self>) -> Client {
        let client = Client {
            serial: begun,
            server: self.first_server(id),
            turn: self.first_server(id),
            asked: None,
        };
        if begun > 0 {
            // Whatever became of its last command, it will not hear of it any more.
            let (serial, reply) = (begun, None);
            o.observe(Claim::Returned { serial, reply });
        }
        self.think(id, &client, o);
        client
    }

    /// Has something else to ask, in a while.
    fn think(&self, id: Id, client: &Client, o: &mut Out<Self>) {
        if client.serial < self.workload_of(id) {
            o.set_timer(Timer::Think, self.params.think);
        }
    }

    pub(crate) fn client_waits_no_longer(
        &self,
        id: Id,
        client: &mut Client,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, &mut client.asked) {
            (Timer::Think, None) => match &self.params.clients {
                Workload::Scripts(_) => {
                    let ask = self.scripts[self.client_number(id) as usize][client.serial as usize];
                    self.begin(client, ask, o);
                }
                Workload::Drawn(_) => o.choose("command", self.drawn.clone()),
            },
            (Timer::Retry, Some(asked)) => {
                if asked.tries_left == Some(0) {
                    client.asked = None;
                    let (serial, reply) = (client.serial, None);
                    o.observe(Claim::Returned { serial, reply });
                    return self.think(id, client, o);
                }
                asked.tries_left = asked.tries_left.map(|left| left - 1);
                client.turn = self.server_after(client.turn);
                client.server = client.turn;
                self.ask(client, o);
            }
            _ => {}
        }
    }

    /// Asks for something new. Its serial number is on the disk before, so that it is never used for
    /// anything else.
    pub(crate) fn begin(&self, client: &mut Client, ask: Ask, o: &mut Out<Self>) {
        client.serial += 1;
        o.save(Storage::Client(client.serial));
        client.asked = Some(Asked {
            ask,
            tries_left: self.params.tries.map(|tries| tries - 1),
        });
        let serial = client.serial;
        o.observe(Claim::Invoked { serial, ask });
        self.ask(client, o);
    }

    fn ask(&self, client: &Client, o: &mut Out<Self>) {
        if let Some(asked) = client.asked {
            o.send(client.server, Msg::Request(client.serial, asked.ask));
            o.set_timer(Timer::Retry, self.params.retry);
        }
    }

    pub(crate) fn client_hears(
        &self,
        id: Id,
        client: &mut Client,
        src: Id,
        msg: &Msg,
        o: &mut Out<Self>,
    ) {
        let Msg::Reply(serial, reply) = *msg else {
            return;
        };
        if client.asked.is_none() || serial != client.serial {
            return;
        }
        match reply {
            Reply::Answer(_) | Reply::Accepted | Reply::Refused => {
                let reply = Some(reply);
                o.observe(Claim::Returned { serial, reply });
                client.asked = None;
                client.server = src;
                client.turn = src;
                o.cancel_timer(Timer::Retry);
                self.think(id, client, o);
            }
            // 8: it tries the leader that it is told of; otherwise somebody else, later.
            Reply::NotLeader(Some(leader)) if src == client.server && leader != src => {
                client.server = leader;
                self.ask(client, o);
            }
            Reply::NotLeader(_) => {}
        }
    }

    /// The first server that a client asks. (8: randomly chosen.)
    fn first_server(&self, id: Id) -> Id {
        Id::from(self.client_number(id) as usize % self.servers.len())
    }

    fn server_after(&self, id: Id) -> Id {
        Id::from((index(id) + 1) % self.servers.len())
    }

    /// The number of a client among the clients, from 0 on.
    pub(crate) fn client_number(&self, id: Id) -> u8 {
        let number = index(id) - self.servers.len();
        u8::try_from(number).expect("few clients")
    }
}
