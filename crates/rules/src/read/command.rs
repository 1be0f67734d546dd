//! Reads what a plan says of its subject: a server, or a command.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use phasegate_model::{CommandLine, CommandPlan, SubjectKind, SubjectPlan};

use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::document::sections::{Section, wrong_type};
use crate::read::target as target_file;

/// A command ends within milliseconds or seconds: ten starts tell its scatter and leave time for
/// enough trials.
const STARTS: NonZeroU32 = NonZeroU32::new(10).unwrap();

const KINDS: [(&str, SubjectKind); 2] =
    [("redis", SubjectKind::Redis), ("command", SubjectKind::Command)];

/// The keys of a command.
const OF_COMMAND: [&str; 7] =
    ["command", "starts", "prepare", "cleanup", "workdir", "stdin", "accept"];

/// The keys of a server, and what to write instead of them for a command.
const OF_SERVER: [(&str, &str); 9] = [
    ("program", "write the program as the first word of `command`"),
    ("arguments", "write them as words of `command`, behind the program"),
    ("env", "begin `command` with \"env\" and `NAME=value`"),
    ("pinning", "begin `command` with \"taskset\", \"-c\" and the CPU"),
    ("url", LEAVE_OUT),
    ("restart", LEAVE_OUT),
    ("cluster", LEAVE_OUT),
    ("tls", LEAVE_OUT),
    ("config", LEAVE_OUT),
];

/// The keys of `[measure]` that say how a server is asked, and what to write instead of them.
const OF_REQUESTS: [(&str, &str); 15] = [
    ("command", "`command` of `[target]` is what is started"),
    ("samples", "write `starts` in `[target]`"),
    ("rounds", "write `starts` in `[target]`"),
    ("pinning", "begin `command` of `[target]` with \"taskset\", \"-c\" and the CPU"),
    ("transport", LEAVE_OUT),
    ("wait", LEAVE_OUT),
    ("mix", LEAVE_OUT),
    ("keys", LEAVE_OUT),
    ("writes", LEAVE_OUT),
    ("rate", LEAVE_OUT),
    ("connections", LEAVE_OUT),
    ("pipeline", LEAVE_OUT),
    ("warmup", LEAVE_OUT),
    ("floor", LEAVE_OUT),
    ("dataset", "let `prepare` in `[target]` make what the command works on"),
];

const LEAVE_OUT: &str = "leave it out, or measure a server: leave out `kind`";

/// What stands under `[target]` or `[baseline]`; nothing if the key isn't there. A baseline is of
/// the same kind as the `target` that it is compared with, and is started as often.
pub(crate) fn subject(
    top: &mut Section<'_>,
    key: &'static str,
    target: Option<&SubjectPlan>,
) -> Option<SubjectPlan> {
    let mut section = top.section(key)?;
    let kind = section.choice("kind", &KINDS).unwrap_or_default();
    let plan = match kind {
        SubjectKind::Command => {
            refuse(&mut section, &OF_SERVER);
            command(&mut section, target).map(SubjectPlan::Command)
        }
        SubjectKind::Redis => {
            let instead = "write `kind = \"command\"` to measure a command";
            for key in OF_COMMAND {
                let message = format!("`{key}` is of a command, and this is a Redis server");
                refuse_key(&mut section, key, message, instead);
            }
            Some(SubjectPlan::Redis(target_file::server(&mut section)))
        }
    };
    section.finish();
    // Without a `[target]` a Redis server is measured, so a baseline has a kind to agree with.
    let of_target = target.map_or(SubjectKind::Redis, SubjectPlan::kind);
    if key == "baseline" && of_target != kind {
        let message = format!("the target is {of_target} and the baseline {kind}");
        let word = KINDS.iter().find(|(_, kind)| *kind == of_target).map_or("", |(word, _)| word);
        top.problems.push(
            Diagnostic::new(Code::BadValue, section.span.clone(), message)
                .label("they have no metric in common")
                .help(format!("write `kind = \"{word}\"` here, or change the `[target]`")),
        );
    }
    plan
}

/// That `[measure]` says nothing of requests, if a command is measured.
pub(crate) fn refuse_requests(measure: &mut Section<'_>) {
    refuse(measure, &OF_REQUESTS);
}

fn refuse(section: &mut Section<'_>, keys: &[(&'static str, &'static str)]) {
    for (key, instead) in keys {
        let message = format!("`{key}` is of a Redis server, and a command is measured");
        refuse_key(section, key, message, instead);
    }
}

fn refuse_key(section: &mut Section<'_>, key: &'static str, message: String, instead: &str) {
    // Known either way, so that it isn't called unknown as well.
    section.value(key);
    let span = section.all().find(|(name, _, _)| *name == key).map(|(_, span, _)| span);
    if let Some(span) = span {
        section.problems.push(Diagnostic::new(Code::BadValue, span, message).help(instead));
    }
}

