//! Input that can't be used. Every message says what, where, and what to do next.

use crate::scene::{QUICK, QUICK_MATRIX, Scene, Server};

/// The error of a command that must fail with status 2 and print no result.
fn error(scene: &Scene, arguments: &[&str]) -> String {
    let said = scene.run(arguments);
    assert_eq!(said.status, 2, "{}{}", said.out, said.err);
    assert_eq!(said.out, "");
    said.err
}

#[test]
fn an_unknown_phase_names_the_phases_there_are() {
    let scene = Scene::quick();
    assert_eq!(
        error(&scene, &["run", "q2"]),
        "error: there is no plan for phase `q2` at `rules/phases/q2.toml`: did you mean `q1`?\n"
    );
    assert!(error(&scene, &["run", "other"]).contains("there are plans for q1"));
    let nowhere = error(&Scene::empty(), &["run", "q1"]);
    assert!(nowhere.contains("run phasegate where that folder is"), "{nowhere}");
}

#[test]
fn files_that_are_no_text_of_ours_are_refused_by_name() {
    let scene = Scene::empty();
    scene.write("big.toml", vec![b'#'; 10 * 1024 * 1024]);
    scene.write("latin1.toml", b"schema = 1\n# caf\xe9\n");
    scene.write("empty.toml", "");
    let said = |name: &str| scene.run(&["check", name]);
    let big = said("big.toml");
    assert_eq!(
        (big.status, big.out.as_str()),
        (2, "`big.toml` is too large: at most 1 MiB are read; is it the right file?\n")
    );
    let latin1 = said("latin1.toml");
    assert_eq!(latin1.out, "`latin1.toml` is not UTF-8: see line 2; save it as UTF-8\n");
    let empty = said("empty.toml");
    assert_eq!(empty.status, 2);
    assert!(empty.out.contains("error[no-rows]"), "{}", empty.out);
    let absent = said("absent.toml");
    assert_eq!(
        absent.out,
        "can't read `absent.toml`: No such file or directory (os error 2); check the name, and the \
         folder that phasegate is called in\n"
    );
    let folder = said(".");
    assert_eq!(folder.out, "can't read `.`: Is a directory (os error 21); name a file in it\n");
}

#[test]
fn evidence_that_is_none_says_so_once() {
    let scene = Scene::quick();
    scene.write("evidence.json", "schema = 1\n");
    assert_eq!(
        error(&scene, &["decide", "q1", "--evidence", "evidence.json"]),
        "error: can't use `evidence.json`: this is not an evidence file of phasegate: expected \
         value at line 1 column 1\n"
    );
}

#[test]
fn a_number_that_is_none_says_what_may_stand_there() {
    let scene = Scene::quick();
    let said = error(&scene, &["history", "show", "x"]);
    assert!(said.contains("such as `1`; `phasegate history list` has them"), "{said}");
    let said = error(&scene, &["run", "q1", "--trials", "0"]);
    assert!(said.contains("'--trials <N>': write a whole number from 1 on"), "{said}");
    let said = error(&scene, &["trajectory", "zorkmid"]);
    assert!(said.contains("unknown metric `zorkmid`; `phasegate metrics` lists all"), "{said}");
}

#[test]
fn a_bad_matrix_stops_a_run_before_anything_is_measured() {
    let scene = Scene::quick();
    scene.write("rules/quick.toml", QUICK_MATRIX.replace("1h", "12"));
    let said = error(&scene, &["run", "q1"]);
    assert!(said.contains("error[missing-unit]: `12` has no unit"), "{said}");
    assert!(said.contains("rules/quick.toml: 1 problem"), "{said}");
    assert!(!scene.path("reports").exists());
}

#[test]
fn a_server_program_that_is_not_there_says_how_to_get_one() {
    let scene = Scene::quick();
    let said = error(&scene, &["run", "q1", "--server", "no/such/redis-server"]);
    assert!(said.contains("no/such/redis-server"), "{said}");
    let output = scene.program(&["run", "q1"]).env("PATH", "/nonexistent").output().unwrap();
    let said = scene.said(&output);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("redis-server") && said.err.contains("apt"), "{}", said.err);
}

