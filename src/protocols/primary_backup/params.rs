//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Mistake, Op, Workload};
use crate::model::{BadParameter, TimerRange};

params! {
    /// The parameters of primary-backup replication.
    Params {
        /// Who decides that a backup takes over.
        failover: Failover = Failover::ViewService;
        /// How many servers there are: S1, S2 and so on. A static pair has two.
        servers: u8 = 2, within 2..=7;
        /// The clients, C1, C2 and so on, and what each asks for: `put x 1`, `get x`, `cas x 1 2` and `inc x`.
        clients: Workload = Workload::Scripts(vec![vec!["put x 1".to_owned(), "get x".to_owned()]]);
        /// Whether S1 and S2 are set up as primary and backup of view 1, which everybody knows. Otherwise there is no
        /// view before the first server pings, as in the labs.
        paired: bool = true;
        /// Whether all that a server knows is on its disk. Otherwise it comes back with nothing, and passes for
        /// another.
        durable: bool = false;
        /// How long a server waits before it pings again.
        ping: TimerRange = TimerRange::millis(40, 50);
        /// How long a server may be silent before it is taken for dead.
        patience: TimerRange = TimerRange::millis(200, 250);
        /// How long a primary waits for its backup before it sends again.
        resend: TimerRange = TimerRange::millis(30, 40);
        /// How long a client waits before its next command.
        think: TimerRange = TimerRange::millis(1, 20);
        /// How long a client waits for an answer before it asks again.
        retry: TimerRange = TimerRange::millis(100, 150);
        /// How often a client asks for the same before it gives up; `null` if it never does.
        tries: Option<u32> = None, within 1..=1000;
        /// The highest view that a check looks at: a bound, so what could happen in later views is left open. A run has
        /// no such bound.
        views: u32 = 4, within 1..=1000;
        /// The longest order of operations that a check looks at: a bound, too.
        places: u32 = 12, within 1..=1000;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

/// Who decides that a backup takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Failover {
    /// Each of two servers for itself: it takes silence for failure (Alsberg & Day 1976).
    Static,
    /// A view service that does not fail (MIT 6.824, lab 2).
    ViewService,
    /// A majority of the servers (Viewstamped Replication Revisited).
    Elected,
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        self.clients.check()?;
        let bad = |parameter, message: String| Err(BadParameter::new(parameter, message));
        if self.ping.max >= self.patience.min {
            return bad(
                "ping",
                format!(
                    "a ping after {} may be too late for a patience of {}",
                    self.ping.max, self.patience.min
                ),
            );
        }
        if self.failover == Failover::Elected {
            if !self.paired {
                let message = "servers that elect their primary know each other from the beginning: write \
                               `\"paired\": true`";
                return bad("paired", message.to_owned());
            }
            if self.durable {
                let message = "Viewstamped Replication has nothing on disk, and recovers from the other servers: write \
                               `\"durable\": false`";
                return bad("durable", message.to_owned());
            }
        }
        if self.failover == Failover::Static {
            if self.servers != 2 {
                return bad(
                    "servers",
                    format!("{} servers are no pair: write 2", self.servers),
                );
            }
            if !self.paired {
                let message = "nobody else sets up a static pair: write `\"paired\": true`";
                return bad("paired", message.to_owned());
            }
            if self.durable {
                let message = "in a static pair nobody knows who failed last, so what is on a disk may be old: write \
                               `\"durable\": false`";
                return bad("durable", message.to_owned());
            }
        }
        self.check_bug()
    }

    /// The scripts of clients, and what they draw from.
    pub(super) fn ops(&self) -> Result<(Vec<Vec<Op>>, Vec<Op>), BadParameter> {
        self.clients.read(|line| {
            let bad =
                |e: <Op as std::str::FromStr>::Err| BadParameter::new("clients", e.to_string());
            line.parse().map_err(bad)
        })
    }

    /// Some mistakes can only be made where there is enough to mistake.
    fn check_bug(&self) -> Result<(), BadParameter> {
        use Mistake::{
            AcknowledgesBeforeTransfer, ComesBackAsItself, ComparesLengthOnly,
            CountsOldAcknowledgements, ForwardsUnsaved, MovesOnUnacknowledged, PromotesIdle,
            TableNotTransferred, TakesOverAlone, TakesOverWithItsOwn, TruncatesToWatermark,
            VotesWhileRecovering,
        };
        let Some(bug) = self.bug else { return Ok(()) };
        let failover = self.failover;
        let needs = match bug {
            AcknowledgesBeforeTransfer
            | MovesOnUnacknowledged
            | PromotesIdle
            | ForwardsUnsaved
            | ComesBackAsItself
            | TableNotTransferred
            | CountsOldAcknowledgements
                if failover != Failover::ViewService =>
            {
                r#""failover": "view-service""#
            }
            TakesOverAlone | TakesOverWithItsOwn | TruncatesToWatermark | VotesWhileRecovering
            | ComparesLengthOnly
                if failover != Failover::Elected =>
            {
                r#""failover": "elected""#
            }
            PromotesIdle | TakesOverAlone | TakesOverWithItsOwn | TruncatesToWatermark
            | VotesWhileRecovering | ComparesLengthOnly
                if self.servers < 3 =>
            {
                r#""servers": 3, or more"#
            }
            ForwardsUnsaved if !self.durable => r#""durable": true"#,
            ComesBackAsItself if self.durable => r#""durable": false"#,
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
