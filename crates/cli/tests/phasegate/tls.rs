//! TLS from the command line, with certificates made for the test.

use std::net::TcpListener;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;

use crate::scene::{QUICK, Said, Scene, Server};

const OPTIONS: [&str; 6] =
    ["--tls-ca", "ca.pem", "--tls-cert", "client.pem", "--tls-key", "client.key"];

/// Writes `NAME.pem`, an authority, and what it made: `server.*` for `localhost`, and `client.*`.
fn authority(scene: &Scene, name: &str) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    scene.write(&format!("{name}.pem"), issuer.pem());
    for (name, host) in [("server", "localhost"), ("client", "client")] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        scene.write(&format!("{name}.pem"), certificate.pem());
        scene.write(&format!("{name}.key"), key.serialize_pem());
    }
}

/// A scene with certificates, and a server that wants to see one.
fn scene() -> (Scene, Server, String) {
    let scene = Scene::quick();
    authority(&scene, "stranger");
    authority(&scene, "ca");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| scene.path(name).display().to_string();
    let server = Server::start(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &file("server.pem"),
        "--tls-key-file",
        &file("server.key"),
        "--tls-ca-cert-file",
        &file("ca.pem"),
    ]);
    (scene, server, format!("rediss://localhost:{port}"))
}

fn measure(scene: &Scene, more: &[&str]) -> Said {
    scene.run(&[&["measure", "q1", "-o", "e.json", "--trials", "1"], more].concat())
}

fn refusal(scene: &Scene, more: &[&str]) -> String {
    let said = measure(scene, more);
    assert_eq!((said.status, said.out.as_str()), (2, ""), "{}", said.err);
    said.err
}

#[test]
fn a_server_is_measured_revisited_and_compared_with_files_from_the_command_line() {
    let (scene, _server, url) = scene();
    let said = scene.run(&[&["run", "q1", "--url", &url], &OPTIONS[..]].concat());
    assert_eq!(said.status, 0, "{}", said.err);

    let said = measure(&scene, &[&["--url", &url], &OPTIONS[..]].concat());
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    assert_eq!(evidence["target"]["transport"], "tls");
    let tls = &evidence["plan"]["target"]["tls"];
    assert_eq!((&tls["ca"], &tls["client"]["key"]), (&"ca.pem".into(), &"client.key".into()));

    let said = scene.run(&[&["revisit", "--url", &url], &OPTIONS[..]].concat());
    assert_eq!(said.status, 0, "{}", said.err);

    let both = ["compare", &url, &url, "--trials", "1"];
    let said = scene.run(&[&both[..], &OPTIONS].concat());
    assert_eq!(said.status, 0, "{}", said.err);
}

