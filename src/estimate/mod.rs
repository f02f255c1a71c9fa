//! How likely something is: counted over seeds, and beside it what is known of it.
//!
//! A protocol says what its runs may come to, and gives a formula where there is one
//! ([`Likelihood`](crate::model::Likelihood)). [`Odds`] turns the formula into a number, by what the
//! scenario says of loss, of nodes that take no part, and of choices. What was counted comes with an
//! interval ([`Confidence`]), and the number lies in it or is refuted.
//!
//! This is the one place with floating-point numbers. They come from additions, multiplications, divisions and
//! square roots alone, which are the same on every platform.

mod interval;
mod markdown;
mod odds;
#[cfg(feature = "cli")]
mod plot;

pub use self::interval::{Confidence, Interval, wait};
pub use self::markdown::markdown;
pub use self::odds::Odds;
#[cfg(feature = "cli")]
pub use self::plot::{PlotError, plot};

use serde::Serialize;

use crate::model::cluster::enumerate;

/// What is known of a scenario before anything runs.
#[derive(Clone, Debug)]
pub struct Outlook {
    pub successes: Vec<Forecast>,
    /// The options that the scenario gives ratios for: `Yes of P1`.
    pub options: Vec<String>,
    /// Why no closed form applies.
    pub notes: Vec<String>,
}

/// What is known of one thing that runs may come to.
#[derive(Clone, Debug)]
pub struct Forecast {
    pub name: &'static str,
    pub about: &'static str,
    pub formula: Option<&'static str>,
    pub closed_form: Option<f64>,
    /// The mean of the likelihoods of single members, which some articles give for the whole.
    pub mean: Option<f64>,
}

/// What one run came to.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// By success.
    pub successes: Vec<bool>,
    pub violated: Option<&'static str>,
    /// The run ended with messages under way.
    pub cut_off: bool,
    /// Whether each option was offered that the scenario gives a ratio for.
    pub offered: Vec<bool>,
}

/// How often runs of a scenario came to what.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Estimate {
    pub protocol: &'static str,
    pub about: String,
    pub runs: u64,
    /// In percent.
    #[cfg_attr(test, schemars(with = "String"))]
    pub confidence: Confidence,
    pub successes: Vec<Estimated>,
    /// How many runs violated a property, and which one the first of them.
    pub violated: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How often runs came to one thing.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Estimated {
    pub name: &'static str,
    pub about: &'static str,
    /// How many of the runs.
    pub times: u64,
    pub share: f64,
    pub interval: Interval,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_form: Option<f64>,
    /// See [`Forecast::mean`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
}

impl Estimate {
    /// Sums up the runs that were done.
    pub fn new(
        protocol: &'static str,
        about: &str,
        outlook: Outlook,
        confidence: Confidence,
        outcomes: &[Reached],
    ) -> Self {
        let runs = outcomes.len() as u64;
        let estimated = |(nth, expected): (usize, Forecast)| {
            let times = outcomes.iter().filter(|o| o.successes[nth]).count() as u64;
            Estimated {
                name: expected.name,
                about: expected.about,
                times,
                share: interval::share(times, runs),
                interval: confidence.interval(times, runs),
                formula: expected.formula,
                closed_form: expected.closed_form,
                mean: expected.mean,
            }
        };
        let mut notes = outlook.notes;
        let never_offered = |(nth, _): &(usize, String)| !outcomes.iter().any(|o| o.offered[*nth]);
        let options = outlook.options.into_iter().enumerate();
        let in_vain: Vec<String> = options
            .filter(never_offered)
            .map(|(_, name)| name)
            .collect();
        if !in_vain.is_empty() {
            notes.push(format!(
                "Nobody was ever offered {}: options are called what schedules call them, and a vote is one \
                 where it is left `open`.",
                enumerate(in_vain)
            ));
        }
        let is_known = outlook.successes.iter().any(|s| s.closed_form.is_some());
        let cut_off = outcomes.iter().filter(|o| o.cut_off).count();
        if is_known && cut_off > 0 {
            notes.push(format!(
                "{cut_off} runs ended with messages under way, which no closed form knows of: give them a \
                 longer `until`."
            ));
        }
        let mut violated = outcomes.iter().filter_map(|o| o.violated).peekable();
        Estimate {
            protocol,
            about: about.to_owned(),
            runs,
            confidence,
            successes: outlook
                .successes
                .into_iter()
                .enumerate()
                .map(estimated)
                .collect(),
            property: violated.peek().copied(),
            violated: violated.count() as u64,
            notes,
        }
    }

    /// Whether no closed form is refuted, and no property violated.
    pub fn is_as_known(&self) -> bool {
        self.violated == 0 && self.successes.iter().all(Estimated::is_as_known)
    }
}

impl Estimated {
    /// Whether the closed form, if there is one, lies in the interval.
    pub fn is_as_known(&self) -> bool {
        self.closed_form
            .is_none_or(|known| self.interval.contains(known))
    }
}
