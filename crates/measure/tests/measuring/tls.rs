//! TLS, with a certificate made for the test.

use phasegate_model::{Transport, Wait};

use phasegate_measure::{Address, Certificates, Endpoint, ServerSource, TlsNames, TrialProgress};
use phasegate_model::{ClientFiles, TlsPlan};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

use crate::common::{Server, free_port, never, number, open, plan, running, trial};
use crate::sentinels::Sentinel;

/// A server with a plain socket and a TLS port.
pub(crate) fn server() -> (Server, u16) {
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

/// An authority of one's own, and what it made for a server and its clients, in one folder.
struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { folder: tempfile::tempdir().unwrap(), issuer };
        std::fs::write(authority.file("ca.pem"), authority.issuer.pem()).unwrap();
        authority.make("client", "client", 4000);
        authority
    }

    /// Makes `NAME.pem` and `NAME.key` for a host, valid until a year's beginning.
    fn make(&self, name: &str, host: &str, until: i32) {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.file(&format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A server with a certificate of the authority, and its address by a host name.
    fn server(&self, host: &str, until: i32, clients: &str) -> (Server, String) {
        self.make("server", host, until);
        let port = free_port().to_string();
        let (ca, cert, key) =
            (self.file("ca.pem"), self.file("server.pem"), self.file("server.key"));
        let server = Server::start(&[
            "--tls-port",
            &port,
            "--bind",
            "127.0.0.1",
            "--tls-auth-clients",
            clients,
            "--tls-cert-file",
            &cert,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &ca,
        ]);
        (server, format!("rediss://localhost:{port}"))
    }

    fn plan(&self, ca: Option<&str>, client: Option<(&str, &str)>) -> TlsPlan {
        TlsPlan {
            ca: ca.map(|name| self.file(name)),
            client: client
                .map(|(cert, key)| ClientFiles { cert: self.file(cert), key: self.file(key) }),
            server_name: None,
        }
    }
}

fn known_by(address: &str, tls: &TlsPlan) -> ServerSource {
    let address: Address = address.parse().unwrap();
    ServerSource::Running(
        address.with(Certificates::read(tls, &TlsNames::PLAN).unwrap()).unwrap().into(),
    )
}

/// The error that an address gives with these files.
fn failure(address: &str, tls: &TlsPlan) -> String {
    trial(&known_by(address, tls), &plan()).unwrap_err().to_string()
}

#[test]
fn an_authority_of_ones_own_and_a_client_certificate_let_us_in() {
    let authority = Authority::new();
    let (_server, address) = authority.server("localhost", 4000, "yes");
    let tls = authority.plan(Some("ca.pem"), Some(("client.pem", "client.key")));
    let mut session = open(&known_by(&address, &tls), &plan(), never()).unwrap();
    assert_eq!(session.target().transport, Some(Transport::Tls));
    let trial = session.trial(1, &mut |_| {}).unwrap();
    assert!(number(&trial, "rtt.p50") > 0.0);
}

#[test]
fn each_reason_against_a_handshake_has_its_advice() {
    let authority = Authority::new();
    let (_server, address) = authority.server("localhost", 4000, "yes");
    let ca = authority.plan(Some("ca.pem"), None);
    let nothing_shown = failure(&address, &ca);
    assert!(nothing_shown.contains("show the server a certificate"), "{nothing_shown}");
    let stranger = Authority::new();
    let client = Some(("client.pem", "client.key"));
    let unknown = failure(&address, &stranger.plan(Some("ca.pem"), client));
    assert!(unknown.contains("tls.ca") || unknown.contains("tls = { ca ="), "{unknown}");
    let mut mixed = stranger.plan(None, client);
    mixed.ca = Some(authority.file("ca.pem"));
    let not_accepted = failure(&address, &mixed);
    assert!(not_accepted.contains("doesn't accept the certificate"), "{not_accepted}");
    let by_number = failure(&address.replace("localhost", "127.0.0.1"), &ca);
    // The names that the certificate has, and how to get there by one of them.
    assert!(by_number.contains("localhost"), "{by_number}");
    assert!(by_number.contains("name it with `--tls-server-name`"), "{by_number}");
    let (_old, address) = authority.server("localhost", 2001, "no");
    let expired = failure(&address, &ca);
    assert!(expired.contains("renew the server's certificate"), "{expired}");
}

#[test]
fn a_server_is_known_by_the_name_in_its_certificate_wherever_it_is() {
    let authority = Authority::new();
    let (mut server, address) = authority.server("cache.example", 4000, "yes");
    let () = server.say("ACL SETUSER alice on >hunter2 ~* +@all");
    let by_number = address.replace("localhost", "127.0.0.1");
    let client = Some(("client.pem", "client.key"));
    let named = |name: &str| {
        let server_name = Some(name.to_owned());
        TlsPlan { server_name, ..authority.plan(Some("ca.pem"), client) }
    };
    let tls = named("cache.example");
    for protocol in ["", "?protocol=resp3"] {
        let address = format!("{}{protocol}", by_number.replace("//", "//alice:hunter2@"));
        let mut session = open(&known_by(&address, &tls), &plan(), never()).unwrap();
        let trial = session.trial(1, &mut |_| {}).unwrap();
        assert!(number(&trial, "rtt.p50") > 0.0);
        assert!(number(&trial, "memory.used") > 0.0);
        let sent = plan().rounds.get() * (plan().warmup + plan().samples.get());
        let stats: String = server.say("INFO commandstats");
        assert!(stats.contains(&format!("cmdstat_get:calls={sent},")), "{stats}");
        let () = server.say("CONFIG RESETSTAT");
    }
    let refused = failure(&by_number.replace("//", "//alice:hunter3@"), &tls);
    assert!(refused.contains("refused `AUTH`: WRONGPASS") && !refused.contains("hunter3"));

    // It is verified: another name, and that of the address.
    for other in ["other.example", "127.0.0.1"] {
        let told = failure(&by_number, &named(other));
        assert!(told.contains("cache.example") && told.contains("`--tls-server-name`"), "{told}");
    }
    let stranger = Authority::new();
    let unknown = TlsPlan { ca: Some(stranger.file("ca.pem")), ..named("cache.example") };
    assert!(failure(&by_number, &unknown).contains("plan's `tls.ca`"));
    let nothing_shown = TlsPlan { client: None, ..named("cache.example") };
    assert!(failure(&by_number, &nothing_shown).contains("show the server a certificate"));

    let mut session = open(&known_by(&by_number, &tls), &plan(), never()).unwrap();
    let gone = session.trial(1, &mut |progress| {
        if matches!(progress, TrialProgress::Rounds { done: 1, .. }) {
            server.kill();
        }
    });
    let gone = gone.unwrap_err().to_string();
    assert!(gone.contains("can't be reached: connection refused"), "{gone}");
}

#[test]
fn a_name_that_can_not_be_verified_is_refused() {
    let authority = Authority::new();
    let named = |name: &str| {
        let server_name = Some(name.to_owned());
        TlsPlan { server_name, ..authority.plan(Some("ca.pem"), None) }
    };
    let error = Certificates::read(&named("no name"), &TlsNames::PLAN).unwrap_err().to_string();
    assert!(error.starts_with("`no name` of the plan's `tls.server_name` is no name"), "{error}");
    let certificates = Certificates::read(&named("cache.example"), &TlsNames::PLAN).unwrap();
    let address: Address = "rediss://me:hunter2@host/#insecure".parse().unwrap();
    let told = address.with(certificates).unwrap_err().to_string();
    assert!(told.starts_with("`rediss://host:6379#insecure` ends with `#insecure`"), "{told}");
    // Nobody there speaks TLS, or answers at all.
    let port = free_port().to_string();
    let _plain = Server::start(&["--port", &port, "--bind", "127.0.0.1"]);
    let plain = failure(&format!("rediss://127.0.0.1:{port}"), &named("cache.example"));
    assert!(plain.contains("if that port speaks plain Redis"), "{plain}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let silent = failure(&format!("rediss://127.0.0.1:{port}"), &named("cache.example"));
    assert!(silent.contains("no answer in time"), "{silent}");
}

#[test]
fn files_that_are_of_no_use_are_named_and_not_quoted() {
    let authority = Authority::new();
    authority.make("other", "other", 4000);
    std::fs::write(authority.file("empty.pem"), "").unwrap();
    let private = std::fs::read_to_string(authority.file("client.key")).unwrap();
    let error = |ca: Option<&str>, client: Option<(&str, &str)>| {
        let error = Certificates::read(&authority.plan(ca, client), &TlsNames::PLAN).unwrap_err();
        let all = format!("{error} {error:?}");
        for line in private.lines() {
            assert!(!all.contains(line), "{all}");
        }
        let folder = authority.folder.path().display().to_string();
        error.to_string().replace(&(folder + "/"), "")
    };
    assert_eq!(
        error(Some("none.pem"), None),
        "`none.pem` of the plan's `tls.ca` can't be read: no such file or directory; paths begin where phasegate is called"
    );
    for (ca, client, told) in [
        (Some("empty.pem"), None, "`empty.pem` of the plan's `tls.ca` holds no certificate"),
        (Some("client.key"), None, "`client.key` of the plan's `tls.ca` holds no certificate"),
        (None, Some(("none.pem", "client.key")), "`none.pem` of the plan's `tls.cert` can't"),
        (None, Some(("client.pem", "none.key")), "`none.key` of the plan's `tls.key` can't"),
        (None, Some(("client.pem", "client.pem")), "`tls.key` holds no private key"),
        (
            None,
            Some(("other.pem", "client.key")),
            "`client.key`, the certificate and the private key to show the server, don't belong",
        ),
    ] {
        let message = error(ca, client);
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn certificates_are_of_no_use_without_tls() {
    let authority = Authority::new();
    let certificates =
        Certificates::read(&authority.plan(Some("ca.pem"), None), &TlsNames::PLAN).unwrap();
    assert_eq!(format!("{certificates:?}"), "Certificates(***)");
    let address: Address = "redis://me:hunter2@host".parse().unwrap();
    let message = address.with(certificates).unwrap_err().to_string();
    assert!(message.starts_with("the plan has `tls`, and `redis://host:6379` is reached without"));
}

#[test]
fn sentinels_and_the_server_that_they_name_are_reached_over_tls() {
    let authority = Authority::new();
    let (_server, address) = authority.server("localhost", 4000, "no");
    let (_, at) = address.rsplit_once(':').unwrap();
    let file = |name: &str| authority.file(name);
    let sentinel = Sentinel::with(|port| {
        format!(
            "port 0\ntls-port {port}\ntls-replication yes\ntls-auth-clients no\n\
             tls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n\
             sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n\
             sentinel monitor cache localhost {at} 1\n",
            file("server.pem"),
            file("server.key"),
            file("ca.pem")
        )
    });
    let url = format!("rediss+sentinel://localhost:{}/cache", sentinel.port);
    let files = Certificates::read(&authority.plan(Some("ca.pem"), None), &TlsNames::PLAN);
    let endpoint: Endpoint = url.parse().unwrap();
    let source = ServerSource::Running(endpoint.with(files.unwrap()).unwrap());
    let mut session = open(&source, &plan(), never()).unwrap();
    assert_eq!(session.target().transport, Some(Transport::Tls));
    assert_eq!(session.environment().0["server.address"], address);
    assert!(number(&session.trial(1, &mut |_| {}).unwrap(), "rtt.p50") > 0.0);
    let unknown = trial(&running(&url), &plan()).unwrap_err().to_string();
    assert!(unknown.starts_with("no TLS connection with ") && unknown.contains("`--tls-ca`"));
}
