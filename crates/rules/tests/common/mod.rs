//! Evidence made by hand, for the tests of this crate.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "tests")]

use phasegate_model::{
    End, Environment, Evidence, Metric, Pinning, Plan, Reading, Readings, Target, TargetServer,
    Transport, Trial, Until, Wait,
};
use phasegate_rules::{Matrix, Source, parse_plan};

pub(crate) const PHASE_3A: &str = include_str!("../../../../rules/phases/3a.toml");
pub(crate) const ALLOCATOR: &str = include_str!("../../../../rules/allocator.toml");

/// The plan of phase 3A without what it predicts.
pub(crate) fn silent_plan() -> String {
    let (before, predictions) = PHASE_3A.split_once("# What was said before").unwrap();
    let (_, after) = predictions.split_once("[[next_option]]").unwrap();
    format!("{before}[[next_option]]{after}")
}

pub(crate) fn source(text: &str) -> Source {
    Source { name: "matrix.toml".to_owned(), text: text.to_owned() }
}

pub(crate) fn matrix(text: &str) -> Matrix {
    Matrix::parse(&source(text)).unwrap()
}

/// A matrix of these rows, in the tables' format.
pub(crate) fn matrix_of(rows: &str) -> Matrix {
    matrix(&format!("schema = 1\n[matrix]\nid = \"t\"\ntitle = \"t\"\n{rows}"))
}

pub(crate) fn readings(pairs: &[(&str, &str)]) -> Readings {
    let mut readings = Readings::default();
    for (name, text) in pairs {
        let metric: Metric = name.parse().unwrap();
        readings.insert(metric, Reading::parse(metric, text).unwrap()).unwrap();
    }
    readings
}

/// The plan, until every row is decided.
pub(crate) fn until_rows(mut plan: Plan) -> Plan {
    plan.measure.until = Until::Rows;
    plan
}

/// Evidence of phase 3A with these trials.
pub(crate) fn evidence(trials: impl IntoIterator<Item = Readings>) -> Evidence {
    let time = "2026-11-23T05:00:00Z".parse().unwrap();
    let trial = |(at, readings)| Trial {
        number: u32::try_from(at).unwrap() + 1,
        started_at: time,
        duration_ms: 1000,
        pinned: Pinning::default(),
        readings,
        rounds: Vec::new(),
        rtt_histogram: String::new(),
        starts: Vec::new(),
        floor_rounds: Vec::new(),
        floor_histogram: None,
        service_histogram: None,
        slip_histogram: None,
        baseline: None,
        cpu: None,
        nodes: Vec::new(),
        anomalies: Vec::new(),
    };
    Evidence {
        schema: Evidence::SCHEMA,
        tool: "test".to_owned(),
        started_at: time,
        ended_at: time,
        end: End::TrialsSpent,
        plan: until_rows(parse_plan(&source(&silent_plan())).unwrap()),
        target: Target {
            server: TargetServer::Started("redis-server".to_owned()),
            transport: Some(Transport::Unix),
            wait: Some(Wait::Spin),
            command: "GET of an existing key".to_owned(),
            load: None,
        },
        environment: Environment::default(),
        trials: trials.into_iter().enumerate().map(trial).collect(),
        previous: None,
        earlier_runs: None,
        continues: None,
        spread: None,
        baseline: None,
    }
}
