//! Reads how a plan sends its requests: the keys `rate`, `connections` and `pipeline`.

use std::num::NonZeroU32;

use phasegate_model::Load;

use crate::diagnostic::{Code, Diagnostic};
use crate::document::Section;

/// The load that a plan's `[measure]` asks for.
pub(crate) fn load(section: &mut Section<'_>, problems: &mut Vec<Diagnostic>) -> Load {
    let default = Load::default();
    let rate = section.parsed("rate", problems);
    let connections = section.positive("connections", problems).unwrap_or(default.connections);
    let pipeline = section.positive("pipeline", problems).unwrap_or(default.pipeline);
    if rate.is_some() && pipeline > NonZeroU32::MIN {
        let span = section.value("pipeline").map(toml::Spanned::span).unwrap_or_default();
        let message = "`pipeline` and `rate` don't go together: on a schedule, each request is \
                       sent when it is due";
        let mut problem = Diagnostic::new(Code::BadValue, span, message.to_owned());
        problem.help = Some("leave out one of them".to_owned());
        problems.push(problem);
    }
    Load { rate, connections, pipeline }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Source;
    use crate::plan_file::parse_plan;

    fn load(lines: &str) -> Result<String, Vec<String>> {
        let text = format!(
            "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m\"\n[measure]\n{lines}\n"
        );
        let plan = parse_plan(&Source { name: "3a.toml".to_owned(), text });
        plan.map(|plan| plan.measure.load.to_string()).map_err(|problems| {
            problems.into_iter().map(|p| format!("{}: {}", p.code, p.message)).collect()
        })
    }

    #[test]
    fn what_is_not_written_is_one_request_after_the_other() {
        assert_eq!(load("").unwrap(), "closed loop (service time)");
        assert_eq!(
            load("rate = \"20_000/s\"").unwrap_err(),
            ["bad-value: `20_000/s` is not a quantity, such as `12us` or `1.8MB`"]
        );
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
}
