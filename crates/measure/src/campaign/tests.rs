//! A campaign against something that is no server at all: what the seam asks for is enough.

use std::time::Duration;

use phasegate_model::{Environment, Memory};
use phasegate_model::{Metric, Pinning, Reading, Statistic, Target, TargetServer};
use rustix::process::Pid;

use crate::campaign::error::MeasureError;
use crate::campaign::session::Session;
use crate::subject::{
    Account, Group, Instance, Member, MetricFamily, RoundPlan, Subject, SubjectError, TrialProgress,
};
use crate::times::round::{InFlight, Passes, RoundTimes};
use crate::times::statistics::RoundSeries;

/// Each of its samples takes so many nanoseconds.
struct Steady {
    nanoseconds: u64,
    family: Option<MetricFamily>,
    fails_in_round: Option<u32>,
    target: Target,
    environment: Environment,
}

fn rtt() -> MetricFamily {
    MetricFamily {
        sampled: Metric::Rtt,
        baseline: Metric::Baseline,
        improvement: Metric::Improvement,
        statistics: Statistic::USUAL.to_vec(),
    }
}

fn steady(nanoseconds: u64) -> Steady {
    let server = TargetServer::Running("a watch".to_owned());
    let command = "tick".to_owned();
    let target = Target { server, transport: None, wait: None, command, load: None };
    let environment = Environment::default();
    Steady { nanoseconds, family: Some(rtt()), fails_in_round: None, target, environment }
}

impl Subject for Steady {
    fn target(&self) -> &Target {
        &self.target
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn rounds(&self) -> RoundPlan {
        let passes = Passes { warmup: 0, samples: 10 };
        RoundPlan { count: 3, passes, rate: None, pinning: Pinning::default(), cpu: None }
    }

    fn family(&self) -> Option<MetricFamily> {
        self.family.clone()
    }

    fn begin(
        &self,
        _number: u32,
        _progress: &mut dyn FnMut(TrialProgress),
    ) -> Result<Box<dyn Instance + '_>, SubjectError> {
        Ok(Box::new(Ticking(self)))
    }
}

struct Ticking<'a>(&'a Steady);

impl Instance for Ticking<'_> {
    fn round(
        &mut self,
        round: u32,
        passes: Passes,
        times: &mut RoundTimes,
    ) -> Result<(), SubjectError> {
        if self.0.fails_in_round == Some(round) {
            return Err(SubjectError::Own(format!("it stopped in round {round}").into()));
        }
        times.begin(passes);
        for number in 0..passes.requests() {
            times.note(&InFlight { number, due_ns: 0, sent_ns: 0 }, self.0.nanoseconds);
        }
        times.elapsed = Duration::from_nanos(self.0.nanoseconds * passes.requests());
        Ok(())
    }

    fn process(&self) -> Option<Pid> {
        None
    }

    fn finish(&mut self, samples: &RoundSeries) -> Result<Account, SubjectError> {
        let used = Reading::exact(samples.times().len().into());
        let readings = vec![(Metric::Memory(Memory::Used), used)];
        Ok(Account { readings, anomalies: vec!["it ticks".to_owned()], starts: Vec::new() })
    }
}

fn session(candidate: Steady, baseline: Option<Steady>) -> Session {
    let baseline = baseline.map(|it| Box::new(it) as Box<dyn Subject>);
    Session::new(Box::new(candidate), baseline, None)
}

#[test]
fn a_subject_without_a_floor_has_its_own_readings_and_no_others() {
    let trial = session(steady(1_000), None).trial(1, &mut |_| {}).unwrap();
    let number = |name: &str| trial.readings.get(name.parse().unwrap()).unwrap().number().unwrap();
    assert!(number("rtt.p50").low() <= 1_000.into() && number("rtt.p50").high() >= 1_000.into());
    assert_eq!(number("memory.used").value(), 30.into());
    let names: Vec<String> = trial.readings.iter().map(|(metric, _)| metric.to_string()).collect();
    let strange =
        |name: &&String| ["floor", "headroom", "server"].iter().any(|it| name.starts_with(it));
    assert_eq!(names.iter().find(strange), None);
    assert_eq!(
        (trial.rounds.len(), trial.anomalies.as_slice()),
        (3, ["it ticks".to_owned()].as_slice())
    );
}

#[test]
fn a_subject_without_a_family_keeps_nothing_of_its_samples() {
    let silent = || Steady { family: None, ..steady(1_000) };
    let trial = session(silent(), Some(silent())).trial(1, &mut |_| {}).unwrap();
    assert_eq!(trial.readings.get(Metric::Rtt(Statistic::P50)), None);
    assert_eq!(trial.readings.get(Metric::Improvement(Statistic::P50)), None);
    let baseline = trial.baseline.unwrap();
    assert!(trial.rounds.is_empty() && baseline.rounds.is_empty());
    assert!(trial.rtt_histogram.is_empty() && baseline.rtt_histogram.is_empty());
}

#[test]
fn any_two_subjects_make_pairs() {
    let trial = session(steady(1_000), Some(steady(2_000))).trial(1, &mut |_| {}).unwrap();
    let share = trial.readings.get(Metric::Improvement(Statistic::P50)).unwrap().number().unwrap();
    assert_eq!(share.value().to_string(), "0.5");
    assert_eq!(trial.baseline.unwrap().rounds.len(), 3);
}

#[test]
fn what_happens_to_the_baseline_says_so() {
    let broken = |it| Steady { fails_in_round: Some(2), ..steady(it) };
    let of_baseline = session(steady(1), Some(broken(2))).trial(1, &mut |_| {}).unwrap_err();
    assert_eq!(of_baseline.to_string(), "the baseline: it stopped in round 2");
    let of_candidate = session(broken(1), None).trial(1, &mut |_| {}).unwrap_err();
    assert!(matches!(of_candidate, MeasureError::Subject(_)), "{of_candidate}");
}

struct Both([Steady; 2]);

impl Group for Both {
    fn begin(&mut self) -> Result<(), SubjectError> {
        Ok(())
    }

    fn members(&self) -> Vec<Member<'_>> {
        let member =
            |(name, it): (&str, _)| Member { name: name.into(), candidate: it, baseline: None };
        let [fast, slow] = &self.0;
        vec![member(("fast", fast)), member(("slow", slow))]
    }
}

#[test]
fn of_a_group_the_worst_counts() {
    let group = Box::new(Both([steady(1_000), steady(9_000)]));
    let mut session = Session::new(Box::new(steady(1)), None, Some(group));
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let p50 = trial.readings.get(Metric::Rtt(Statistic::P50)).unwrap().number().unwrap();
    assert!(p50.value() > 8_000.into());
    let nodes: Vec<&str> = trial.nodes.iter().map(|node| node.address.as_str()).collect();
    assert_eq!(nodes, ["fast", "slow"]);
    assert_eq!(trial.anomalies, ["fast: it ticks", "slow: it ticks"]);
}
