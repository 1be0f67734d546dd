//! A budget is kept with any server, and the end of a run says what to do next.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::scene::{Running, Scene, Server, json, signal};

/// Something before the server that holds back each piece of a reply for so long.
fn delaying(scene: &Scene, server: &Server, delay: Duration) -> String {
    let path = scene.path("slow.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let socket = server.socket();
    // Ends with the test's process; nobody waits for it.
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, socket) = (client.unwrap(), socket.clone());
            std::thread::spawn(move || pass_on(client, socket, delay));
        }
    });
    format!("unix://{}", path.display())
}

fn pass_on(client: UnixStream, socket: PathBuf, delay: Duration) {
    let server = UnixStream::connect(socket).unwrap();
    let pump = |mut from: UnixStream, mut to: UnixStream, delay: Duration| {
        move || {
            let mut piece = [0; 65536];
            while let Ok(read @ 1..) = from.read(&mut piece) {
                std::thread::sleep(delay);
                if to.write_all(&piece[..read]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(std::net::Shutdown::Both);
        }
    };
    let there = pump(client.try_clone().unwrap(), server.try_clone().unwrap(), Duration::ZERO);
    std::thread::spawn(there);
    pump(server, client, delay)();
}

fn recorded_evidence(scene: &Scene) -> serde_json::Value {
    let explained = json(&scene.run(&["explain", "1", "--format", "json"]));
    let digest = explained["evidence"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let files = scene.files("reports/objects");
    let (_, bytes) = files
        .iter()
        .find(|(path, _)| path.to_string_lossy().replace('/', "").contains(&digest[..40]))
        .expect("the evidence");
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_slow_server_gets_shorter_rounds_and_the_end_says_which_budget_would_do() {
    let scene = Scene::quick();
    let server = Server::start(&[]);
    let url = delaying(&scene, &server, Duration::from_millis(20));
    let said = scene.run(&["run", "q1", "--url", &url, "--budget", "3s", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let decided = json(&said);
    assert_eq!(decided["outcome"], "undecided");
    let ended = &decided["ended"];
    assert!(ended["next"].as_str().unwrap().starts_with("--budget "), "{ended}");
    let reason = decided["rows"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("samples fit into the budget"), "{reason}");
    let report = scene.run(&["report", "1"]).out;
    assert!(report.contains("; to go on, run it again with `--budget "), "{report}");
}

#[test]
fn a_server_that_stops_answering_costs_no_more_than_the_budget() {
    let scene = Scene::quick();
    let server = Server::start(&[]);
    let url = server.unix_url();
    let plan = scene.read("rules/phases/q1.toml").replace("samples = 300", "samples = 2000");
    scene.write(
        "rules/phases/q1.toml",
        plan.replace("trials = 9", "trials = 1000\nuntil = \"rows\""),
    );
    // A row that nothing decides keeps the run going until the server is stopped.
    let matrix = scene.read("rules/quick.toml").replace("P50 > 1h", "rtt.p50 > rtt.mean");
    scene.write("rules/quick.toml", matrix.split("[[test]]").next().unwrap());
    let mut running =
        Running::start(scene.program(&["run", "q1", "--url", &url, "--budget", "4s", "-v"]));
    running.hear("trial 1 of");
    signal("STOP", server.process());
    let said = running.end();
    signal("CONT", server.process());
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.err.contains(" by the end of the budget"), "{}", said.err);
    assert!(said.out.contains("\nended    "), "{}", said.out);
    let evidence = recorded_evidence(&scene);
    assert_eq!(evidence["end"], "budget-spent");
    let last = evidence["trials"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["readings"]["rtt.p50"]["missing"], "cut-off", "{last}");
}

#[test]
fn without_time_for_a_first_trial_it_says_so() {
    let scene = Scene::quick();
    let server = Server::start(&[]);
    let url = delaying(&scene, &server, Duration::from_secs(1));
    let said = scene.run(&["run", "q1", "--url", &url, "--budget", "1s"]);
    assert_eq!(said.status, 2, "{}", said.err);
    assert!(said.err.contains("the budget of 1s was over before the first trial"), "{}", said.err);
    assert!(said.err.contains("--budget"), "{}", said.err);
}
