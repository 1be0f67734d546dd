//! `headroom.*`: the share of the round trip that work on the server could gain at most.

use phasegate_model::{
    Decimal, Headroom, Load, Measured, Metric, MissingReason, Reading, Readings, Statistic,
};

use crate::readings::EXEC_MEAN;

/// How many decimal places a share is given to: hundredths of a percent.
const PLACES: u32 = 4;

/// All `headroom.*` readings, from the readings of the same trial that they are quotients of. One
/// that lacks either of its two is missing for the same reason.
pub(crate) fn readings(of: &Readings, load: &Load) -> Vec<(Metric, Reading)> {
    let get = |metric| of.get(metric).cloned().unwrap_or_else(not_measured);
    let above =
        |statistic| above_floor(&get(Metric::Floor(statistic)), &get(Metric::Rtt(statistic)));
    let exec = if load.is_one_at_a_time() {
        exec(&get(EXEC_MEAN), &get(Metric::Rtt(Statistic::Mean)))
    } else {
        Reading::missing(MissingReason::Meaningless, IN_A_QUEUE)
    };
    [
        (Headroom::Mean, above(Statistic::Mean)),
        (Headroom::P50, above(Statistic::P50)),
        (Headroom::P99, above(Statistic::P99)),
        (Headroom::Exec, exec),
    ]
    .map(|(headroom, reading)| (Metric::Headroom(headroom), reading))
    .to_vec()
}

/// The command's share of a round trip bounds what a faster command could gain only if no request
/// waits for another one to be done.
const IN_A_QUEUE: &str = "with several requests under way they wait for one another, and a faster \
                          command could gain more than its share";

fn not_measured() -> Reading {
    Reading::missing(MissingReason::NotMeasured, "")
}

/// `1 - floor / rtt`. It is negative where chance put the floor above the round trip, and known as
/// well as the buckets of both.
fn above_floor(floor: &Reading, rtt: &Reading) -> Reading {
    let (floor, rtt) = match (floor.number(), rtt.number()) {
        (Some(floor), Some(rtt)) => (floor, rtt),
        (None, _) => return missing_as(floor),
        (_, None) => return missing_as(rtt),
    };
    let above = |floor: Decimal, rtt: Decimal| Some(Decimal::ONE - floor.checked_div(rtt)?);
    let low = above(floor.high(), rtt.low());
    let value = above(floor.value(), rtt.value());
    let high = above(floor.low(), rtt.high());
    // What holds the exact share must hold the rounded one as well, so the ends are rounded alike.
    let places = |share: Option<Decimal>| share.map(|share| share.round_dp(PLACES).normalize());
    match (places(low), places(value), places(high)) {
        (Some(low), Some(value), Some(high)) => Measured::within(low, value, high)
            .map_or_else(|| Reading::exact(value), Reading::Number),
        _ => zero(),
    }
}

/// `server.exec.mean / rtt.mean`: the command's own share of the mean round trip.
fn exec(execution: &Reading, rtt_mean: &Reading) -> Reading {
    match (execution.number(), rtt_mean.number()) {
        (Some(part), Some(whole)) => part
            .value()
            .checked_div(whole.value())
            .map_or_else(zero, |share| Reading::exact(share.round_dp(PLACES))),
        (None, _) => missing_as(execution),
        (_, None) => missing_as(rtt_mean),
    }
}

fn zero() -> Reading {
    Reading::missing(MissingReason::Unreadable, "the round trip is zero")
}

fn missing_as(reading: &Reading) -> Reading {
    match reading {
        Reading::Missing(missing) => Reading::Missing(missing.clone()),
        _ => not_measured(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(low: u64, value: u64, high: u64) -> Reading {
        Reading::Number(Measured::within(low.into(), value.into(), high.into()).unwrap())
    }

    fn shown(reading: &Reading) -> String {
        match reading {
            Reading::Number(number) => {
                format!("{} in {}..{}", number.value(), number.low(), number.high())
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn headroom_is_what_lies_above_the_floor() {
        let exact = |nanoseconds: u64| Reading::exact(nanoseconds.into());
        assert_eq!(shown(&above_floor(&exact(9_500), &exact(10_000))), "0.05 in 0.05..0.05");
        assert_eq!(shown(&above_floor(&exact(2_500), &exact(10_000))), "0.75 in 0.75..0.75");
    }

    #[test]
    fn headroom_is_known_as_well_as_both_buckets() {
        let share = above_floor(&bucket(9_528, 9_535, 9_535), &bucket(9_928, 9_935, 9_935));
        // 1 - 9535/9928, 1 - 9535/9935, 1 - 9528/9935
        assert_eq!(shown(&share), "0.0403 in 0.0396..0.041");
    }

    #[test]
    fn a_floor_above_the_round_trip_is_told_as_it_is() {
        let share = above_floor(&bucket(10_200, 10_207, 10_207), &bucket(10_000, 10_007, 10_007));
        assert_eq!(shown(&share), "-0.02 in -0.0207..-0.0193");
    }

    #[test]
    fn a_share_without_one_of_its_two_is_missing_for_the_same_reason() {
        let number = Reading::exact(10_000.into());
        let refused = Reading::missing(MissingReason::Refused, "NOPERM");
        for share in [above_floor, exec] {
            assert_eq!(share(&refused, &number), refused);
            assert_eq!(share(&number, &refused), refused);
            assert!(matches!(share(&number, &Reading::exact(0.into())), Reading::Missing(_)));
        }
    }

    #[test]
    fn the_commands_share_is_of_the_mean_round_trip() {
        let share = exec(&Reading::exact(350.into()), &Reading::exact(10_000.into()));
        assert_eq!(share, Reading::exact(Decimal::new(35, 3)));
    }
}
