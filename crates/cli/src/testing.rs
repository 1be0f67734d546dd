//! Decisions on hand-made evidence, for the tests of this crate.

use phasegate_history::{Body, DecisionRecord, Digest, Entry, Recorded};
use phasegate_model::{
    Decision, End, Environment, Evidence, Reading, Readings, Target, TargetServer, Transport,
    Trial, Wait,
};
use phasegate_rules::{Matrix, Source, parse_plan};

pub(crate) const PLAN: &str = "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\n\
    matrix = \"m.toml\"\nnext = { closed = \"4\" }\n\
    [measure]\nuntil = \"rows\"\n";

fn source(text: String) -> Source {
    Source { name: "test.toml".to_owned(), text }
}

/// A matrix of these rows.
pub(crate) fn matrix(rows: &str) -> Matrix {
    Matrix::parse(&source(matrix_text(rows))).unwrap()
}

/// Its file.
pub(crate) fn matrix_text(rows: &str) -> String {
    format!("schema = 1\n[matrix]\nid = \"m\"\ntitle = \"t\"\n{rows}")
}

/// What a matrix decides on trials such as `P99=12us dataset=1.8MB`.
pub(crate) fn decision(matrix: &Matrix, trials: &[String]) -> Decision {
    matrix.decide(&evidence(trials))
}

/// Evidence of such trials.
pub(crate) fn evidence(trials: &[String]) -> Evidence {
    let time = "2026-11-23T05:00:00Z".parse().unwrap();
    let trial =
        |(number, line): (u32, &String)| Trial::of_readings(number, time, 1000, readings(line));
    Evidence {
        schema: Evidence::SCHEMA,
        tool: "test".to_owned(),
        started_at: time,
        ended_at: time,
        end: End::TrialsSpent,
        plan: parse_plan(&source(PLAN.to_owned())).unwrap(),
        target: Target {
            server: TargetServer::Started("redis-server".to_owned()),
            transport: Some(Transport::Unix),
            wait: Some(Wait::Block),
            command: "GET".to_owned(),
            load: None,
        },
        environment: Environment::default(),
        previous: None,
        earlier_runs: None,
        continues: None,
        spread: None,
        baseline: None,
        trials: (1..).zip(trials).map(trial).collect(),
    }
}

/// An entry of a ledger with this decision.
pub(crate) fn recorded(decision: Decision) -> Recorded {
    let digest = Digest::of(b"test");
    let entry = Entry {
        schema: Entry::SCHEMA,
        number: 7,
        previous: None,
        recorded_at: "2026-11-23T05:00:00Z".parse().unwrap(),
        recorded_by: "ada".to_owned(),
        tool: "test".to_owned(),
        body: Body::Decision(Box::new(DecisionRecord {
            evidence: digest,
            matrix: digest,
            bases: Vec::new(),
            plan: digest,
            report: digest,
            decision,
        })),
    };
    Recorded { entry, digest }
}

fn readings(line: &str) -> Readings {
    let mut readings = Readings::default();
    for (name, text) in line.split_whitespace().map(|pair| pair.split_once('=').unwrap()) {
        let metric = name.parse().unwrap();
        readings.insert(metric, Reading::parse(metric, text).unwrap()).unwrap();
    }
    readings
}
