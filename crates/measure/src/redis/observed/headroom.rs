//! `headroom.*`: the share of the round trip that work on the server could gain at most.

use phasegate_model::{Headroom, Load, Metric, MissingReason, Reading, Readings, Statistic};

use crate::redis::observed::readings::EXEC_MEAN;
use crate::times::quotient::{PLACES, missing_as, not_measured, of_zero, one_minus};

/// All `headroom.*` readings: `1 - floor / rtt`, negative where chance put the floor above the round
/// trip, and the command's own share. They come from the readings of the same trial that they are
/// quotients of. One that lacks either of its two is missing for the same reason.
pub(crate) fn readings(of: &Readings, load: &Load) -> Vec<(Metric, Reading)> {
    let get = |metric| of.get(metric).cloned().unwrap_or_else(not_measured);
    let above = |statistic| one_minus(&get(Metric::Floor(statistic)), &get(Metric::Rtt(statistic)));
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

/// `server.exec.mean / rtt.mean`: the command's own share of the mean round trip.
fn exec(execution: &Reading, rtt_mean: &Reading) -> Reading {
    match (execution.number(), rtt_mean.number()) {
        (Some(part), Some(whole)) => part
            .value()
            .checked_div(whole.value())
            .map_or_else(of_zero, |share| Reading::exact(share.round_dp(PLACES))),
        (None, _) => missing_as(execution),
        (_, None) => missing_as(rtt_mean),
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::Decimal;

    use super::*;

    #[test]
    fn a_share_without_one_of_its_two_is_missing_for_the_same_reason() {
        let number = Reading::exact(10_000.into());
        let refused = Reading::missing(MissingReason::Refused, "NOPERM");
        assert_eq!(exec(&refused, &number), refused);
        assert_eq!(exec(&number, &refused), refused);
        assert_eq!(exec(&number, &Reading::exact(0.into())), of_zero());
    }

    #[test]
    fn the_commands_share_is_of_the_mean_round_trip() {
        let share = exec(&Reading::exact(350.into()), &Reading::exact(10_000.into()));
        assert_eq!(share, Reading::exact(Decimal::new(35, 3)));
    }
}
