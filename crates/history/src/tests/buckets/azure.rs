//! A history in a container of Azure Blob Storage: Microsoft's emulator Azurite plays the service.
//!
//! These tests are ignored, as not every machine has Node.js; `cargo xtask test --azure` runs them.

#![expect(clippy::disallowed_methods, reason = "the server is a process here")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::tests::append;
use crate::tests::buckets::servers::{append_as_a_writer, assert_writers_make_one_chain};
use crate::{CheckVerdict, Store};

/// The variable with the script that starts Azurite's blob service.
const SCRIPT: &str = "PHASEGATE_AZURITE";

/// The account and the key that Azurite documents for everybody.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Makes the container `history`: the client can't, so a request is signed here. It reads port,
/// account and key.
const MAKE_CONTAINER: &str = r"
    const [port, account, key] = process.argv.slice(1);
    const date = new Date().toUTCString();
    const version = '2021-08-06';
    const signed = ['PUT', ...Array(11).fill(''), `x-ms-date:${date}`, `x-ms-version:${version}`,
        `/${account}/${account}/history`, 'restype:container'].join('\n');
    const digest = require('crypto').createHmac('sha256', Buffer.from(key, 'base64'));
    const signature = digest.update(signed, 'utf8').digest('base64');
    const headers = { 'x-ms-date': date, 'x-ms-version': version, 'Content-Length': '0',
        Authorization: `SharedKey ${account}:${signature}` };
    const path = `/${account}/history?restype=container`;
    const options = { host: '127.0.0.1', port, path, method: 'PUT', headers };
    const done = (answer) => process.exit(answer.statusCode === 201 ? 0 : 1);
    require('http').request(options, done).end();
";

/// The blob service, on loopback, with its files in a private folder.
struct Azurite {
    process: Child,
    port: String,
    _folder: tempfile::TempDir,
}

impl Drop for Azurite {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl Azurite {
    /// Starts it on a port of the system's choice, with the container.
    fn start() -> Self {
        let script = std::env::var_os(SCRIPT).unwrap_or_else(|| {
            panic!("{SCRIPT} must name Azurite's blob service; `cargo xtask test --azure` sets it")
        });
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new("node")
            .arg(script)
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0", "--location"])
            .arg(folder.path())
            .args(["--skipApiVersionCheck", "--disableTelemetry", "--silent"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It says where it listens once it does, in a line that ends with the address.
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find(|line| line.contains("successfully listen"))
            .and_then(|line| line.rsplit_once(':').map(|(_, port)| port.trim().to_owned()))
            .expect("Azurite says that it listens");
        let made = Command::new("node").args(["-e", MAKE_CONTAINER, &port, ACCOUNT, KEY]).status();
        assert!(made.unwrap().success(), "the container is made");
        Self { process, port, _folder: folder }
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let endpoint = format!("http://127.0.0.1:{}/{ACCOUNT}", self.port);
        [
            ("AZURE_STORAGE_ENDPOINT", endpoint.as_str()),
            ("AZURE_ALLOW_HTTP", "true"),
            ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT),
            ("AZURE_STORAGE_ACCOUNT_KEY", KEY),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

#[test]
#[ignore = "needs Azurite; `cargo xtask test --azure` runs it"]
fn eight_processes_append_one_chain_to_a_container() {
    if append_as_a_writer() {
        return;
    }
    let server = Azurite::start();
    let test = "tests::buckets::azure::eight_processes_append_one_chain_to_a_container";
    assert_writers_make_one_chain(test, "az://history/shared", &server.variables());
}

#[test]
#[ignore = "needs Azurite; `cargo xtask test --azure` runs it"]
fn a_container_is_examined_and_found_good() {
    let server = Azurite::start();
    let location = "az://history/examined".parse().unwrap();
    let store = Store::open_at(&location, &server.variables()).unwrap();
    append(&store, "ada");
    let checks = crate::examine(&store, chrono::Utc::now());
    assert!(checks.iter().all(|check| check.verdict == CheckVerdict::Good), "{checks:?}");

    let mut wrong = server.variables();
    let other = "b3RoZXI=";
    wrong.insert("AZURE_STORAGE_ACCOUNT_KEY".to_owned(), other.to_owned());
    let message = Store::open_at(&location, &wrong).unwrap_err().to_string();
    // Azurite's code; the service itself answers AuthenticationFailed.
    let words = "access is denied (AuthorizationFailure); check the credentials";
    assert!(message.contains(words), "{message}");
    assert!(!message.contains(other) && !message.contains(ACCOUNT), "{message}");

    let nowhere = "az://nowhere/examined".parse().unwrap();
    let message = Store::open_at(&nowhere, &server.variables()).unwrap_err().to_string();
    assert!(message.contains("the bucket doesn't exist (ContainerNotFound)"), "{message}");
}
