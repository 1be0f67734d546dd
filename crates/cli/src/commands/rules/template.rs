//! `phasegate template`: the built-in templates, to begin one's own with.

use phasegate_report::{Form, ReportKind, SiteTemplate, Template};

use crate::args::TemplateExportArgs;
use crate::input::files::write_new_files;
use crate::output::streams::Exit;

/// Writes the built-in templates. What is there already may be somebody's work and is never
/// replaced; then nothing is written at all.
pub(crate) fn export(args: &TemplateExportArgs) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    let built_in = ReportKind::ALL
        .into_iter()
        .flat_map(|kind| Form::ALL.map(|form| (kind.template_name(form), kind.built_in(form))));
    let others = [
        (SiteTemplate::FILE_NAME, SiteTemplate::BUILT_IN),
        (Template::STYLE_NAME, Template::STYLE),
    ];
    let files = built_in.chain(others);
    write_new_files(files.map(|(name, text)| (folder.join(name), text.to_owned())).collect())?;
    Ok(Exit::Done)
}
