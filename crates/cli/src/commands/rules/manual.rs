//! `phasegate completions` and `phasegate man`: made from the arguments, so they can't be wrong.

use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;

use crate::args::{Args, CompletionsArgs, ManArgs};
use crate::input::files::write_whole;
use crate::output::streams::{Exit, print};

pub(crate) fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "phasegate", &mut text);
    print(&String::from_utf8(text)?)?;
    Ok(Exit::Done)
}

pub(crate) fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut command = Args::command();
    command.build();
    match &args.output {
        None => print(&page(command, "phasegate")?)?,
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("can't make the folder `{}`", folder.display()))?;
            pages(command, "phasegate", folder)?;
        }
    }
    Ok(Exit::Done)
}

/// The pages of a command and of those below it: `phasegate-history-list.1`.
fn pages(command: clap::Command, name: &str, folder: &Path) -> anyhow::Result<()> {
    // `help` would have a page for every other command once more.
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        pages(below.clone(), &format!("{name}-{}", below.get_name()), folder)?;
    }
    write_whole(&folder.join(format!("{name}.1")), &page(command, name)?)
}

fn page(command: clap::Command, name: &str) -> anyhow::Result<String> {
    let mut text = Vec::new();
    Man::new(command).title(name.to_uppercase()).render(&mut text)?;
    Ok(String::from_utf8(text)?)
}
