//! Headroom: how much of the round trip is the server's at all.

use phasegate_model::{Headroom, Metric, Quantity, Server, Statistic};
use serde::Serialize;

use crate::material::Material;
use crate::measured::baseline::median;
use crate::text::figures::TableUnits;

/// How much of the round trip is the server's at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadroomSection {
    /// What it comes to.
    pub sentences: Vec<String>,
    /// Whether a floor was measured.
    pub has_floor: bool,
    /// Whether the server told how long the command takes.
    pub has_command: bool,
    /// One for each statistic.
    pub rows: Vec<HeadroomLine>,
}

/// A statistic of the round trip, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadroomLine {
    /// The statistic, `mean`.
    pub statistic: String,
    /// The round trip.
    pub rtt: String,
    /// The round trip to a server that does nothing.
    pub floor: Option<String>,
    /// The share above the floor.
    pub headroom: Option<String>,
    /// The command itself.
    pub command: Option<String>,
    /// Its share.
    pub command_share: Option<String>,
}

/// The statistics for which a floor can be told.
const STATISTICS: [(&str, Statistic, Headroom); 3] = [
    ("mean", Statistic::Mean, Headroom::Mean),
    ("p50", Statistic::P50, Headroom::P50),
    ("p99", Statistic::P99, Headroom::P99),
];

/// One statistic of the round trip and what it is made of; all of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) statistic: &'static str,
    pub(crate) rtt: Quantity,
    /// The round trip to a server that does nothing.
    pub(crate) floor: Option<Quantity>,
    /// What the server could give back at most, as a share.
    pub(crate) headroom: Option<Quantity>,
    /// The command itself, which is known of the mean only.
    pub(crate) command: Option<Quantity>,
    pub(crate) command_share: Option<Quantity>,
}

/// What was measured; a statistic of which nothing but the round trip is known is left out.
pub(crate) fn bars(material: &Material<'_>) -> Vec<Bar> {
    let of = |metric| median(material, metric);
    let bar = |(name, statistic, headroom)| {
        // Servers tell of a command's own time its mean and no percentile.
        let is_mean = statistic == Statistic::Mean;
        let bar = Bar {
            statistic: name,
            rtt: of(Metric::Rtt(statistic))?,
            floor: of(Metric::Floor(statistic)),
            headroom: of(Metric::Headroom(headroom)),
            command: is_mean.then(|| of(Metric::Server(Server::ExecMean))).flatten(),
            command_share: is_mean.then(|| of(Metric::Headroom(Headroom::Exec))).flatten(),
        };
        let is_known = bar.floor.is_some()
            || bar.headroom.is_some()
            || bar.command.is_some()
            || bar.command_share.is_some();
        is_known.then_some(bar)
    };
    STATISTICS.into_iter().filter_map(bar).collect()
}

/// The unit for all of them.
pub(crate) fn units(bars: &[Bar]) -> TableUnits {
    TableUnits::of(bars.iter().map(|bar| bar.rtt))
}

/// A time in the unit of the table.
pub(crate) fn shown(units: TableUnits, time: Quantity) -> String {
    time.human_in(units.unit(Metric::Rtt(Statistic::Mean), time))
}

/// A share, in percent.
pub(crate) fn percent(share: Quantity) -> String {
    share.human_in(phasegate_model::Unit::Percent)
}

/// The section on headroom; nothing if nothing of it was measured.
pub(crate) fn section(material: &Material<'_>) -> Option<HeadroomSection> {
    let bars = bars(material);
    if bars.is_empty() {
        return None;
    }
    let units = units(&bars);
    let time = |time| shown(units, time);
    let line = |bar: &Bar| HeadroomLine {
        statistic: bar.statistic.to_owned(),
        rtt: time(bar.rtt),
        floor: bar.floor.map(time),
        headroom: bar.headroom.map(percent),
        command: bar.command.map(time),
        command_share: bar.command_share.map(percent),
    };
    Some(HeadroomSection {
        has_floor: bars.iter().any(|bar| bar.floor.is_some() || bar.headroom.is_some()),
        has_command: bars.iter().any(|bar| bar.command.is_some() || bar.command_share.is_some()),
        sentences: sentences(&bars, units),
        rows: bars.iter().map(line).collect(),
    })
}

fn sentences(bars: &[Bar], units: TableUnits) -> Vec<String> {
    let time = |time| shown(units, time);
    let mut sentences = Vec::new();
    let command = bars.iter().find_map(|bar| Some((bar, bar.command?, bar.command_share?)));
    if let Some((bar, command, share)) = command {
        sentences.push(format!(
            "The command itself takes {} of a mean round trip of {}: a server that ran it in no \
             time would be faster by {} at most.",
            time(command),
            time(bar.rtt),
            percent(share)
        ));
    }
    let above = bars.iter().rev().find_map(|bar| Some((bar, bar.floor?, bar.headroom?)));
    sentences.push(match above {
        Some((bar, floor, share)) => format!(
            "The {} round trip to a server that does nothing is {} instead of {}: {} is all that \
             work on the server could gain there.",
            bar.statistic,
            time(floor),
            time(bar.rtt),
            percent(share)
        ),
        None => "The floor (the round trip to a server that does nothing) was not measured, so it \
                 isn't known how much of the rest is the server's."
            .to_owned(),
    });
    sentences
}
