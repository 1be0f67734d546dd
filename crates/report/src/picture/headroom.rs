//! Where the round trip goes: the command itself, the rest of the server, and the floor.

use phasegate_model::{Quantity, Unit};

use crate::material::Material;
use crate::measured::headroom::{Bar, bars, percent, shown, units};
use crate::picture::finished::PictureLine;
use crate::picture::finished::line;
use crate::picture::legend::{Legend, Swatch};
use crate::picture::scale::Scale;
use crate::picture::svg::{LINE, Svg, WIDTH, fit, width_of_text};
use crate::text::figures::{TableUnits, in_unit, list};

const EDGE: f64 = 12.0;
const HEAD: f64 = 40.0;
/// A line of words and a bar.
const ROW: f64 = 46.0;

/// Nothing if nothing of it was measured.
pub(crate) fn picture(material: &Material<'_>) -> Option<PictureLine> {
    let bars = bars(material);
    if bars.is_empty() {
        return None;
    }
    let units = units(&bars);
    // Never nothing, or the scale would have no length.
    let longest = bars.iter().map(|bar| nanoseconds(bar.rtt)).fold(1.0, f64::max);
    let scale = Scale::linear((0.0, longest), (EDGE, WIDTH - EDGE));
    let mut svg = Svg::default();
    let mut top = HEAD;
    for bar in &bars {
        top = draw(bar, units, &scale, &mut svg, top);
    }
    let has_floor = bars.iter().any(|bar| bar.floor.is_some());
    let mut legend = Legend::below(top);
    if bars.iter().any(|bar| bar.command.is_some()) {
        legend.add(Swatch::Full, "the command itself");
    }
    if has_floor {
        legend.add(Swatch::Pale, "the rest of the server, above the floor");
        legend.add(Swatch::Empty, "the floor: kernel, transport, waking up");
        let unknown: Vec<String> = bars
            .iter()
            .filter(|bar| bar.floor.is_none())
            .map(|bar| bar.statistic.to_owned())
            .collect();
        if !unknown.is_empty() {
            let unknown = list(&unknown, "and");
            legend.add(Swatch::None, &format!("for the {unknown}, the floor was not measured"));
        }
    } else {
        legend.add(Swatch::Empty, "everything else; the floor was not measured");
    }
    let height = legend.draw(&mut svg);
    let words: Vec<String> = bars.iter().map(|bar| sentence(bar, units)).collect();
    let title = "Where the round trip goes";
    Some(line("headroom", title, words.join(" "), |id, title, text| {
        svg.finish(id, title, text, height)
    }))
}

/// Draws what belongs to a bar from there on, and returns where the next one begins.
fn draw(bar: &Bar, units: TableUnits, scale: &Scale, svg: &mut Svg, mut top: f64) -> f64 {
    let words = format!("{} {}", bar.statistic, shown(units, bar.rtt));
    let figures = figures(bar, units);
    svg.text("strong", (EDGE, top + 12.0), &words);
    let room = WIDTH - 2.0 * EDGE - width_of_text(&words) - 12.0;
    // Both stand on one line only where they don't meet.
    if width_of_text(&figures) <= room {
        svg.text("end dim", (WIDTH - EDGE, top + 12.0), &figures);
    } else {
        top += LINE;
        svg.text("dim", (EDGE, top + 12.0), &fit(&figures, WIDTH - 2.0 * EDGE));
    }
    let (above, below) = (top + 18.0, top + 34.0);
    // Painted from the back: a part covers the whole that it is of.
    svg.bar("empty edge", (EDGE, above), (scale.at(nanoseconds(bar.rtt)), below));
    if let Some(floor) = bar.floor {
        // A floor above the round trip, as chance has it, leaves nothing to the server.
        let server = (nanoseconds(bar.rtt) - nanoseconds(floor)).max(0.0);
        svg.bar("band edge", (EDGE, above), (scale.at(server), below));
    }
    if let Some(command) = bar.command {
        svg.bar("mark", (EDGE, above), (scale.at(nanoseconds(command)), below));
    }
    top + ROW
}

/// `command 3.77 %, headroom 12.0 %`
fn figures(bar: &Bar, units: TableUnits) -> String {
    let mut figures = Vec::new();
    if let Some(command) = bar.command {
        let share = bar.command_share.map(|share| format!(" ({})", percent(share)));
        figures.push(format!("command {}{}", shown(units, command), share.unwrap_or_default()));
    }
    if let Some(floor) = bar.floor {
        figures.push(format!("floor {}", shown(units, floor)));
    }
    if let Some(headroom) = bar.headroom {
        figures.push(format!("headroom {}", percent(headroom)));
    }
    figures.join(", ")
}

fn sentence(bar: &Bar, units: TableUnits) -> String {
    format!("{}: {}; {}.", bar.statistic, shown(units, bar.rtt), figures(bar, units))
}

fn nanoseconds(time: Quantity) -> f64 {
    in_unit(time, Unit::Nanosecond)
}
