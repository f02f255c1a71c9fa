//! Medians and ratios, as a table that `benches/README.md` can take over.

// Nothing here is counted to more than a few digits.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

/// Measurements of several contestants, each in so many columns.
pub struct Table {
    pub columns: Vec<String>,
    pub names: Vec<String>,
    /// Line by line; each has what every round measured.
    pub measured: Vec<Vec<f64>>,
    /// The first lines are ours, and all others are compared with them.
    pub ours: usize,
}

impl Table {
    pub fn print(&self, show: impl Fn(f64) -> String) {
        let width = self.columns.len();
        let header = |column| format!(" {column} | ours |");
        println!("| |{}", self.columns.iter().map(header).collect::<String>());
        println!("|---|{}", "---|---|".repeat(width));
        let medians: Vec<f64> = self.measured.iter().map(|runs| median(runs)).collect();
        let lines: Vec<&[f64]> = medians.chunks(width).collect();
        let (ours, _) = lines.split_at(self.ours);
        for (nth, (name, line)) in self.names.iter().zip(&lines).enumerate() {
            let cell = |(column, own): (usize, &f64)| {
                let ratios = ours.iter().map(|our| times(our[column] / own));
                let ratios = ratios.collect::<Vec<_>>().join("; ");
                let ratios = if nth < self.ours { "" } else { &ratios };
                format!(" {} | {ratios} |", show(*own))
            };
            let cells: String = line.iter().enumerate().map(cell).collect();
            println!("| {name} |{cells}");
        }
        let widest = self.measured.iter().map(|runs| spread(runs));
        let widest = widest.fold(0.0, f64::max);
        println!(
            "\n*Ours*: how many times as much is there for {}. From the slowest round to the fastest it is {widest:.0} % \
             more at most.",
            self.names[..self.ours].join(" and for ")
        );
    }
}

fn median(runs: &[f64]) -> f64 {
    let mut runs = runs.to_vec();
    runs.sort_by(f64::total_cmp);
    let middle = runs.len() / 2;
    if runs.len().is_multiple_of(2) {
        f64::midpoint(runs[middle - 1], runs[middle])
    } else {
        runs[middle]
    }
}

/// By how much the fastest is above the slowest, in percent.
fn spread(runs: &[f64]) -> f64 {
    let least = runs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = runs.iter().copied().fold(0.0, f64::max);
    (most / least - 1.0) * 100.0
}

pub fn millions(number: f64) -> String {
    let digits = if number < 1e6 { 3 } else { 2 };
    format!("{:.digits$} million", number / 1e6)
}

/// To two digits behind the point below ten, and none above a hundred.
pub fn times(number: f64) -> String {
    match number {
        0.0..10.0 => format!("{number:.2}"),
        10.0..100.0 => format!("{number:.1}"),
        _ => thousands(number.round() as u64),
    }
}

pub fn thousands(n: u64) -> String {
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
