//! A running server that a command of its owner restarts before each trial.

use crate::scene::{QUICK, Scene, signal};

/// Stops the server of the folder, if it runs, and starts it again; from the third call on it fails
/// if a file says so.
const RESTART: &str = "
echo call >> calls
if test -e breaks && test $(wc -l < calls) -ge 3; then echo the unit is masked; exit 4; fi
if test -e pid; then kill $(cat pid); fi
while test -e pid; do sleep 0.01; done
redis-server --port 0 --unixsocket \"$PWD/s\" --daemonize yes --save '' --dir \"$PWD\" --pidfile \"$PWD/pid\"
";

/// The owner's server, which runs on until its process is ended.
struct Owned(Scene);

impl Owned {
    /// A folder with a plan that restarts, and the server running.
    fn start() -> Self {
        let scene = Scene::quick();
        let target = "[target]\nrestart = \"sh restart.sh\"\n";
        scene.write("rules/phases/q1.toml", format!("{QUICK}{target}"));
        scene.write("restart.sh", RESTART);
        let mut script = std::process::Command::new("sh");
        let status = script.arg("restart.sh").current_dir(scene.path("")).status();
        assert!(status.unwrap().success());
        while std::os::unix::net::UnixStream::connect(scene.path("s")).is_err() {
            std::thread::yield_now();
        }
        std::fs::remove_file(scene.path("calls")).unwrap();
        Self(scene)
    }

    fn url(&self) -> String {
        format!("unix://{}", self.0.path("s").display())
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.0.path("pid")) {
            signal("TERM", pid.trim().parse().unwrap());
        }
    }
}

#[test]
fn a_server_that_its_owner_restarts_is_told_as_such_with_the_command() {
    let owned = Owned::start();
    let Owned(scene) = &owned;
    let said = scene.run(&["measure", "q1", "--url", &owned.url(), "-o", "e.json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    let trials = evidence["trials"].as_array().unwrap().len();
    assert_eq!(scene.read("calls").lines().count(), trials, "once for each trial");
    assert_eq!(evidence["target"]["server"]["restarted"], owned.url());
    assert_eq!(evidence["plan"]["target"]["restart"], "sh restart.sh");
    let said = scene.run(&["run", "q1", "--url", &owned.url()]);
    assert_eq!(said.status, 0, "{}", said.err);
    let report = scene
        .files("reports")
        .into_iter()
        .find(|(path, _)| path.extension().is_some_and(|end| end == "md"));
    let report = String::from_utf8(report.unwrap().1).unwrap();
    assert!(report.contains("restarted before each trial by a command of its owner"), "{report}");
    assert!(!report.contains("not restarted"), "{report}");
}

#[test]
fn a_restart_that_fails_ends_the_run_with_the_trials_so_far() {
    let owned = Owned::start();
    let Owned(scene) = &owned;
    scene.write("breaks", "");
    let said = scene.run(&["measure", "q1", "--url", &owned.url(), "-o", "e.json"]);
    assert_eq!(said.status, 2, "{}", said.err);
    let told = "error: the restart command `sh restart.sh` failed (exit status: 4), its last words were: the unit is masked";
    assert!(said.err.contains(told), "{}", said.err);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    assert_eq!(evidence["trials"].as_array().unwrap().len(), 2);
}

#[test]
fn without_a_running_server_there_is_nothing_to_restart() {
    let scene = Scene::quick();
    scene.write("rules/phases/q1.toml", format!("{QUICK}[target]\nrestart = \"true\"\n"));
    let said = scene.run(&["measure", "q1", "-o", "e.json"]);
    assert_eq!(said.status, 2);
    let told = "error: the plan has `restart`, which is of a running server, and names none";
    assert!(said.err.contains(told), "{}", said.err);
}
