//! Where the workspace is, and where cargo builds it.

use std::path::PathBuf;

use serde_json::Value;

use crate::command::Invocation;

/// The folders that cargo names.
pub(crate) struct Workspace {
    /// The repository's folder.
    pub(crate) root: PathBuf,
    /// Where cargo builds: `target`, unless the user chose another folder.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo, from the current folder.
    pub(crate) fn find() -> Result<Self, String> {
        // Without dependencies, whose graph cargo might have to fetch for no use here.
        let question = Invocation::new("cargo metadata --format-version 1 --no-deps");
        let answer = question.output().ok_or_else(|| {
            format!("`{question}` failed; run it alone, in a folder of the repository, to see why")
        })?;
        Self::of(&answer).ok_or_else(|| format!("cannot read what `{question}` printed"))
    }

    fn of(metadata: &str) -> Option<Self> {
        let metadata: Value = serde_json::from_str(metadata).ok()?;
        let folder = |key| Some(PathBuf::from(metadata.get(key)?.as_str()?));
        Some(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_names_the_folders_from_anywhere_inside() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root.join("crates/xtask/Cargo.toml").is_file());
        assert!(workspace.target.is_absolute());
    }

    #[test]
    fn damaged_metadata_is_nothing() {
        assert!(Workspace::of("{").is_none());
        assert!(Workspace::of(r#"{"workspace_root":"/a"}"#).is_none());
        assert!(Workspace::of(r#"{"workspace_root":1,"target_directory":"/b"}"#).is_none());
    }
}
