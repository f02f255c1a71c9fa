//! Which marks a diagram used, and a line or two that explain them.
//!
//! Invariant: a mark that was not drawn is not explained.

use super::marks::Mark;
use super::text::width;
use crate::model::Few;

#[derive(Debug, Default)]
pub(super) struct Legend {
    used: Few<Mark>,
    pub numbers: bool,
}

impl Legend {
    pub fn note(&mut self, mark: Mark) {
        self.used.insert(mark);
    }

    /// The legend in lines of at most so many columns.
    /// `held` is what nodes hold.
    pub fn lines(&self, columns: usize, ascii: bool, held: &str) -> Vec<String> {
        let entry = |mark: &Mark| {
            let (sample, meaning) = (mark.sample(ascii), mark.meaning());
            match mark {
                Mark::Locked => format!("{sample} {meaning} {held}"),
                _ => format!("{sample} {meaning}"),
            }
        };
        let mut entries: Vec<String> = self.used.iter().map(entry).collect();
        if self.numbers {
            entries.push("#n sent in step n".to_owned());
        }
        let mut lines: Vec<String> = Vec::new();
        for entry in entries {
            match lines.last_mut() {
                Some(line) if width(line) + 3 + width(&entry) <= columns => {
                    line.push_str("   ");
                    line.push_str(&entry);
                }
                _ => lines.push(entry),
            }
        }
        lines
    }
}
