//! Columns of text for a terminal.

use super::output::{Output, Paint};

/// The last column is not broken into lines shorter than this.
const LAST_MIN: usize = 30;

/// A cell: a text, and how it looks.
pub type Cell = (String, Option<Paint>);

/// The rows in columns two spaces apart, each line indented by two. Colours do not count as width.
pub fn lines(out: &Output, rows: &[Vec<Cell>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |text: &str| text.chars().count();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|(text, _)| width(text)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let line = |row: &Vec<Cell>| {
        let mut line = String::from("  ");
        for (column, (text, paint)) in row.iter().enumerate() {
            let shown = paint.map_or_else(|| text.clone(), |paint| out.paint(paint, text));
            line.push_str(&shown);
            if column + 1 < row.len() {
                line.extend(std::iter::repeat_n(' ', widths[column] - width(text) + 2));
            }
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The same, with the last column broken into as many lines as it takes to stay within a width.
pub fn wrapped(out: &Output, rows: &[Vec<Cell>], width: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|(text, _)| text.chars().count())
            .max()
            .unwrap_or(0)
    };
    let beside: usize = (0..columns.saturating_sub(1)).map(|c| widest(c) + 2).sum();
    // Where next to nothing is left beside the others, it goes below them.
    let is_below = beside + 2 + LAST_MIN > width;
    let indent = " ".repeat(if is_below { 6 } else { beside + 2 });
    let broken = |text: &str| {
        let room = width.saturating_sub(indent.len()).max(LAST_MIN);
        textwrap::wrap(text, room)
            .into_iter()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for row in rows {
        let Some(((text, paint), others)) = row.split_last().filter(|_| row.len() == columns)
        else {
            all.extend(lines(out, std::slice::from_ref(row)));
            continue;
        };
        let mut parts = broken(text).into_iter();
        let mut first = others.to_vec();
        let mut padded: Vec<Cell> = Vec::new();
        for (column, (text, paint)) in first.drain(..).enumerate() {
            let missing = widest(column).saturating_sub(text.chars().count());
            padded.push((text, paint));
            padded.push((" ".repeat(missing + 2), None));
        }
        let painted = |(text, paint): &Cell| match paint {
            Some(paint) => out.paint(*paint, text),
            None => text.clone(),
        };
        let mut line = String::from("  ");
        line.extend(padded.iter().map(painted));
        if !is_below {
            line.push_str(&painted(&(parts.next().unwrap_or_default(), *paint)));
        }
        all.push(line.trim_end().to_owned());
        all.extend(parts.map(|part| format!("{indent}{}", painted(&(part, *paint)))));
    }
    all
}

/// A cell without colour.
pub fn plain(text: impl Into<String>) -> Cell {
    (text.into(), None)
}

pub fn painted(text: impl Into<String>, paint: Paint) -> Cell {
    (text.into(), Some(paint))
}
