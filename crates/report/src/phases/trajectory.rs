//! A metric across phases: what each phase's work changed, and what all of it did.
//!
//! A phase is measured when it is decided, so what its work brought shows in the next phase's
//! figure. A document has both ends of a phase. Where the gate stayed closed nothing was done, so
//! nothing was changed. Figures are compared only where they can be: measured ones of like
//! environments, and asserted ones with each other. Everything else breaks the line.

use phasegate_model::{Decimal, Gate, Metric, Outcome, PhaseId, Quantity, Unit};

use crate::text::figures::unit_beside;

/// A phase and its figure of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The number of the phase's entry in the ledger.
    pub entry: u64,
    /// The phase.
    pub phase: PhaseId,
    /// What it would do, in a few words.
    pub title: String,
    /// What was decided.
    pub outcome: Outcome,
    /// Its figures.
    pub figures: Figures,
}

/// The figures of a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figures {
    /// As a document has them.
    Asserted {
        /// Before the phase's work, if the document tells.
        before: Option<Quantity>,
        /// At the phase's end.
        end: Quantity,
    },
    /// As measured when the phase was decided.
    Measured {
        /// The typical reading.
        reading: Quantity,
        /// The properties in which the environment differs from that of the measured phase
        /// before; none if the two are comparable.
        differing: Vec<String>,
    },
}

impl Figures {
    const fn is_asserted(&self) -> bool {
        matches!(self, Self::Asserted { .. })
    }

    /// What there was before the phase's work, as far as the phase itself tells.
    const fn start(&self) -> Option<Quantity> {
        match self {
            Self::Asserted { before, .. } => *before,
            Self::Measured { reading, .. } => Some(*reading),
        }
    }

    /// The figure that the phase itself gives.
    pub(crate) const fn own(&self) -> Quantity {
        match self {
            Self::Asserted { end, .. } => *end,
            Self::Measured { reading, .. } => *reading,
        }
    }

    /// Why these can't be compared with those of the phase before; nothing if they can.
    fn apart_from(&self, before: &Self) -> Option<String> {
        match (before, self) {
            (Self::Asserted { .. }, Self::Asserted { .. }) => None,
            (Self::Measured { .. }, Self::Measured { differing, .. }) => (!differing.is_empty())
                .then(|| format!("the environments differ in {}", differing.join(", "))),
            (Self::Asserted { .. }, Self::Measured { .. })
            | (Self::Measured { .. }, Self::Asserted { .. }) => {
                Some("asserted figures have no environment to compare".to_owned())
            }
        }
    }
}

/// What became of a metric across phases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trajectory {
    /// The metric.
    pub metric: Metric,
    /// The phases, in the order of their entries.
    pub steps: Vec<Step>,
    /// Each unbroken part of the line.
    pub totals: Vec<Total>,
}

/// A phase's part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of the phase's entry.
    pub entry: u64,
    /// The phase.
    pub phase: PhaseId,
    /// What it would do.
    pub title: String,
    /// What was decided.
    pub outcome: Outcome,
    /// Whether its figures are a document's.
    pub asserted: bool,
    /// Before its work; nothing if nobody knows.
    pub from: Option<Quantity>,
    /// After it; nothing if that isn't measured.
    pub to: Option<Quantity>,
    /// What its work changed.
    pub effect: Effect,
    /// What changed since the line began or was broken, as a share of the figure there.
    pub cumulative: Option<Decimal>,
    /// Why the line is broken before this phase; nothing if it isn't.
    pub broken: Option<String>,
}

/// What a phase's work changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The gate stayed closed: nothing was done, so nothing changed.
    NothingDone,
    /// A share of the figure before; negative if the figure fell.
    Share(Decimal),
    /// It can't be told, and why.
    Unknown(&'static str),
}

/// An unbroken part of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The first phase.
    pub first: PhaseId,
    /// The last phase.
    pub last: PhaseId,
    /// The figure where it begins.
    pub from: Quantity,
    /// The figure where it ends.
    pub to: Quantity,
    /// What changed, as a share of the figure where it begins; nothing if that can't be told.
    pub share: Option<Decimal>,
    /// Why it can't be told.
    pub unknown: &'static str,
}

