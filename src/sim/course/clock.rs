//! Clocks that run fast or slow.
//!
//! Invariant: a timer never fires before its node's own clock says so. The time of the run is not
//! known here, only lengths of it.

use crate::model::Time;

const MILLION: i64 = 1_000_000;

/// How long a node's own duration takes, if its clock runs so many parts per million faster than
/// time: rounded up to a whole nanosecond. A clock that stands still or runs backwards is taken
/// for the slowest that does not.
pub fn elapsed(own: Time, drift_ppm: i32) -> Time {
    if drift_ppm == 0 {
        return own;
    }
    let rate = (MILLION + i64::from(drift_ppm)).max(1).unsigned_abs();
    let scaled = u128::from(own.0) * u128::from(MILLION.unsigned_abs());
    let elapsed = scaled.div_ceil(u128::from(rate));
    Time(u64::try_from(elapsed).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fast_clock_fires_early_and_a_slow_one_late() {
        let own = Time::from_millis(100);
        assert_eq!(elapsed(own, 0), own);
        assert_eq!(elapsed(own, 250_000), Time::from_millis(80));
        assert_eq!(elapsed(own, -500_000), Time::from_millis(200));
        assert_eq!(elapsed(own, 1), Time(99_999_901));
        assert_eq!(elapsed(own, -1), Time(100_000_101));
    }

    proptest! {
        #[test]
        fn the_own_clock_has_reached_the_duration_and_only_just(
            own in 0u64..10_000_000_000_000_000,
            ppm in -900_000i32..900_000,
        ) {
            let Time(t) = elapsed(Time(own), ppm);
            let rate = u128::from((MILLION + i64::from(ppm)).unsigned_abs());
            let read = |t: u64| u128::from(t) * rate / 1_000_000;
            prop_assert!(read(t) >= u128::from(own));
            prop_assert!(t == 0 || u128::from(t - 1) * rate < u128::from(own) * 1_000_000);
        }
    }
}
