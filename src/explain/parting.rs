//! What conflicts, and where its sides parted.

use super::failure::{Fact, Sort, named};
use super::fates::Sending;
use super::{Background, Teller};
use crate::model::Few;
use crate::model::cluster::enumerate;
use crate::trace::What;

/// So many steps on the way from one side to the other are told.
const WAY_MAX: usize = 3;

/// Nodes for which the same came about.
struct Side<'a> {
    words: &'a str,
    facts: Vec<&'a Fact>,
}

impl Side<'_> {
    fn steps(&self) -> impl Iterator<Item = usize> {
        self.facts.iter().map(|fact| fact.step)
    }
}

impl Teller<'_> {
    /// What came about, each thing with all for whom it did, in order.
    fn sides(&self) -> Vec<Side<'_>> {
        let mut sides: Vec<Side<'_>> = Vec::new();
        for fact in &self.facts {
            match sides.iter_mut().find(|side| side.words == fact.words) {
                Some(side) => side.facts.push(fact),
                None => sides.push(Side {
                    words: &fact.words,
                    facts: vec![fact],
                }),
            }
        }
        sides
    }

    /// The two things that conflict: the last that came about, and the one before. Of one that came about more than
    /// once, the last time and those before.
    fn conflicting(&self) -> Option<[Side<'_>; 2]> {
        if self.failure.sort != Sort::Violated {
            return None;
        }
        let mut sides = self.sides();
        let last = sides.pop()?;
        match sides.pop() {
            Some(first) => Some([first, last]),
            None if last.facts.len() > 1 => {
                let (before, end) = last.facts.split_at(last.facts.len() - 1);
                let words = last.words;
                let [before, end] = [before, end].map(|facts| Side {
                    words,
                    facts: facts.to_vec(),
                });
                Some([before, end])
            }
            None => None,
        }
    }

    /// `C decides commit (step 5), and so does P1 (step 6)`
    fn clause(&self, side: &Side<'_>) -> String {
        let words = self.telling.text(side.words);
        let place = |fact: &&Fact| {
            let number = self.trace.number(fact.step);
            (self.telling.name(fact.node), format!("(step {number})"))
        };
        let mut each = side.facts.iter().map(place);
        let (node, step) = each.next().unwrap_or_default();
        let others: Vec<String> = each.map(|(node, step)| format!("{node} {step}")).collect();
        match others.len() {
            0 => format!("{node} {words} {step}"),
            1 => format!("{node} {words} {step}, and so does {}", others[0]),
            _ => format!("{node} {words} {step}, and so do {}", enumerate(others)),
        }
    }

    /// How what conflicts came to do so, and the last step that both have in their past.
    pub(super) fn conflict(&self) -> (Vec<String>, Option<usize>) {
        let Some([first, second]) = self.conflicting() else {
            return (self.before_it_broke(), None);
        };
        let mut sentences = vec![
            format!("{}.", self.clause(&first)),
            format!("{}.", self.clause(&second)),
        ];
        let [one, other] = [&first, &second].map(|side| self.causes.past(side.steps()));
        let common = one.iter().rev().find(|step| other.contains(*step)).copied();
        if let Some((fact, heir)) = self.known(&first, &second) {
            sentences.push(self.knew(fact, heir));
            return (sentences, common);
        }
        sentences.push(match common {
            Some(step) => format!(
                "The last step that both knew of is {}. Neither had heard of anything that the other did after \
                 that.",
                self.quoted(step)
            ),
            None => "Neither had heard anything from the other.".to_owned(),
        });
        (sentences, common)
    }

    /// The first of one side that the other has in its past, and the first of the other that does.
    fn known<'a>(&self, first: &Side<'a>, second: &Side<'a>) -> Option<(&'a Fact, &'a Fact)> {
        let knows = |later: &Fact, fact: &Fact| self.causes.past([later.step]).contains(&fact.step);
        first.facts.iter().copied().find_map(|fact| {
            let mut later = second.facts.iter().copied();
            later
                .find(|later| knows(later, fact))
                .map(|heir| (fact, heir))
        })
    }

    /// Says by which way one side came after the other, or what its node knew of itself.
    fn knew(&self, fact: &Fact, heir: &Fact) -> String {
        let number = |step: usize| self.trace.number(step);
        let (who, step, later) = (
            self.telling.name(heir.node),
            number(fact.step),
            number(heir.step),
        );
        if heir.step == fact.step {
            return format!("Both come about in one step of {who}.");
        }
        if heir.node == fact.node {
            return match self.crash(fact, heir) {
                Some(crash) => format!(
                    "Step {step} and step {later} are both {who}'s own. Between them, in step {}, it crashes: of what it \
                     did before it knows what was on its disk.",
                    number(crash)
                ),
                None => format!(
                    "Step {step} and step {later} are both {who}'s own: it knew of the first when it took the second."
                ),
            };
        }
        let way = self.way(fact.step, heir.step);
        let mut steps: Vec<String> = way.iter().map(|&step| self.quoted(step)).collect();
        let more = steps.len().saturating_sub(WAY_MAX);
        steps.truncate(WAY_MAX);
        steps.extend((more > 0).then(|| format!("{more} more")));
        if steps.is_empty() {
            return format!("Step {later} comes right after step {step}.");
        }
        format!(
            "Step {later} comes after step {step}, by way of {}.",
            enumerate(steps)
        )
    }

    /// `step 4 (P1 gets Prepare #1: votes yes)`
    fn quoted(&self, step: usize) -> String {
        let words = &self.telling.steps[step - 1].words;
        format!("step {} ({words})", self.trace.number(step))
    }

    /// The last crash of a node between two steps of its own.
    fn crash(&self, fact: &Fact, heir: &Fact) -> Option<usize> {
        (fact.step..heir.step).rev().find(|&nth| {
            let step = &self.trace.steps[nth - 1];
            step.what.actor() == Some(heir.node)
                && (step.crash_after.is_some() || matches!(step.what, What::Crash { .. }))
        })
    }

    /// The steps between a step and a later one that it is in the past of, on a shortest way.
    fn way(&self, from: usize, to: usize) -> Vec<usize> {
        let mut level = vec![vec![to]];
        let mut seen = Few::from([to]);
        while !level.is_empty() {
            let mut next = Vec::new();
            for way in &level {
                for &cause in self.causes.direct(way[way.len() - 1]) {
                    if cause == from {
                        let mut between = way[1..].to_vec();
                        between.reverse();
                        return between;
                    }
                    if cause > from && seen.insert(cause) {
                        let mut longer = way.clone();
                        longer.push(cause);
                        next.push(longer);
                    }
                }
            }
            level = next;
        }
        Vec::new()
    }

    /// Where one step is all that a violation is about: its node before and after, and where the others stand that
    /// the reason names.
    fn before_it_broke(&self) -> Vec<String> {
        if self.failure.sort != Sort::Violated || self.failure.step == 0 {
            return Vec::new();
        }
        let nth = self.failure.step;
        let mut sentences = vec![format!("{} breaks it.", capitalised(&self.quoted(nth)))];
        let step = &self.trace.steps[nth - 1];
        let actor = step.what.actor();
        if let Some(node) = actor {
            let before = self.status(node, nth - 1);
            let after = self.status(node, nth);
            if let (Some(before), Some(after)) = (before, after)
                && before != after
            {
                let who = self.telling.name(node);
                sentences.push(format!("{who} before: {before}. {who} after: {after}."));
            }
        }
        for node in named(self.trace, &self.failure.reason) {
            if Some(node) != actor
                && let Some(status) = self.status(node, nth)
            {
                sentences.push(format!("{} then: {status}.", self.telling.name(node)));
            }
        }
        sentences
    }

    /// Where a node stands behind so many steps.
    fn status(&self, node: usize, until: usize) -> Option<String> {
        let steps = self.trace.steps[..until].iter();
        let own = steps.rev().filter(|step| step.what.actor() == Some(node));
        let mut records = own.filter_map(|step| step.after.as_ref());
        let start = || self.trace.start.get(node).map(|start| &start.after);
        let record = records.next().or_else(start)?;
        Some(self.telling.text(&record.status))
    }

    /// The story in one or two sentences: what conflicts or waits, what kept the sides apart, and the mistake.
    pub(super) fn summary(
        &self,
        story: &Few<usize>,
        withheld: &[&Sending<'_>],
        background: &Background,
    ) -> String {
        let is_fact = |node: usize| self.facts.iter().any(|fact| fact.node == node);
        let mut text = self.what();
        let mut why = withheld.iter().rev().find(|sent| sent.kept_by().is_some());
        let mut weaker = None;
        if let Some([first, second]) = self.conflicting() {
            text = format!("{}; {}", self.clause(&first), self.clause(&second));
            // What the one told the other when it came about says most, then what a fault kept.
            let is_news = |sent: &Sending<'_>| self.facts.iter().any(|f| f.step == sent.sent_in);
            let parted = self.known(&first, &second).is_none();
            let between = || {
                let all = withheld.iter().rev().filter(|_| parted);
                all.filter(|sent| is_fact(sent.src) && is_fact(sent.dst))
            };
            why = between().find(|sent| is_news(sent));
            why = why.or_else(|| between().find(|sent| sent.kept_by().is_some()));
            weaker = between().next();
        }
        let lost = |sent: &&Sending<'_>| self.lost(sent).trim_end_matches('.').to_owned();
        let why = self
            .waited_for()
            .or_else(|| why.map(lost))
            .or_else(|| self.crashes(story));
        if let Some(why) = why.or_else(|| weaker.map(lost)) {
            text = format!("{text}; {why}");
        }
        text.push('.');
        if let Some(mistake) = &background.mistake {
            text = format!("{text} The mistake: {mistake}");
        }
        text
    }

    /// Who is down whom the verdict says is waited for, and since when: that says more than what got lost there.
    fn waited_for(&self) -> Option<String> {
        let outcome = self.trace.verdict.as_ref()?;
        let waits = outcome.sentences.iter();
        let waits =
            waits.filter(|sentence| sentence.contains(" wait") && sentence.contains("down"));
        let named: Few<usize> = waits.flat_map(|text| named(self.trace, text)).collect();
        let down = self.down().into_iter();
        let down =
            down.filter(|(node, _)| named.contains(node) && self.failure.sort == Sort::Blocked);
        let since = down.map(|(node, step)| {
            let number = self.trace.number(step);
            format!("{} is down since step {number}", self.telling.name(node))
        });
        let since: Vec<String> = since.collect();
        (!since.is_empty()).then(|| enumerate(since))
    }

    /// What the verdict says, in a sentence without a full stop.
    fn what(&self) -> String {
        let reason = self.telling.text(&self.failure.reason);
        match (&self.failure.property, self.failure.sort) {
            (Some(property), Sort::Violated) => format!("{property} is violated: {reason}"),
            _ => reason,
        }
    }

    /// Who crashed in a story, if that is soon told.
    fn crashes(&self, story: &Few<usize>) -> Option<String> {
        let crash = |&nth: &usize| {
            let step = &self.trace.steps[nth - 1];
            let crashes = step.crash_after.is_some() || matches!(step.what, What::Crash { .. });
            let node = step.what.actor().filter(|_| crashes)?;
            let number = self.trace.number(nth);
            Some(format!(
                "{} crashed in step {number}",
                self.telling.name(node)
            ))
        };
        let all: Vec<String> = story.iter().filter_map(crash).collect();
        (1..=WAY_MAX).contains(&all.len()).then(|| enumerate(all))
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
