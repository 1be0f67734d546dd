//! TLS, with a certificate made for the test.

use phasegate_model::{Transport, Wait};

use crate::common::{Server, free_port, never, number, open, plan, running, trial};

/// A server with a plain socket and a TLS port.
fn server() -> (Server, u16) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(file("cert"), made.cert.pem()).unwrap();
    std::fs::write(file("key"), made.signing_key.serialize_pem()).unwrap();
    let port = free_port().to_string();
    let (cert, key) = (file("cert"), file("key"));
    let server = Server::start(&[
        "--tls-port",
        &port,
        "--bind",
        "127.0.0.1",
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &cert,
    ]);
    (server, port.parse().unwrap())
}

#[test]
fn samples_over_tls_block_and_say_so() {
    let (server, port) = server();
    let () = server.say("ACL SETUSER alice on >hunter2 ~* +@all");
    let address = format!("rediss://alice:hunter2@localhost:{port}/#insecure");
    let mut plan = plan();
    plan.wait = Wait::Spin;
    let mut session = open(&running(&address), &plan, never()).unwrap();
    let target = session.target();
    assert_eq!((target.transport, target.wait), (Some(Transport::Tls), Some(Wait::Block)));
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(number(&trial, "rtt.p50") > 0.0);
    assert_eq!(trial.anomalies.iter().filter(|told| told.contains("others")).count(), 0);
}

fn refusal(address: &str) -> String {
    let error = trial(&running(address), &plan()).unwrap_err();
    let all = format!("{error} {error:?}");
    assert!(!all.contains("hunter2") && !all.contains("alice"), "{all}");
    error.to_string()
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (_server, port) = server();
    let message = refusal(&format!("rediss://alice:hunter2@localhost:{port}"));
    assert!(
        message.starts_with(&format!("no TLS connection with `rediss://localhost:{port}`: ")),
        "{message}"
    );
    assert!(message.contains("SSL_CERT_FILE"), "{message}");
}

#[test]
fn plain_and_tls_that_meet_are_told_apart() {
    let (_tls, tls_port) = server();
    let plain_port = free_port().to_string();
    let _plain = Server::start(&["--port", &plain_port, "--bind", "127.0.0.1"]);
    let tls_to_plain = refusal(&format!("rediss://alice:hunter2@127.0.0.1:{plain_port}"));
    assert!(tls_to_plain.contains("if that port speaks plain Redis"), "{tls_to_plain}");
    let plain_to_tls = refusal(&format!("redis://alice:hunter2@127.0.0.1:{tls_port}"));
    assert!(plain_to_tls.contains("(a port that speaks TLS needs `rediss://`)"), "{plain_to_tls}");
}
