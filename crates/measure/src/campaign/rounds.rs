//! All rounds of a trial, and the floor rounds between them.

use crate::campaign::error::MeasureError;
use crate::campaign::pair::Partner;
use crate::floor::process::{FloorFailure, StandInProcess};
use crate::machine::env::Preemptions;
use crate::subject::{Instance, RoundPlan, TrialProgress};
use crate::times::round::{Passes, RoundTimes};
use crate::times::statistics::{RoundSeries, time};

/// What is measured in a trial: a subject that is ready, and what stands in for it.
pub(crate) struct Rounds<'a> {
    pub(crate) plan: RoundPlan,
    pub(crate) instance: &'a mut dyn Instance,
    /// The stand-in, if there are floor rounds.
    pub(crate) stand_in: Option<&'a mut StandInProcess>,
}

/// What the rounds gave.
pub(crate) struct Sampled {
    /// The subject's samples.
    pub(crate) samples: RoundSeries,
    /// Round trips to the stand-in, if there were floor rounds.
    pub(crate) floor: Option<RoundSeries>,
    /// How often the client lost its CPU in the rounds, floor rounds not counted.
    pub(crate) preemptions: Preemptions,
}

impl Rounds<'_> {
    /// Makes all rounds. Before or after each comes one of the `partner`, if there is one, and after
    /// both a floor round, so that whatever changes the machine's pace changes that of all.
    pub(crate) fn make(
        mut self,
        mut partner: Option<&mut Partner<'_>>,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Sampled, MeasureError> {
        let RoundPlan { count: of, passes, rate, .. } = self.plan;
        let mut samples = RoundSeries::new().map_err(MeasureError::bug)?;
        let mut floor = match self.stand_in {
            Some(_) => Some(RoundSeries::new().map_err(MeasureError::bug)?),
            None => None,
        };
        let mut preemptions = Preemptions::none_yet();
        let mut times = RoundTimes::new(rate).map_err(MeasureError::bug)?;
        progress(TrialProgress::Rounds { done: 0, of, p99: None });
        for round in 1..=of {
            if let Some(partner) = &mut partner {
                partner.take_turn(round, true)?;
            }
            preemptions.count(|| self.instance.round(round, passes, &mut times))?;
            samples.add(&times).map_err(MeasureError::bug)?;
            if let Some(partner) = &mut partner {
                partner.take_turn(round, false)?;
            }
            if let Some(floor) = &mut floor {
                self.floor_round(round, passes.of_floor(), &mut times)?;
                floor.add(&times).map_err(MeasureError::bug)?;
            }
            let p99 = Some(time(samples.times().value_at_quantile(0.99).into()));
            progress(TrialProgress::Rounds { done: round, of, p99 });
        }
        Ok(Sampled { samples, floor, preemptions })
    }

    fn floor_round(
        &mut self,
        round: u32,
        passes: Passes,
        times: &mut RoundTimes,
    ) -> Result<(), MeasureError> {
        let Some(stand_in) = &mut self.stand_in else { return Ok(()) };
        let made = self.instance.floor_round(stand_in.listening(), passes, times);
        made.map_err(|failure| match failure {
            FloorFailure::Interrupted => MeasureError::Interrupted,
            FloorFailure::Ended(words) => stand_in.explain(round, words).into(),
        })
    }
}
