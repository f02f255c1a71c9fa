//! An explanation as people read it.
//!
//! Invariant: every line fits the width.

use unicode_width::UnicodeWidthStr;

use super::{Explanation, Part, StoryStep, Unordered};
use crate::model::{Few, FewMap};
use crate::report::{Options, Style, clean, paint, wrap};

/// The columns in front of a step: its sign and its number.
const GUTTER: usize = 7;
/// What stands around the intervals of operations: their steps, and blanks.
const STEPS_WIDTH: usize = 22;
/// Between two ends of operations there are no more columns.
const BETWEEN_MAX: usize = 8;

/// Writes an explanation.
pub fn text(told: &Explanation, options: &Options) -> String {
    let mut page = Page {
        options,
        out: Vec::new(),
    };
    let verdict = format!("Verdict: {}. {}", told.verdict, told.sentences.join(" "));
    page.say(0, 2, &verdict, Style::Bold);
    if let Some(mistake) = &told.mistake {
        let mistake = format!("The mistake, made on purpose: {mistake}");
        page.say(0, 2, &mistake, Style::Plain);
    }
    page.story(told);
    let conflict = match told.facts.len() {
        0 | 1 => "Where it breaks:",
        _ => "What conflicts:",
    };
    page.list(conflict, &told.conflict);
    if let Some(unordered) = &told.unordered {
        page.unordered(unordered);
    }
    page.list("Who waits for whom:", &told.waiting);
    page.list("What did not come in time:", &told.withheld);
    page.out.join("\n")
}

/// A part of a page: a heading and its lines.
pub fn section(heading: &str, lines: &[String], options: &Options) -> String {
    let mut page = Page {
        options,
        out: Vec::new(),
    };
    page.list(heading, lines);
    page.out.join("\n")
}

struct Page<'a> {
    options: &'a Options,
    out: Vec<String>,
}

