//! Eight processes that append to one history, on disk and on a server that speaks S3.

#![expect(clippy::disallowed_methods, reason = "writers and the server are processes here")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::backend::bucket::client::Bucket;
use crate::backend::files::{Files as _, Published};
use crate::tests::recording::kinds::note;
use crate::tests::{append, draft_of, render, verify_names};
use crate::{CheckVerdict, Draft, Location, PackEffect, Store};

/// The variable with the location that a writer appends to: it makes this program one.
const STORE: &str = "PHASEGATE_TEST_STORE";
const WRITERS: u64 = 8;
const ENTRIES: u64 = 100;

const KEY: &str = "AKIATEST";
const SECRET: &str = "a-secret-of-the-tests";

/// The server `SeaweedFS`, on loopback, with its files in a private folder.
struct Seaweed {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
    /// Sockets that it makes outside of its folder, and doesn't remove when it is killed.
    sockets: Vec<PathBuf>,
}

impl Drop for Seaweed {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        for socket in &self.sockets {
            _ = std::fs::remove_file(socket);
        }
    }
}

/// Where `cargo xtask test` installs it, and what is on PATH.
fn weed() -> PathBuf {
    let installed =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/seaweedfs/bin/weed"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("weed"));
    let mut places = std::iter::once(installed.to_owned()).chain(on_path);
    places.find(|place| place.is_file()).expect(
        "this test needs the S3 server SeaweedFS; `cargo xtask test` installs it, or put `weed` on \
         PATH",
    )
}

/// Ports that nobody has, at this moment.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

