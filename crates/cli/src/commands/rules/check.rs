//! `phasegate check`: are matrices and plans right, before anything is measured?

use std::path::{Path, PathBuf};

use anyhow::Context;
use phasegate_rules::{Code, PlanFile, Source, explain, verify_plan};
use serde::Serialize;

use crate::args::{CheckArgs, CheckFormat, Verbosity};
use crate::input::diagnostics::{Trouble, is_error};
use crate::input::files::read_rules;
use crate::input::project::{Examined, PHASES, examined_matrix, matrix_path, toml_files};
use crate::input::region::Region;
use crate::input::sarif::{SarifResult, sarif};
use crate::output::streams::{Exit, colour, object, print, print_json, told};
use crate::program::latest_day;

/// Where matrices are.
const RULES: &str = "rules";

pub(crate) fn run(args: &CheckArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    if let Some(name) = &args.explain {
        return page(name);
    }
    let files = if args.files.is_empty() { all_files()? } else { args.files.clone() };
    let mut checked = Vec::new();
    // All of them before anything is printed, because JSON and SARIF are one document.
    for file in &files {
        checked.push(check(file));
    }
    let bad = checked.iter().any(|file| !file.is_good());
    let problems: Vec<SarifResult<'_>> = checked.iter().flat_map(CheckedFile::problems).collect();
    match args.format {
        CheckFormat::Json => {
            print_json(&problems.iter().map(problem_json).collect::<Vec<_>>())?;
        }
        CheckFormat::Sarif => {
            let folder = std::env::current_dir().context("can't tell the current folder")?;
            print_json(&sarif(&problems, &folder))?;
        }
        CheckFormat::Text => {
            for file in &checked {
                print(&file.text(verbosity))?;
            }
        }
    }
    Ok(if bad { Exit::Error } else { Exit::Done })
}

