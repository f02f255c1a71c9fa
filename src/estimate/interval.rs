//! How far a share that was counted may be from the likelihood behind it.
//!
//! - E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, 1927: the
//!   score interval, which unlike the textbook's ± stays sensible near 0 and 1.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// How sure an interval is: so many of a hundred that are made this way contain what they are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confidence {
    Percent95,
    Percent99,
    /// One in a thousand misses.
    #[default]
    Percent99_9,
}

/// Where a likelihood lies, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Confidence {
    pub fn percent(self) -> &'static str {
        match self {
            Confidence::Percent95 => "95",
            Confidence::Percent99 => "99",
            Confidence::Percent99_9 => "99.9",
        }
    }

    /// The quantile of the normal distribution that leaves half of the rest on each side.
    fn quantile(self) -> f64 {
        match self {
            Confidence::Percent95 => 1.959_964,
            Confidence::Percent99 => 2.575_829,
            Confidence::Percent99_9 => 3.290_527,
        }
    }

    /// Of something that came about so often in so many runs.
    pub fn interval(self, times: u64, runs: u64) -> Interval {
        if runs == 0 {
            return Interval {
                low: 0.0,
                high: 1.0,
            };
        }
        let (n, share, z) = (number(runs), share(times, runs), self.quantile());
        let spread = z * z / n;
        let center = (share + spread / 2.0) / (1.0 + spread);
        let half = (share * (1.0 - share) / n + spread / n / 4.0).sqrt() * z / (1.0 + spread);
        Interval {
            low: if times == 0 {
                0.0
            } else {
                rounded(center - half)
            },
            high: if times == runs {
                1.0
            } else {
                rounded(center + half)
            },
        }
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.percent().serialize(serializer)
    }
}

impl Interval {
    pub fn contains(self, likelihood: f64) -> bool {
        (self.low..=self.high).contains(&likelihood)
    }
}

/// Zero of no runs.
pub(super) fn share(times: u64, runs: u64) -> f64 {
    number(times) / number(runs.max(1))
}

/// To six places, which is what is shown and compared.
pub(super) fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

/// Counts are below four billion.
fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed apart from this code, with forty digits.
    #[test]
    fn an_interval_is_that_of_wilson() {
        let Interval { low, high } = Confidence::Percent95.interval(81, 263);
        assert!((low - 0.255_289).abs() < 2e-6, "{low}");
        assert!((high - 0.366_210).abs() < 2e-6, "{high}");
    }

    #[test]
    fn nothing_and_all_leave_something_open() {
        let none = Confidence::Percent99_9.interval(0, 100);
        assert!(none.contains(0.0) && none.contains(0.09) && !none.contains(0.11));
        let all = Confidence::Percent99_9.interval(100, 100);
        assert!(all.contains(1.0) && all.contains(0.91) && !all.contains(0.89));
        assert!(Confidence::Percent95.interval(0, 0).contains(0.5));
    }

    #[test]
    fn more_confidence_is_a_wider_interval() {
        let all = [
            Confidence::Percent95,
            Confidence::Percent99,
            Confidence::Percent99_9,
        ];
        let widths = all.map(|confidence| {
            let Interval { low, high } = confidence.interval(300, 1000);
            high - low
        });
        assert!(widths[0] < widths[1] && widths[1] < widths[2], "{widths:?}");
    }
}
