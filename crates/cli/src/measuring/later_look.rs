//! A later look at what is owed: what a server or evidence says of each condition.

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use phasegate_history::OpenObligation;
use phasegate_measure::{Contenders, Endpoint, MeasureError, ServerSource, observe};
use phasegate_model::{
    Domain, Evidence, Finding, Kind, Metric, MissingReason, Reading, Readings, Rule, Summary,
    TargetServer, Verdict,
};
use phasegate_report::{Forecast, forecast};
use phasegate_rules::{Background, judge};

use crate::args::{RevisitArgs, Verbosity};
use crate::input::asserted::assert_facts;
use crate::input::files::evidence_in;
use crate::measuring::campaign::{CampaignSubjects, trials_until};
use crate::measuring::servers;
use crate::output::streams::{say, told};
use crate::program::now;
use crate::recorded::open_obligations::{EarlierReading, EntryObligations, ObligationsAndReadings};

/// A later reading: who is asked, and when it said so.
pub(crate) struct LaterReading {
    /// The server's address without secrets, or the evidence file's name.
    pub(crate) server: String,
    /// When it said so.
    pub(crate) at: DateTime<Utc>,
    asked: Asked,
}

enum Asked {
    Server { address: Endpoint, info: Box<Readings> },
    Evidence(Box<Evidence>),
}

/// What became of an obligation.
pub(crate) struct JudgedObligation<'o> {
    pub(crate) open: &'o OpenObligation,
    pub(crate) verdict: Verdict,
    /// When it will be due; only of one that isn't.
    pub(crate) forecast: Option<Forecast>,
    /// The readings that the forecast is made from, this one included.
    pub(crate) counted: usize,
    /// Earlier readings that have no say in it, because they are of another server.
    pub(crate) elsewhere: Vec<&'o EarlierReading>,
}

impl LaterReading {
    /// Asks the server for its INFO, or reads the evidence.
    pub(crate) fn take(args: &RevisitArgs, verbosity: Verbosity) -> anyhow::Result<Self> {
        if let Some(path) = &args.evidence {
            return Self::of_evidence(path);
        }
        let address = servers::running(args.url.as_deref(), &args.tls, verbosity)?
            .context("nobody is named who could tell; give --url, REDIS_URL or --evidence")?;
        let info = observe(&address)?;
        Ok(Self {
            server: address.to_string(),
            at: now(),
            asked: Asked::Server { address, info: Box::new(info) },
        })
    }

    fn of_evidence(path: &Path) -> anyhow::Result<Self> {
        let evidence = evidence_in(path)?;
        let server = match &evidence.target.server {
            TargetServer::Running(address) | TargetServer::Restarted(address) => address.clone(),
            // Nobody can ask these once more, so that they go by the name of the file.
            TargetServer::Started(_) | TargetServer::Imported(_) | TargetServer::Command(_) => {
                path.display().to_string()
            }
        };
        Ok(Self { server, at: evidence.started_at, asked: Asked::Evidence(Box::new(evidence)) })
    }

    /// When its readings were made, if that is another time than now.
    pub(crate) const fn read_at(&self) -> Option<DateTime<Utc>> {
        match self.asked {
            Asked::Evidence(_) => Some(self.at),
            Asked::Server { .. } => None,
        }
    }

