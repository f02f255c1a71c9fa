//! What nodes observe of themselves, and what has happened as far as properties ask: a fold of that.

use serde::{Deserialize, Serialize};

use super::{Answer, Command, Member, Op, PrimaryBackup, View, ViewNumber};
use crate::model::{Few, Id, Observation, Observed, Tally, Value};
use crate::protocols::key_value::Linearizability;

/// What a handler says of its step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// The view service changes the view.
    Viewed(View),
    /// A primary begins to serve in a view.
    Serves(View),
    /// The servers have elected it for this view.
    Leads(ViewNumber),
    /// A server executed a command at this place.
    Executed(u32, Command),
    /// A server answers a client.
    Answered(Command),
    /// A client asks for something, under this serial number.
    Invoked(u32, Op),
    /// A client is told what became of it, or stops waiting and never is.
    Returned(u32, Option<Answer>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    /// What the clients were told.
    pub(super) clients: Linearizability,
    /// The commands that were answered, but reads.
    pub(super) answered: Few<Command>,
    /// The last view.
    view: Option<View>,
    /// The first breach of succession: this view came after that one.
    pub(super) jumped: Option<(View, View)>,
    /// The last view for which a primary was elected.
    pub(super) elected: ViewNumber,
    /// The first primary.
    first: Option<Member>,
    /// Whether any other server has served.
    pub(super) taken_over: bool,
    /// Whether any client was answered.
    pub(super) returned: bool,
}

impl History {
    /// Adds one observation.
    pub(super) fn record(&mut self, protocol: &PrimaryBackup, id: Id, claim: &Claim) {
        match *claim {
            Claim::Viewed(view) => {
                if let Some(before) = self.view
                    && !before.has(view.primary)
                {
                    self.jumped.get_or_insert((view, before));
                }
                self.view = Some(view);
            }
            Claim::Serves(view) => {
                let first = *self.first.get_or_insert(view.primary);
                self.taken_over |= view.primary.server != first.server;
            }
            Claim::Leads(view) => {
                self.elected = self.elected.max(view);
                self.taken_over |= view > ViewNumber(1);
            }
            Claim::Executed(..) => {}
            Claim::Answered(command) => {
                if !command.op.is_read() {
                    self.answered.insert(command);
                }
            }
            Claim::Invoked(_, op) => self.clients.invoke(protocol.client_number(id) + 1, op),
            Claim::Returned(_, answer) => {
                self.returned |= answer.is_some();
                let client = protocol.client_number(id) + 1;
                match answer {
                    _ if !self.clients.waits(client) => {}
                    Some(answer) => self.clients.returns(client, answer),
                    None => self.clients.gives_up(client),
                }
            }
        }
    }
}

impl Observed<PrimaryBackup> for Claim {
    /// Operations are executed again and again: nobody decides once and for all.
    fn tally(&self, _: &PrimaryBackup) -> Option<Tally> {
        match self {
            Claim::Invoked(..) => Some(Tally::Asked),
            Claim::Returned(_, answer) => answer.map(|_| Tally::Answered),
            _ => None,
        }
    }

    fn in_words(&self, _: &PrimaryBackup) -> Observation {
        let noted = |words: String| Observation::noted(words);
        match *self {
            Claim::Viewed(view) => noted(format!("goes to view {view:?}")),
            Claim::Serves(view) => noted(match view.backup {
                Some(backup) => format!("serves in view {:?}, with {backup:?}", view.number),
                None => format!("serves in view {:?}, alone", view.number),
            }),
            Claim::Leads(ViewNumber(view)) => noted(format!("is primary of view {view}")),
            Claim::Executed(place, command) => Observation::Executed {
                subject: place.into(),
                value: word(&format!("{command:?}")),
            },
            Claim::Answered(command) => noted(format!("answers {command:?}")),
            Claim::Invoked(serial, op) => Observation::Invoked {
                subject: serial.into(),
                value: word(&op),
            },
            Claim::Returned(serial, answer) => Observation::Returned {
                subject: serial.into(),
                value: answer.map_or(Value::from("unknown"), |answer| word(&answer)),
            },
        }
    }
}

fn word(text: &impl ToString) -> Value {
    Value::Word(text.to_string().into())
}
