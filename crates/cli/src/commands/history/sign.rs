//! `phasegate history sign`: who stands for an entry.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phasegate_history::{AllowedSigners, SigningKey};

use crate::args::SignArgs;
use crate::output::streams::{Exit, print};

/// The variable that names a key's file.
const KEY: &str = "PHASEGATE_SIGNING_KEY";

pub(crate) fn sign(args: &SignArgs) -> anyhow::Result<Exit> {
    let key = key(args.key.as_deref())?.with_context(|| {
        format!("there is no key to sign with; name its file with --key or {KEY}")
    })?;
    let store = args.place.open()?;
    let path = phasegate_history::sign(&store, args.entry, &key)
        .with_context(|| format!("entry {} was not signed", args.entry))?;
    print(&format!("{}\n", path.display()))?;
    Ok(Exit::Done)
}

/// The key to sign with: that of the option, or of the environment; nothing if neither names one.
pub(crate) fn key(option: Option<&Path>) -> anyhow::Result<Option<SigningKey>> {
    // Set to nothing, the variable names no key, so that one command can go without it.
    let named = std::env::var_os(KEY).filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(path) = option.map(Path::to_owned).or(named) else { return Ok(None) };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("can't read the key `{}`", path.display()))?;
    let key = SigningKey::parse(&text);
    Ok(Some(key.with_context(|| format!("can't sign with `{}`", path.display()))?))
}

/// Those who may sign.
pub(crate) fn allowed_signers(path: &Path) -> anyhow::Result<AllowedSigners> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("can't read `{}`", path.display()))?;
    AllowedSigners::parse(&text).with_context(|| format!("can't use `{}`", path.display()))
}