    /// What became of each obligation, in their order.
    pub(crate) fn judge<'o>(
        &self,
        ledger: &'o ObligationsAndReadings,
        args: &RevisitArgs,
        verbosity: Verbosity,
    ) -> anyhow::Result<Vec<JudgedObligation<'o>>> {
        let mut judged = Vec::new();
        for owed in &ledger.owed {
            let verdicts = self.verdicts(owed, args, verbosity)?;
            let of = owed.open.iter().zip(verdicts);
            judged.extend(of.map(|(open, verdict)| self.judged(open, verdict, &ledger.earlier)));
        }
        Ok(judged)
    }

    fn judged<'o>(
        &self,
        open: &'o OpenObligation,
        verdict: Verdict,
        earlier: &'o [EarlierReading],
    ) -> JudgedObligation<'o> {
        let mut judged =
            JudgedObligation { open, verdict, forecast: None, counted: 0, elsewhere: Vec::new() };
        let Some(margin) =
            judged.verdict.margin.as_ref().filter(|_| judged.verdict.finding == Finding::NotMet)
        else {
            return judged;
        };
        for change in &margin.changes {
            let concerned = |earlier: &&EarlierReading| {
                earlier.metric == change.metric && earlier.entry >= open.entry
            };
            let mut points = vec![(self.at, change.from.amount())];
            for earlier in earlier.iter().filter(concerned) {
                // A line from one server to another would be growth that never was.
                if earlier.server == self.server {
                    points.push((earlier.at, earlier.value));
                } else {
                    judged.elsewhere.push(earlier);
                }
            }
            judged.counted = judged.counted.max(points.len());
            let expected = forecast(&points, change.to.amount());
            judged.forecast = Some(judged.forecast.map_or(expected, |last| later(last, expected)));
        }
        judged
    }

    /// What is said of the obligations of one entry, by the plan and at the error rate of then.
    fn verdicts(
        &self,
        owed: &EntryObligations,
        args: &RevisitArgs,
        verbosity: Verbosity,
    ) -> anyhow::Result<Vec<Verdict>> {
        let conditions: Vec<&str> =
            owed.open.iter().map(|open| open.obligation.condition.as_str()).collect();
        let mut plan = owed.evidence.as_ref().map(|evidence| evidence.plan.clone());
        if let Some(plan) = &mut plan {
            assert_facts(&mut plan.facts, &args.facts.facts);
        }
        let background = Background {
            plan: plan.as_ref(),
            day: self.at.date_naive(),
            previous: match &self.asked {
                Asked::Evidence(evidence) => evidence.previous.as_ref(),
                Asked::Server { .. } => None,
            },
            rule: Rule::CURRENT,
        };
        let by = |trials: &[&Readings]| judge(&conditions, owed.error_rate, &background, trials);
        let (address, info) = match &self.asked {
            Asked::Evidence(evidence) => {
                let trials: Vec<&Readings> =
                    evidence.trials.iter().map(|trial| &trial.readings).collect();
                return Ok(by(&trials));
            }
            Asked::Server { address, info } => (address, info),
        };
        let at_a_glance = by(&[info]);
        let sampled = sampled_metrics(&at_a_glance);
        // Trials cost a live server its time, so they are made only for what INFO can't tell.
        if sampled.is_empty() {
            return Ok(at_a_glance);
        }
        // All of these are of pairs, which no trial of this one server would tell.
        let found = if sampled.iter().copied().all(Metric::is_of_pair) {
            Err(Ok(NO_BASELINE.to_owned()))
        } else {
            measured(address, owed, args, verbosity, &by)
        };
        let why = match found {
            Ok(mut trials) => {
                for metric in sampled.iter().copied().filter(|it| it.is_of_pair()) {
                    let missing = Reading::missing(MissingReason::NotMeasured, NO_BASELINE);
                    for trial in &mut trials {
                        trial.readings.insert(metric, missing.clone())?;
                    }
                }
                let trials: Vec<&Readings> = trials.iter().map(|trial| &trial.readings).collect();
                let voted = by(&trials).into_iter().zip(at_a_glance);
                // What INFO alone tells needs no votes.
                return Ok(voted
                    .map(|(voted, glance)| if is_sampled(&glance) { voted } else { glance })
                    .collect());
            }
            Err(why) => why?,
        };
        let mut readings = Readings::clone(info);
        for metric in sampled {
            readings.insert(metric, Reading::missing(MissingReason::NotMeasured, why.clone()))?;
        }
        Ok(by(&[&readings]))
    }
}

