//! The outputs in README and docs are what the program prints. Above each stands the command that
//! made it, a line for a shell in the repository's folder:
//!
//! ````text
//! <!-- output of: phasegate trajectory -->
//! ```text
//! …
//! ```
//! ````
//!
//! Nothing is measured for them: what was measured once is in `docs/recorded`. With
//! `UPDATE_OUTPUTS=1`, as `cargo xtask outputs` has it, the blocks are written anew.

use std::path::{Path, PathBuf};
use std::process::Command;

const MARK: &str = "<!-- output of: ";

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README and all pages of the documentation.
pub(crate) fn documents() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/commands", "docs/templates"];
    let pages = folders.map(|folder| std::fs::read_dir(root().join(folder)).unwrap());
    let pages = pages.into_iter().flatten().map(|page| page.unwrap().path());
    let mut found: Vec<PathBuf> =
        pages.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    found.sort();
    found
}

/// What a shell prints that runs this in the repository, with this program in its path.
fn output_of(command: &str) -> Result<String, String> {
    let program = Path::new(env!("CARGO_BIN_EXE_phasegate")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(root()).env("PATH", path).env("LC_ALL", "C.UTF-8");
    for name in ["REDIS_URL", "PHASEGATE_STORE", "COLUMNS"] {
        shell.env_remove(name);
    }
    let output = shell.output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout), String::from_utf8_lossy(&output.stderr));
    match out {
        Ok(out) if output.status.success() && !out.trim().is_empty() => Ok(out),
        _ => Err(format!("`{command}` failed: {err}")),
    }
}

/// The document with every marked block made anew by `make`; each block is the one that follows
/// its mark at once.
fn made_anew(
    document: &str,
    make: &mut impl FnMut(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut made = String::new();
    let mut lines = document.split_inclusive('\n');
    while let Some(line) = lines.next() {
        made.push_str(line);
        let Some(rest) = line.strip_prefix(MARK) else { continue };
        let command = rest.trim_end().strip_suffix("-->");
        let command = command.ok_or_else(|| format!("`{}` doesn't end", line.trim_end()))?.trim();
        if lines.next() != Some("```text\n") {
            return Err(format!("no block of text follows `{command}`"));
        }
        if !lines.by_ref().any(|line| line.trim_end() == "```") {
            return Err(format!("the block that follows `{command}` doesn't end"));
        }
        let output = make(command)?;
        made.push_str("```text\n");
        for line in output.lines() {
            made.push_str(line.trim_end());
            made.push('\n');
        }
        made.push_str("```\n");
    }
    Ok(made)
}

#[test]
fn outputs_in_the_documents_are_current() {
    let update = std::env::var_os("UPDATE_OUTPUTS").is_some();
    let mut blocks = 0;
    for path in documents() {
        let shown = path.strip_prefix(root()).unwrap().display();
        let document = std::fs::read_to_string(&path).unwrap();
        let made = made_anew(&document, &mut |command| {
            blocks += 1;
            output_of(command)
        });
        let made = made.unwrap_or_else(|problem| panic!("{shown}: {problem}"));
        if update && made != document {
            std::fs::write(&path, made).unwrap();
            println!("{shown}: written anew");
        } else {
            assert!(
                made == document,
                "an output in {shown} isn't what the program prints; run `cargo xtask outputs`\n{}",
                similar::TextDiff::from_lines(&document, &made).unified_diff()
            );
        }
    }
    assert!(blocks >= 6, "only {blocks} outputs are marked");
}

#[test]
fn a_block_is_found_by_its_mark_and_replaced_whole() {
    let document = "a\n<!-- output of: x | y -->\n```text\nold\n\nold\n```\nb\n```text\nc\n```\n";
    let mut asked = Vec::new();
    let made = made_anew(document, &mut |command| {
        asked.push(command.to_owned());
        Ok("new  \n\nlines\n".to_owned())
    });
    let wanted = "a\n<!-- output of: x | y -->\n```text\nnew\n\nlines\n```\nb\n```text\nc\n```\n";
    assert_eq!((made.as_deref(), asked), (Ok(wanted), vec!["x | y".to_owned()]));
}

#[test]
fn a_mark_that_leads_nowhere_is_an_error() {
    let problem = |document: &str| made_anew(document, &mut |_| Ok(String::new())).unwrap_err();
    assert!(problem("<!-- output of: x\n").contains("doesn't end"));
    assert!(problem("<!-- output of: x -->\nwords\n").contains("no block of text"));
    assert!(problem("<!-- output of: x -->\n").contains("no block of text"));
    assert!(problem("<!-- output of: x -->\n```text\nold\n").contains("doesn't end"));
    assert!(output_of("phasegate no-such-command").unwrap_err().contains("no-such-command"));
    assert!(output_of("true").is_err(), "an empty output is none");
}

#[test]
fn what_was_measured_for_the_documents_is_as_it_was_recorded() {
    let said = output_of("phasegate history verify --reports docs/recorded").unwrap();
    assert!(said.contains("every decision replays"), "{said}");
}
