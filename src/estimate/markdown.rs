//! Estimates as a page.

use super::{Estimate, Estimated, Interval};

/// A table, and what the formulas are.
pub fn markdown(estimate: &Estimate) -> String {
    let percent = estimate.confidence.percent();
    let mut page = format!(
        "| | of {} runs | interval, {percent} % | closed form | | mean |\n|---|---|---|---|---|---|\n",
        estimate.runs
    );
    let mut add = |line: String| {
        page.push_str(&line);
        page.push('\n');
    };
    for success in &estimate.successes {
        let Estimated {
            name,
            times,
            share,
            interval: Interval { low, high },
            ..
        } = success;
        let known = |number: Option<f64>| {
            number.map_or_else(String::new, |known| {
                let refuted = if success.interval.contains(known) {
                    ""
                } else {
                    ", refuted"
                };
                format!("{known:.4}{refuted}")
            })
        };
        let formula = success.formula.unwrap_or_default();
        let (closed_form, mean) = (known(success.closed_form), known(success.mean));
        add(format!(
            "| {name} | {times} ({share:.4}) | {low:.4} to {high:.4} | {closed_form} | {formula} | {mean} |"
        ));
    }
    if let Some(property) = estimate.property {
        add(format!(
            "\n{} runs violated a property, the first *{property}*.",
            estimate.violated
        ));
    }
    for note in &estimate.notes {
        add(format!("\n{note}"));
    }
    page
}