fn command(section: &mut Section<'_>, target: Option<&SubjectPlan>) -> Option<CommandPlan> {
    if !section.has("command") {
        section.missing("command");
    }
    let command = line(section, "command");
    let (prepare, cleanup) = (line(section, "prepare"), line(section, "cleanup"));
    let [workdir, stdin] = ["workdir", "stdin"].map(|key| {
        let text = section.text(key)?;
        if text.text.is_empty() {
            let message = format!("`{key}` is empty");
            section.problems.add(Code::BadValue, text.span.clone(), message);
        }
        Some(text.text.to_owned())
    });
    let of_target = target.and_then(SubjectPlan::command).map(|target| target.starts);
    let starts = starts(section, of_target);
    let accept = accept(section).unwrap_or_else(|| [0].into());
    Some(CommandPlan { command: command?, prepare, cleanup, workdir, stdin, starts, accept })
}

/// A program and its arguments.
fn line(section: &mut Section<'_>, key: &'static str) -> Option<CommandLine> {
    let span = section.value(key)?.span();
    if section.is_text(key) {
        let message = format!("`{key}` must be a list of words: there is no shell to split it");
        section.problems.push(
            Diagnostic::new(Code::WrongType, span, message)
                .help(format!("write `{key} = [\"sort\", \"big.txt\"]`")),
        );
        return None;
    }
    let before = section.problems.len();
    let words = section.texts(key).iter().map(|word| word.text.to_owned()).collect();
    // Words that aren't texts have been reported, and without them it is another command.
    if section.problems.len() > before {
        return None;
    }
    Vec::<String>::try_into(words)
        .map_err(|error: phasegate_model::CommandLineError| {
            section.problems.add(Code::BadValue, span, error.to_string());
        })
        .ok()
}

fn starts(section: &mut Section<'_>, of_target: Option<NonZeroU32>) -> NonZeroU32 {
    let written = section.positive("starts");
    if let (Some(written), Some(of_target)) = (written, of_target)
        && written != of_target
        && let Some(value) = section.value("starts")
    {
        let message = format!("the target is started {of_target} times in a trial");
        section.problems.push(
            Diagnostic::new(Code::BadValue, value.span(), message)
                .help("leave out `starts` here: both of a pair are started as often"),
        );
    }
    written.or(of_target).unwrap_or(STARTS)
}

/// Exit statuses, at least one.
fn accept(section: &mut Section<'_>) -> Option<BTreeSet<u8>> {
    let value = section.value("accept")?;
    let wanted = "a list of exit statuses from 0 to 255";
    let Some(array) = value.get_ref().as_array().filter(|array| !array.is_empty()) else {
        section.problems.push(wrong_type(value, "accept", wanted));
        return None;
    };
    let statuses: Option<BTreeSet<u8>> =
        array.iter().map(|item| item.get_ref().as_integer()?.as_str().parse().ok()).collect();
    if statuses.is_none() {
        let message = format!("`accept` must be {wanted}");
        section.problems.add(Code::BadValue, value.span(), message);
    }
    statuses
}

#[cfg(test)]
mod tests {
    use phasegate_model::Plan;

    use super::*;
    use crate::document::diagnostic::Source;
    use crate::read::plan::parse_plan;

    const HEAD: &str =
        "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m.toml\"\n";

    /// A plan, or its problems with the text that each points to and what helps.
    fn parse(text: &str) -> Result<Plan, Vec<String>> {
        let text = format!("{HEAD}{text}");
        let place = |span: std::ops::Range<usize>| text.get(span).unwrap_or_default().to_owned();
        parse_plan(&Source { name: "3a.toml".to_owned(), text: text.clone() }).map_err(|problems| {
            problems
                .into_iter()
                .map(|it| {
                    let help = it.help.unwrap_or_default();
                    format!("{} [{}] {help}", it.message, place(it.span))
                })
                .collect()
        })
    }

    fn command_of(keys: &str) -> CommandPlan {
        let text = format!("[target]\nkind = \"command\"\ncommand = [\"sort\"]\n{keys}");
        parse(&text).unwrap().target.unwrap().command().unwrap().clone()
    }

    fn problems(text: &str) -> String {
        parse(text).unwrap_err().join("\n")
    }

