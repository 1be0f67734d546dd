//! What the shapes of a picture mean, one below the other: there nothing can overlap.

use crate::picture::svg::{LINE, Svg, WIDTH, fit};

/// The shape that a line of the legend explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Swatch {
    /// A filled dot.
    Dot,
    /// A filled area.
    Band,
    /// An unbroken line.
    Curve,
    /// A dotted line.
    Second,
    /// A dashed line.
    Limit,
    /// A dark bar.
    Full,
    /// A pale bar with an edge.
    Pale,
    /// An empty bar with an edge.
    Empty,
    /// No shape: a remark.
    None,
}

/// A legend.
#[derive(Debug)]
pub(crate) struct Legend {
    top: f64,
    lines: Vec<(Swatch, String)>,
}

impl Legend {
    /// A legend that begins at that height.
    pub(crate) const fn below(top: f64) -> Self {
        Self { top, lines: Vec::new() }
    }

    /// One more line.
    pub(crate) fn add(&mut self, swatch: Swatch, words: &str) {
        self.lines.push((swatch, words.to_owned()));
    }

    /// Draws it, and tells how high the picture has to be for it.
    pub(crate) fn draw(self, svg: &mut Svg) -> f64 {
        let mut y = self.top;
        for (swatch, words) in self.lines {
            let middle = y + LINE / 2.0;
            match swatch {
                Swatch::Dot => svg.dot("mark", (26.0, middle)),
                Swatch::Band => svg.bar("band", (14.0, middle - 5.0), (38.0, middle + 5.0)),
                Swatch::Curve => svg.line("curve", (14.0, middle), (38.0, middle)),
                Swatch::Second => svg.line("second", (14.0, middle), (38.0, middle)),
                Swatch::Limit => svg.line("limit", (14.0, middle), (38.0, middle)),
                Swatch::Full => svg.bar("mark", (14.0, middle - 5.0), (38.0, middle + 5.0)),
                Swatch::Pale => svg.bar("band edge", (14.0, middle - 5.0), (38.0, middle + 5.0)),
                Swatch::Empty => svg.bar("empty edge", (14.0, middle - 5.0), (38.0, middle + 5.0)),
                Swatch::None => {}
            }
            // A row's name is as long as its writer likes.
            svg.text("", (46.0, middle + 4.5), &fit(&words, WIDTH - 58.0));
            y += LINE;
        }
        y + 12.0
    }
}
