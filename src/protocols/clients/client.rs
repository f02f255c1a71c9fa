//! What a client does: it asks one thing after the other, and asks again, somebody else, until it is told
//! (Ongaro & Ousterhout, 8; Ongaro, 6). One that gives up, or crashes, never learns what became of its
//! command.

use serde::{Deserialize, Serialize};

use super::{Ask, Clients, Reply};
use crate::model::{Actor, Id, Observation, Out, Value};
use crate::protocols::key_value::Linearizability;

/// A protocol that serves clients. Servers come first in its cluster, then the clients.
pub trait Serves: Actor<Choice = Ask> {
    fn clients(&self) -> &Clients;

    fn request(serial: u32, ask: Ask) -> Self::Msg;

    fn timer(wait: Wait) -> Self::Timer;

    /// The record of a client that has begun so many commands.
    fn begun(serial: u32) -> Self::Storage;

    fn claim(claim: Claim) -> Self::Observation;

    /// The state of a client; `None` for a server.
    fn client(state: &Self::State) -> Option<&Client>;
}

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// To have something to ask.
    Think,
    /// An answer.
    Retry,
}

/// What a client says of its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It asks for something, under this serial number.
    Invoked { serial: u32, ask: Ask },
    /// It is told what became of it, or stops waiting and never is.
    Returned { serial: u32, reply: Option<Reply> },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Client {
    /// The serial number of its last command; 0 before the first.
    pub serial: u32,
    /// The server that it will ask: the leader that it was told of, or whose turn it is.
    pub server: Id,
    /// Whose turn it was last. What clients are told of leaders may be out of date, and does not
    /// change whose turn it is next.
    pub turn: Id,
    /// What it waits for.
    pub asked: Option<Asked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Asked {
    pub ask: Ask,
    /// How often it may still ask again; `None` if it never gives up.
    pub tries_left: Option<u32>,
}

/// A client starts, or comes back after it has begun so many commands.
pub fn start<A: Serves>(actor: &A, id: Id, begun: u32, o: &mut Out<A>) -> Client {
    let first = actor.clients().first_server(id);
    let client = Client {
        serial: begun,
        server: first,
        turn: first,
        asked: None,
    };
    if begun > 0 {
        // Whatever became of its last command, it will not hear of it any more.
        returned::<A>(begun, None, o);
    }
    think(actor, id, &client, o);
    client
}

/// Has something else to ask, in a while.
fn think<A: Serves>(actor: &A, id: Id, client: &Client, o: &mut Out<A>) {
    let clients = actor.clients();
    if client.serial < clients.workload_of(id) {
        o.set_timer(A::timer(Wait::Think), clients.think);
    }
}

pub fn waits_no_longer<A: Serves>(
    actor: &A,
    id: Id,
    client: &mut Client,
    wait: Wait,
    o: &mut Out<A>,
) {
    let clients = actor.clients();
    match (wait, &mut client.asked) {
        (Wait::Think, None) => match clients.next_of(id, client.serial) {
            Some(ask) => begin(actor, client, ask, o),
            None => o.choose("command", clients.drawn.clone()),
        },
        (Wait::Retry, Some(asked)) => {
            if asked.tries_left == Some(0) {
                client.asked = None;
                returned::<A>(client.serial, None, o);
                return think(actor, id, client, o);
            }
            asked.tries_left = asked.tries_left.map(|left| left - 1);
            client.turn = clients.server_after(client.turn);
            client.server = client.turn;
            ask_server(actor, client, o);
        }
        _ => {}
    }
}

/// Asks for something new. Its serial number is on the disk before, so that it is never used for
/// anything else.
pub fn begin<A: Serves>(actor: &A, client: &mut Client, ask: Ask, o: &mut Out<A>) {
    client.serial += 1;
    o.save(A::begun(client.serial));
    client.asked = Some(Asked {
        ask,
        tries_left: actor.clients().tries.map(|tries| tries - 1),
    });
    let serial = client.serial;
    o.observe(A::claim(Claim::Invoked { serial, ask }));
    ask_server(actor, client, o);
}

fn ask_server<A: Serves>(actor: &A, client: &Client, o: &mut Out<A>) {
    if let Some(asked) = client.asked {
        o.send(client.server, A::request(client.serial, asked.ask));
        o.set_timer(A::timer(Wait::Retry), actor.clients().retry);
    }
}

/// What a server says of the command with this serial number.
pub fn hears<A: Serves>(
    actor: &A,
    id: Id,
    client: &mut Client,
    src: Id,
    (serial, reply): (u32, Reply),
    o: &mut Out<A>,
) {
    if client.asked.is_none() || serial != client.serial {
        return;
    }
    match reply {
        Reply::Answer(_) | Reply::Accepted | Reply::Refused => {
            returned::<A>(serial, Some(reply), o);
            client.asked = None;
            client.server = src;
            client.turn = src;
            o.cancel_timer(A::timer(Wait::Retry));
            think(actor, id, client, o);
        }
        // 8: it tries the leader that it is told of; otherwise somebody else, later.
        Reply::NotLeader(Some(leader)) if src == client.server && leader != src => {
            client.server = leader;
            ask_server(actor, client, o);
        }
        Reply::NotLeader(_) => {}
    }
}

fn returned<A: Serves>(serial: u32, reply: Option<Reply>, o: &mut Out<A>) {
    o.observe(A::claim(Claim::Returned { serial, reply }));
}

impl Claim {
    /// Tells the judge, which knows clients by number.
    pub fn tell(self, judge: &mut Linearizability, client: u8) {
        match self {
            Claim::Invoked { ask, .. } => {
                if let Ask::Operation(op) = ask {
                    judge.invoke(client, op);
                }
            }
            // It had asked for something else than an operation of the state machine.
            Claim::Returned { .. } if !judge.waits(client) => {}
            Claim::Returned { reply, .. } => match reply {
                Some(Reply::Answer(answer)) => judge.returns(client, answer),
                Some(_) => {}
                None => judge.gives_up(client),
            },
        }
    }

    pub fn in_words(self) -> Observation {
        match self {
            Claim::Invoked { serial, ask } => Observation::Invoked {
                subject: serial.into(),
                value: word(&ask),
            },
            Claim::Returned { serial, reply } => Observation::Returned {
                subject: serial.into(),
                value: reply.map_or(Value::from("unknown"), |reply| word(&reply)),
            },
        }
    }
}

impl Client {
    /// Where it stands, in words.
    pub fn status(&self) -> String {
        match &self.asked {
            Some(asked) => format!("asks {} for {}", super::name(self.server), asked.ask),
            None if self.serial == 0 => "has asked nothing".to_owned(),
            None => format!("has asked {}", self.serial),
        }
    }
}

fn word(text: &impl ToString) -> Value {
    Value::Word(text.to_string().into())
}
