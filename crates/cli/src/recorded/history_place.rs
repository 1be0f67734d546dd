//! Where the history is: in the folder or store that was asked for, in the store that
//! `PHASEGATE_STORE` names, or in `reports`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phasegate_history::{Location, Store};

use crate::args::HistoryPlace;

/// The variable that names a store.
const VARIABLE: &str = "PHASEGATE_STORE";

/// The folder of the history, unless another place is named.
pub(crate) const REPORTS: &str = "reports";

impl HistoryPlace {
    /// The place that counts.
    pub(crate) fn location(&self) -> anyhow::Result<Location> {
        if let Some(folder) = &self.reports {
            return Ok(Location::Folder(folder.clone()));
        }
        if let Some(store) = &self.store {
            return store.parse().context("can't use --store");
        }
        match std::env::var(VARIABLE) {
            // Set to nothing, the variable names no store.
            Ok(store) if !store.is_empty() => {
                store.parse().with_context(|| format!("can't use `{VARIABLE}`"))
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                anyhow::bail!("can't use `{VARIABLE}`: it is no text")
            }
            _ => Ok(Location::Folder(REPORTS.into())),
        }
    }

    /// Opens the history.
    pub(crate) fn open(&self) -> anyhow::Result<Store> {
        open(&self.location()?)
    }

    /// Opens a history that is only looked at. A folder that was named and isn't there would look
    /// like a history in which nothing is recorded, owed or wrong, so it is an error; where none
    /// was named, there is no history yet.
    pub(crate) fn open_present(&self) -> anyhow::Result<Store> {
        let location = self.location()?;
        // Whether a bucket is there, only opening it tells.
        if let Location::Folder(folder) = &location {
            let named = folder != Path::new(REPORTS);
            anyhow::ensure!(
                !named || folder.try_exists().unwrap_or(true),
                "there is no folder `{location}`; `phasegate run PHASE` makes it with the first \
                 entry, --reports names another folder"
            );
        }
        open(&location)
    }

    /// The folder on this machine for what isn't part of the history, such as unfinished evidence.
    pub(crate) fn folder(&self) -> PathBuf {
        match self.location() {
            Ok(Location::Folder(folder)) => folder,
            // A bucket has no folder here, and evidence that couldn't be recorded needs one.
            _ => Path::new(REPORTS).to_owned(),
        }
    }
}

/// That nobody has decided anything there, and what to do about it.
pub(crate) fn nothing_recorded(location: &Location) -> String {
    format!(
        "no decisions are recorded in `{location}`; `phasegate run PHASE` records one, --reports \
         names another folder"
    )
}

/// Opens the history at a location.
pub(crate) fn open(location: &Location) -> anyhow::Result<Store> {
    // What isn't text can't be a setting of a store.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables = std::env::vars_os().filter_map(text).collect();
    Ok(Store::open_at(location, &variables)?)
}
