//! Virtual time, in whole nanoseconds, and how people write it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point or a length of virtual time, in nanoseconds. Written `250us`, `1.5ms`, `5s`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// The units, largest first, with their length in nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Time {
    pub const ZERO: Time = Time(0);
    /// The longest time a scenario may name: 115 days.
    pub const MAX: Time = Time(10_000_000_000_000_000);

    pub const fn from_millis(ms: u64) -> Self {
        Time(ms * 1_000_000)
    }

    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Reads `1.5ms`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let help = || format!("`{text}` is not a duration: write a number and a unit, like `5ms`");
        let digits = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(help)?;
        let (number, unit) = text.split_at(digits);
        let &(_, unit) =
            UNITS
                .iter()
                .find(|(name, _)| *name == unit)
                .ok_or_else(|| match meant(number, unit) {
                    Some(meant) => format!("`{text}` is not a duration: write `{meant}`"),
                    None => format!("{}; the units are ns, us, ms, s, min and h", help()),
                })?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if fraction.len() > 9 {
            return Err(format!("`{text}` is finer than a nanosecond"));
        }
        let whole: u64 = whole.parse().map_err(|_| help())?;
        let scale = 10u64.pow(u32::try_from(fraction.len()).expect("at most nine digits"));
        let fraction: u64 = fraction.parse().map_err(|_| help())?;
        let part = u128::from(fraction) * u128::from(unit);
        if part % u128::from(scale) != 0 {
            return Err(format!("`{text}` is finer than a nanosecond"));
        }
        let nanos = u128::from(whole) * u128::from(unit) + part / u128::from(scale);
        match u64::try_from(nanos) {
            Ok(nanos) if nanos <= Time::MAX.0 => Ok(Time(nanos)),
            _ => Err(format!("`{text}` is longer than {}", Time::MAX)),
        }
    }
}

/// What somebody may have meant who wrote this number and this unit.
fn meant(number: &str, unit: &str) -> Option<String> {
    let unit = match unit.trim().to_lowercase().as_str() {
        "hour" | "hours" | "hr" | "hrs" => "h",
        "m" | "mins" | "minute" | "minutes" => "min",
        "sec" | "secs" | "second" | "seconds" => "s",
        "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => "ms",
        "\u{b5}s" | "\u{3bc}s" | "usec" | "micros" | "microsecond" | "microseconds" => "us",
        "nsec" | "nanos" | "nanosecond" | "nanoseconds" => "ns",
        other => UNITS.iter().find(|(name, _)| *name == other)?.0,
    };
    let meant = format!("{number}{unit}");
    Time::parse(&meant).is_ok().then_some(meant)
}

impl fmt::Display for Time {
    /// The largest unit that leaves a number of at least one, exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("0ms");
        }
        // Hours and minutes are for reading only: 90s is plainer than 1.5min.
        let (name, unit) = UNITS[2..]
            .iter()
            .find(|(_, unit)| self.0 >= *unit)
            .expect("a nanosecond is the smallest");
        let (whole, part) = (self.0 / unit, self.0 % unit);
        if part == 0 {
            return f.pad(&format!("{whole}{name}"));
        }
        let digits = unit.ilog10() as usize;
        let part = format!("{part:0digits$}");
        f.pad(&format!("{whole}.{}{name}", part.trim_end_matches('0')))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads what is written in a string: what is expected, and how to parse it.
struct Written<T>(&'static str, fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.1(text).map_err(E::custom)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Written("a duration in quotes, like \"5ms\"", Time::parse))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]{1,9})?(ns|us|ms|s|min|h)$",
            "description": "A duration with its unit: 250us, 1.5ms, 5s."
        })
    }
}

/// How long a timer runs: a duration drawn from a range. Written `50ms..100ms`, or `50ms` for
/// exactly that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerRange {
    pub min: Time,
    /// At least `min`.
    pub max: Time,
}

impl TimerRange {
    /// # Panics
    /// If it is empty: the shorter duration comes first.
    pub const fn millis(min: u64, max: u64) -> Self {
        assert!(min <= max, "the shorter duration comes first");
        TimerRange {
            min: Time::from_millis(min),
            max: Time::from_millis(max),
        }
    }

    /// When the first of several timers that are set now may run out.
    pub fn soonest(timers: impl IntoIterator<Item = TimerRange>) -> Time {
        let ends = timers.into_iter().map(|timer| timer.min);
        ends.min().unwrap_or(Time::MAX)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let range = TimerRange {
            min: Time::parse(min.trim())?,
            max: Time::parse(max.trim())?,
        };
        if range.min > range.max {
            return Err(format!(
                "`{text}` is empty: write the shorter duration first"
            ));
        }
        if range.max == Time::ZERO {
            return Err(format!("`{text}` leaves a timer no time to run"));
        }
        Ok(range)
    }

    /// As [`Out::set_timer`](super::actor::Out::set_timer) takes it.
    pub fn durations(self) -> Range<Duration> {
        Duration::from_nanos(self.min.0)..Duration::from_nanos(self.max.0.max(self.min.0 + 1))
    }
}

impl fmt::Display for TimerRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.min)?;
        if self.min == self.max {
            return Ok(());
        }
        write!(f, "..{}", self.max)
    }
}

impl Serialize for TimerRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimerRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "durations in quotes, like \"50ms..100ms\"";
        deserializer.deserialize_str(Written(expected, TimerRange::parse))
    }
}

impl JsonSchema for TimerRange {
    fn schema_name() -> Cow<'static, str> {
        "TimerRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "How long a timer runs: `50ms..100ms`, or `50ms` for exactly that."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_what_they_print() {
        for text in ["1ns", "1.5us", "20ms", "5s", "1.000000001s", "90s"] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Time::parse("2min").unwrap(), Time(120_000_000_000));
    }

    #[test]
    fn bad_times_are_refused() {
        for text in [
            "",
            "5",
            "ms",
            "5 ms",
            "1.5ns",
            "-1s",
            "999999999s",
            "1..2ms",
            "5m",
        ] {
            assert!(Time::parse(text).is_err(), "{text}");
        }
        for text in ["2ms..1ms", "0ms", "1ms..", "..1ms"] {
            assert!(TimerRange::parse(text).is_err(), "{text}");
        }
    }
}