#[test]
fn a_server_program_that_is_something_else_is_quoted() {
    let scene = Scene::quick();
    scene.write("server", "#!/bin/sh\necho I am no server >&2\nexit 3\n");
    std::process::Command::new("chmod").arg("+x").arg(scene.path("server")).status().unwrap();
    let said = error(&scene, &["run", "q1", "-q", "--server", "./server"]);
    assert!(said.contains("I am no server"), "{said}");
}

#[test]
fn a_url_that_is_none_and_a_server_that_is_not_there_are_told_apart() {
    let scene = Scene::quick();
    let said = error(&scene, &["run", "q1", "--url", "http://localhost"]);
    assert!(said.starts_with("error: can't use the URL in --url:"), "{said}");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = error(&scene, &["run", "q1", "--url", &format!("redis://127.0.0.1:{port}")]);
    assert!(said.to_lowercase().contains("refused"), "{said}");
    let said = error(&scene, &["run", "q1", "--url", "unix:///no/such/socket"]);
    assert!(said.contains("/no/such/socket"), "{said}");
}

#[test]
fn tls_to_a_plain_port_says_that_the_port_is_plain() {
    let (server, scene) = (Server::start(&[]), Scene::quick());
    let said =
        error(&scene, &["run", "q1", "--url", &format!("rediss://127.0.0.1:{}", server.port)]);
    assert!(said.to_lowercase().contains("tls"), "{said}");
}

#[test]
fn a_history_that_cannot_be_written_is_found_before_measuring() {
    let scene = Scene::quick();
    scene.write("reports", "a file where a folder should be");
    let said = error(&scene, &["run", "q1"]);
    assert!(said.contains("reports"), "{said}");
    assert!(!said.contains("trial 1"), "nothing was measured: {said}");
    let said = error(&scene, &["run", "q1", "--reports", "/proc/phasegate"]);
    assert!(said.contains("can't record in `/proc/phasegate`"), "{said}");
    assert!(!said.contains("trial 1"), "nothing was measured: {said}");
}

#[test]
fn a_full_disk_is_an_error_not_a_short_file() {
    let scene = Scene::quick();
    let said = error(&scene, &["measure", "q1", "-o", "/dev/full", "-q"]);
    assert_eq!(said, "error: can't write `/dev/full`: No space left on device (os error 28)\n");
    let said = error(&scene, &["measure", "q1", "-o", "no/folder/e.json", "-q"]);
    assert!(said.contains("can't write to the folder `no/folder`"), "{said}");
}

#[test]
fn evidence_that_is_none_is_refused() {
    let scene = Scene::quick();
    let decide = |text: &str| {
        scene.write("e.json", text);
        error(&scene, &["decide", "q1", "--evidence", "e.json"])
    };
    assert!(decide("{}").contains("can't use `e.json`: this is not an evidence file of phasegate"));
    assert!(decide("").contains("not an evidence file"));
    assert!(decide(r#"{"schema": 99}"#).contains("use a newer phasegate"));
    assert_eq!(scene.run(&["measure", "q1", "-o", "e.json", "-q"]).status, 0);
    scene.write("rules/phases/q3.toml", QUICK.replace("Q1", "Q3"));
    let other = error(&scene, &["decide", "q3", "--evidence", "e.json"]);
    assert_eq!(other, "error: `e.json` is evidence of phase Q1, not of phase Q3\n");
    let text = scene.read("e.json").replace("rtt.p99\"", "rtt.p9o\"");
    assert!(decide(&text).contains("unknown metric `rtt.p9o`"));
}

#[test]
fn damage_to_the_history_is_named_and_ends_with_status_2() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["run", "q1", "-q"]).status, 0);
    let entry = scene.read("reports/ledger/000001.json");
    scene.write(
        "reports/ledger/000001.json",
        entry.replace("\"outcome\":\"skip\"", "\"outcome\":\"act\""),
    );
    let said = scene.run(&["history", "verify"]);
    assert_eq!(said.status, 2);
    assert!(said.out.contains("problem: "), "{}", said.out);
    scene.write("reports/ledger/000001.json", "{}");
    assert_eq!(scene.run(&["history", "list"]).status, 2);
    let said = error(&scene, &["run", "q1", "-q"]);
    assert!(said.contains("nothing can be added to the history"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let scene = Scene::quick();
    assert_eq!(scene.run(&["measure", "q1", "-o", "e.json", "-q"]).status, 0);
    let mut command = scene.program(&["decide", "q1", "--evidence", "e.json"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
