//! `phasegate fmt`: matrices and plans in one layout.

use std::path::Path;

use phasegate_rules::{FileKind, FormatError, Source, format_with};

use crate::args::{FmtArgs, Verbosity};
use crate::commands::rules::check::{all_files, is_plan};
use crate::input::diagnostics::Trouble;
use crate::input::diagnostics::report;
use crate::input::files::{read_rules, read_rules_from_stdin, rewrite};
use crate::output::streams::{Exit, ReportedError, print, print_error, say, told};

pub(crate) fn run(args: &FmtArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    if args.files.iter().any(|file| file == Path::new("-")) {
        anyhow::ensure!(args.files.len() == 1, "`-` is standard input and stands alone");
        return stdin(args);
    }
    let files = if args.files.is_empty() { all_files()? } else { args.files.clone() };
    let mut bad = false;
    for file in &files {
        // One file that can't be formatted doesn't keep the others from it.
        bad |= one(file, args, verbosity).unwrap_or_else(|error| {
            if !error.is::<ReportedError>() {
                print_error(&error);
            }
            true
        });
    }
    Ok(if bad { Exit::Error } else { Exit::Done })
}

/// Formats a file; true if it is not as it should be.
fn one(file: &Path, args: &FmtArgs, verbosity: Verbosity) -> anyhow::Result<bool> {
    let source = read_rules(file)?;
    let text = formatted(&source)?;
    // Not written again, so that the file's time stays and no editor asks to load it anew.
    if text == source.text {
        return Ok(false);
    }
    if args.check {
        print(&format!("{0}: not formatted; run `phasegate fmt {0}`\n", source.name))?;
        return Ok(true);
    }
    rewrite(file, &text)?;
    if verbosity > Verbosity::Quiet {
        say(&format!("{}: formatted", source.name));
    }
    Ok(false)
}

fn stdin(args: &FmtArgs) -> anyhow::Result<Exit> {
    let source = read_rules_from_stdin()?;
    let text = formatted(&source)?;
    if !args.check {
        print(&text)?;
        return Ok(Exit::Done);
    }
    if text == source.text {
        return Ok(Exit::Done);
    }
    print("standard input: not formatted\n")?;
    Ok(Exit::Error)
}

fn formatted(source: &Source) -> anyhow::Result<String> {
    let kind = if is_plan(&source.text) { FileKind::Plan } else { FileKind::Matrix };
    let folder = Path::new(&source.name).parent().unwrap_or(Path::new(""));
    let mut load = |base: &str| read_rules(&folder.join(base)).map_err(|error| told(&error));
    format_with(source, kind, &mut load).map_err(|error| match error {
        FormatError::Problems(problems) => {
            report(&Trouble { sources: vec![source.clone()], problems })
        }
        FormatError::WouldChange => anyhow::anyhow!(
            "`{}` is left as it is: formatting it would change its meaning, which is a bug of \
             phasegate; please report it with the file",
            source.name
        ),
    })
}
