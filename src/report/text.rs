//! Text that fits: escaping, measuring, cutting short and wrapping.
//!
//! Invariant: what [`clean`] returns holds no character that moves the cursor, joins with its
//! neighbours or reorders the line, so that its width is the sum of its characters' widths. Knows
//! nothing of traces.

use unicode_width::UnicodeWidthChar;

/// The columns that cleaned text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Text from a file, made safe to show: a character that is not plainly visible is escaped, and
/// so is every one outside ASCII where `ascii` asks for it.
pub(crate) fn clean(text: &str, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // A few take three columns, more than there may be room for, and no terminal agrees with another about them.
        let visible = c.width().is_some_and(|w| w == 1 || w == 2) && !reorders(c);
        if visible && (c.is_ascii() || !ascii) {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
    }
    out
}

/// Marks of direction and separators of lines, which some tables give a width.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// Cuts text to so many columns; what is missing shows as an ellipsis.
pub(super) fn fit(text: &str, columns: usize, ascii: bool) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let ellipsis = if ascii { '~' } else { '…' };
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    let kept = out.trim_end().len();
    out.truncate(kept);
    if columns > 0 {
        out.push(ellipsis);
    }
    out
}

/// Breaks text at blanks into lines of at most so many columns, the second and later ones
/// indented. A word that is too long is broken.
pub(crate) fn wrap(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let columns = columns.max(indent + 2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    let mut is_empty = true;
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let blank = usize::from(!is_empty);
        if used + blank + width(word) > columns && !is_empty {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            used = indent;
        } else if blank == 1 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let w = c.width().unwrap_or(0);
            if used + w > columns {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
                used = indent;
            }
            line.push(c);
            used += w;
        }
        is_empty = false;
    }
    if !is_empty {
        lines.push(line);
    }
    lines
}

/// How much of a message, timer or record to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// `Promise{2,None}`: without the names of fields.
    Values,
    /// `Promise`
    Kind,
}

/// A label in less room. It is the `Debug` text of some value, but may be anything.
pub(super) fn shorten(label: &str, detail: Detail) -> String {
    match detail {
        Detail::Values => without_fields(label),
        Detail::Kind => {
            let end = label
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(label.len());
            // A label that starts with a bracket or a quote has no name to be known by.
            label[..if end == 0 { label.len() } else { end }].to_owned()
        }
    }
}

/// Drops `name: ` in front of values, and the blanks around brackets.
fn without_fields(label: &str) -> String {
    let mut out = String::new();
    for part in label.split_inclusive([',', '{', '(', '[']) {
        let part = part.trim();
        let value = match part.split_once(": ") {
            Some((name, value)) if name.chars().all(|c| c.is_alphanumeric() || c == '_') => value,
            _ => part,
        };
        let value = value.replace(" }", "}").replace(" {", "{");
        out.push_str(&value);
    }
    out
}

/// `1 message`, `2 messages`.
pub(super) fn count(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_the_cursor_is_escaped() {
        assert_eq!(
            clean("a\nb\u{1b}[2J\u{202e}c", false),
            "a\\nb\\u{1b}[2J\\u{202e}c"
        );
        assert_eq!(clean("é", true), "\\u{e9}");
        // It takes three columns.
        assert_eq!(clean("\u{17d8}", false), "\\u{17d8}");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(fit("投票しました", 6, false), "投票…");
        assert_eq!(width("投票"), 4);
    }

    #[test]
    fn labels_get_shorter() {
        let label = "Promise { ballot: 2, accepted: Some((1, X)) }";
        assert_eq!(shorten(label, Detail::Values), "Promise{2,Some((1,X))}");
        assert_eq!(shorten(label, Detail::Kind), "Promise");
        assert_eq!(shorten("(1, 2)", Detail::Kind), "(1, 2)");
    }

    #[test]
    fn lines_break_at_blanks_and_inside_words_that_are_too_long() {
        assert_eq!(wrap("one two three", 7, 2), ["one two", "  three"]);
        assert_eq!(wrap("abcdefghij", 4, 0), ["abcd", "efgh", "ij"]);
        assert!(wrap("", 10, 0).is_empty());
    }
}
