//! The seam: what a campaign needs of anything that can be measured.
//!
//! A call across it is made once a round, never once a sample: between two clock readings there is
//! the subject's own concrete code, and no dispatch.

use std::error::Error;
use std::time::Duration;

use phasegate_model::{
    Environment, Extent, Metric, Missing, MissingReason, Pinning, Quantity, Rate, Reading,
    Readings, Start, Statistic, Target,
};
use rustix::process::Pid;

use crate::floor::process::{Floor, FloorFailure, Listening};
use crate::machine::affinity::PinError;
use crate::times::round::{Passes, RoundTimes};
use crate::times::statistics::RoundSeries;

/// What a trial is doing. Told between rounds, never inside a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialProgress {
    /// A server is being started, or the running one connected to.
    Starting,
    /// The dataset is being written.
    Filling {
        /// How large it is, as the server tells it or about so.
        dataset: Quantity,
        /// How large it is to be.
        goal: Extent,
    },
    /// Rounds are being made.
    Rounds {
        /// How many are done.
        done: u32,
        /// How many there are.
        of: u32,
        /// The 99th percentile of all samples of this trial so far.
        p99: Option<Quantity>,
    },
    /// Both of a pair are being asked for the CPU time of their requests. Told before the first
    /// request that counts and after the last one.
    CpuTime {
        /// Requests to each of the two that were sent.
        done: u64,
        /// How many there are to be.
        of: u64,
    },
}

/// What is measured, after it was looked at and found to be there.
pub(crate) trait Subject: Send {
    /// What it is, and how it is reached.
    fn target(&self) -> &Target;

    /// The machine and the subject, as far as they can be told.
    fn environment(&self) -> &Environment;

    /// How its trials are made.
    fn rounds(&self) -> RoundPlan;

    /// What its samples are readings of. Without a family, a trial keeps neither readings nor
    /// histograms of them: the instance's account says all.
    fn family(&self) -> Option<MetricFamily>;

    /// Whether something can stand in for it. Without one, its trials have no `floor.*` at all.
    fn floor(&self) -> Option<&Floor> {
        None
    }

    /// Fails if it is no longer the subject of the beginning, whose trials can't be counted together
    /// with those of another one.
    fn is_still_there(&self) -> Result<(), SubjectError> {
        Ok(())
    }

    /// Makes it ready for the trial of this number: starts, restarts, connects, fills.
    fn begin(
        &self,
        number: u32,
        progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Box<dyn Instance + '_>, SubjectError>;

    /// What follows from a trial's other readings and from what the baseline says of itself.
    fn derived(&self, _of: &Readings, _baseline: Option<&Account>) -> Vec<(Metric, Reading)> {
        Vec::new()
    }
}

/// A subject in one trial. Dropping it stops whatever was started.
pub(crate) trait Instance {
    /// Last before the rounds, when the calling thread is on the client's CPU.
    fn before_rounds(&mut self) -> Result<(), SubjectError> {
        Ok(())
    }

    /// Makes one round. What was in `times` before is gone.
    fn round(
        &mut self,
        round: u32,
        passes: Passes,
        times: &mut RoundTimes,
    ) -> Result<(), SubjectError>;

    /// What a stand-in has to answer; nothing if no stand-in can know it.
    fn reply(&self) -> Option<&[u8]> {
        None
    }

    /// Makes a round like any other with the stand-in that listens there. Called only if there is a
    /// [`Self::reply`].
    fn floor_round(
        &mut self,
        _at: &Listening,
        _passes: Passes,
        _times: &mut RoundTimes,
    ) -> Result<(), FloorFailure> {
        Ok(())
    }

    /// Makes it ready to be asked for nothing but the CPU time of its requests, within about
    /// `limit`, or says why that can't be known.
    fn cpu_work(
        &mut self,
        _limit: Duration,
    ) -> Result<Result<Box<dyn CpuWork + '_>, Missing>, SubjectError> {
        let (reason, detail) = (MissingReason::NotMeasured, String::new());
        Ok(Err(Missing { reason, detail }))
    }

