//! A finished picture, and the frame that pictures share.

use serde::Serialize;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PictureLine {
    /// The name of its file beside the report, `p99.svg`.
    pub file: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What it shows, in sentences with the chief figures.
    pub description: String,
    /// The picture itself: an `<svg>` element that may stand in HTML as it is.
    pub svg: String,
}

/// Where the area begins that figures are drawn in.
pub(crate) const TOP: f64 = 40.0;
/// The room for the figures of the axis.
pub(crate) const LEFT: f64 = 64.0;
/// The room on the other side.
pub(crate) const RIGHT: f64 = 16.0;

/// A picture that is done.
pub(crate) fn line(
    name: &str,
    title: &str,
    description: String,
    finish: impl FnOnce(&str, &str, &str) -> String,
) -> PictureLine {
    let svg = finish(name, title, &description);
    PictureLine { file: format!("{name}.svg"), title: title.to_owned(), description, svg }
}