/// A few trials by the plan of then; an error is why there are none, or an end of everything.
fn measured(
    address: &Endpoint,
    owed: &EntryObligations,
    args: &RevisitArgs,
    verbosity: Verbosity,
    verdicts: &dyn Fn(&[&Readings]) -> Vec<Verdict>,
) -> Result<Vec<phasegate_model::Trial>, anyhow::Result<String>> {
    if args.info_only {
        return Err(Ok("only INFO was asked for".to_owned()));
    }
    let Some(plan) = owed.evidence.as_ref().map(|evidence| &evidence.plan) else {
        return Err(Ok("a document has no plan to measure by".to_owned()));
    };
    let most = args.trials.min(plan.measure.trials).get();
    if verbosity > Verbosity::Quiet {
        say(&format!(
            "measuring {address} by the plan of phase {}, for what INFO doesn't tell",
            plan.phase
        ));
    }
    let began = Instant::now();
    let mut enough = |trials: &[phasegate_model::Trial]| {
        let readings: Vec<&Readings> = trials.iter().map(|trial| &trial.readings).collect();
        let open = |verdict: &Verdict| matches!(verdict.finding, Finding::Undecided(_));
        began.elapsed() >= plan.measure.budget.duration()
            || !verdicts(&readings).iter().any(|verdict| is_sampled(verdict) && open(verdict))
    };
    let subjects = CampaignSubjects::Servers(Box::new(Contenders::from(&ServerSource::Running(
        address.clone(),
    ))));
    let what = format!("phase {}", plan.phase);
    trials_until(&subjects, plan, most, &what, verbosity, &mut enough).map_err(|error| {
        match error.downcast_ref::<MeasureError>() {
            // Ctrl-C ends the command; any other failure only leaves these readings unknown.
            Some(MeasureError::Interrupted) => Err(error),
            _ => Ok(told(&error)),
        }
    })
}

/// Why there is no reading of what is measured in pairs, which takes minutes and a second server.
const NO_BASELINE: &str =
    "a revisit asks one server and compares it with none; `phasegate run` measures in pairs";

fn is_sampled(verdict: &Verdict) -> bool {
    verdict.readings.iter().any(|summary| summary.metric.kind() == Kind::Sampled)
}

fn sampled_metrics(verdicts: &[Verdict]) -> Vec<Metric> {
    let metrics = verdicts.iter().flat_map(|verdict| &verdict.readings);
    metrics.map(|summary| summary.metric).filter(|it| it.kind() == Kind::Sampled).collect()
}

/// The later of two times to wait for both.
fn later(one: Forecast, other: Forecast) -> Forecast {
    let rank = |forecast: Forecast| match forecast {
        Forecast::Reached => 0,
        Forecast::At(_) => 1,
        Forecast::NotBefore(_) => 2,
        Forecast::TooFewReadings => 3,
        Forecast::Never => 4,
    };
    match (one, other) {
        (Forecast::At(one), Forecast::At(other)) => Forecast::At(one.max(other)),
        (Forecast::NotBefore(one), Forecast::NotBefore(other)) => {
            Forecast::NotBefore(one.max(other))
        }
        _ if rank(one) >= rank(other) => one,
        _ => other,
    }
}

/// What was read of the metrics that the conditions name: of numbers the median.
pub(crate) fn readings_of(judged: &[JudgedObligation<'_>]) -> Readings {
    let mut readings = Readings::default();
    for summary in judged.iter().flat_map(|judged| &judged.verdict.readings) {
        let reading = match (&summary.summary, summary.metric.domain()) {
            (Summary::Number { median, .. }, Domain::Number(_)) => {
                Some(Reading::exact(median.amount()))
            }
            (Summary::Text { values, .. }, _) => {
                values.last().and_then(|text| Reading::parse(summary.metric, text).ok())
            }
            (Summary::Missing { why }, _) => Some(Reading::Missing(why.clone())),
            _ => None,
        };
        if let Some(reading) = reading {
            // A summary's reading fits its metric.
            let _ = readings.insert(summary.metric, reading);
        }
    }
    readings
}
