//! Columns of text for a terminal.

use super::output::{Output, Paint};

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

/// A cell without colour.
pub fn plain(text: impl Into<String>) -> Cell {
    (text.into(), None)
}

pub fn painted(text: impl Into<String>, paint: Paint) -> Cell {
    (text.into(), Some(paint))
}
