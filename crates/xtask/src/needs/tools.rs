//! Makes sure that the programs are there whose work the tests set beside phasegate's own: `git`
//! merges histories, and `ssh-keygen` makes keys and checks signatures.

use crate::needs::install::{Recipes, is_on_path, lines_for, succeeds, user};

/// A program and how systems install it.
struct Tool {
    program: &'static str,
    managers: Recipes,
}

const TOOLS: [Tool; 2] = [
    Tool {
        program: "git",
        managers: &[
            (
                "apt-get",
                &[
                    "apt-get update",
                    "env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
                     install --yes --no-install-recommends git",
                ],
            ),
            ("dnf", &["dnf install -y git"]),
            ("apk", &["apk add --no-cache git"]),
            ("pacman", &["pacman -S --noconfirm --needed git"]),
        ],
    },
    Tool {
        program: "ssh-keygen",
        managers: &[
            (
                "apt-get",
                &[
                    "apt-get update",
                    "env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
                     install --yes --no-install-recommends openssh-client",
                ],
            ),
            ("dnf", &["dnf install -y openssh"]),
            ("apk", &["apk add --no-cache openssh-keygen"]),
            ("pacman", &["pacman -S --noconfirm --needed openssh"]),
        ],
    },
];

/// Installs what is missing.
///
/// # Errors
/// If something is missing still, with what to do.
pub(crate) fn ensure_tools() -> Result<(), String> {
    for Tool { program, managers } in TOOLS {
        if !is_on_path(program) {
            for line in lines_for(managers, is_on_path, user()) {
                succeeds(&line);
            }
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
    use crate::needs::install::User;

    #[test]
    fn every_system_has_a_package_of_each() {
        for (tool, packages) in TOOLS.iter().zip([
            ["git", "git", "git", "git"],
            ["openssh-client", "openssh", "openssh-keygen", "openssh"],
        ]) {
            for (manager, package) in ["apt-get", "dnf", "apk", "pacman"].into_iter().zip(packages)
            {
                let lines = lines_for(tool.managers, |program| program == manager, User::Root);
                let last = lines.last().unwrap().to_string();
                assert!(last.ends_with(&format!(" {package}")), "{last}");
                assert!(lines_for(tool.managers, |it| it == manager, User::Other).is_empty());
            }
        }
    }
}
