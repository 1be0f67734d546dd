//! Phase 3A as evidence and decision, made by hand from its figures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use phasegate_model::{Decision, Evidence, Flip, Measured, Metric, Reading, RowDecision, Trial};
use phasegate_model::{Margin, MetricSummary, Obligation, Quantity, Summary, Votes};
use phasegate_report::{Context, Form, Material, Record, ReportKind, render};
use serde_json::{Value, json};

/// The rounds' P99 over nine trials: 9.67 to 10.09 us, their median 9.93 us.
const P99_NS: [u32; 9] = [9_930, 9_912, 10_050, 9_871, 9_942, 9_903, 9_961, 9_714, 10_002];

pub(crate) fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn metric(name: &str) -> Metric {
    name.parse().unwrap()
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn plan() -> Value {
    json!({
        "phase": "3A",
        "title": "jemalloc tuning",
        "subject": "the allocator",
        "matrix": "../allocator.toml",
        "next": { "closed": "4", "open": "3B" },
        "planned_effort": "9.8d",
        "measure": {
            "transport": "unix",
            "wait": "spin",
            "command": "GET",
            "pinning": { "server": 0, "client": 1 },
            "rounds": 5,
            "samples": 10_000,
            "warmup": 1_000,
            "trials": 30,
            "budget": "10min",
            "dataset": { "size": "1.8MB", "value": "100B" },
        },
        "next_options": [
            { "title": "Network/NIC optimization with an external client", "recommended": true },
            { "title": "AI algorithm integration on the real workload" },
            { "title": "Scale testing with 50 to 500 MB datasets" },
            { "title": "Monitoring with P99.9" },
        ],
        "deliverables": ["jemalloc analysis", "performance baseline", "the decision written down"],
        "lessons": ["Test assumptions early.", "Do not break what is excellent."],
    })
}

/// 50 000 round trips with about that P99, as evidence holds them.
fn histogram(p99_ns: u32) -> String {
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    let p99_ns = u64::from(p99_ns);
    for sample in (10..=50_000_u64).step_by(10) {
        // Most lie a little below, and from the 99th percentile on they get rare and slow.
        let beyond = sample.saturating_sub(49_500);
        let time = p99_ns * 62 / 100 + sample * p99_ns * 38 / 100 / 49_500 + beyond * beyond / 5;
        times.record_n(time, 10).unwrap();
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&times, &mut bytes).unwrap();
    STANDARD.encode(bytes)
}

fn trial(at: usize, p99_ns: u32) -> Trial {
    let number = u32::try_from(at).unwrap() + 1;
    let ns = |ns: u32| format!("{ns}ns");
    let rounds: Vec<Value> = [-44_i32, -12, 0, 17, 40]
        .iter()
        .map(|shift| {
            json!({
                "samples": 10_000,
                "min": "6.1us",
                "mean": "8.3us",
                "p50": ns(8_210_u32.checked_add_signed(shift / 4).unwrap()),
                "p99": ns(p99_ns.checked_add_signed(*shift).unwrap()),
                "max": ns(61_000 + number * 700),
            })
        })
        .collect();
    let mut trial: Trial = serde_json::from_value(json!({
        "number": number,
        "started_at": "2026-11-23T05:12:07Z",
        "duration_ms": 3_400 + 17 * number,
        "pinned": { "server": 0, "client": 1 },
        "readings": {
            "rtt.min": "6.1us",
            "rtt.mean": "8.3us",
            "rtt.p50": ns(8_200 + 3 * number),
            "rtt.p99.9": ns(p99_ns + 6_400),
            "rtt.max": ns(61_000 + number * 700),
            "rtt.p99.spread": ns(84),
            "rtt.throughput": "119000/s",
            "floor.p50": ns(8_000),
            "floor.p99": ns(p99_ns - 390),
            "headroom.p50": "0.0257",
            "headroom.exec": format!("0.0{}", 100 + number),
            "headroom.p99": "0.0393",
            "server.exec.mean": ns(83),
            "server.version": "7.0.15",
            "memory.used": "2.61MB",
            "memory.rss": "22.2MB",
            "memory.dataset": "1.8MB",
            "memory.overhead": "0.85MB",
            "memory.startup": "0.81MB",
            "memory.rss_overhead_ratio": "3.91",
            "memory.allocator": "jemalloc-5.3.0",
            "memory.allocator_frag_ratio": "1.22",
            "memory.allocator_rss_ratio": "1.78",
            "memory.fragmentation_ratio": "8.5",
            "memory.maxmemory": "0B",
        },
        "rounds": rounds,
        "rtt_histogram": histogram(p99_ns),
        "anomalies": if number == 8 { vec!["the second half of a warm-up was 4 % faster"] } else { vec![] },
    }))
    .unwrap();
    let p99 = Measured::within((p99_ns - 4).into(), p99_ns.into(), p99_ns.into()).unwrap();
    trial.readings.insert(metric("P99"), Reading::Number(p99)).unwrap();
    trial
}

/// The evidence of phase 3A: nine trials.
pub(crate) fn evidence() -> Evidence {
    evidence_of(P99_NS.len())
}

/// As much evidence as that, the nine trials over and over.
pub(crate) fn evidence_of(trials: usize) -> Evidence {
    let mut evidence: Evidence = serde_json::from_value(json!({
        "schema": 1,
        "tool": "phasegate 0.1.0",
        "started_at": "2026-11-23T05:12:07Z",
        "ended_at": "2026-11-23T05:12:39Z",
        "end": "settled",
        "plan": plan(),
        "target": {
            "server": { "started": "redis-server" },
            "transport": "unix",
            "wait": "spin",
            "command": "GET of an existing key",
        },
        "environment": {
            "cpu.count": "2",
            "cpu.model": "AMD EPYC 7763 64-Core Processor",
            "kernel.release": "6.8.0-1021-azure",
            "server.io_threads": "1",
        },
        "trials": [],
    }))
    .unwrap();
    let p99 = P99_NS.iter().cycle().take(trials);
    evidence.trials = p99.enumerate().map(|(at, p99)| trial(at, *p99)).collect();
    evidence
}

pub(crate) fn number(
    name: &str,
    [median, min, max]: [&str; 3],
    with_interval: Interval,
) -> MetricSummary {
    let (min, max) = (quantity(min), quantity(max));
    let interval = matches!(with_interval, Interval::Known).then_some((min, max));
    let summary = Summary::Number { median: quantity(median), interval, min, max, n: 9 };
    MetricSummary { metric: metric(name), summary }
}

/// Whether a summary has an interval.
#[derive(Clone, Copy)]
pub(crate) enum Interval {
    Known,
    None,
}

pub(crate) fn margin(name: &str, [from, to, absolute, relative]: [&str; 4]) -> Margin {
    let change = phasegate_model::Change {
        metric: metric(name),
        from: quantity(from),
        to: quantity(to),
        absolute: quantity(absolute),
        relative: Some(quantity(relative)),
    };
    Margin { changes: vec![change] }
}

pub(crate) fn votes(met: u32, not_met: u32, neither: u32) -> Votes {
    Votes {
        met,
        not_met,
        neither,
        evidence_met: if met > not_met { "280" } else { "0.0012" }.to_owned(),
        evidence_not_met: if met > not_met { "0.0012" } else { "280" }.to_owned(),
        threshold: "60".into(),
        settled_at: Some(9),
        n_eff: None,
        needed: None,
    }
}

/// A row as JSON has it, without readings, votes and margin.
pub(crate) fn row(id: &str, when: &str, finding: &Value, action: Option<&str>) -> RowDecision {
    serde_json::from_value(json!({
        "id": id,
        "line": 8,
        "when": when,
        "normalized": when,
        "given": null,
        "why": null,
        "finding": finding,
        "action": action,
        "then": "act",
        "else": "no action",
        "votes": null,
        "readings": [],
        "margin": null,
    }))
    .unwrap()
}

fn rows() -> Vec<RowDecision> {
    let p99 = ["9930ns", "9714ns", "10050ns"];
    let mut target = row("rtt-target", "P99 < 12us", &json!("met"), Some("no action"));
    target.why = Some("the strategy's budget per order is 12 us".into());
    target.readings = vec![number("P99", p99, Interval::Known)];
    target.votes = Some(votes(9, 0, 0));
    target.margin = Some(margin("P99", ["9.93us", "12us", "2.07us", "17.25%"]));

    let when = "rtt.p99.spread > 1us";
    let mut stability = row("rtt-stability", when, &json!("not-met"), Some("no action"));
    stability.readings = vec![number("rtt.p99.spread", ["84ns", "84ns", "84ns"], Interval::Known)];
    stability.votes = Some(votes(0, 9, 0));
    stability.margin = Some(margin("rtt.p99.spread", ["84ns", "1us", "916ns", "91.6%"]));

    let when = "memory.allocator_frag_ratio > 1.5";
    let mut fragmentation = row("fragmentation", when, &json!("not-applicable"), None);
    fragmentation.given = Some("dataset >= 10MB".into());
    fragmentation.readings =
        vec![number("memory.allocator_frag_ratio", ["1.22", "1.22", "1.22"], Interval::None)];

    let mut scale = row("scale", "dataset > 50MB", &json!("not-met"), Some("defer"));
    scale.readings = vec![number("dataset", ["1.8MB", "1.8MB", "1.8MB"], Interval::None)];
    scale.margin = Some(margin("dataset", ["1.8MB", "50MB", "48.2MB", "96.4%"]));

    let when = "headroom.exec >= 5%";
    let mut path = row("improvement-path", when, &json!("not-met"), Some("skip optimization"));
    let headroom = ["1.05%", "1.01%", "1.09%"];
    path.readings = vec![number("headroom.exec", headroom, Interval::Known)];
    path.votes = Some(votes(0, 9, 0));
    path.margin = Some(margin("headroom.exec", ["1.05%", "5%", "3.95%", "79%"]));
    vec![target, stability, fragmentation, scale, path]
}

/// The decision of phase 3A: skip, with one obligation.
pub(crate) fn decision() -> Decision {
    let mut decision: Decision = serde_json::from_value(json!({
        "schema": 1,
        "phase": "3A",
        "matrix": "allocator",
        "error_rate": "5%",
        "voted_conditions": 3,
        "trials": 9,
        "outcome": "skip",
        "possible": [],
        "next": "4",
        "deciding": ["improvement-path"],
        "rows": [],
        "obligations": [],
        "closest_flip": null,
    }))
    .unwrap();
    decision.rows = rows();
    decision.obligations = vec![Obligation {
        row: "scale".parse().unwrap(),
        action: "revisit allocator".parse().unwrap(),
        condition: "memory.dataset > 50MB".to_owned(),
    }];
    let change = margin("P99", ["9.93us", "12us", "2.07us", "17.25%"]).changes.remove(0);
    decision.closest_flip = Some(Flip { change, outcome: "act".parse().unwrap() });
    decision
}

/// The material, recorded as the fourth entry.
pub(crate) fn material<'a>(decision: &'a Decision, evidence: &'a Evidence) -> Material<'a> {
    let record = Record {
        number: 4,
        head_before: Some("3:9b74c9897bac770ffc029102a200c5de4b1a9d0e1c0f4f8a6a0d6c1d7f3b2e10"),
        recorded_at: moment("2026-11-23T05:12:40Z"),
        recorded_by: "Jane Doe",
        tool: "phasegate 0.1.0",
        evidence_digest: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        matrix_digest: "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
        plan_digest: "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096",
        reproduce: "phasegate decide objects/baa5a096.toml --evidence objects/2c26b46b.json",
        measure_again: "phasegate run objects/baa5a096.toml --reports .",
        verify: "phasegate history verify --reports .",
    };
    let matrix_title = "Is allocator tuning worth a phase?";
    let (stages, waivers) = (&[], None);
    let (disturbances, notes) = (&[], &[]);
    Material { decision, evidence, matrix_title, disturbances, record, stages, waivers, notes }
}

/// What the built-in template makes of it.
pub(crate) fn rendered(material: &Material<'_>, form: Form) -> String {
    render(&Context::of(material), form, ReportKind::Decision.built_in(form)).unwrap()
}
