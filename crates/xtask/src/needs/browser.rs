//! The tests in a real browser: what they need, and how they are run.

use crate::command::Invocation;
use crate::needs::install::{Package, from_npm, install, is_on_path};
use crate::workspace::Workspace;

/// Whether the tests in a browser have to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    /// Only if the browser is there anyway.
    IfThere,
    /// In any case; it is installed if it has to be.
    Required,
}

/// The names under which systems have it.
const BROWSERS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What systems call its package.
const CHROMIUM: Package = ["chromium"; 4];

/// What finds violations of accessibility. It is fetched, not kept here: its license is another.
const AXE: &str = "axe-core@4.10.3";

/// The command that runs them; or, if they needn't be run, why they can't.
///
/// # Errors
/// If they have to be run and can't.
pub(crate) fn tests(
    workspace: &Workspace,
    browser: Browser,
) -> Result<Result<Invocation, String>, String> {
    let ready = prepare(workspace, browser);
    match browser {
        Browser::IfThere => Ok(ready),
        Browser::Required => ready.map(Ok),
    }
}

fn prepare(workspace: &Workspace, browser: Browser) -> Result<Invocation, String> {
    if !is_there() && browser == Browser::Required {
        install(CHROMIUM);
    }
    if !is_there() {
        let names = BROWSERS.join("`, `");
        return Err(format!(
            "none of `{names}` is on PATH; `cargo xtask test --browser` installs one"
        ));
    }
    if !is_on_path("npm") {
        return Err("`npm` isn't on PATH, which fetches axe-core; install Node.js".to_owned());
    }
    let script = from_npm(AXE, &workspace.target.join("axe"), "axe-core/axe.min.js")?;
    let tests = Invocation::new("cargo test --package phasegate --test browser -- --ignored");
    Ok(tests.with("PHASEGATE_AXE", script.display().to_string()))
}

fn is_there() -> bool {
    BROWSERS.into_iter().any(is_on_path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::install::{User, lines_for};

    fn planned(on_path: &[&str], user: User) -> String {
        let lines = lines_for(CHROMIUM, |program| on_path.contains(&program), user);
        lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_system_installs_the_browser() {
        let apt = planned(&["apt-get", "sudo"], User::Other);
        assert!(apt.starts_with("sudo apt-get update\nsudo env DEBIAN_FRONTEND"), "{apt}");
        assert_eq!(planned(&["apk"], User::Root), "apk add --no-cache chromium");
        assert_eq!(planned(&["apk"], User::Other), "", "nobody may");
        assert_eq!(planned(&["sudo"], User::Root), "");
    }
}