impl Seaweed {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity = format!(
            r#"{{"identities":[{{"name":"test","credentials":[{{"accessKey":"{KEY}","secretKey":"{SECRET}"}}],"actions":["Admin","Read","Write","List"]}}]}}"#
        );
        std::fs::write(folder.path().join("s3.json"), identity).unwrap();
        let [master, master_grpc, volume, volume_grpc, filer, filer_grpc, port, s3_grpc] =
            free_ports();
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new(weed())
            .args(["server", "-dir=.", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"])
            .args(["-s3.config=s3.json", "-s3.autoCreateBucket=true"])
            .args(["-s3.port.iceberg=0", "-s3.port.lance=0"])
            .args(["-s3.localSocket=s3.sock", "-filer.localSocket=filer.sock"])
            .args(["-volume.max=4", "-master.volumeSizeLimitMB=32", "-master.telemetry=false"])
            .arg(format!("-master.port={master}"))
            .arg(format!("-master.port.grpc={master_grpc}"))
            .arg(format!("-volume.port={volume}"))
            .arg(format!("-volume.port.grpc={volume_grpc}"))
            .arg(format!("-filer.port={filer}"))
            .arg(format!("-filer.port.grpc={filer_grpc}"))
            .arg(format!("-s3.port={port}"))
            .arg(format!("-s3.port.grpc={s3_grpc}"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let grpc = [
            ("master", master_grpc),
            ("volume", volume_grpc),
            ("filer", filer_grpc),
            ("s3", s3_grpc),
        ];
        let socket = |(name, port)| format!("/tmp/seaweedfs-{name}-grpc-{port}.sock").into();
        let mut server = Self { process, folder, port, sockets: grpc.map(socket).into() };
        server.wait_until_it_answers();
        server
    }

    fn wait_until_it_answers(&mut self) {
        let patience = Instant::now() + Duration::from_secs(90);
        while !self.answers() {
            let ended = self.process.try_wait().unwrap();
            if ended.is_some() || Instant::now() > patience {
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
                panic!("the S3 server doesn't start: {ended:?}\n{log}");
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Whether a new object can be written: the parts of the server start one after the other.
    fn answers(&self) -> bool {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let ask = || -> std::io::Result<bool> {
            let mut connection = TcpStream::connect(address)?;
            connection.set_read_timeout(Some(Duration::from_secs(5)))?;
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            connection.write_all(request.as_bytes())?;
            let mut answer = String::new();
            connection.read_to_string(&mut answer)?;
            Ok(answer.starts_with("HTTP/1.1 200"))
        };
        // With the first object the server makes the bucket.
        let write = || {
            let Location::Bucket(url) = "s3://phasegate-test/warm-up".parse().unwrap() else {
                return false;
            };
            let bucket = Bucket::connect(&url, &self.variables()).unwrap();
            let written = bucket.publish(b"ready\n", Path::new("s3://phasegate-test/warm-up/1"));
            matches!(written, Ok(Published::Ours))
        };
        ask().unwrap_or(false) && write()
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        [
            ("AWS_ENDPOINT", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn open(&self, prefix: &str) -> Result<Store, crate::OpenError> {
        let location = format!("s3://phasegate-test/{prefix}").parse().unwrap();
        Store::open_at(&location, &self.variables())
    }
}

/// If this process was started as a writer, it appends its entries.
pub(in crate::tests) fn append_as_a_writer() -> bool {
    let Some(location) = std::env::var_os(STORE) else { return false };
    let location: Location = location.to_str().unwrap().parse().unwrap();
    let variables = std::env::vars().collect();
    let store = Store::open_at(&location, &variables).unwrap();
    let mut decision = None;
    for n in 0..ENTRIES {
        let who = format!("{}/{n}", std::process::id());
        // A decision is many files, a note is one: both take part in the race.
        match &decision {
            Some(decision) if n % 10 != 0 => {
                let note = Draft { recorded_by: who, ..draft_of(note(decision)) };
                store.append(&note, &mut render).unwrap();
            }
            _ => decision = Some(append(&store, &who)),
        }
    }
    true
}

/// Starts the writers, each this program with that test, and checks the chain that they made.
pub(in crate::tests) fn assert_writers_make_one_chain(
    test: &str,
    location: &str,
    variables: &BTreeMap<String, String>,
) {
    let program = std::env::current_exe().unwrap();
    let start = |_| {
        Command::new(&program)
            .args(["--include-ignored", "--exact", test])
            .env(STORE, location)
            .envs(variables)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let writers: Vec<Child> = (0..WRITERS).map(start).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let store = Store::open_at(&location.parse().unwrap(), variables).unwrap();
    let head = store.head().unwrap().unwrap();
    let decided = store.entries().unwrap().map(|recorded| recorded.unwrap().entry);
    for entry in decided.filter(|entry| entry.decision().is_some()) {
        assert!(!store.rendered(&entry, "report.md").unwrap().is_empty());
        assert!(store.has_rendered(&entry, "report.md").unwrap());
        assert!(!store.has_rendered(&entry, "no-such-file").unwrap());
        assert!(store.rendered(&entry, "no-such-file").is_err());
    }
    assert_eq!(head.number, WRITERS * ENTRIES);
    assert_eq!(verify_names(&store, Some(&head)), [""; 0]);
    let mut writers = BTreeMap::new();
    for recorded in store.entries().unwrap() {
        let name = recorded.unwrap().entry.recorded_by;
        let (process, n) = name.split_once('/').unwrap();
        let before: &mut Vec<u64> = writers.entry(process.to_owned()).or_default();
        before.push(n.parse().unwrap());
    }
    let all: Vec<u64> = (0..ENTRIES).collect();
    assert_eq!(writers.len() as u64, WRITERS);
    assert!(writers.values().all(|each| *each == all), "each entry once, in its writer's order");
    let leftovers = crate::examine(&store, chrono::Utc::now()).pop().unwrap();
    assert_eq!((leftovers.name, leftovers.verdict), ("leftovers", CheckVerdict::Good));
}

#[test]
fn eight_processes_append_one_chain_to_a_folder() {
    if append_as_a_writer() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let test = "tests::buckets::servers::eight_processes_append_one_chain_to_a_folder";
    assert_writers_make_one_chain(test, folder.path().to_str().unwrap(), &BTreeMap::new());
}

#[test]
fn eight_processes_append_one_chain_to_a_bucket() {
    if append_as_a_writer() {
        return;
    }
    let server = Seaweed::start();
    let test = "tests::buckets::servers::eight_processes_append_one_chain_to_a_bucket";
    assert_writers_make_one_chain(test, "s3://phasegate-test/history", &server.variables());
}

#[test]
fn a_history_on_a_real_server_is_packed() {
    let server = Seaweed::start();
    let small = || {
        let mut store = server.open("packed").unwrap();
        store.ledger.pack_size = 10;
        store
    };
    let store = small();
    for n in 0..31 {
        append(&store, &n.to_string());
    }
    let before: Vec<_> = store.entries().unwrap().map(Result::unwrap).collect();
    assert_eq!(crate::pack(&store, PackEffect::Packed).unwrap().len(), 3);
    let store = small();
    assert_eq!(store.list_ledger().unwrap().numbers, [31]);
    let after: Vec<_> = store.entries().unwrap().map(Result::unwrap).collect();
    assert_eq!(after, before);
    assert_eq!(store.entry(17).unwrap(), before[16]);
    assert_eq!(verify_names(&store, before.last().map(crate::Recorded::head).as_ref()), [""; 0]);
    assert_eq!(append(&store, "ada").entry.number, 32);
    // Servers answer with an error to whoever asks for what is behind the end.
    let path = store.ledger.pack_path(&store.ledger.pack_of(1));
    let length = store.files.read(&path).unwrap().len() as u64;
    assert_eq!(store.files.read_part(&path, length, 10).unwrap(), b"");
    assert_eq!(store.files.read_part(&path, length - 3, 10).unwrap().len(), 3);
}

#[test]
fn a_real_server_is_examined_and_found_good() {
    let server = Seaweed::start();
    let store = server.open("examined").unwrap();
    append(&store, "ada");
    let checks = crate::examine(&store, chrono::Utc::now());
    let verdicts: Vec<_> = checks.iter().map(|check| (check.name, check.verdict)).collect();
    assert_eq!(
        verdicts,
        ["writing", "create-if-absent", "read-after-write", "head", "clock", "leftovers"]
            .map(|name| (name, CheckVerdict::Good)),
        "{checks:?}"
    );

    let mut wrong = server.variables();
    wrong.insert("AWS_SECRET_ACCESS_KEY".to_owned(), "hunter2".to_owned());
    let location = "s3://phasegate-test/examined".parse().unwrap();
    let message = Store::open_at(&location, &wrong).unwrap_err().to_string();
    assert!(
        message.contains("the credentials are not accepted (SignatureDoesNotMatch)"),
        "{message}"
    );
    assert!(message.contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{message}");
    assert!(!message.contains("hunter2") && !message.contains(KEY), "{message}");
}
