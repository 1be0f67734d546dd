//! A password appears in no file, no output, and not in the process list.

use crate::scene::{QUICK, Running, Scene, Server};

const PASSWORD: &str = "hunter2secret";

fn assert_nowhere(text: &[u8], what: &str) {
    let found = text.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
    assert!(!found, "the password is in {what}: {}", String::from_utf8_lossy(text));
}

fn server() -> Server {
    Server::start(&["--requirepass", PASSWORD])
}

/// Runs the program and looks at its arguments while it measures.
fn run_and_look(scene: &Scene, arguments: &[&str], redis_url: Option<&str>) {
    let mut command = scene.program(arguments);
    if let Some(url) = redis_url {
        command.env("REDIS_URL", url);
    }
    let mut running = Running::start(command);
    running.hear("trial 1 of");
    let arguments = std::fs::read(format!("/proc/{}/cmdline", running.id())).unwrap();
    assert!(arguments.starts_with(env!("CARGO_BIN_EXE_phasegate").as_bytes()));
    assert_nowhere(&arguments, "the process list");
    let said = running.end();
    assert_eq!(said.status, 0, "{}", said.err);
    assert_nowhere(said.out.as_bytes(), "the result");
    assert_nowhere(said.err.as_bytes(), "the messages");
    let files = scene.files("reports");
    assert!(files.len() >= 5, "{files:?}");
    for (path, bytes) in files {
        assert_nowhere(&bytes, &path.display().to_string());
    }
}

#[test]
fn a_password_in_the_url_is_kept_to_itself() {
    let server = server();
    let url = format!("redis://default:{PASSWORD}@127.0.0.1:{}", server.port);
    run_and_look(&Scene::quick(), &["run", "q1", "--url", &url], None);
    run_and_look(&Scene::quick(), &["run", "q1", &format!("--url={url}")], None);
}

#[test]
fn a_password_in_redis_url_is_kept_to_itself() {
    let server = server();
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}", server.port);
    run_and_look(&Scene::quick(), &["run", "q1"], Some(&url));
}

#[test]
fn a_password_in_a_plan_is_not_in_what_is_said_of_the_plan() {
    let scene = Scene::quick();
    for server in [
        format!("url = \"redis://me:{PASSWORD}@host\""),
        format!("url = \"redis+sentinel://h/s?sentinel_pass={PASSWORD}\""),
        format!("url = \"unix:///s?pass={PASSWORD}\""),
        format!("colour = 1\nurl = \"redis://me:{PASSWORD}@host"),
        format!("config = [\"port 7\", \"requirepass {PASSWORD}\"]"),
        format!("config = [\"requirepass '{PASSWORD}\"]"),
        format!("config = [\"user ada on >{PASSWORD}\"]"),
        format!("arguments = [\"--requirepass\", \"{PASSWORD}\"]"),
        format!("setup = {{ config = [\"masterauth {PASSWORD}\"] }}"),
    ] {
        scene.write("rules/phases/q1.toml", format!("{QUICK}[target]\n{server}\n"));
        for arguments in [
            &["check", "rules/phases/q1.toml"][..],
            &["check", "rules/phases/q1.toml", "--format", "json"],
            &["check", "rules/phases/q1.toml", "--format", "sarif"],
            &["run", "q1"],
            &["fmt", "rules/phases/q1.toml"],
        ] {
            let said = scene.run(arguments);
            assert_eq!(said.status, 2, "{arguments:?}: {server}");
            assert_nowhere(said.err.as_bytes(), "an error");
            assert_nowhere(said.out.as_bytes(), "a problem");
        }
    }
}

#[test]
fn errors_about_a_url_do_not_repeat_its_password() {
    let server = server();
    let scene = Scene::quick();
    let wrong = format!("redis://default:{PASSWORD}x@127.0.0.1:{}", server.port);
    let nobody = format!("redis://default:{PASSWORD}@127.0.0.1:1");
    let plain = format!("rediss://default:{PASSWORD}@127.0.0.1:{}", server.port);
    let nonsense = format!("redis://default:{PASSWORD}@:not a port");
    let scheme = format!("mysql://default:{PASSWORD}@localhost");
    for url in [wrong, nobody, plain, nonsense, scheme] {
        let said = scene.run(&["run", "q1", "--url", &url]);
        assert_eq!(said.status, 2, "{}", said.err);
        assert_nowhere(said.err.as_bytes(), "an error");
        assert_nowhere(said.out.as_bytes(), "the result");
    }
}

#[test]
fn a_wrong_password_is_named_as_such() {
    let server = server();
    let scene = Scene::quick();
    let url = format!("redis://default:wrong@127.0.0.1:{}", server.port);
    let said = scene.run(&["run", "q1", "--url", &url]);
    assert!(said.err.contains("WRONGPASS"), "{}", said.err);
    let said = scene.run(&["run", "q1", "--url", &format!("redis://127.0.0.1:{}", server.port)]);
    assert!(said.err.contains("NOAUTH") || said.err.contains("password"), "{}", said.err);
}
