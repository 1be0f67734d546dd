//! Finding the server's program.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The programs that are looked for, in this order.
const NAMES: [&str; 2] = ["redis-server", "valkey-server"];

/// No program to start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// There is none on PATH.
    #[error(
        "no `redis-server` and no `valkey-server` on PATH; install one (`apt install redis-server`, `dnf install redis`, `brew install redis`), or name the program or the address of a running server"
    )]
    NotOnPath,
    /// What was named isn't a program.
    #[error(
        "`{program}` {problem}; name the program of a Redis server, or install one (`apt install redis-server`, `dnf install redis`, `brew install redis`)"
    )]
    NotAProgram {
        /// The program as named.
        program: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The program to start: the named one, a name without a folder being looked up on `path`, or else
/// the first known one there.
pub(crate) fn find(named: Option<&Path>, path: Option<&OsStr>) -> Result<PathBuf, ProgramError> {
    let Some(named) = named else {
        let found = NAMES.into_iter().find_map(|name| on_path(Path::new(name), path));
        return found.ok_or(ProgramError::NotOnPath);
    };
    let problem =
        |problem| ProgramError::NotAProgram { program: named.display().to_string(), problem };
    if named.components().count() == 1 && !named.is_absolute() {
        let local = || is_program(named).then(|| std::path::absolute(named).ok()).flatten();
        return on_path(named, path).or_else(local).ok_or(problem("is not on PATH"));
    }
    if !named.exists() {
        Err(problem("does not exist"))
    } else if !is_program(named) {
        Err(problem("is not a program that may be run"))
    } else {
        std::path::absolute(named).map_err(|_| problem("has no absolute path"))
    }
}

fn on_path(name: &Path, path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(path?).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let file = folder.join(name);
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn redis_is_preferred_and_valkey_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().as_os_str());
        assert_eq!(find(None, path), Err(ProgramError::NotOnPath));
        assert_eq!(find(None, None), Err(ProgramError::NotOnPath));
        let valkey = program(folder.path(), "valkey-server", 0o755);
        assert_eq!(find(None, path).unwrap(), valkey);
        let redis = program(folder.path(), "redis-server", 0o755);
        assert_eq!(find(None, path).unwrap(), redis);
        assert_eq!(find(Some(Path::new("valkey-server")), path).unwrap(), valkey);
    }

    #[test]
    fn what_is_not_a_program_is_named_with_how_to_install_one() {
        let folder = tempfile::tempdir().unwrap();
        let message = |file: &Path| find(Some(file), None).unwrap_err().to_string();
        assert!(ProgramError::NotOnPath.to_string().contains("`apt install redis-server`"));
        assert!(message(Path::new("/nowhere/redis-server")).contains("does not exist"));
        assert!(message(Path::new("no-such-server")).contains("is not on PATH"));
        let text = program(folder.path(), "notes.txt", 0o644);
        assert!(message(&text).contains("is not a program"));
        assert!(message(folder.path()).contains("`apt install redis-server`"));
    }
}
