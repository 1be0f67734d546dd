//! Reads what a plan asks of the server, and how: `command`, `mix`, `keys`, `writes`; `rate`,
//! `connections`, `pipeline`.

use std::num::NonZeroU32;

use phasegate_model::{ByteSize, Command, Exponent, ExponentError, Keys, Load, Weighted, Writes};
use toml::Spanned;

use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::document::sections::{Section, wrong_type};

/// The size of a value if it isn't written.
pub(crate) const VALUE: &str = "100B";

/// The load that a plan's `[measure]` asks for.
pub(crate) fn load(section: &mut Section<'_>) -> Load {
    let default = Load::default();
    let rate = section.parsed("rate");
    let connections = section.positive("connections").unwrap_or(default.connections);
    let pipeline = section.positive("pipeline").unwrap_or(default.pipeline);
    if rate.is_some() && pipeline > NonZeroU32::MIN {
        let message = "`pipeline` and `rate` don't go together: on a schedule, each request is \
                       sent when it is due";
        misfit(section, "pipeline", message, "leave out one of them");
    }
    Load { rate, connections, pipeline }
}

/// The one command that is measured, if it is written.
pub(crate) fn command(section: &mut Section<'_>) -> Option<Command> {
    let commands = [("GET", Command::Get), ("SET", Command::Set), ("PING", Command::Ping)];
    let command = section.choice("command", &commands);
    if section.has("command") && section.has("mix") {
        let message = "`command` and `mix` don't go together";
        let help = "write the command as one of the mix, `[[measure.mix]]`";
        misfit(section, "command", message, help);
    }
    command
}

/// The commands of a plan's mix; none if there is none.
pub(crate) fn mix(section: &mut Section<'_>) -> Vec<Weighted> {
    let mut mix = Vec::new();
    for mut entry in section.sections("mix") {
        let command = entry.required("command");
        let weight = entry.positive("weight").unwrap_or(NonZeroU32::MIN);
        let value: Option<ByteSize> = entry.parsed("value").or_else(|| VALUE.parse().ok());
        entry.finish();
        // All keys are read before one is missed, so that every problem of the entry is told.
        let weighted = || Some(Weighted { command: command?, weight, value: value? });
        mix.extend(weighted());
    }
    mix
}

/// The keys that commands name.
pub(crate) fn keys(section: &mut Section<'_>) -> Keys {
    let has_dataset = section.has("dataset");
    let Some(mut table) = section.section("keys") else { return Keys::default() };
    let keys = Keys { count: table.positive("count"), zipf: exponent(&mut table) };
    if has_dataset && table.has("count") {
        let message = "the dataset has as many keys as it needs, so `count` says nothing";
        misfit(&mut table, "count", message, "leave it out");
    }
    table.finish();
    keys
}

/// Whether commands may write to a server that isn't ours.
pub(crate) fn writes(section: &mut Section<'_>) -> Writes {
    let choices = [("forbidden", Writes::Forbidden), ("allowed", Writes::Allowed)];
    section.choice("writes", &choices).unwrap_or_default()
}

fn exponent(table: &mut Section<'_>) -> Option<Exponent> {
    let value = table.value("zipf")?;
    let digits = value.get_ref().as_float().map(toml::de::DeFloat::as_str);
    // `zipf = 1` is a whole number for TOML, and means the same as 1.0.
    let digits = digits.or(value.get_ref().as_integer().map(toml::de::DeInteger::as_str));
    let Some(digits) = digits else {
        table.problems.push(wrong_type(value, "zipf", "a number, such as 0.99"));
        return None;
    };
    match digits.parse() {
        Ok(exponent) => Some(exponent),
        Err(error) => {
            let error: ExponentError = error;
            table.problems.add(Code::BadValue, value.span(), error.to_string());
            None
        }
    }
}

