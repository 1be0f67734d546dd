//! A team's folder, the program in it, and servers of our own.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with rules, in which the program runs.
pub(crate) struct Scene {
    folder: TempDir,
}

/// What the program said and how it ended.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A plan that is quickly measured: few samples, and no CPU that might not be there.
pub(crate) const QUICK: &str = r#"schema = 1
[phase]
id = "Q1"
title = "a quick look"
subject = "the test server"
matrix = "../quick.toml"
next = { closed = "4", open = "Q2" }
[measure]
wait = "block"
rounds = 2
samples = 300
warmup = 50
trials = 9
budget = "60s"
span = "0s"
dataset = { size = "200kB", value = "100B" }
"#;

/// A matrix that any server settles in eight trials.
pub(crate) const QUICK_MATRIX: &str = r#"schema = 1
[matrix]
id = "quick"
title = "Is it slow?"
[[row]]
id = "slow"
when = "P50 > 1h"
then = "act"
else = "skip"
[[row]]
id = "small"
when = "dataset > 50MB"
then = "revisit allocator"
else = "defer"
[[test]]
name = "fast"
given = { P50 = "1us", dataset = "1MB" }
expect = { outcome = "skip", slow = "skip", small = "defer" }
[[test]]
name = "slow"
given = { P50 = "2h", dataset = "60MB" }
expect = { outcome = "act", slow = "act", small = "revisit allocator" }
"#;

impl Scene {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with the quick plan and its matrix.
    pub(crate) fn quick() -> Self {
        let scene = Self::empty();
        scene.write("rules/phases/q1.toml", QUICK);
        scene.write("rules/quick.toml", QUICK_MATRIX);
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program in this folder, with nothing of ours in its environment.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phasegate"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
            .env_remove("REDIS_URL")
            .env_remove("NO_COLOR")
            .env_remove("COLUMNS")
            .env("USER", "tester");
        command.env_remove("GITHUB_STEP_SUMMARY").env_remove("PHASEGATE_BASELINE_URL");
        command.env_remove("PHASEGATE_SIGNING_KEY").env_remove("PHASEGATE_STORE");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.said(&self.program(arguments).output().unwrap())
    }

    /// Output with the folder's own path left out, so that texts are the same everywhere.
    pub(crate) fn said(&self, output: &Output) -> Said {
        let folder = self.folder.path().display().to_string();
        let text =
            |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace(&folder, "DIR");
        Said {
            status: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Every file below a folder, with its bytes.
    pub(crate) fn files(&self, name: &str) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(path: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            if path.is_dir() {
                for entry in std::fs::read_dir(path).unwrap() {
                    walk(&entry.unwrap().path(), found);
                }
            } else if path.is_file() {
                found.push((path.to_path_buf(), std::fs::read(path).unwrap()));
            }
        }
        let mut found = Vec::new();
        walk(&self.path(name), &mut found);
        found
    }
}

/// The one object that `--format json` printed.
pub(crate) fn json(said: &Said) -> serde_json::Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| {
        panic!("{error}: out: {} err: {}", said.out, said.err);
    })
}

/// A server that the test started, stopped by its process id.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a server on a unix socket and on a free port of the loopback address.
    pub(crate) fn start(options: &[&str]) -> Self {
        loop {
            let folder = TempDir::new().unwrap();
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = Command::new("redis-server");
            command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            command.arg("--port").arg(port.to_string());
            command.arg("--unixsocket").arg(folder.path().join("s"));
            command.arg("--dir").arg(folder.path()).args(options);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let child = command.spawn().expect("these tests need redis-server: cargo xtask test");
            let mut server = Self { child, folder, port };
            if server.is_up() {
                return server;
            }
        }
    }

    /// Waits until the socket answers; false if the server has ended, as when the port was taken.
    fn is_up(&mut self) -> bool {
        loop {
            if UnixStream::connect(self.socket()).is_ok() {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::yield_now();
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn unix_url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    err: BufReader<ChildStderr>,
    heard: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Self { child, err, heard: String::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads on until the program has said this.
    pub(crate) fn hear(&mut self, words: &str) {
        while !self.heard.contains(words) {
            let read = self.err.read_line(&mut self.heard).unwrap();
            assert!(read > 0, "the program ended without saying `{words}`: {}", self.heard);
        }
    }

    /// The process id of the server that the program started.
    pub(crate) fn server(&mut self) -> u32 {
        loop {
            let path = format!("/proc/{0}/task/{0}/children", self.id());
            let children = std::fs::read_to_string(path).unwrap();
            if let Some(child) = children.split_whitespace().next() {
                return child.parse().unwrap();
            }
            assert!(self.child.try_wait().unwrap().is_none(), "the program ended: {}", self.heard);
            std::thread::yield_now();
        }
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Said {
        self.err.read_to_string(&mut self.heard).unwrap();
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let status = self.child.wait().unwrap().code().unwrap_or(-1);
        Said { status, out, err: self.heard }
    }
}

/// Sends a signal with the system's own `kill`.
pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
    assert!(status.unwrap().success());
}

/// Whether a process of that id is there.
pub(crate) fn is_alive(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}
