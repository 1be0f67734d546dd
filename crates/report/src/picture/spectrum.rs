//! The latency spectrum, on the percentile axis of `HdrHistogram`: the same distance from 90 % to
//! 99 % as from 99 % to 99.9 %, so that the rare slow ones get the room they deserve.

use phasegate_model::{Decimal, Dimension, Quantity};

use crate::measured::spectrum::{Series, time};
use crate::picture::finished::PictureLine;
use crate::picture::finished::{LEFT, RIGHT, TOP, line};
use crate::picture::legend::{Legend, Swatch};
use crate::picture::scale::Scale;
use crate::picture::svg::{PicturePoint, Svg, WIDTH, width_of_text};
use crate::text::figures::as_written;

const PLOT: f64 = 190.0;

/// The percentiles that the axis names, each one tenth as far from all as the one before.
const NAMED: [(&str, f64); 7] = [
    ("0 %", 1.0),
    ("90 %", 10.0),
    ("99 %", 100.0),
    ("99.9 %", 1e3),
    ("99.99 %", 1e4),
    ("99.999 %", 1e5),
    ("99.9999 %", 1e6),
];

/// How many places of the axis a curve is computed at.
const PLACES: u32 = 120;

/// Nothing if there is no series.
pub(crate) fn picture(series: &[Series]) -> Option<PictureLine> {
    let first = series.first()?;
    let mut svg = Svg::default();
    let scales = Scales::of(series);
    scales.draw_axes(&mut svg);
    let mut legend = Legend::below(TOP + PLOT + 44.0);
    if first.trials.len() > 1 {
        svg.path("band", scales.band(first));
        legend.add(Swatch::Band, "from the fastest to the slowest trial");
    }
    for (at, one) in series.iter().enumerate() {
        let (class, swatch) =
            if at == 0 { ("curve", Swatch::Curve) } else { ("second", Swatch::Second) };
        svg.path(class, scales.curve(|share| one.pooled.at(share)));
        legend.add(swatch, &format!("{}, all trials together", one.name));
    }
    let height = legend.draw(&mut svg);
    let title = "Latency spectrum: time by percentile";
    let shown = |share| time(first.pooled.at(share)).human();
    let description = format!(
        "The {} takes {} at the median, {} at the 99th percentile and {} at most. The percentile \
         axis is logarithmic towards 100 %, the time axis is logarithmic.",
        first.name,
        shown(0.5),
        shown(0.99),
        shown(1.0)
    );
    Some(line("spectrum", title, description, |id, title, text| {
        svg.finish(id, title, text, height)
    }))
}

struct Scales {
    /// Of 1 / (1 - share).
    x: Scale,
    /// Of nanoseconds.
    y: Scale,
    /// The largest 1 / (1 - share): the number of samples.
    rarest: f64,
}

impl Scales {
    fn of(series: &[Series]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a picture is not exact to 2^53")]
        let (figure, samples) = (
            |nanoseconds: u64| nanoseconds as f64,
            series.iter().map(|one| one.pooled.len()).max().unwrap_or(1) as f64,
        );
        // At least to 90 %, the first percentile that the axis names behind its beginning.
        let rarest = samples.max(10.0);
        let low = series.iter().map(|one| one.range_at(0.0).0).min().unwrap_or(1);
        let high = series.iter().map(|one| one.range_at(1.0).1).max().unwrap_or(1);
        // Some room, or the curve would run along the frame.
        let (low, high) = (figure(low) * 0.9, figure(high) * 1.1);
        Self {
            x: Scale::logarithmic((1.0, rarest), (LEFT, WIDTH - RIGHT)),
            y: Scale::logarithmic((low, high), (TOP + PLOT, TOP)),
            rarest,
        }
    }

    fn draw_axes(&self, svg: &mut Svg) {
        let bottom = TOP + PLOT;
        for tick in self.y.ticks() {
            let y = self.y.at(tick);
            svg.line("grid", (LEFT, y), (WIDTH - RIGHT, y));
            svg.text("dim end", (LEFT - 6.0, y + 4.5), &tick_name(tick));
        }
        let named = NAMED.iter().filter(|(_, rarity)| *rarity <= self.rarest);
        let mut free = 0.0;
        for (name, rarity) in named {
            let x = self.x.at(*rarity);
            svg.line("grid", (x, TOP), (x, bottom));
            let half = width_of_text(name) / 2.0;
            let middle = x.min(WIDTH - half - 4.0);
            // A name that would run into the one before is left out.
            if middle - half >= free {
                svg.text("dim middle", (middle, bottom + 17.0), name);
                free = middle + half + 2.0;
            }
        }
        svg.line("axis", (LEFT, bottom), (WIDTH - RIGHT, bottom));
        svg.text("dim end", (WIDTH - RIGHT, bottom + 34.0), "percentile");
    }

    /// Places along the axis, with the share of samples up to there.
    fn places(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> {
        let (from, to) = (self.x.at(1.0), self.x.at(self.rarest));
        let decades = self.rarest.log10();
        (0..=PLACES).map(move |place| {
            let along = f64::from(place) / f64::from(PLACES);
            let share = 1.0 - 10_f64.powf(-along * decades);
            (from + along * (to - from), share)
        })
    }

    fn curve(&self, nanoseconds: impl Fn(f64) -> u64) -> Vec<PicturePoint> {
        self.places().map(|(x, share)| (x, self.place(nanoseconds(share)))).collect()
    }

    /// There along the fastest trial, and back along the slowest.
    fn band(&self, series: &Series) -> Vec<PicturePoint> {
        let fastest = self.places().map(|(x, share)| (x, self.place(series.range_at(share).0)));
        let slowest = self.places().map(|(x, share)| (x, self.place(series.range_at(share).1)));
        fastest.chain(slowest.rev()).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "a picture is not exact to 2^53")]
    fn place(&self, nanoseconds: u64) -> f64 {
        self.y.at(nanoseconds as f64)
    }
}

/// A round number of nanoseconds, `10 us`.
fn tick_name(nanoseconds: f64) -> String {
    let amount = Decimal::from_f64_retain(nanoseconds).unwrap_or_default().round_dp(1);
    as_written(Quantity::from_amount(Dimension::Time, amount))
}

#[cfg(test)]
mod tests {
    use crate::measured::spectrum::tests::both;

    #[test]
    fn a_floor_is_drawn_beside_the_round_trip() {
        let picture = super::picture(&both()).unwrap().svg;
        assert!(picture.contains("class=\"second\"") && picture.contains("floor, all trials"));
    }
}