    /// Its process, if it is ours.
    fn process(&self) -> Option<Pid>;

    /// What it says of itself once all rounds are made.
    fn finish(&mut self, samples: &RoundSeries) -> Result<Account, SubjectError>;
}

/// A subject that is asked in short blocks for the CPU time of its requests.
pub(crate) trait CpuWork {
    /// How many requests are under way at once.
    fn at_once(&self) -> u64;

    /// Sends so many requests, and waits for all their replies. The client sleeps meanwhile.
    fn send(&mut self, requests: u64) -> Result<(), SubjectError>;

    /// After the warm-up, before the first block that counts. Says why the CPU time of its main
    /// thread wouldn't be that of its requests.
    fn begin(&mut self) -> Result<Option<Missing>, SubjectError>;

    /// What names the process that serves: the same for two subjects that are one. Known after
    /// [`Self::begin`].
    fn identity(&self) -> Option<&str>;

    /// The CPU time of its main thread so far, as it tells itself.
    fn told(&mut self) -> Result<Result<Duration, Missing>, SubjectError>;

    /// After the last block. Says what else took CPU time since the beginning.
    fn end(&mut self) -> Result<Option<Missing>, SubjectError>;
}

/// How a subject's trials are made.
#[derive(Clone, Copy)]
pub(crate) struct RoundPlan {
    /// How many rounds a trial has.
    pub(crate) count: u32,
    /// What each of them times.
    pub(crate) passes: Passes,
    /// The rate of an open loop.
    pub(crate) rate: Option<Rate>,
    /// The CPUs that subject and client are to be on.
    pub(crate) pinning: Pinning,
    /// For how long at most a pair is asked for the CPU time of its requests, if it is.
    pub(crate) cpu: Option<Duration>,
}

/// The metrics that samples are readings of: alone, of a baseline, and in a pair.
#[derive(Clone)]
pub(crate) struct MetricFamily {
    pub(crate) sampled: fn(Statistic) -> Metric,
    pub(crate) baseline: fn(Statistic) -> Metric,
    pub(crate) improvement: fn(Statistic) -> Metric,
    /// What is read of each.
    pub(crate) statistics: Vec<Statistic>,
}

/// What an instance says of itself.
pub(crate) struct Account {
    /// Its own readings, beside those of its samples.
    pub(crate) readings: Vec<(Metric, Reading)>,
    /// What went wrong without ending the trial.
    pub(crate) anomalies: Vec<String>,
    /// Of a command, its starts.
    pub(crate) starts: Vec<Start>,
}

/// Several subjects that each trial measures one after the other, and of which the worst counts:
/// the nodes of a cluster.
pub(crate) trait Group: Send {
    /// Before each trial: makes the members ready as far as it concerns all of them.
    fn begin(&mut self) -> Result<(), SubjectError>;

    /// Who they are by now. There is at least one.
    fn members(&self) -> Vec<Member<'_>>;
}

/// One of a group, with what it is compared with.
pub(crate) struct Member<'a> {
    /// How the evidence names it.
    pub(crate) name: String,
    pub(crate) candidate: &'a dyn Subject,
    pub(crate) baseline: Option<&'a dyn Subject>,
}

/// Why a subject was not measured. What is only possible with one kind of subject is an error of
/// that kind's own room.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubjectError {
    /// The caller's flag was raised.
    #[error("interrupted")]
    Interrupted,
    /// A CPU can't be had.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// Of a group, it happened to what its members are compared with.
    #[error("{0}")]
    Baseline(Box<SubjectError>),
    /// Something that can't happen has.
    #[error("{0}")]
    Bug(String),
    /// The subject's own.
    #[error(transparent)]
    Own(Box<dyn Error + Send + Sync>),
}

impl SubjectError {
    /// What happened to what a group's members are compared with.
    pub(crate) fn of_baseline(self) -> Self {
        Self::Baseline(Box::new(self))
    }
}
