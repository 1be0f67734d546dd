//! What was expected, and what became of it.

use phasegate_model::{Finding, PredictionResult};
use serde::Serialize;

use crate::decision::matrix::{RowReading, margin, readings, symbol, votes};
use crate::material::Material;
use crate::text::figures::{as_written, capitalized, count, list, text};

/// What was expected, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PredictionSection {
    /// What it comes to, and how sure that is.
    pub sentences: Vec<String>,
    /// Each prediction.
    pub rows: Vec<PredictionLine>,
}

/// A prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PredictionLine {
    /// In words.
    pub text: String,
    /// As a condition, as written.
    pub claim: String,
    /// Who expected it.
    pub by: String,
    /// The day on which it was said, `2026-11-22`.
    pub on: String,
    /// Whether it counts: it was entered before measuring, or on its day.
    pub counts: bool,
    /// `confirmed`, `disproven` or `undecided`.
    pub verdict: String,
    /// A sign for the verdict; never without the word.
    pub symbol: String,
    /// Why it is undecided.
    pub reason: Option<String>,
    /// What the trials said.
    pub readings: Vec<RowReading>,
    /// How the trials voted, `9 of 9 trials`; nothing for a claim without votes.
    pub votes: Option<String>,
    /// How far the median is from where the verdict flips.
    pub margin: Option<String>,
}

/// The section on predictions; nothing if there are none.
pub(crate) fn section(material: &Material<'_>) -> Option<PredictionSection> {
    let predictions = &material.decision.predictions;
    (!predictions.is_empty()).then(|| PredictionSection {
        sentences: sentences(material),
        rows: predictions.iter().map(line).collect(),
    })
}

fn line(result: &PredictionResult) -> PredictionLine {
    let PredictionResult { prediction, made_before, verdict } = result;
    PredictionLine {
        text: text(&prediction.text),
        claim: text(&prediction.claim),
        by: text(&prediction.by),
        on: prediction.on.to_string(),
        counts: *made_before,
        verdict: result.word().to_owned(),
        symbol: symbol(&verdict.finding).to_owned(),
        reason: match &verdict.finding {
            Finding::Undecided(reason) => Some(text(&reason.to_string())),
            Finding::Met | Finding::NotMet | Finding::NotApplicable => None,
        },
        readings: readings(verdict),
        votes: votes(verdict),
        margin: margin(verdict),
    }
}

fn sentences(material: &Material<'_>) -> Vec<String> {
    let predictions = &material.decision.predictions;
    let count_of = |word: &str| {
        // What was entered after measuring is no prediction, and isn't counted as one.
        let matching = predictions.iter().filter(|p| p.made_before && p.word() == word).count();
        (matching > 0).then(|| format!("{matching} {word}"))
    };
    let counted = predictions.iter().filter(|prediction| prediction.made_before).count();
    let verdicts: Vec<String> =
        ["confirmed", "disproven", "undecided"].into_iter().filter_map(count_of).collect();
    let what_came = match counted {
        0 => "no prediction was entered before measuring, so none counts".to_owned(),
        _ => format!(
            "of {} entered before measuring, {}",
            count(counted, "prediction", "predictions"),
            list(&verdicts, "and")
        ),
    };
    let mut sentences = vec![format!("{}.", capitalized(&what_came))];
    // Only votes are wrong with a stated chance; where trials agree there is none to state.
    if predictions.iter().any(|prediction| prediction.verdict.votes.is_some()) {
        let rate = as_written(material.decision.error_rate);
        sentences.push(format!(
            "The chance that any of them is found wrongly is at most {rate}; they have no say in the outcome."
        ));
    } else {
        sentences.push("They have no say in the outcome.".to_owned());
    }
    sentences
}
