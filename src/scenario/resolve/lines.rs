//! Lines of a schedule: an event in the one notation, behind its time if it has one.
//!
//! Only what no world can change is checked here: verbs, nodes, kinds. Whether a message is in
//! flight when its turn comes is seen when the schedule is played: if it is not, that is an answer to the
//! scenario, and no mistake in it.

use super::ScheduleLine;
use super::names::Names;
use crate::model::event::kind;
use crate::model::{Cut, Time};
use crate::scenario::error::Flaw;
use crate::scenario::spanned::Text;

const VERBS: [&str; 9] = [
    "deliver",
    "timeout",
    "choose",
    "crash",
    "drop",
    "duplicate",
    "cut",
    "recover",
    "heal",
];

/// All lines of a schedule; times must not run backwards.
pub fn lines(lines: &[Text], names: &Names<'_>) -> Result<Vec<ScheduleLine>, Flaw> {
    let mut last = Time::ZERO;
    let mut schedule = Vec::with_capacity(lines.len());
    for line in lines {
        let (at, event) = timed(line)?;
        if let Some(at) = at {
            if at < last {
                let message = format!("{at} comes before {last}, the time of an earlier line");
                return Err(Flaw::at(line.span(), message).label("back in time"));
            }
            last = at;
        }
        Checker { line, names }.event(event)?;
        schedule.push((at, event.to_owned()));
    }
    Ok(schedule)
}

fn timed(line: &Text) -> Result<(Option<Time>, &str), Flaw> {
    let text = line.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok((None, text));
    }
    let (time, event) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let time = Time::parse(time).map_err(|error| Flaw::at(line.part(time), error))?;
    Ok((Some(time), event.trim()))
}

struct Checker<'a> {
    line: &'a Text,
    names: &'a Names<'a>,
}

/// How a crash inside a handler is written.
const CRASH_INSIDE: &str =
    "crash NODE after N of EVENT, or crash NODE after N and to NODE, NODE of EVENT";

impl Checker<'_> {
    fn event(&self, event: &str) -> Result<(), Flaw> {
        let (verb, rest) = word(event);
        match verb {
            "deliver" | "drop" | "duplicate" => self.envelope(rest),
            "timeout" => {
                let (node, timer) = word(rest);
                self.node(node)?;
                self.names.timer(kind(timer), self.line.part(kind(timer)))
            }
            "choose" => {
                let (node, choice) = word(rest);
                self.node(node)?;
                if choice.is_empty() {
                    return Err(self.usage("choose NODE KEY VALUE"));
                }
                Ok(())
            }
            "crash" => match rest.split_once(" after ") {
                None => self.node(rest),
                Some((node, inside)) => {
                    self.node(node.trim())?;
                    let (point, event) = inside
                        .split_once(" of ")
                        .ok_or_else(|| self.usage(CRASH_INSIDE))?;
                    self.crash_point(point)?;
                    let event = event.trim();
                    if !matches!(word(event).0, "deliver" | "timeout" | "choose" | "recover") {
                        let usage = "crash NODE after N of EVENT, an event in which a handler runs";
                        return Err(self.usage(usage));
                    }
                    self.event(event)?;
                    self.strikes(node.trim(), event)
                }
            },
            "recover" => self.node(rest),
            "cut" | "heal" => self.cut(rest),
            "" => Err(self.usage("an event, like `deliver A -> B Message`")),
            _ => Err(Flaw::unknown(self.line.part(verb), "event", verb, &VERBS)),
        }
    }

    /// `2`, or `1 and to B, C x3`
    fn crash_point(&self, point: &str) -> Result<(), Flaw> {
        let number = |text: &str| {
            let number = text.trim().parse::<usize>();
            number.map_err(|_| self.usage(CRASH_INSIDE))
        };
        let Some((after, whom)) = point.split_once(" and to ") else {
            return number(point).map(drop);
        };
        number(after)?;
        for whom in whom.split(',').map(str::trim) {
            let (name, many) = whom.rsplit_once(" x").unwrap_or((whom, "1"));
            number(many)?;
            self.node(name)?;
        }
        Ok(())
    }

    /// `A -> B Message`
    fn envelope(&self, text: &str) -> Result<(), Flaw> {
        let (src, rest) = text
            .split_once("->")
            .ok_or_else(|| self.usage("deliver A -> B Message"))?;
        let (dst, message) = word(rest.trim());
        self.node(src.trim())?;
        self.node(dst)?;
        if message.is_empty() {
            // The notation may leave out what is the only one in flight.
            return Ok(());
        }
        let kind = kind(message);
        self.names.message(kind, self.line.part(kind))
    }

    fn cut(&self, cut: &str) -> Result<(), Flaw> {
        let names = cut
            .split("->")
            .flat_map(|part| part.split(['{', '}', '|', ',']));
        for name in names.map(str::trim).filter(|name| !name.is_empty()) {
            self.node(name)?;
        }
        let place = self.line.part(cut);
        let cut = Cut::parse(cut, self.names.cluster);
        if cut.map_err(|error| Flaw::at(place, error))?.is_empty() {
            return Err(Flaw::at(place, "this cut separates nobody").label("no link"));
        }
        Ok(())
    }

    /// A crash strikes inside a handler of the node that crashes.
    fn strikes(&self, crashes: &str, event: &str) -> Result<(), Flaw> {
        let (verb, rest) = word(event);
        let rest = match rest.split_once("->") {
            Some((_, rest)) if verb == "deliver" => rest.trim(),
            _ => rest,
        };
        let (node, _) = word(rest);
        if node == crashes {
            return Ok(());
        }
        let message = format!("{crashes} cannot crash inside an event of {node}");
        Err(Flaw::at(self.line.part(node), message).label("another node"))
    }

    fn node(&self, name: &str) -> Result<(), Flaw> {
        if name.is_empty() {
            return Err(self.usage("an event with its node, like `crash A`"));
        }
        self.names.node_at(name, self.line.part(name)).map(|_| ())
    }

    fn usage(&self, usage: &str) -> Flaw {
        Flaw::at(self.line.span(), "this line is no event")
            .label("cannot be read")
            .advice(format!("write {usage}"))
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    (first, rest.trim())
}