/// Reports values that are right by themselves.
pub(crate) fn misfit(section: &mut Section<'_>, key: &'static str, message: &str, help: &str) {
    let span = section.value(key).map(Spanned::span).unwrap_or_default();
    section.problems.push(Diagnostic::new(Code::BadValue, span, message).help(help));
}

#[cfg(test)]
mod tests {
    use phasegate_model::MeasurePlan;

    use super::*;
    use crate::document::diagnostic::Source;
    use crate::read::plan::parse_plan;

    fn measure(lines: &str) -> Result<MeasurePlan, Vec<String>> {
        let text = format!(
            "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m\"\n[measure]\n{lines}\n"
        );
        let plan = parse_plan(&Source { name: "3a.toml".to_owned(), text });
        plan.map(|plan| plan.measure).map_err(|problems| {
            problems.into_iter().map(|p| format!("{}: {}", p.code, p.message)).collect()
        })
    }

    fn load(lines: &str) -> Result<String, Vec<String>> {
        measure(lines).map(|measure| measure.load.to_string())
    }

    #[test]
    fn what_is_not_written_is_one_request_after_the_other() {
        assert_eq!(load("").unwrap(), "closed loop (service time)");
        assert_eq!(
            load("rate = \"20000/s\"\nconnections = 8").unwrap(),
            "open loop, 20000/s, 8 connections (response time)"
        );
    }

    #[test]
    fn a_load_that_can_not_be_is_refused() {
        assert_eq!(
            load("rate = \"20000/s\"\npipeline = 16").unwrap_err(),
            [
                "bad-value: `pipeline` and `rate` don't go together: on a schedule, each request is sent when it is due"
            ]
        );
        assert_eq!(
            load("rate = \"12us\"\nconnections = 0").unwrap_err(),
            [
                "bad-value: `12us` is not a rate, such as `20000/s`",
                "bad-value: `connections` must be at least 1"
            ]
        );
        assert_eq!(load("rate = \"0/s\"").unwrap_err(), ["bad-value: `0/s` is out of range"]);
    }

    #[test]
    fn a_mix_is_commands_with_weights_and_keys() {
        let plan = measure(
            "writes = \"allowed\"\nkeys = { count = 1_000, zipf = 0.99 }\n[[measure.mix]]\ncommand = \"GET\"\nweight = 9\n[[measure.mix]]\ncommand = \"HSET user:{key} f {value}\"\nvalue = \"1kB\"",
        )
        .unwrap();
        let mix = plan.mix.iter().map(|it| format!("{} {} {}", it.weight, it.command, it.value));
        assert_eq!(mix.collect::<Vec<_>>(), ["9 GET 100B", "1 HSET user:{key} f {value} 1kB"]);
        assert_eq!(plan.keys.zipf.unwrap().to_string(), "0.99");
        assert_eq!((plan.keys.count.unwrap().get(), plan.writes), (1_000, Writes::Allowed));
    }

    #[test]
    fn all_problems_of_a_mix_are_told_at_once() {
        assert_eq!(
            measure(
                "command = \"GET\"\nwrites = \"yes\"\nkeys = { count = 7, zipf = -1 }\ndataset = { size = \"1MB\" }\n[[measure.mix]]\ncommand = \"GET {kye}\"\nweight = 0\nwieght = 1\n[[measure.mix]]\nweight = 1"
            )
            .unwrap_err(),
            [
                "bad-value: `command` and `mix` don't go together",
                "bad-value: `yes` can't be the writes; use forbidden or allowed",
                "bad-value: the dataset has as many keys as it needs, so `count` says nothing",
                "bad-value: `-1` can't be the exponent of a Zipf distribution, which is above 0 and at most 10, such as 0.99",
                "bad-value: `{kye}` is not a placeholder; there are `{key}` and `{value}`",
                "bad-value: `weight` must be at least 1",
                "unknown-key: unknown key `wieght` in `mix`",
                "missing-key: `mix` has no `command`",
            ]
        );
    }
}
