//! `phasegate template`: the built-in templates, to begin one's own with.

use std::path::PathBuf;

use anyhow::Context;
use phasegate_report::{Form, SiteTemplate, TranscribedForm};

use crate::args::TemplateExportArgs;
use crate::files::write_whole;
use crate::output::{Exit, print};

/// Writes the built-in templates. What is there already may be somebody's work and is never
/// replaced; then nothing is written at all.
pub(crate) fn export(args: &TemplateExportArgs) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    let built_in = Form::ALL.map(|form| (form.file_name(), form.built_in()));
    let transcribed = TranscribedForm::ALL.map(|form| (form.template_name(), form.built_in()));
    let site = [(SiteTemplate::FILE_NAME, SiteTemplate::BUILT_IN)];
    let files: Vec<(PathBuf, &str)> = built_in
        .into_iter()
        .chain(transcribed)
        .chain(site)
        .map(|(name, text)| (folder.join(name), text))
        .collect();
    let there: Vec<&PathBuf> =
        files.iter().map(|(path, _)| path).filter(|path| path.symlink_metadata().is_ok()).collect();
    if let Some(first) = there.first() {
        anyhow::bail!(
            "`{}` is there already and is not replaced; move it away, or name another folder",
            first.display()
        );
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("can't make the folder `{}`", folder.display()))?;
    for (path, text) in files {
        write_whole(&path, text)?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(Exit::Done)
}