impl Trajectory {
    /// The trajectory of a metric across these phases, which are in the order of their entries.
    #[must_use]
    pub fn of(metric: Metric, stages: &[Stage]) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        let mut totals: Vec<Total> = Vec::new();
        for (at, stage) in stages.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| stages.get(at));
            let broken = before.and_then(|before| stage.figures.apart_from(&before.figures));
            let goes_on = before.is_some() && broken.is_none();
            // Across a break the figure before is no beginning for this one.
            let came_to = steps.last().and_then(|step| step.to).filter(|_| goes_on);
            let next = stages.get(at + 1);
            let (from, to, effect) = part(stage, came_to, next);
            // Work that is under way has no end yet, so the line ends where the work began.
            let figure = to.or(from).unwrap_or_else(|| stage.figures.own());
            if let Some(total) = totals.last_mut().filter(|_| goes_on) {
                total.last = stage.phase.clone();
                total.to = figure;
                total.share = share(total.from, figure);
                total.unknown = NO_SHARE;
            } else {
                let from = from.unwrap_or(figure);
                // Before its work a phase has changed nothing yet, which isn't "no change".
                let (share, unknown) = match (to, &effect) {
                    (None, Effect::Unknown(why)) => (None, *why),
                    _ => (share(from, figure), NO_SHARE),
                };
                totals.push(Total {
                    first: stage.phase.clone(),
                    last: stage.phase.clone(),
                    from,
                    to: figure,
                    share,
                    unknown,
                });
            }
            steps.push(Step {
                entry: stage.entry,
                phase: stage.phase.clone(),
                title: stage.title.clone(),
                outcome: stage.outcome,
                asserted: stage.figures.is_asserted(),
                from,
                to,
                effect,
                cumulative: totals.last().and_then(|total| total.share),
                broken,
            });
        }
        Self { metric, steps, totals }
    }

    /// The unit of all figures.
    pub(crate) fn unit(&self) -> Unit {
        // By its size: the unit that a document wrote needn't suit the others.
        let first = self
            .totals
            .first()
            .map(|total| Quantity::from_amount(total.from.dimension(), total.from.amount()).unit());
        unit_beside(self.metric, first.unwrap_or(Unit::One))
    }
}

/// From where to where a phase came, and what its work changed. `came_to` is where the phase
/// before it came to, if the line goes on from there.
fn part(
    stage: &Stage,
    came_to: Option<Quantity>,
    next: Option<&Stage>,
) -> (Option<Quantity>, Option<Quantity>, Effect) {
    let own = stage.figures.own();
    // Where nothing was done nothing changed, whatever is read later.
    if stage.outcome.gate() != Some(Gate::Open) {
        return (Some(own), Some(own), Effect::NothingDone);
    }
    let from = stage.figures.start().or(came_to);
    let (to, unknown) = match (&stage.figures, next) {
        (Figures::Asserted { end, .. }, _) => (Some(*end), "no figure before"),
        (Figures::Measured { .. }, None) => (None, "not measured yet"),
        (Figures::Measured { .. }, Some(next)) => {
            let comparable = next.figures.apart_from(&stage.figures).is_none();
            (next.figures.start().filter(|_| comparable), "not comparable with what follows")
        }
    };
    let effect = match from.zip(to) {
        Some((from, to)) => share(from, to).map_or(Effect::Unknown(NO_SHARE), Effect::Share),
        None => Effect::Unknown(unknown),
    };
    (from, to, effect)
}

/// What is said instead where there is no share.
const NO_SHARE: &str = "no percentage of zero or less";

/// The change as a share of the first figure; nothing if that is zero or either is below it, where
/// a percentage would have the wrong sign: an improvement can be negative.
fn share(from: Quantity, to: Quantity) -> Option<Decimal> {
    if from.amount().is_sign_negative() || to.amount().is_sign_negative() {
        return None;
    }
    to.amount().checked_sub(from.amount())?.checked_div(from.amount())
}
