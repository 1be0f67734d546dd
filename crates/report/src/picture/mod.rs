//! Pictures as SVG: pure functions of decision and evidence. Every figure that a picture shows
//! also stands in a table of the report.

mod finished;
mod headroom;
mod latency;
mod legend;
mod memory;
mod scale;
mod sensitivity;
mod spectrum;
mod svg;
mod trajectory;

pub use crate::picture::finished::PictureLine;

use crate::material::Material;
use crate::measured::spectrum::Series;
use serde::Serialize;

/// The pictures that there are figures for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pictures {
    /// P99 of each trial.
    pub p99: Option<PictureLine>,
    /// The latency spectrum.
    pub spectrum: Option<PictureLine>,
    /// Where the fragmentation ratio comes from, and the sizes.
    pub memory: Option<PictureLine>,
    /// Where the round trip goes.
    pub headroom: Option<PictureLine>,
    /// Each row's reading against its limit.
    pub sensitivity: Option<PictureLine>,
    /// P99 across the phases up to this one.
    pub trajectory: Option<PictureLine>,
}

impl Pictures {
    /// All that there are, in the order in which the report shows them.
    pub fn all(&self) -> impl Iterator<Item = &PictureLine> {
        let Self { p99, spectrum, memory, headroom, sensitivity, trajectory } = self;
        [p99, spectrum, memory, headroom, sensitivity, trajectory].into_iter().flatten()
    }
}

pub(crate) use crate::picture::svg::STYLE;

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

pub(crate) use crate::picture::trajectory::picture as trajectory;