impl Page<'_> {
    fn say(&mut self, indent: usize, hang: usize, text: &str, style: Style) {
        let Options { ascii, color, .. } = *self.options;
        let pad = " ".repeat(indent);
        for line in wrap(&clean(text, ascii), self.options.columns() - indent, hang) {
            self.out
                .push(format!("{pad}{}", paint(&line, style, color)));
        }
    }

    fn heading(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push(String::new());
        }
        self.say(0, 2, text, Style::Bold);
    }

    fn list(&mut self, heading: &str, sentences: &[String]) {
        if sentences.is_empty() {
            return;
        }
        self.heading(heading);
        for sentence in sentences {
            self.say(2, 2, sentence, Style::Plain);
        }
    }

    fn story(&mut self, told: &Explanation) {
        if told.steps == 0 {
            return;
        }
        let all = told.steps;
        let part = match (told.behind, all) {
            (1, 1) => "the only step of the run".to_owned(),
            (n, all) if n == all => format!("all {all} steps of the run may have a part in it"),
            (1, all) => format!("1 of the {all} steps of the run; the others have no part in it"),
            (n, all) => format!(
                "{n} of the {all} steps of the run may have a part in it; the others have none"
            ),
        };
        self.heading(&format!("How it came about ({part}):"));
        if told.mistake.is_some() && told.story.iter().any(|step| step.rule.is_some()) {
            let words = "Under a step stands what the paper asks for there; the mistake breaks one of these rules.";
            self.say(2, 2, words, Style::Dim);
        }
        // What was said of one participant need not be said of each.
        let mut told_rules: FewMap<&str, usize> = FewMap::new();
        for step in &told.story {
            if let Some(folded) = &step.folded {
                self.say(GUTTER, 2, &format!("({folded})"), Style::Dim);
            }
            let rule = step.rule.as_deref();
            let before = rule.and_then(|rule| told_rules.get(rule).copied());
            self.step(step, before);
            if let Some(rule) = rule.filter(|_| before.is_none()) {
                told_rules.insert(rule, step.step);
                self.say(GUTTER + 4, 2, rule, Style::Dim);
            }
        }
        let any = |test: fn(&StoryStep) -> bool| told.story.iter().any(test);
        let signs = [
            (any(|s| s.part == Part::Fact), "> what the verdict is about"),
            (any(|s| s.is_fault), "! a fault"),
            (any(|s| s.words.contains(" #")), "#n sent in step n"),
            (
                any(|s| !s.state.is_empty()),
                "[...] what a step changed of the state",
            ),
            (
                any(|s| s.words.contains(" wrongly:")),
                "wrongly: though who is awaited is up",
            ),
        ];
        let used = signs.iter().filter(|(is_used, _)| *is_used);
        let legend: Vec<&str> = used.map(|(_, words)| *words).collect();
        self.out.push(String::new());
        let between = if self.options.ascii { " | " } else { " · " };
        self.say(0, 2, &legend.join(between), Style::Dim);
    }

    /// Operations as intervals over the steps in which clients asked and were told, evenly.
    fn unordered(&mut self, unordered: &Unordered) {
        self.heading("The operations that no order explains:");
        let Options { ascii, color, .. } = *self.options;
        let operations = &unordered.operations;
        let steps = operations.iter();
        let steps = steps.flat_map(|operation| [Some(operation.from), operation.until]);
        let steps: Few<usize> = steps.flatten().collect();
        let labels: Vec<String> = operations
            .iter()
            .map(|operation| {
                let answer = operation.answer.as_deref().unwrap_or("?");
                clean(
                    &format!("{} {} = {answer}", operation.client, operation.asked),
                    ascii,
                )
            })
            .collect();
        let widest = labels.iter().map(|label| label.width()).max().unwrap_or(0);
        let room = self.options.columns().saturating_sub(widest + STEPS_WIDTH);
        let between = (room / steps.len().max(1)).clamp(1, BETWEEN_MAX);
        let column =
            |step: usize| steps.iter().take_while(|&&other| other < step).count() * between;
        let end = steps.len().saturating_sub(1) * between;
        let (left, dash, right, open) = if ascii {
            ("|", "-", "|", ">")
        } else {
            ("├", "─", "┤", "╌")
        };
        for (operation, label) in operations.iter().zip(&labels) {
            let from = column(operation.from);
            let until = operation.until.map_or(end, column);
            let last = if operation.until.is_some() {
                right
            } else {
                open
            };
            let pad = " ".repeat(widest - label.width());
            let mut line = format!(
                "  {label}{pad}  {}{left}{}{last}",
                " ".repeat(from),
                dash.repeat(until.saturating_sub(from + 1)),
            );
            line.push_str(&" ".repeat(end - until));
            let steps = match operation.until {
                Some(until) => format!("  #{} to #{until}", operation.from),
                None => format!("  from #{}", operation.from),
            };
            line.push_str(&steps);
            let is_last = operation.until.is_some() && until == end;
            let style = if is_last { Style::Bad } else { Style::Plain };
            self.out.push(paint(&line, style, color));
        }
        self.say(2, 2, &unordered.sentence, Style::Plain);
    }

    /// A step; its rule may have been told with another.
    fn step(&mut self, step: &StoryStep, rule_of: Option<usize>) {
        let (sign, style) = match step.part {
            Part::Cause => ("", Style::Plain),
            Part::Fault => ("!", Style::Warn),
            Part::Fact if step.is_fault => (">!", Style::Bad),
            Part::Fact => (">", Style::Bad),
        };
        let state = if step.state.is_empty() {
            String::new()
        } else {
            format!(" [{}]", step.state.join(", "))
        };
        let Options { ascii, color, .. } = *self.options;
        let rule = rule_of.map_or_else(String::new, |of| format!(" (rule: see {of})"));
        let words = clean(&format!("{}{state}{rule}", step.words), ascii);
        let lines = wrap(&words, self.options.columns() - GUTTER, 2);
        for (nth, line) in lines.iter().enumerate() {
            let gutter = match nth {
                0 => format!("{sign:<2}{:>3}  ", step.step),
                _ => " ".repeat(GUTTER),
            };
            self.out
                .push(paint(&format!("{gutter}{line}"), style, color));
        }
    }
}
