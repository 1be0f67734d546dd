//! A server that sentinels name, from the command line and from the plan.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::scene::{QUICK, Scene, Server, json};

/// A sentinel, stopped by its process id.
struct Sentinel {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Sentinel {
    /// Watches the service `cache`.
    fn of(server: &Server) -> Self {
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("sentinel.conf");
        let config = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor cache 127.0.0.1 {} 1\n",
            folder.path().display(),
            server.port
        );
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new("redis-server");
        command.arg(&file).arg("--sentinel").stdin(Stdio::null()).stdout(Stdio::null());
        let sentinel = Self { child: command.spawn().unwrap(), port, _folder: folder };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        sentinel
    }

    fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/cache", self.port)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_watched_server_is_measured_recorded_and_revisited() {
    let server = Server::start(&[]);
    let sentinel = Sentinel::of(&server);
    let (url, scene) = (sentinel.url(), Scene::quick());
    let said = scene.run(&["run", "q1", "--url", &url, "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let report = scene.read(json(&said)["report"].as_str().unwrap());
    // In Markdown some of it is escaped.
    let report = report.replace('\\', "");
    assert!(report.contains(&url), "{report}");
    assert!(report.contains(&format!("redis://127.0.0.1:{}", server.port)), "{report}");

    let said = scene.run(&["revisit", "--url", &url, "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.contains(&url), "{}", said.out);

    scene.write("rules/phases/q1.toml", format!("{QUICK}[target]\nurl = \"{url}\"\n"));
    let said = scene.run(&["measure", "q1", "-o", "e.json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    assert_eq!(evidence["target"]["server"]["running"], url);
}

#[test]
fn a_service_that_nobody_watches_ends_the_run_with_those_that_are() {
    let server = Server::start(&[]);
    let sentinel = Sentinel::of(&server);
    let scene = Scene::quick();
    let url = sentinel.url().replace("/cache", "/cash");
    let said = scene.run(&["measure", "q1", "-o", "e.json", "--url", &url]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("watches a service `cash`; they watch `cache`"), "{}", said.err);
    drop(sentinel);
    let said = scene.run(&["measure", "q1", "-o", "e.json", "--url", &url]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("no sentinel answers: "), "{}", said.err);
}

#[test]
fn a_plan_holds_no_password_of_a_sentinel() {
    let scene = Scene::quick();
    let url = "redis+sentinel://localhost/cache?sentinel_pass=hunter2";
    scene.write("rules/phases/q1.toml", format!("{QUICK}[target]\nurl = \"{url}\"\n"));
    let said = scene.run(&["check", "rules/phases/q1.toml"]);
    assert_eq!(said.status, 2, "{}", said.out);
    assert!(said.out.contains("neither user nor password"), "{}", said.out);
}
