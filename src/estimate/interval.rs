//! How far a share that was counted may be from the likelihood behind it.
//!
//! - E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, 1927: the
//!   score interval, which unlike the textbook's ± stays sensible near 0 and 1.

use serde::{Deserialize, Serialize, Serializer};

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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

    /// The same where the runs ended because it came about so often: the last of them is no news then. (Inverse
    /// sampling, J. B. S. Haldane, *On a Method of Estimating Frequencies*, 1945: that many runs or more were needed
    /// is a statement about all but the last.)
    pub fn interval_until(self, times: u64, runs: u64) -> Interval {
        let before = self.interval(times.saturating_sub(1), runs.saturating_sub(1));
        Interval {
            low: self.interval(times, runs).low,
            high: before.high,
        }
    }

    /// What something that never came about in so many runs is likely to be rarer than: the greatest likelihood at
    /// which that is not a greater surprise than it may be. (About three in as many, at 95 %.)
    pub fn bound_of_never(self, runs: u64) -> f64 {
        let surprise = match self {
            Confidence::Percent95 => 0.05,
            Confidence::Percent99 => 0.01,
            Confidence::Percent99_9 => 0.001,
        };
        let (mut low, mut high) = (0.0, 1.0);
        // Each halving is a binary digit; no more of them fit.
        for _ in 0..64 {
            let middle = f64::midpoint(low, high);
            if power(1.0 - middle, runs) > surprise {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// How many runs it takes in the mean until something so likely comes about.
pub fn wait(likelihood: f64) -> f64 {
    1.0 / likelihood
}

/// By squaring, so that it is the same everywhere.
fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut product = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            product *= base;
        }
        base *= base;
        exponent /= 2;
    }
    product
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

    /// Computed apart from this code: 1 - 0.05^(1/n).
    #[test]
    fn what_never_came_about_is_rare() {
        let bound = |runs| Confidence::Percent95.bound_of_never(runs);
        assert!((bound(1) - 0.95).abs() < 1e-12);
        assert!((bound(100) - 0.029_513_05).abs() < 1e-8);
        assert!((bound(250_000) - 1.198_285e-5).abs() < 1e-10);
    }

    #[test]
    fn the_run_that_ended_it_all_speaks_for_a_likelihood_and_not_against_a_lower_one() {
        let (fixed, until) = (
            Confidence::Percent95.interval(3, 100),
            Confidence::Percent95.interval_until(3, 100),
        );
        assert!((fixed.low - until.low).abs() < 1e-12);
        assert!(until.low < 0.03 && 0.03 < until.high && until.high < fixed.high);
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
