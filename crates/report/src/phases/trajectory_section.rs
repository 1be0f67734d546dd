//! A trajectory for readers: all figures are text.

use phasegate_model::{Better, Decimal, Quantity, Unit};
use serde::Serialize;

use crate::phases::trajectory::{Effect, Step, Trajectory};
use crate::text::figures::text;

/// A metric across phases, for templates and pages. All figures are formatted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrajectorySection {
    /// The metric's name, `rtt.p99`.
    pub metric: String,
    /// The phases, in the order of their entries.
    pub rows: Vec<TrajectoryLine>,
    /// Each unbroken part of the line.
    pub totals: Vec<TrajectoryTotal>,
    /// Whether a figure is a document's, not measured.
    pub has_asserted: bool,
}

/// A phase's part in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrajectoryLine {
    /// The number of its entry.
    pub entry: String,
    /// The phase.
    pub phase: String,
    /// What it would do.
    pub title: String,
    /// What was decided.
    pub outcome: String,
    /// `measured` or `asserted`.
    pub basis: String,
    /// Before its work; empty if nobody knows.
    pub from: String,
    /// After it; empty if that isn't measured.
    pub to: String,
    /// What its work changed, `2.1 % better`, or why nobody knows.
    pub change: String,
    /// What changed since the line began or was broken.
    pub cumulative: String,
    /// Why the line is broken before this phase.
    pub broken: Option<String>,
}

/// An unbroken part of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrajectoryTotal {
    /// The phases, `phases 1 to 3A`.
    pub phases: String,
    /// The figure where it begins.
    pub from: String,
    /// The figure where it ends.
    pub to: String,
    /// What changed, `10.2 % better`.
    pub change: String,
}

impl Trajectory {
    /// The same for readers.
    #[must_use]
    pub fn section(&self) -> TrajectorySection {
        let unit = self.unit();
        let figure = |quantity: Option<Quantity>| {
            quantity.map_or_else(String::new, |quantity| figure(quantity, unit))
        };
        let rows = self.steps.iter().map(|step| TrajectoryLine {
            entry: step.entry.to_string(),
            phase: step.phase.to_string(),
            title: text(&step.title),
            outcome: step.outcome.to_string(),
            basis: if step.asserted { "asserted" } else { "measured" }.to_owned(),
            from: figure(step.from),
            to: figure(step.to),
            change: self.effect(step),
            cumulative: step.cumulative.map_or_else(String::new, |share| self.words(share)),
            broken: step.broken.as_deref().map(text),
        });
        let totals = self.totals.iter().map(|total| {
            let (from, to) = (figure(Some(total.from)), figure(Some(total.to)));
            let change =
                total.share.map_or_else(|| total.unknown.to_owned(), |share| self.words(share));
            let phases = if total.first == total.last {
                format!("phase {}", total.first)
            } else {
                format!("phases {} to {}", total.first, total.last)
            };
            TrajectoryTotal { phases, from, to, change }
        });
        TrajectorySection {
            metric: self.metric.to_string(),
            rows: rows.collect(),
            totals: totals.collect(),
            has_asserted: self.steps.iter().any(|step| step.asserted),
        }
    }

    fn effect(&self, step: &Step) -> String {
        match &step.effect {
            Effect::NothingDone => format!("no change: {}", step.outcome),
            Effect::Share(share) => self.words(*share),
            Effect::Unknown(why) => (*why).to_owned(),
        }
    }

    /// A change with one decimal, and whether it is for the better.
    fn words(&self, share: Decimal) -> String {
        let percent = (share * Decimal::ONE_HUNDRED).abs();
        let rounded = percent.round_dp(1);
        if percent.is_zero() {
            return "no change".to_owned();
        }
        let direction = match (self.metric.better(), share.is_sign_negative()) {
            (Better::Lower, true) | (Better::Higher, false) => "better",
            (Better::Lower, false) | (Better::Higher, true) => "worse",
            (Better::Neither, true) => "less",
            (Better::Neither, false) => "more",
        };
        if rounded.is_zero() {
            return format!("less than 0.1 % {direction}");
        }
        format!("{rounded:.1} % {direction}")
    }
}

/// Two decimals in the table's unit: percentages are computed from more digits than three, and
/// readers compute them again.
fn figure(quantity: Quantity, unit: Unit) -> String {
    let one = Quantity::new(Decimal::ONE, unit).map_or(Decimal::ONE, |one| one.amount());
    match quantity.amount().checked_div(one) {
        Some(number) if number.abs() >= Decimal::ONE => match unit.symbol() {
            "" => format!("{:.2}", number.round_dp(2)),
            symbol => format!("{:.2} {symbol}", number.round_dp(2)),
        },
        _ => quantity.human_in(unit),
    }
}
