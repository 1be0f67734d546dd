//! Memory: the fragmentation ratio as a product, one factor after the other, and the sizes.

use phasegate_model::{Memory, Metric};

use crate::material::Material;
use crate::measured::memory::MemoryMedians;
use crate::picture::finished::PictureLine;
use crate::picture::finished::line;
use crate::picture::scale::Scale;
use crate::picture::svg::{Svg, WIDTH, fit, width_of_text};
use crate::text::figures::in_unit;

const EDGE: f64 = 12.0;
const HEAD: f64 = 40.0;
/// A line of words and a bar.
const ROW: f64 = 36.0;

/// Nothing if there is neither a size nor a product.
pub(crate) fn picture(material: &Material<'_>) -> Option<PictureLine> {
    let measured = MemoryMedians::of(material);
    if measured.sizes.is_empty() && measured.product.is_none() {
        return None;
    }
    let mut svg = Svg::default();
    let mut top = HEAD;
    if measured.product.is_some() {
        top = draw_factors(&measured, &mut svg, top);
    }
    if !measured.sizes.is_empty() {
        top = draw_sizes(&measured, &mut svg, top);
    }
    let title = "Memory: the fragmentation ratio and the sizes";
    Some(line("memory", title, description(&measured), |id, title, text| {
        svg.finish(id, title, text, top)
    }))
}

/// Each factor's bar begins where the one before ended: on a logarithmic scale lengths add up to
/// the product.
fn draw_factors(measured: &MemoryMedians, svg: &mut Svg, mut top: f64) -> f64 {
    // One is where a product begins, and where its logarithm is zero.
    let mut ends = vec![1.0];
    for factor in &measured.factors {
        let before = ends.last().copied().unwrap_or(1.0);
        ends.push(before * in_unit(factor.value, factor.value.unit()));
    }
    // A tenth at least, or factors of nearly one would be blown up to the whole width.
    let (low, high) =
        ends.iter().fold((1.0_f64, 1.1_f64), |(l, h), end| (l.min(*end), h.max(*end)));
    let scale = Scale::logarithmic((low, high), (EDGE, WIDTH - EDGE));
    let rows = measured.factors.iter().zip(ends.iter().zip(ends.iter().skip(1)));
    for (factor, (from, to)) in rows {
        let value = format!("× {}", factor.value.human());
        // A factor below one leads back, and so looks different.
        let class = if to >= from { "mark" } else { "empty edge" };
        draw_row(svg, top, ("", factor.words), &value, class, (scale.at(*from), scale.at(*to)));
        top += ROW;
    }
    if let (Some(product), Some(end)) = (measured.product, ends.last()) {
        let value = match measured.ratio {
            Some(ratio) => format!("= {} (server: {})", product.human(), ratio.human()),
            None => format!("= {}", product.human()),
        };
        let bar = (scale.at(1.0), scale.at(*end));
        draw_row(svg, top, ("strong", "product, from 1"), &value, "band edge", bar);
        top += ROW;
    }
    top + 10.0
}

fn draw_sizes(measured: &MemoryMedians, svg: &mut Svg, mut top: f64) -> f64 {
    let figures =
        measured.sizes.iter().map(|(_, _, size)| in_unit(*size, phasegate_model::Unit::Byte));
    let scale = Scale::linear((0.0, figures.fold(1.0, f64::max)), (EDGE, WIDTH - EDGE));
    svg.line("grid", (EDGE, top - 8.0), (WIDTH - EDGE, top - 8.0));
    for (memory, words, size) in &measured.sizes {
        let end = scale.at(in_unit(*size, phasegate_model::Unit::Byte));
        // What users stored is what the rest is there for.
        let class = if *memory == Memory::Dataset { "mark" } else { "band edge" };
        draw_row(svg, top, ("", words), &measured.shown(*size), class, (EDGE, end));
        top += ROW;
    }
    top + 4.0
}

fn draw_row(
    svg: &mut Svg,
    top: f64,
    (style, words): (&str, &str),
    value: &str,
    class: &str,
    (from, to): (f64, f64),
) {
    svg.text("end", (WIDTH - EDGE, top + 12.0), value);
    // The figure is shown whole, and the words give way to it.
    let room = WIDTH - 2.0 * EDGE - width_of_text(value) - 12.0;
    svg.text(style, (EDGE, top + 12.0), &fit(words, room));
    svg.bar(class, (from, top + 18.0), (to, top + 28.0));
}

fn description(measured: &MemoryMedians) -> String {
    let mut sentences = Vec::new();
    if let Some(product) = measured.product {
        let factors: Vec<String> = measured
            .factors
            .iter()
            .map(|factor| format!("{} {}", Metric::Memory(factor.metric), factor.value.human()))
            .collect();
        sentences.push(format!(
            "{} make a product of {}.",
            factors.join(" times "),
            product.human()
        ));
    }
    let sizes: Vec<String> = measured
        .sizes
        .iter()
        .map(|(memory, _, size)| format!("{} {}", Metric::Memory(*memory), measured.shown(*size)))
        .collect();
    if !sizes.is_empty() {
        sentences.push(format!("Sizes: {}.", sizes.join(", ")));
    }
    sentences.join(" ")
}
