//! Seeds as they are asked for: named, or drawn.
//!
//! This is the one place where chance comes from the machine. Only the first seed is drawn, and it is
//! told: whatever comes of it can be repeated.

use rand::TryRng;
use rand::rngs::SysRng;

use super::edge::{SEEDS_MAX, Seeds};
use super::{Failure, words};

/// What stands in front of a number of seeds to be drawn.
const RANDOM: &str = "random:";

/// The first seed is drawn from so many bits: every seed stays a number that readers of JSON hold exactly.
const BITS: u32 = 52;

/// The seeds that `--seeds` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Named(Seeds),
    /// So many in a row, from one that is drawn.
    Random(u64),
}

impl Wanted {
    /// Reads `1..100`, `7` or `random:1000`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(number) = text.strip_prefix(RANDOM) else {
            return Seeds::parse(text).map(Wanted::Named);
        };
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        match number.parse() {
            Ok(0) => Err(format!(
                "`{text}` draws no seeds: write at least `random:1`"
            )),
            Ok(n) if digits && n <= SEEDS_MAX => Ok(Wanted::Random(n)),
            Ok(_) if digits => Err(format!("`{text}` is more than {SEEDS_MAX} seeds")),
            _ => Err(format!(
                "`{text}` does not say how many seeds to draw: write `random:1000`"
            )),
        }
    }

    /// The seeds, drawn if that is wanted.
    pub fn seeds(self) -> Result<Seeds, Failure> {
        let number = match self {
            Wanted::Named(seeds) => return Ok(seeds),
            Wanted::Random(number) => number,
        };
        let drawn = SysRng.try_next_u64().map_err(|error| {
            Failure::new(
                format!("this machine gives no random numbers: {error}"),
                "name the seeds: `--seeds 1..1000`",
            )
        })?;
        let first = drawn >> (u64::BITS - BITS);
        Ok(Seeds::from(first, number))
    }

    /// Where the seeds come from, if that is not what was typed.
    pub fn origin(self, command: &str, seeds: Seeds, file: &str) -> Option<String> {
        match self {
            Wanted::Named(_) => None,
            Wanted::Random(_) => Some(format!(
                "Drawn: seeds {seeds}. The same again: {} {command} {file} --seeds {seeds}",
                words::program()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BITS, SEEDS_MAX, Wanted};

    #[test]
    fn as_many_seeds_are_drawn_as_are_asked_for() {
        for number in [1, 1000, SEEDS_MAX] {
            let wanted = Wanted::parse(&format!("random:{number}")).unwrap();
            let seeds = wanted.seeds().unwrap();
            assert_eq!(seeds.count(), number);
            assert!(*seeds.iter().start() < 1 << BITS);
            // What is told reads back as the same seeds.
            assert_eq!(Wanted::parse(&seeds.to_string()), Ok(Wanted::Named(seeds)));
        }
    }

    #[test]
    fn what_is_no_number_of_seeds_is_refused() {
        for text in [
            "random:0",
            "random:",
            "random:x",
            "random:+5",
            "random:1000001",
            "random:99999999999999999999999",
        ] {
            assert!(Wanted::parse(text).is_err(), "{text}");
        }
    }
}