#[test]
fn options_come_before_the_files_of_the_plan() {
    let (scene, _server, url) = scene();
    let plan = |ca: &str| {
        let tls = format!("{{ ca = \"{ca}\", cert = \"client.pem\", key = \"client.key\" }}");
        let target = format!("[target]\nurl = \"{url}\"\ntls = {tls}\n");
        scene.write("rules/phases/q1.toml", format!("{QUICK}{target}"));
    };
    plan("stranger.pem");
    let said = measure(&scene, &["--tls-ca", "ca.pem"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    let tls = &evidence["plan"]["target"]["tls"];
    assert_eq!((&tls["ca"], &tls["client"]["cert"]), (&"ca.pem".into(), &"client.pem".into()));
    plan("ca.pem");
    assert_eq!(measure(&scene, &[]).status, 0);
}

#[test]
fn what_is_wrong_with_the_files_is_told_before_anything_is_measured() {
    let (scene, server, url) = scene();
    let with = |options: &[&str]| refusal(&scene, &[&["--url", &url], options].concat());
    let missing = with(&["--tls-ca", "none.pem"]);
    assert!(missing.contains("`none.pem` of `--tls-ca` can't be read: no such"), "{missing}");
    let other = with(&["--tls-ca", "client.key"]);
    assert!(other.contains("`client.key` of `--tls-ca` holds no certificate"), "{other}");
    let no_key = with(&["--tls-cert", "client.pem", "--tls-key", "ca.pem"]);
    assert!(no_key.contains("`ca.pem` of `--tls-key` holds no private key"), "{no_key}");
    let apart = with(&["--tls-cert", "ca.pem", "--tls-key", "client.key"]);
    assert!(apart.contains("`ca.pem` and `client.key`"), "{apart}");
    let half = with(&["--tls-cert", "client.pem"]);
    assert!(half.contains("--tls-key"), "{half}");
    let plain = refusal(&scene, &["--url", &server.unix_url(), "--tls-ca", "ca.pem"]);
    assert!(plain.contains("and there is none; write `rediss://HOST:PORT`"), "{plain}");
    let started = refusal(&scene, &["--tls-ca", "ca.pem"]);
    assert!(started.contains("and there is none; write `rediss://HOST:PORT`"), "{started}");
}

#[test]
fn what_is_wrong_with_the_handshake_has_its_advice() {
    let (scene, _server, url) = scene();
    let shown = &OPTIONS[2..];
    let by =
        |url: &str, options: &[&str]| refusal(&scene, &[&["--url", url], options, shown].concat());
    let stranger = by(&url, &["--tls-ca", "stranger.pem"]);
    assert!(stranger.contains("--tls-ca"), "{stranger}");
    let other_name = by(&url.replace("localhost", "127.0.0.1"), &["--tls-ca", "ca.pem"]);
    assert!(other_name.contains("`--tls-server-name`"), "{other_name}");
    let nothing_shown = refusal(&scene, &["--url", &url, "--tls-ca", "ca.pem"]);
    assert!(nothing_shown.contains("`--tls-cert` and `--tls-key`"), "{nothing_shown}");
}

#[test]
fn a_server_is_known_by_a_name_of_the_command_line_or_of_the_plan() {
    let (scene, _server, url) = scene();
    let by_number = url.replace("localhost", "127.0.0.1");
    let at = ["--url", &by_number];
    let name = ["--tls-server-name", "localhost"];
    let said = measure(&scene, &[&at, &name, &OPTIONS[..]].concat());
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    assert_eq!(evidence["plan"]["target"]["tls"]["server_name"], "localhost");
    assert_eq!(evidence["target"]["server"]["running"], by_number.as_str());

    let keys = "ca = \"ca.pem\", cert = \"client.pem\", key = \"client.key\"";
    let target = format!(
        "[target]\nurl = \"{by_number}\"\ntls = {{ {keys}, server_name = \"localhost\" }}\n"
    );
    scene.write("rules/phases/q1.toml", format!("{QUICK}{target}"));
    let said = measure(&scene, &[]);
    assert_eq!(said.status, 0, "{}", said.err);
    let other = refusal(&scene, &["--tls-server-name", "other.example"]);
    assert!(other.contains("certificate not valid for name \"other.example\""), "{other}");
    let no_name = refusal(&scene, &["--tls-server-name", "a b"]);
    assert!(no_name.contains("`a b` of `--tls-server-name` is no name of a server"), "{no_name}");

    // The system's authorities vouch for it where no others are named.
    scene.write("rules/phases/q1.toml", QUICK);
    let arguments = [&["measure", "q1", "-o", "s.json", "--trials", "1"][..], &at, &name];
    let arguments = [&arguments.concat()[..], &OPTIONS[2..]].concat();
    let with = |file: &str| {
        let mut command = scene.program(&arguments);
        command.env("SSL_CERT_FILE", scene.path(file)).output().unwrap()
    };
    let said = with("ca.pem");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said = with("stranger.pem");
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("name the authority that vouches for it"), "{said}");
    let said = with("none.pem");
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("the certificates of the system can't be read"), "{said}");
}