/// Prints the page of a code.
fn page(name: &str) -> anyhow::Result<Exit> {
    let Some(code) = Code::ALL.into_iter().find(|code| code.as_str() == name) else {
        let near = phasegate_model::nearest(name, Code::ALL.map(Code::as_str));
        let advice = near.map_or_else(
            || format!("the codes are {}", Code::ALL.map(Code::as_str).join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        anyhow::bail!("there is no code `{name}`: {advice}");
    };
    print(explain(code))?;
    Ok(Exit::Done)
}

/// All matrices and plans of the team's.
pub(crate) fn all_files() -> anyhow::Result<Vec<PathBuf>> {
    let mut files = toml_files(Path::new(RULES));
    files.extend(toml_files(Path::new(PHASES)));
    anyhow::ensure!(
        !files.is_empty(),
        "there are no matrices in `{RULES}` and no plans in `{PHASES}`; \
         run phasegate where these folders are, or name the files to check"
    );
    Ok(files)
}

/// What was found in a file.
struct CheckedFile {
    name: String,
    kind: &'static str,
    found: CheckOutcome,
}

enum CheckOutcome {
    Good(String),
    Unreadable(String),
    Problems(Trouble),
    /// A plan's matrix can't be used, and the plan has problems of its own.
    Both(String, Trouble),
}

fn check(path: &Path) -> CheckedFile {
    let name = path.display().to_string();
    match read_rules(path) {
        Ok(source) if is_plan(&source.text) => {
            CheckedFile { name, kind: "plan", found: check_plan(path, source) }
        }
        Ok(source) => CheckedFile { name, kind: "matrix", found: check_matrix(path, &source) },
        Err(error) => {
            CheckedFile { name, kind: "file", found: CheckOutcome::Unreadable(told(&error)) }
        }
    }
}

/// Only plans have a `[phase]`, or anything under it.
pub(crate) fn is_plan(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("[phase"))
}

fn check_matrix(path: &Path, source: &Source) -> CheckOutcome {
    let Examined { matrix, trouble } = examined_matrix(path, source);
    match matrix {
        Some(matrix) if trouble.problems.is_empty() => {
            let (rows, tests) = (matrix.rows.len(), matrix.tests.len());
            CheckOutcome::Good(format!("{}, {} passed", count(rows, "row"), count(tests, "test")))
        }
        _ => CheckOutcome::Problems(trouble),
    }
}

fn check_plan(path: &Path, source: Source) -> CheckOutcome {
    let file = match PlanFile::parse(&source) {
        Ok(file) => file,
        Err(problems) => {
            return CheckOutcome::Problems(Trouble { sources: vec![source], problems });
        }
    };
    let matrix_path = matrix_path(path, &file.plan);
    let matrix_source = match read_rules(&matrix_path) {
        Ok(source) => source,
        Err(error) => {
            return CheckOutcome::Unreadable(format!("the matrix that it names: {}", told(&error)));
        }
    };
    let Examined { matrix, mut trouble } = examined_matrix(&matrix_path, &matrix_source);
    trouble.problems.retain(is_error);
    let unusable = (!trouble.problems.is_empty())
        .then(|| format!("the matrix that it names can't be used: {}", trouble.summary()));
    // Without its matrix nothing can be said of the rest of a plan.
    let Some(matrix) = matrix else {
        return CheckOutcome::Unreadable(unusable.unwrap_or_default());
    };
    let mut problems = file.facts_after(latest_day());
    problems.extend(file.problems_with(&matrix));
    problems.extend(file.unused_facts(&matrix));
    problems.extend(verify_plan(&source, &file.plan, &matrix));
    if problems.is_empty() {
        return unusable.map_or_else(
            || {
                CheckOutcome::Good(format!(
                    "phase {}, by {}",
                    file.plan.phase,
                    matrix_path.display()
                ))
            },
            CheckOutcome::Unreadable,
        );
    }
    let trouble = Trouble { sources: vec![source, matrix_source], problems };
    match unusable {
        Some(words) => CheckOutcome::Both(words, trouble),
        None => CheckOutcome::Problems(trouble),
    }
}

impl CheckedFile {
    fn is_good(&self) -> bool {
        match &self.found {
            CheckOutcome::Good(_) => true,
            CheckOutcome::Unreadable(_) | CheckOutcome::Both(..) => false,
            CheckOutcome::Problems(trouble) => !trouble.problems.iter().any(is_error),
        }
    }

    fn text(&self, verbosity: Verbosity) -> String {
        match &self.found {
            CheckOutcome::Good(_) if verbosity == Verbosity::Quiet => String::new(),
            CheckOutcome::Good(words) => format!("{}: {} ok: {words}\n", self.name, self.kind),
            // Most messages name the file, and twice in a line is noise.
            CheckOutcome::Unreadable(words) if words.contains(&format!("`{}`", self.name)) => {
                format!("{words}\n")
            }
            CheckOutcome::Unreadable(words) => format!("{}: {words}\n", self.name),
            CheckOutcome::Problems(trouble) => problems_text(trouble),
            CheckOutcome::Both(words, trouble) => {
                format!("{}: {words}\n{}", self.name, problems_text(trouble))
            }
        }
    }

    fn problems(&self) -> Vec<SarifResult<'_>> {
        match &self.found {
            CheckOutcome::Good(_) => Vec::new(),
            CheckOutcome::Unreadable(words) => vec![self.unreadable(words)],
            CheckOutcome::Problems(trouble) => self.located(trouble).collect(),
            CheckOutcome::Both(words, trouble) => {
                std::iter::once(self.unreadable(words)).chain(self.located(trouble)).collect()
            }
        }
    }

    fn unreadable<'a>(&'a self, words: &'a str) -> SarifResult<'a> {
        SarifResult {
            file: &self.name,
            code: "unreadable",
            level: "error",
            message: words,
            label: "",
            help: None,
            region: None,
        }
    }

    fn located<'a>(&'a self, trouble: &'a Trouble) -> impl Iterator<Item = SarifResult<'a>> {
        trouble.problems.iter().map(|problem| SarifResult {
            file: trouble.source(problem).map_or(&self.name, |source| &source.name),
            code: problem.code.as_str(),
            level: problem.severity().as_str(),
            message: &problem.message,
            label: &problem.label,
            help: problem.help.as_deref(),
            region: trouble.source(problem).map(|source| Region::of(source, &problem.span)),
        })
    }
}

fn problems_text(trouble: &Trouble) -> String {
    let shown = trouble.rendered(colour(&std::io::stdout()));
    format!("{}\n\n{}\n", shown.join("\n\n"), trouble.summary())
}

/// A problem, for programs.
fn problem_json(problem: &SarifResult<'_>) -> impl Serialize {
    let SarifResult { file, code, level, message, help, region, .. } = *problem;
    object! {
        file: file,
        line: region.map(|region| region.line),
        column: region.map(|region| region.column),
        end_line: region.map(|region| region.end_line),
        end_column: region.map(|region| region.end_column),
        byte: region.map(|region| region.byte),
        byte_length: region.map(|region| region.byte_length),
        code: code,
        severity: level,
        message: message,
        help: help,
    }
}

fn count(n: usize, of: &str) -> String {
    format!("{n} {of}{}", if n == 1 { "" } else { "s" })
}
