//! Medians and ratios, as a table that `benches/README.md` can take over.
//!
//! What an event takes, and the ratios, are of processor time where that is known.

// Nothing here is counted to more than a few digits.
#![allow(clippy::cast_precision_loss)]

use crate::measure::Measured;

/// One engine's runs.
pub struct Row {
    pub name: &'static str,
    pub runs: Vec<Measured>,
}

impl Row {
    pub fn new(name: &'static str) -> Self {
        let runs = Vec::new();
        Row { name, runs }
    }

    fn median(&self, of: impl Fn(&Measured) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> = self.runs.iter().map(of).collect();
        let mut values = values?;
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        Some(if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        })
    }

    fn seconds(&self) -> f64 {
        let seconds = self.median(|m| Some(m.nanos as f64 / 1e9));
        seconds.expect("always measured")
    }

    fn cpu(&self) -> Option<f64> {
        self.median(|m| Some(m.cpu? as f64 / 1e9))
    }

    /// What comparisons are made by: others on the machine lengthen the time, but hardly this.
    fn effort(&self) -> f64 {
        self.cpu().unwrap_or_else(|| self.seconds())
    }

    fn bytes_per_world(&self) -> Option<f64> {
        self.median(|m| Some(m.peak? as f64 / m.distinct as f64))
    }
}

/// Prints a table. What the others take is given in multiples of what the first takes.
pub fn print(about: &str, rows: &[Row]) {
    let first = &rows[0];
    let worlds = thousands(first.runs[0].distinct);
    println!("\n{about}: {worlds} worlds\n");
    println!(
        "| engine | events | time | CPU time | an event | times ours | bytes a world | times ours |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for row in rows {
        let one = row.runs[0];
        let bytes = row.bytes_per_world();
        let cpu = row.cpu().map(|cpu| format!("{cpu:.2} s"));
        let times = bytes.zip(first.bytes_per_world());
        let times = times.map(|(bytes, least)| format!("{:.1}", bytes / least));
        println!(
            "| {} | {} | {:.2} s | {} | {:.0} ns | {:.1} | {} | {} |",
            row.name,
            thousands(one.generated),
            row.seconds(),
            cpu.as_deref().unwrap_or("?"),
            row.effort() * 1e9 / one.generated as f64,
            row.effort() / first.effort(),
            bytes.map_or_else(|| "?".to_owned(), |bytes| format!("{bytes:.0}")),
            times.as_deref().unwrap_or("?"),
        );
        if let Some(tables) = one.tables {
            let bytes = tables as f64 / one.distinct as f64;
            println!("| (its tables alone) | | | | | | {bytes:.0} | |");
        }
    }
    if first.runs[0].peak.is_none() {
        println!("\nMemory and CPU time are left out: this system has no /proc/self.");
    }
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
