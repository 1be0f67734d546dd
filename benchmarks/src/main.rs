//! Five rows, one set of readings, one decision: phasegate beside general rule and policy engines.
//!
//! All run in turn within one process, so that a machine that changes its pace changes it for all.
//! Each has its rules compiled beforehand, gets its input anew for each decision where its API
//! asks for that, and has to come to the outcome `skip`. What they give differs: phasegate's
//! figures include exact limits, margins and three-valued findings.

use std::collections::HashSet;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, PolicyId, PolicySet, Request, RestrictedExpression,
};
use phasegate_model::{Metric, Reading, Readings};
use phasegate_rules::{Background, Matrix, PastDecision, RecordedReadings, Source};
use serde_json::json;

/// Decisions in a batch, and batches of each engine.
const BATCH: u32 = 2_000;
const BATCHES: usize = 25;

type Decide = Box<dyn FnMut() -> &'static str>;

fn main() {
    let mut engines: Vec<(&str, Decide, Vec<f64>)> = vec![
        ("phasegate, one trial's vote", phasegate(), Vec::new()),
        ("cel-interpreter 0.10", cel_interpreter(), Vec::new()),
        ("cel 0.15", cel(), Vec::new()),
        ("cedar-policy 4.14", cedar(), Vec::new()),
        ("zen-engine 2.1", zen(), Vec::new()),
        ("regorus 0.14", regorus(), Vec::new()),
    ];
    for (name, decide, _) in &mut engines {
        assert_eq!(decide(), "skip", "{name}");
    }
    for _ in 0..BATCHES {
        for (_, decide, times) in &mut engines {
            let begin = Instant::now();
            for _ in 0..BATCH {
                black_box(decide());
            }
            times.push(begin.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
        }
    }
    println!("five rows, {BATCHES} batches of {BATCH} decisions, in turn; ns for one decision");
    println!("{:<30}{:>10}{:>10}{:>10}", "", "median", "fastest", "slowest");
    for (name, _, times) in &mut engines {
        times.sort_unstable_by(f64::total_cmp);
        let [fastest, median, slowest] = [0, BATCHES / 2, BATCHES - 1].map(|at| times[at]);
        println!("{name:<30}{median:>10.1}{fastest:>10.1}{slowest:>10.1}");
    }
}

/// The strongest of the actions that rows ask for.
fn strongest(actions: impl IntoIterator<Item = &'static str>) -> &'static str {
    let order = ["act", "revisit", "investigate", "skip", "defer", "no action"];
    let rank = |action: &&str| order.iter().position(|known| known == action);
    actions.into_iter().min_by_key(|action| rank(action)).unwrap_or("undecided")
}

fn phasegate() -> Decide {
    let text = include_str!("../../rules/allocator.toml").to_owned();
    let source = Source { name: "allocator.toml".to_owned(), text };
    let matrix = Matrix::parse(&source).expect("the shipped matrix is right");
    let mut readings = Readings::default();
    for (name, text) in [
        ("rtt.p99", "9.93us"),
        ("rtt.p99.spread", "0.42us"),
        ("memory.allocator_frag_ratio", "1.22"),
        ("memory.dataset", "1.8MB"),
        ("headroom.exec", "1%"),
    ] {
        let metric: Metric = name.parse().expect("in the catalogue");
        let reading = Reading::parse(metric, text).expect("of its domain");
        readings.insert(metric, reading).expect("of its domain");
    }
    // What a backtest calls for each record.
    Box::new(move || {
        let readings = RecordedReadings::Typical(black_box(&readings));
        let record = PastDecision { background: Background::NOTHING, readings };
        matrix.outcomes_over([record]).next().map_or("undecided", |outcome| outcome.as_str())
    })
}

/// What the rows ask for, given which of the five conditions hold.
fn actions(holds: [bool; 5]) -> &'static str {
    let [target, unstable, fragmented, large, improvable] = holds;
    strongest([
        if target { "no action" } else { "act" },
        if unstable { "investigate" } else { "no action" },
        if fragmented { "act" } else { "no action" },
        if large { "revisit" } else { "defer" },
        if improvable { "act" } else { "skip" },
    ])
}

const CONDITIONS: [&str; 5] = [
    "p99 < 12000",
    "spread > 1000",
    "frag > 1500 && dataset >= 10000000",
    "dataset > 50000000",
    "headroom >= 50",
];

/// Nanoseconds, bytes and thousandths.
const INPUT: [(&str, i64); 5] =
    [("p99", 9930), ("spread", 420), ("frag", 1220), ("dataset", 1_800_000), ("headroom", 10)];

fn cel_interpreter() -> Decide {
    let programs = CONDITIONS.map(|text| cel_interpreter::Program::compile(text).expect("CEL"));
    let mut context = cel_interpreter::Context::default();
    for (name, value) in INPUT {
        context.add_variable_from_value(name, value);
    }
    Box::new(move || {
        actions([0, 1, 2, 3, 4].map(|row: usize| {
            let value = programs[row].execute(black_box(&context));
            matches!(value, Ok(cel_interpreter::Value::Bool(true)))
        }))
    })
}

fn cel() -> Decide {
    let programs = CONDITIONS.map(|text| cel::Program::compile(text).expect("CEL"));
    // Making a context takes far longer than a decision; so it is made once, as above.
    let mut context = cel::Context::default();
    for (name, value) in INPUT {
        context.add_variable_from_value(name, value);
    }
    Box::new(move || {
        actions([0, 1, 2, 3, 4].map(|row: usize| {
            matches!(programs[row].execute(black_box(&context)), Ok(cel::Value::Bool(true)))
        }))
    })
}

fn cedar() -> Decide {
    let policy = |condition: &str| {
        let condition = INPUT.iter().fold(condition.to_owned(), |text, (name, _)| {
            text.replace(name, &format!("context.{name}"))
        });
        format!("permit(principal, action, resource) when {{ {condition} }};\n")
    };
    let policies: String = CONDITIONS.map(policy).concat();
    let policies = PolicySet::from_str(&policies).expect("Cedar");
    let ids: Vec<PolicyId> =
        (0..5).map(|row| PolicyId::from_str(&format!("policy{row}")).expect("an id")).collect();
    let entity = |text: &str| EntityUid::from_str(text).expect("an entity");
    let (who, what, on) =
        (entity(r#"User::"lead""#), entity(r#"Action::"decide""#), entity(r#"Phase::"3A""#));
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    Box::new(move || {
        let pairs = black_box(INPUT)
            .map(|(name, value)| (name.to_owned(), RestrictedExpression::new_long(value)));
        let context = Context::from_pairs(pairs).expect("a context");
        let request =
            Request::new(who.clone(), what.clone(), on.clone(), context, None).expect("a request");
        let response = authorizer.is_authorized(&request, &policies, &entities);
        let met: HashSet<&PolicyId> = response.diagnostics().reason().collect();
        actions([0, 1, 2, 3, 4].map(|row: usize| met.contains(&ids[row])))
    })
}

fn zen() -> Decide {
    let rule = |id: &str, field: &str, cell: &str, action: &str| {
        let mut rule = json!({ "_id": id, "action": format!("'{action}'") });
        rule[field] = json!(cell);
        rule
    };
    let fragmented = json!({
        "_id": "5", "frag": "> 1500", "dataset": ">= 10000000", "action": "'act'"
    });
    let rules = json!([
        rule("1", "p99", "< 12000", "no action"),
        rule("2", "p99", ">= 12000", "act"),
        rule("3", "spread", "> 1000", "investigate"),
        rule("4", "spread", "<= 1000", "no action"),
        fragmented,
        rule("6", "dataset", "> 50000000", "revisit"),
        rule("7", "dataset", "<= 50000000", "defer"),
        rule("8", "headroom", ">= 50", "act"),
        rule("9", "headroom", "< 50", "skip"),
    ]);
    let inputs: Vec<_> = INPUT
        .iter()
        .map(|(name, _)| json!({ "id": name, "name": name, "field": name }))
        .collect();
    let content = json!({
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            { "id": "in", "name": "in", "type": "inputNode" },
            { "id": "table", "name": "table", "type": "decisionTableNode", "content": {
                "hitPolicy": "collect",
                "inputs": inputs,
                "outputs": [{ "id": "action", "name": "action", "field": "action" }],
                "rules": rules,
            } },
            { "id": "out", "name": "out", "type": "outputNode" },
        ],
        "edges": [
            { "id": "a", "type": "edge", "sourceId": "in", "targetId": "table" },
            { "id": "b", "type": "edge", "sourceId": "table", "targetId": "out" },
        ],
    });
    let content = serde_json::from_value(content).expect("a decision table");
    let engine = zen_engine::DecisionEngine::default();
    let mut decision = engine.create_decision(Arc::new(content)).expect("a graph");
    decision.compile();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let input: serde_json::Map<_, _> =
        INPUT.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let input = serde_json::Value::Object(input);
    Box::new(move || {
        let response = runtime.block_on(decision.evaluate(black_box(&input).clone().into()));
        let result = response.expect("a result").result.to_value();
        let fired = result.as_array().into_iter().flatten();
        strongest(fired.filter_map(|row| known(row["action"].as_str()?)))
    })
}

fn known(action: &str) -> Option<&'static str> {
    ["act", "revisit", "investigate", "skip", "defer", "no action"]
        .into_iter()
        .find(|known| *known == action)
}

fn regorus() -> Decide {
    let policy = r#"
package gate

actions contains "no action" if input.p99 < 12000
actions contains "act" if input.p99 >= 12000
actions contains "investigate" if input.spread > 1000
actions contains "act" if { input.frag > 1500; input.dataset >= 10000000 }
actions contains "revisit" if input.dataset > 50000000
actions contains "defer" if input.dataset <= 50000000
actions contains "act" if input.headroom >= 50
actions contains "skip" if input.headroom < 50
"#;
    let mut engine = ::regorus::Engine::new();
    engine.add_policy("gate.rego".to_owned(), policy.to_owned()).expect("Rego");
    let input: serde_json::Map<_, _> =
        INPUT.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let input = serde_json::Value::Object(input).to_string();
    let input = ::regorus::Value::from_json_str(&input).expect("JSON");
    Box::new(move || {
        engine.set_input(black_box(&input).clone());
        let fired = engine.eval_rule("data.gate.actions".to_owned()).expect("a result");
        let fired = fired.as_set().expect("a set");
        strongest(fired.iter().filter_map(|action| known(action.as_string().ok()?)))
    })
}
