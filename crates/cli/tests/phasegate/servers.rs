//! Servers that aren't ours, as their owners set them up: users with few permissions, TLS.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::scene::{QUICK, Said, Scene, Server};

/// What docs/SERVERS.md says that a user needs.
const NEEDED: [&str; 4] = ["+ping", "+get", "+info", "+config|get"];

/// A server with a user that has these permissions.
fn server(permissions: &[&str]) -> Server {
    let user = ["--user", "measurer", "on", ">hunter2", "~phasegate:*", "-@all"];
    Server::start(&[&user, permissions].concat())
}

/// A run as that user.
fn run(server: &Server, scene: &Scene) -> Said {
    let url = format!("{}?user=measurer&pass=hunter2", server.unix_url());
    let mut program = scene.program(&["run", "q1"]);
    scene.said(&program.env("REDIS_URL", url).output().unwrap())
}

/// How many commands or keys the server has denied to anyone.
fn denied(server: &Server) -> String {
    let mut stream = UnixStream::connect(server.socket()).unwrap();
    stream.write_all(b"ACL LOG\r\nQUIT\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_user_with_the_permissions_that_the_page_names_misses_nothing() {
    let page = include_str!("../../../../docs/SERVERS.md");
    let line = format!("~phasegate:* -@all {}", NEEDED.join(" "));
    assert!(page.contains(&line), "{line}");
    let (server, scene) = (server(&NEEDED), Scene::quick());
    let said = run(&server, &scene);
    assert_eq!(said.status, 0, "{}", said.err);
    assert_eq!(denied(&server), "*0\r\n+OK\r\n");
    for (path, bytes) in scene.files("reports") {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("hunter2") && !text.contains("measurer"), "{}", path.display());
        assert!(!text.contains("refused"), "{}", path.display());
    }
}

#[test]
fn each_of_those_permissions_is_needed() {
    for without in NEEDED {
        let rest: Vec<&str> = NEEDED.into_iter().filter(|it| *it != without).collect();
        let (server, scene) = (server(&rest), Scene::quick());
        let said = run(&server, &scene);
        let command = without.trim_start_matches('+');
        assert!(denied(&server).contains(command), "{without}: {}", said.err);
        if ["+ping", "+get"].contains(&without) {
            assert_eq!(said.status, 2, "{without}");
            assert!(said.err.contains("NOPERM"), "{}", said.err);
        } else {
            assert_eq!(said.status, 0, "{without}: {}", said.err);
            let told =
                |(_, bytes): &(_, Vec<u8>)| String::from_utf8_lossy(bytes).contains("refused");
            assert!(scene.files("reports").iter().any(told), "{without}");
        }
    }
}

#[test]
fn a_plan_whose_certificates_are_missing_is_told_before_anything_is_measured() {
    let scene = Scene::quick();
    let plan = format!("{QUICK}[target]\ntls = {{ ca = \"none.pem\" }}\n");
    scene.write("rules/phases/q1.toml", plan);
    let error = |url: &[&str]| {
        let said = scene.run(&[&["measure", "q1", "-o", "e.json"], url].concat());
        assert_eq!((said.status, said.out.as_str()), (2, ""));
        said.err
    };
    let missing = error(&["--url", "rediss://localhost:1"]);
    assert!(
        missing.contains("error: `none.pem` of the plan's `tls.ca` can't be read"),
        "{missing}"
    );
    let nowhere = error(&[]);
    assert!(nowhere.contains("the plan has `tls`, which is of a running server"), "{nowhere}");
    scene.write("none.pem", "-----BEGIN");
    let empty = error(&["--url", "rediss://localhost:1"]);
    assert!(empty.contains("holds no certificate in PEM"), "{empty}");
}
