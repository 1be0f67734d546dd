//! Pictures as SVG: pure functions of decision and evidence. Every figure that a picture shows
//! also stands in a table of the report.

mod headroom;
mod latency;
mod legend;
mod memory;
mod scale;
mod sensitivity;
mod spectrum;
mod svg;
mod trajectory;

use crate::context::{PictureLine, Pictures};
use crate::material::Material;
use crate::spectrum::Series;

pub(crate) use svg::STYLE;

/// Where the area begins that figures are drawn in.
const TOP: f64 = 40.0;
/// The room for the figures of the axis.
const LEFT: f64 = 64.0;
/// The room on the other side.
const RIGHT: f64 = 16.0;

/// A picture that is done.
fn line(
    name: &str,
    title: &str,
    description: String,
    finish: impl FnOnce(&str, &str, &str) -> String,
) -> PictureLine {
    let svg = finish(name, title, &description);
    PictureLine { file: format!("{name}.svg"), title: title.to_owned(), description, svg }
}

/// All pictures that there are figures for in the decision's own evidence.
pub(crate) fn pictures(material: &Material<'_>, series: &[Series]) -> Pictures {
    Pictures {
        p99: latency::picture(material),
        spectrum: spectrum::picture(series),
        memory: memory::picture(material),
        headroom: headroom::picture(material),
        sensitivity: sensitivity::picture(material),
        trajectory: None,
    }
}

pub(crate) use trajectory::picture as trajectory;

/// The spectrum's picture alone.
#[cfg(test)]
pub(crate) fn spectrum_of(series: &[Series]) -> Option<String> {
    spectrum::picture(series).map(|picture| picture.svg)
}
