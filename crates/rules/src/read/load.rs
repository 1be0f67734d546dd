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
pub(crate) fn load(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Load {
    let default = Load::default();
    let rate = section.parsed("rate", problems);
    let connections = section.positive("connections", problems).unwrap_or(default.connections);
    let pipeline = section.positive("pipeline", problems).unwrap_or(default.pipeline);
    if rate.is_some() && pipeline > NonZeroU32::MIN {
        let message = "`pipeline` and `rate` don't go together: on a schedule, each request is \
                       sent when it is due";
        problems.push(misfit(section, "pipeline", message, "leave out one of them"));
    }
    Load { rate, connections, pipeline }
}

/// The one command that is measured, if it is written.
pub(crate) fn command(
    section: &mut Section<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Command> {
    let commands = [("GET", Command::Get), ("SET", Command::Set), ("PING", Command::Ping)];
    let command = section.choice("command", &commands, problems);
    if section.has("command") && section.has("mix") {
        let message = "`command` and `mix` don't go together";
        let help = "write the command as one of the mix, `[[measure.mix]]`";
        problems.push(misfit(section, "command", message, help));
    }
    command
}

/// The commands of a plan's mix; none if there is none.
pub(crate) fn mix(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Weighted> {
    let mut mix = Vec::new();
    for mut entry in section.sections("mix", problems) {
        let command = entry.required("command", problems);
        let weight = entry.positive("weight", problems).unwrap_or(NonZeroU32::MIN);
        let value: Option<ByteSize> =
            entry.parsed("value", problems).or_else(|| VALUE.parse().ok());
        entry.finish(problems);
        // All keys are read before one is missed, so that every problem of the entry is told.
        let weighted = || Some(Weighted { command: command?, weight, value: value? });
        mix.extend(weighted());
    }
    mix
}

/// The keys that commands name.
pub(crate) fn keys(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Keys {
    let has_dataset = section.has("dataset");
    let Some(mut table) = section.section("keys", problems) else { return Keys::default() };
    let keys =
        Keys { count: table.positive("count", problems), zipf: exponent(&mut table, problems) };
    if has_dataset && table.has("count") {
        let message = "the dataset has as many keys as it needs, so `count` says nothing";
        problems.push(misfit(&mut table, "count", message, "leave it out"));
    }
    table.finish(problems);
    keys
}

/// Whether commands may write to a server that isn't ours.
pub(crate) fn writes(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Writes {
    let choices = [("forbidden", Writes::Forbidden), ("allowed", Writes::Allowed)];
    section.choice("writes", &choices, problems).unwrap_or_default()
}

fn exponent(table: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<Exponent> {
    let value = table.value("zipf")?;
    let digits = value.get_ref().as_float().map(toml::de::DeFloat::as_str);
    // `zipf = 1` is a whole number for TOML, and means the same as 1.0.
    let digits = digits.or(value.get_ref().as_integer().map(toml::de::DeInteger::as_str));
    let Some(digits) = digits else {
        problems.push(wrong_type(value, "zipf", "a number, such as 0.99"));
        return None;
    };
    match digits.parse() {
        Ok(exponent) => Some(exponent),
        Err(error) => {
            let error: ExponentError = error;
            problems.push(Diagnostic::new(Code::BadValue, value.span(), error.to_string()));
            None
        }
    }
}

/// A problem of values that are right by themselves.
pub(crate) fn misfit(
    section: &mut Section<'_>,
    key: &'static str,
    message: &str,
    help: &str,
) -> Diagnostic {
    let span = section.value(key).map(Spanned::span).unwrap_or_default();
    let mut problem = Diagnostic::new(Code::BadValue, span, message.to_owned());
    problem.help = Some(help.to_owned());
    problem
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
