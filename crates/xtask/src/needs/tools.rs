//! Makes sure that the programs are there whose work the tests set beside phasegate's own: `git`
//! merges histories, and `ssh-keygen` makes keys and checks signatures.

use crate::needs::install::{Package, install, is_on_path};

/// The programs, and what systems call the package of each.
const TOOLS: [(&str, Package); 2] = [
    ("git", ["git", "git", "git", "git"]),
    ("ssh-keygen", ["openssh-client", "openssh", "openssh-keygen", "openssh"]),
];

/// Installs what is missing.
///
/// # Errors
/// If something is missing still, with what to do.
pub(crate) fn ensure_tools() -> Result<(), String> {
    for (program, package) in TOOLS {
        if !is_on_path(program) {
            install(package);
        }
        if !is_on_path(program) {
            return Err(format!(
                "the tests need `{program}`, which isn't on PATH and can't be installed from here; \
                 install it, and try again"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::install::{User, lines_for};

    #[test]
    fn every_system_has_a_package_of_each() {
        for ((_, of), packages) in TOOLS.into_iter().zip([
            ["git", "git", "git", "git"],
            ["openssh-client", "openssh", "openssh-keygen", "openssh"],
        ]) {
            for (manager, package) in ["apt-get", "dnf", "apk", "pacman"].into_iter().zip(packages)
            {
                let lines = lines_for(of, |program| program == manager, User::Root);
                let last = lines.last().unwrap().to_string();
                assert!(last.ends_with(&format!(" {package}")), "{last}");
                assert!(lines_for(of, |it| it == manager, User::Other).is_empty());
            }
        }
    }
}
