//! Evidence made by hand, for the tests of this crate.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "tests")]
#![allow(clippy::cast_precision_loss, reason = "simulation")]

use phasegate_model::{
    End, Environment, Evidence, Metric, Plan, Reading, Readings, Target, TargetServer, Transport,
    Trial, Until, Wait,
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
    let trial =
        |(at, readings)| Trial::of_readings(u32::try_from(at).unwrap() + 1, time, 1000, readings);
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

/// `SplitMix64`: small, and the same everywhere.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }
}
