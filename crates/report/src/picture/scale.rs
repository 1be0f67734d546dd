//! Scales: from figures to places in a picture, with the figures that an axis shows.

/// A scale along one direction of a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    kind: ScaleKind,
    /// The figures at both ends; on a logarithmic scale their logarithms.
    from: f64,
    to: f64,
    /// The places of both ends.
    start: f64,
    end: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScaleKind {
    Linear,
    Logarithmic,
}

/// The smallest figure on a logarithmic scale: zero would be infinitely far away.
const SMALLEST: f64 = 1e-9;

impl Scale {
    /// Equal differences are equally far apart.
    pub(crate) fn linear((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self::new(ScaleKind::Linear, (from, to), (start, end))
    }

    /// Equal ratios are equally far apart.
    pub(crate) fn logarithmic((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        let log = |figure: f64| figure.max(SMALLEST).log10();
        Self::new(ScaleKind::Logarithmic, (log(from), log(to)), (start, end))
    }

    fn new(kind: ScaleKind, (from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        // A scale of a single figure would be a division by zero; it stands in the middle.
        let (from, to) = if to - from > f64::EPSILON * from.abs().max(1.0) {
            (from, to)
        } else {
            let around = (from.abs() * 0.1).max(0.1);
            (from - around, to + around)
        };
        Self { kind, from, to, start, end }
    }

    /// Where a figure is. What lies outside of the scale is at its end.
    pub(crate) fn at(&self, figure: f64) -> f64 {
        let figure = match self.kind {
            ScaleKind::Linear => figure,
            ScaleKind::Logarithmic => figure.max(SMALLEST).log10(),
        };
        let share = ((figure - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        self.start + share * (self.end - self.start)
    }

    /// The figures to show, with as many decimals as tell them apart.
    pub(crate) fn named_ticks(&self) -> Vec<(f64, String)> {
        let ticks = self.ticks();
        let step = ticks.windows(2).filter_map(|pair| match pair {
            [one, next] => Some(next - one),
            _ => None,
        });
        let step = step.fold(f64::MAX, f64::min);
        // Not quite one, for ten times a step of 0.1 may come out below it.
        let decimals =
            (0..6).find(|decimals| step * 10_f64.powi(*decimals) > 0.999).unwrap_or_default();
        let decimals = usize::try_from(decimals).unwrap_or_default();
        // Zero has no sign.
        ticks.into_iter().map(|tick| (tick, format!("{:.decimals$}", tick + 0.0))).collect()
    }

    /// The figures to show, a few of them, all inside of the scale.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        match self.kind {
            ScaleKind::Linear => linear_ticks(self.from, self.to),
            ScaleKind::Logarithmic => logarithmic_ticks(self.from, self.to),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(from: f64, to: f64) -> Vec<f64> {
    let rough = (to - from) / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let first = (from / step).ceil();
    // Counting avoids sums of rounding errors.
    (0..=10)
        .map(|count| (first + f64::from(count)) * step)
        // The last one may come out a hair beyond the end, where it belongs.
        .take_while(|tick| *tick <= to + step * 1e-6)
        .collect()
}

/// Powers of ten; if there are few, also twice and five times those.
fn logarithmic_ticks(from: f64, to: f64) -> Vec<f64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "logarithms are small, and a cast saturates"
    )]
    let powers = (from.floor() as i32)..=(to.ceil() as i32);
    // Less than three powers of ten would leave the axis nearly without figures.
    let factors: &[f64] = if to - from > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let inside = |tick: &f64| (from - 1e-9..=to + 1e-9).contains(&tick.log10());
    powers
        .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)))
        .filter(inside)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let linear = |from, to| Scale::linear((from, to), (0.0, 1.0)).ticks();
        assert_eq!(linear(0.0, 10.0), [0.0, 5.0, 10.0]);
        assert_eq!(linear(41.3, 44.9), [42.0, 43.0, 44.0]);
        let logarithmic = |from, to| Scale::logarithmic((from, to), (0.0, 1.0)).ticks();
        assert_eq!(logarithmic(1.0, 20.0), [1.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!(logarithmic(1.0, 10_000.0), [1.0, 10.0, 100.0, 1000.0, 10_000.0]);
    }

    #[test]
    fn figures_have_their_place_and_none_is_outside() {
        let scale = Scale::linear((0.0, 10.0), (100.0, 0.0));
        assert!((scale.at(2.5) - 75.0).abs() < 1e-9);
        assert!((scale.at(99.0) - 0.0).abs() < 1e-9);
        let scale = Scale::logarithmic((1.0, 100.0), (0.0, 10.0));
        assert!((scale.at(10.0) - 5.0).abs() < 1e-9);
        assert!((scale.at(0.0) - 0.0).abs() < 1e-9);
    }

    #[test]
    fn a_single_figure_stands_in_the_middle() {
        for figure in [0.0, 5.0, -3.0, 1e12] {
            let scale = Scale::linear((figure, figure), (0.0, 10.0));
            assert!((scale.at(figure) - 5.0).abs() < 1e-6, "{figure}");
            assert!(scale.ticks().len() < 12);
        }
    }
}
