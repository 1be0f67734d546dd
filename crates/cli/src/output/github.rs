//! GitHub Actions: what is appended to the file in `GITHUB_STEP_SUMMARY` is shown with the job.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::output::streams::{say, told};

/// Appends a comment to the job's summary, if there is one. The decision is recorded by then, so
/// a summary that can't be written is a warning.
pub(crate) fn append_to_summary(comment: impl FnOnce() -> anyhow::Result<String>) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return;
    };
    if let Err(error) = comment().and_then(|comment| append(Path::new(&path), &comment)) {
        say(&format!("warning: the job's summary was not written: {}", told(&error)));
    }
}

fn append(path: &Path, comment: &str) -> anyhow::Result<()> {
    let shown = path.display();
    let mut file = OpenOptions::new()
        .create(true)
        // Other commands of the same step may have written to it.
        .append(true)
        .open(path)
        .with_context(|| format!("can't open `{shown}`"))?;
    // Others may have left a line unfinished.
    file.write_all(format!("\n{comment}").as_bytes())
        .with_context(|| format!("can't write `{shown}`"))
}
