//! Files read with care and written whole.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, Utc};
use phasegate_measure::contradictions;
use phasegate_model::Evidence;
use phasegate_rules::Source;

use crate::output::streams::print;
use crate::program::now;

/// The largest matrix or plan: people write them, and checking takes time.
const LARGEST_RULES: u64 = 1024 * 1024;

/// The largest evidence file.
const LARGEST_EVIDENCE: u64 = 256 * 1024 * 1024;

/// The largest file of another tool: read as JSON it takes many times its size.
const LARGEST_FOREIGN: u64 = 64 * 1024 * 1024;

/// Reads a matrix or plan.
pub(crate) fn read_rules(path: &Path) -> anyhow::Result<Source> {
    let text = read_text(path, LARGEST_RULES)?;
    Ok(Source { name: path.display().to_string(), text })
}

/// Reads a matrix or plan from standard input.
pub(crate) fn read_rules_from_stdin() -> anyhow::Result<Source> {
    let text = text_of(std::io::stdin().lock(), "standard input", LARGEST_RULES)?;
    Ok(Source { name: "standard input".to_owned(), text })
}

/// Reads what another tool wrote, and when the file was last written.
pub(crate) fn read_foreign(path: &Path) -> anyhow::Result<(String, DateTime<Utc>)> {
    let text = read_text(path, LARGEST_FOREIGN)?;
    let written = std::fs::metadata(path).and_then(|it| it.modified());
    let written = written.map_err(|error| unreadable(&path.display().to_string(), &error))?;
    Ok((text, written.into()))
}

fn read_text(path: &Path, largest: u64) -> anyhow::Result<String> {
    let shown = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&shown, &error))?;
    text_of(file, &shown, largest)
}

fn text_of(file: impl Read, shown: &str, largest: u64) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    // One byte more tells that a file is too large without reading all of it.
    file.take(largest + 1).read_to_end(&mut bytes).map_err(|error| unreadable(shown, &error))?;
    anyhow::ensure!(
        bytes.len() as u64 <= largest,
        "`{shown}` is too large: at most {} MiB are read; is it the right file?",
        largest / (1024 * 1024)
    );
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        anyhow::anyhow!("`{shown}` is not UTF-8: see line {line}; save it as UTF-8")
    })
}

/// Why a file can't be read, and what to do about it.
fn unreadable(shown: &str, error: &std::io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        ErrorKind::NotFound => "; check the name, and the folder that phasegate is called in",
        ErrorKind::IsADirectory => "; name a file in it",
        ErrorKind::PermissionDenied => "; check the owner and permissions of the file",
        _ => "",
    };
    anyhow::anyhow!("can't read `{shown}`: {error}{advice}")
}

/// Writes a file whole or not at all: next to its place first, then renamed into it. What isn't a
/// regular file (a device, a pipe) is written as it is.
pub(crate) fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = path.display();
    if path.exists() && !path.is_file() {
        let mut file = File::create(path).with_context(|| format!("can't write `{shown}`"))?;
        return file.write_all(text.as_bytes()).with_context(|| format!("can't write `{shown}`"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let written =
        // In the same folder, because a rename doesn't lead from one file system to another.
        tempfile::Builder::new().prefix(".phasegate-").tempfile_in(folder).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            // Before the rename, or a loss of power may leave the name without its bytes.
            file.as_file().sync_all()?;
            set_usual_mode(file.as_file())?;
            file.persist(path).map_err(|error| error.error)
        });
    written.map(drop).with_context(|| format!("can't write `{shown}`"))
}

/// Writes a file that is there anew, whole or not at all. Where a link leads to it, the link stays,
/// and its permissions stay, too.
pub(crate) fn rewrite(path: &Path, text: &str) -> anyhow::Result<()> {
    let shown = path.display();
    let context = || format!("can't write `{shown}`");
    // A rename would replace the link and not the file that it leads to.
    let file = path.canonicalize().with_context(context)?;
    let permissions = file.metadata().with_context(context)?.permissions();
    // A rename asks for permission on the folder only, never on the file.
    anyhow::ensure!(!permissions.readonly(), "can't write `{shown}`: it is read-only");
    write_whole(&file, text)?;
    std::fs::set_permissions(&file, permissions).with_context(context)
}

/// Temporary files are private; evidence is meant to be read by others, as far as the umask goes.
fn set_usual_mode(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// Finds out before a long measurement whether a file can be written there.
pub(crate) fn can_write(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // A device or pipe is written as it is, without a file beside it.
    if path.exists() && !path.is_file() {
        return Ok(());
    }
    // Tried out, because permissions don't tell of a read-only file system.
    tempfile::Builder::new()
        .prefix(".phasegate-")
        .tempfile_in(folder)
        .map(drop)
        .with_context(|| format!("can't write to the folder `{}`", folder.display()))
}

/// Writes files that aren't there yet, and prints their paths. What is there already may be
/// somebody's work and is never replaced; then nothing is written at all.
pub(crate) fn write_new_files(files: Vec<(PathBuf, String)>) -> anyhow::Result<()> {
    // A link that leads nowhere is somebody's, too, and `exists` wouldn't see it.
    if let Some((there, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        anyhow::bail!(
            "`{}` is there already and is not replaced; move it away, or name another folder",
            there.display()
        );
    }
    for (path, text) in files {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("can't make the folder `{}`", folder.display()))?;
        }
        write_whole(&path, &text)?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

/// Writes evidence, and makes its folder if need be.
pub(crate) fn save(path: &Path, evidence: &Evidence) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder `{}`", folder.display()))?;
    }
    write_whole(path, &evidence.to_json()?)
}

/// Reads evidence that agrees with itself, and says which file it was if it can't.
pub(crate) fn evidence_in(path: &Path) -> anyhow::Result<Evidence> {
    let text = read_text(path, LARGEST_EVIDENCE)?;
    let evidence = Evidence::from_json(&text).map_err(anyhow::Error::from);
    evidence
        .and_then(|evidence| must_agree_with_itself(&evidence).map(|()| evidence))
        .with_context(|| format!("can't use `{}`", path.display()))
}

/// Evidence that contradicts itself decides nothing.
pub(crate) fn must_agree_with_itself(evidence: &Evidence) -> anyhow::Result<()> {
    let found = contradictions(evidence, now());
    // A few show what kind of mistake it is.
    let shown: Vec<String> = found.iter().take(5).map(|what| format!("\n  {what}")).collect();
    let more = if found.len() > shown.len() { "\n  and more" } else { "" };
    anyhow::ensure!(found.is_empty(), "the evidence contradicts itself:{}{more}", shown.concat());
    Ok(())
}
