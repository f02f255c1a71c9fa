//! The lines below a step: what it lost, and which property it broke.
//!
//! Invariant: whatever is lost is seen, one line each or counted in one.

use super::canvas::Head;
use super::diagram::Picture;
use super::names::Sort;
use super::paint::Style;
use super::story::{Origin, Story};
use super::text::{Detail, clean, count, fit, width, wrap};
use crate::trace::{Did, Message};

/// So many lost messages of one step have a line of their own.
const LOST_LINES_MAX: usize = 4;

impl Picture<'_> {
    /// The lines of what was lost as soon as it was sent.
    pub(super) fn lost_sends(&mut self, story: &Story<'_>, node: usize, did: &Did) {
        let lost: Vec<(Message, Option<Origin>, &str)> = did
            .sent
            .iter()
            .filter_map(|s| {
                let m = Message {
                    src: node,
                    dst: s.dst,
                    message: s.message.clone(),
                };
                Some((m, None, s.lost.as_deref()?))
            })
            .collect();
        self.lost(story, &lost);
    }

    pub(super) fn lost(&mut self, story: &Story<'_>, lost: &[(Message, Option<Origin>, &str)]) {
        let layout = self.canvas.layout;
        let shown = if lost.len() > LOST_LINES_MAX {
            LOST_LINES_MAX - 1
        } else {
            lost.len()
        };
        for (m, origin, why) in &lost[..shown] {
            let mut line = self.canvas.lanes(story);
            let is_drawn = self.message(&mut line, story, m, *origin, Head::Lost);
            let why = match *why {
                "cut" => "lost to the cut",
                "absorbed" => "absorbed: too many copies",
                _ => "lost",
            };
            let to = self.names.name(m.dst);
            let words = match self.names.label(Sort::Message, &m.message, Detail::Kind) {
                label
                    if is_drawn
                        && width(&label) + width(&to) + width(why) + 6 > layout.text_width() =>
                {
                    format!("to {to}: {why}")
                }
                label => format!("{label} to {to}: {why}"),
            };
            self.beside(line, story, &words, Style::Bad);
        }
        if shown < lost.len() {
            let mut line = self.canvas.lanes(story);
            let more = count((lost.len() - shown) as u64, "more message");
            let words = fit(
                &format!("and {more} lost"),
                layout.text_width(),
                self.options.ascii,
            );
            line.put(layout.text, &words, Style::Bad);
            self.push(&line);
        }
    }

    pub(super) fn violation(&mut self, story: &Story<'_>, property: &str, reason: Option<&str>) {
        let layout = self.canvas.layout;
        let mut line = self.canvas.lanes(story);
        let reason = reason.map_or_else(String::new, |r| format!(": {r}"));
        let words = clean(
            &format!("{property} is violated{reason}"),
            self.options.ascii,
        );
        let room = (layout.width - layout.left).saturating_sub(4);
        for (nth, words) in wrap(&words, room, 2).iter().enumerate() {
            if nth == 0 {
                self.canvas.banner(&mut line, words, Style::Bad, true);
            } else {
                line = self.canvas.lanes(story);
                line.put(layout.left + 1, &format!(" {words} "), Style::Bad);
            }
            self.push(&line);
        }
    }
}
