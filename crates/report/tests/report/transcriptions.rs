//! Reports of transcribed phases, and the trajectory in the report of a decision.

use crate::phase_3a;
use phasegate_model::Transcription;
use phasegate_report::{
    Context, Figures, Form, Material, ReportKind, Stage, TranscribedContext, TranscribedMaterial,
    render,
};
use serde_json::json;

fn transcription() -> Transcription {
    serde_json::from_value(json!({
        "schema": 1, "phase": "2", "title": "CPU pinning", "subject": "the CPUs",
        "source": "a report", "decided_by": "the team", "decided_on": "2025-11-01",
        "outcome": "act", "next": "3A",
        "before": { "rtt.p99": "10.83us" },
        "readings": {
            "rtt.p99": { "value": "9.93us", "min": "9.67us", "max": "10.09us" },
            "memory.allocator": "jemalloc-5.3.0",
        },
        "rows": [{ "id": "a", "condition": "P99 < 12 us", "reading": "9.93 us", "action": "act" }],
        "predictions": [{ "text": "it helps", "became": "confirmed" }],
        "obligations": [{ "row": "a", "action": "revisit", "condition": "memory.dataset > 50MB" }],
        "next_options": [{ "title": "the network", "recommended": true }],
        "deliverables": ["a plan"], "lessons": ["measure"], "corrections": ["it is 8.3 %"],
    }))
    .unwrap()
}

fn context(transcription: &Transcription) -> TranscribedContext {
    TranscribedContext::of(&TranscribedMaterial {
        transcription,
        number: 2,
        head_before: Some("1:ab"),
        recorded_at: "2026-11-23T05:00:00Z".parse().unwrap(),
        recorded_by: "ada",
        tool: "phasegate 0.1.0",
        document_digest: "cd",
        verify: "phasegate history verify --reports .",
        notes: &[],
    })
}

#[test]
fn a_transcribed_phase() {
    let form = Form::Markdown;
    insta::assert_snapshot!(
        render(&context(&transcription()), form, ReportKind::Transcription.built_in(form)).unwrap()
    );
}

#[test]
fn a_transcribed_phase_as_a_comment() {
    let form = Form::Comment;
    insta::assert_snapshot!(
        render(&context(&transcription()), form, ReportKind::Transcription.built_in(form)).unwrap()
    );
    let mut long = transcription();
    long.rows = vec![long.rows[0].clone(); 3_000];
    let comment = render(&context(&long), form, ReportKind::Transcription.built_in(form)).unwrap();
    assert!(comment.chars().count() < 65_536 && comment.ends_with("the report has the rest.\n"));
}

#[test]
fn what_a_document_does_not_have_leaves_no_hole() {
    let mut bare = transcription();
    bare.before.clear();
    bare.readings.clear();
    bare.rows.clear();
    bare.predictions.clear();
    bare.obligations.clear();
    bare.next_options.clear();
    bare.deliverables.clear();
    bare.lessons.clear();
    bare.corrections.clear();
    (bare.decided_by, bare.decided_on, bare.next) = (None, None, None);
    let context = context(&bare);
    for form in Form::ALL {
        let report = render(&context, form, ReportKind::Transcription.built_in(form)).unwrap();
        assert!(!report.contains("Predictions") && !report.contains("Figures"), "{report}");
        assert!(report.contains("asserted: copied from a document"), "{report}");
    }
}

#[test]
fn only_a_closed_gate_saves_time() {
    let mut phase = transcription();
    phase.planned_effort = Some("9.8d".parse().unwrap());
    phase.spent = Some("30min".parse().unwrap());
    assert_eq!(context(&phase).time_saved, None);
    phase.outcome = "skip".parse().unwrap();
    let saved = "9 d 18 h (9.8 d planned, 30 min spent)";
    assert_eq!(context(&phase).time_saved.as_deref(), Some(saved));
}

#[test]
fn a_decision_has_the_trajectory_up_to_it() {
    let (decision, evidence) = (phase_3a::decision(), phase_3a::evidence());
    let stage = |entry, phase: &str, outcome: &str, figures| Stage {
        entry,
        phase: phase.parse().unwrap(),
        title: format!("work on {phase}"),
        outcome: outcome.parse().unwrap(),
        figures,
    };
    let q = |text: &str| text.parse().unwrap();
    let measured = |reading| Figures::Measured { reading: q(reading), differing: Vec::new() };
    let stages = [
        stage(1, "2", "act", Figures::Asserted { before: Some(q("10.83us")), end: q("9.93us") }),
        stage(2, "3", "act", measured("11.2us")),
        stage(4, "3A", "skip", measured("9.935us")),
    ];
    let material = Material { stages: &stages, ..phase_3a::material(&decision, &evidence) };
    let context = Context::of(&material);
    let report =
        render(&context, Form::Markdown, ReportKind::Decision.built_in(Form::Markdown)).unwrap();
    let section = report.split("## Trajectory\n").nth(1).unwrap();
    insta::assert_snapshot!(section.split("\n## ").next().unwrap());
    let picture = context.pictures.trajectory.unwrap();
    assert!(roxmltree::Document::parse(&picture.svg).is_ok());
    insta::assert_snapshot!(picture.svg);
    let page =
        render(&Context::of(&material), Form::Html, ReportKind::Decision.built_in(Form::Html))
            .unwrap();
    assert!(page.contains("<h2 id=\"trajectory\">") && page.contains("11.3 % better"), "{page}");
    let alone = Material { stages: &stages[2..], ..phase_3a::material(&decision, &evidence) };
    assert_eq!(Context::of(&alone).trajectory, None);
}

#[test]
fn every_field_is_documented() {
    const DOCUMENT: &str = include_str!("../../../../docs/templates/transcription.md");
    let value = serde_json::to_value(context(&transcription())).unwrap();
    let mut fields = 0;
    let mut look = |fields_of: &serde_json::Value| {
        for name in fields_of.as_object().unwrap().keys() {
            assert!(DOCUMENT.contains(&format!("{name}`")), "{name}");
            fields += 1;
        }
    };
    look(&value);
    for list in ["figures", "rows", "predictions", "obligations", "next_options", "record"] {
        look(&value[list][0]);
    }
    look(&value["phase"]);
    assert!(fields > 30, "{fields}");
}