    #[test]
    fn a_plan_measures_a_command() {
        let plain = command_of("");
        assert_eq!((plain.starts.get(), plain.accept), (10, [0].into()));
        assert!(plain.prepare.is_none() && plain.workdir.is_none() && plain.stdin.is_none());
        let full = command_of(
            "starts = 3\nprepare = [\"touch\", \"a\"]\ncleanup = [\"rm\", \"a\"]\nworkdir = \"data\"\n\
             stdin = \"in.txt\"\naccept = [0, 1]\n",
        );
        assert_eq!((full.starts.get(), full.accept), (3, [0, 1].into()));
        assert_eq!(full.cleanup.unwrap().to_string(), "rm a");
        assert_eq!(
            (full.workdir.as_deref(), full.stdin.as_deref()),
            (Some("data"), Some("in.txt"))
        );
    }

    #[test]
    fn a_server_may_say_its_kind() {
        let plan = parse("[target]\nkind = \"redis\"\nprogram = \"valkey-server\"\n").unwrap();
        assert_eq!(plan.kind(), SubjectKind::Redis);
        assert_eq!(serde_json::to_string(&plan.target).unwrap(), r#"{"program":"valkey-server"}"#);
    }

    #[test]
    fn a_baseline_is_of_the_same_kind_and_started_as_often() {
        let pair = "[target]\nkind = \"command\"\ncommand = [\"a\"]\nstarts = 4\n[baseline]\n";
        let plan = parse(&format!("{pair}kind = \"command\"\ncommand = [\"b\"]\n")).unwrap();
        assert_eq!(plan.baseline.unwrap().command().unwrap().starts.get(), 4);
        let more = problems(&format!("{pair}kind = \"command\"\ncommand = [\"b\"]\nstarts = 5\n"));
        assert!(more.contains("the target is started 4 times in a trial [5]"), "{more}");
        let server = problems(&format!("{pair}program = \"redis-server\"\n"));
        let told = "the target is a command and the baseline a Redis server";
        assert!(server.contains(told) && server.contains("write `kind = \"command\"`"), "{server}");
        let other = problems("[baseline]\nkind = \"command\"\ncommand = [\"b\"]\n");
        assert!(
            other.contains("the target is a Redis server and the baseline a command"),
            "{other}"
        );
    }

    #[test]
    fn keys_of_the_other_kind_are_named_with_what_to_write() {
        let all = problems(
            "[measure]\nsamples = 100\ndataset.size = \"1MB\"\ntrials = 5\n[target]\n\
             kind = \"command\"\ncommand = [\"sort\"]\nprogram = \"redis-server\"\nurl = \"redis://h\"\n",
        );
        for part in [
            "`samples` is of a Redis server, and a command is measured [samples] write `starts` in",
            "`dataset` is of a Redis server, and a command is measured [dataset] let `prepare` in",
            "`program` is of a Redis server, and a command is measured [program] write the program",
            "`url` is of a Redis server, and a command is measured [url] leave it out",
        ] {
            assert!(all.contains(part), "{part}: {all}");
        }
        assert_eq!(all.lines().count(), 4, "{all}");
        let server = problems("[target]\nprogram = \"redis-server\"\nstarts = 3\nstdin = \"a\"\n");
        let told = "`starts` is of a command, and this is a Redis server [starts] write `kind = \
                    \"command\"`";
        assert!(server.contains(told) && server.contains("[stdin]"), "{server}");
    }

    #[test]
    fn what_is_wrong_with_a_command_is_told_at_its_place() {
        let of = |keys: &str| problems(&format!("[target]\nkind = \"command\"\n{keys}\n"));
        for (keys, told) in [
            ("", "`target` has no `command`"),
            ("command = \"sort big.txt\"", "`command` must be a list of words"),
            ("command = []", "there is no program to start"),
            ("command = [1]", "`command` must be a text in quotes"),
            ("command = [\"a\", \"--password=hunter2\"]", "`--password` looks like a secret"),
            ("command = [\"a\"]\nprepare = [\"\"]", "there is no program to start"),
            ("command = [\"a\"]\nstarts = 0", "`starts` must be at least 1"),
            ("command = [\"a\"]\nworkdir = \"\"", "`workdir` is empty"),
            ("command = [\"a\"]\naccept = []", "`accept` must be a list of exit statuses"),
            ("command = [\"a\"]\naccept = [256]", "`accept` must be a list of exit statuses"),
            ("command = [\"a\"]\nstart = 3", "unknown key `start` in `target`"),
        ] {
            let all = of(keys);
            assert!(all.contains(told), "{keys}: {all}");
            let of_message = all.replace("[[\"a\", \"--password=hunter2\"]]", "");
            assert!(!of_message.contains("hunter2"), "{all}");
        }
        let kind = problems("[target]\nkind = \"comand\"\n");
        assert!(kind.contains("`comand` can't be the kind; use redis or command"), "{kind}");
        assert!(kind.contains("did you mean `command`?"), "{kind}");
    }
}
