//! What goes wrong while measuring: nothing finished is lost, nothing of ours is left running.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::scene::{QUICK, Running, Scene, Server, is_alive, json, signal};

/// A plan whose trials last long enough to be disturbed.
fn slow_scene() -> Scene {
    let scene = Scene::quick();
    scene.write("rules/phases/q1.toml", QUICK.replace("samples = 300", "samples = 60000"));
    scene
}

/// The evidence that an interrupted run kept, by the command it names.
fn kept(scene: &Scene, err: &str) -> serde_json::Value {
    let line = err.lines().find(|line| line.contains("kept: phasegate decide")).expect(err);
    let path = line.split("--evidence ").nth(1).unwrap();
    let decided = scene.run(&["decide", "q1", "--evidence", path, "--format", "json"]);
    assert_eq!(decided.status, 0, "{}", decided.err);
    json(&decided)
}

#[test]
fn a_server_that_is_killed_ends_the_run_with_the_trials_so_far() {
    let scene = slow_scene();
    let mut running = Running::start(scene.program(&["run", "q1"]));
    running.hear("trial 1 of");
    let server = running.server();
    signal("KILL", server);
    let said = running.end();
    assert_eq!((said.status, said.out.as_str()), (2, ""), "{}", said.err);
    assert!(said.err.contains("error: "), "{}", said.err);
    assert_eq!(kept(&scene, &said.err)["outcome"], "undecided");
    assert!(!is_alive(server));
    assert!(!scene.path("reports/ledger/000001.json").exists(), "nothing is recorded");
}

#[test]
fn ctrl_c_keeps_the_trials_so_far_and_stops_the_server() {
    for name in ["INT", "TERM"] {
        let scene = slow_scene();
        let mut running = Running::start(scene.program(&["run", "q1"]));
        running.hear("trial 1 of");
        let server = running.server();
        signal(name, running.id());
        let said = running.end();
        assert_eq!(said.status, 2, "{}", said.err);
        assert!(said.err.ends_with("error: interrupted\n"), "{}", said.err);
        kept(&scene, &said.err);
        assert!(!is_alive(server), "the server is stopped");
    }
}

#[test]
fn an_interrupted_measurement_keeps_its_trials_in_its_own_file() {
    let scene = slow_scene();
    let mut running = Running::start(scene.program(&["measure", "q1", "-o", "e.json"]));
    running.hear("trial 1 of");
    signal("INT", running.id());
    let said = running.end();
    assert_eq!(said.status, 2, "{}", said.err);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    assert!(evidence["end"]["failed"].as_str().unwrap().contains("interrupted"));
}

#[test]
fn a_server_that_refuses_config_and_info_is_measured_all_the_same() {
    let server =
        Server::start(&["--user", "default", "on", "nopass", "~*", "+@all", "-info", "-config"]);
    let scene = Scene::quick();
    let said = scene.run(&["run", "q1", "--url", &server.unix_url(), "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let result = json(&said);
    let (slow, small) = (&result["rows"][0], &result["rows"][1]);
    assert_eq!(slow["finding"], "not met");
    assert_eq!(small["finding"], "undecided");
    let reason = small["reason"].as_str().unwrap();
    assert!(reason.contains("memory.dataset") && reason.contains("refused"), "{reason}");
    assert_eq!(result["outcome"], "undecided");
}

/// A connection to the server that a stopped phasegate has, once there is one that answers.
fn connection(temporary: &Path, phasegate: u32) -> UnixStream {
    loop {
        for folder in std::fs::read_dir(temporary).unwrap() {
            let Ok(mut stream) = UnixStream::connect(folder.unwrap().path().join("socket")) else {
                continue;
            };
            // Stopped, it can't stop its server any more.
            signal("STOP", phasegate);
            let state = || std::fs::read_to_string(format!("/proc/{phasegate}/stat")).unwrap();
            while !state().contains(") T ") {
                std::thread::yield_now();
            }
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut answer = [0; 7];
            let asked = stream.write_all(b"PING\r\n").and_then(|()| stream.read_exact(&mut answer));
            if asked.is_ok() && &answer == b"+PONG\r\n" {
                return stream;
            }
            signal("CONT", phasegate);
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_server_ends_with_a_phasegate_that_is_killed() {
    let scene = slow_scene();
    scene.write("tmp/.keep", "");
    let temporary = scene.path("tmp");
    let mut command = scene.program(&["measure", "q1", "-o", "e.json"]);
    command.env("TMPDIR", &temporary);
    let running = Running::start(command);
    let mut stream = connection(&temporary, running.id());
    signal("KILL", running.id());
    // The connection ends with the server, and not before.
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest);
    let is_reset = |error: &std::io::Error| error.kind() == ErrorKind::ConnectionReset;
    assert!(end.is_ok() || end.as_ref().is_err_and(is_reset), "it is still there: {end:?}");
    assert_eq!(running.end().status, -1, "it was killed");

    // What it left is removed by the next run, whatever comes of that.
    let left = || {
        let entries = std::fs::read_dir(&temporary).unwrap();
        entries.filter(|it| it.as_ref().unwrap().file_name() != ".keep").count()
    };
    assert!(left() > 0);
    let mut command = scene.program(&["measure", "q1", "-o", "e.json", "--server", "no-such"]);
    command.env("TMPDIR", &temporary);
    assert_eq!(Running::start(command).end().status, 2);
    assert_eq!(left(), 0);
}
