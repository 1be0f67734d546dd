//! For tests: a server that misbehaves as told, on a socket of its own.

pub(crate) mod known;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::Duration;

use phasegate_model::{Command, Keys, Load, MeasurePlan, Pinning, Transport, Wait, Writes};
use tempfile::TempDir;

use crate::redis::reach::address::Address;
use crate::redis::reach::terms::Terms;

/// What to do once the script has no more replies.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Then {
    Close,
    Stall,
}

/// A server for one connection.
pub(crate) struct Faulty {
    pub(crate) address: Address,
    thread: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Faulty {
    /// Answers the n-th request with the n-th list of pieces, each written on its own.
    pub(crate) fn start(
        transport: Transport,
        replies: Vec<Vec<&'static [u8]>>,
        then: Then,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (address, thread) = if transport == Transport::Unix {
            let path = folder.path().join("socket");
            let listener = UnixListener::bind(&path).unwrap();
            let thread = std::thread::spawn(move || {
                let (stream, _) = listener.accept().unwrap();
                serve(stream, &replies, then);
            });
            (Address::unix(path), thread)
        } else {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = Address::loopback(listener.local_addr().unwrap().port());
            let thread = std::thread::spawn(move || {
                let (stream, _) = listener.accept().unwrap();
                stream.set_nodelay(true).unwrap();
                serve(stream, &replies, then);
            });
            (address, thread)
        };
        Self { address, thread: Some(thread), _folder: folder }
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        // Were the test not to have connected, the server would wait for it: connect and leave.
        match self.address.place() {
            crate::redis::reach::address::Place::Unix(path) => drop(UnixStream::connect(path)),
            crate::redis::reach::address::Place::Tcp { host, port } => {
                drop(TcpStream::connect((host.as_str(), *port)));
            }
            crate::redis::reach::address::Place::Tls { .. } => {}
        }
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn serve(mut stream: impl Read + Write, replies: &[Vec<&'static [u8]>], then: Then) {
    let mut request = [0; 4096];
    for reply in replies {
        if !matches!(stream.read(&mut request), Ok(read) if read > 0) {
            return;
        }
        for piece in reply {
            if stream.write_all(piece).is_err() {
                return;
            }
            std::thread::yield_now();
        }
    }
    while then == Then::Stall && matches!(stream.read(&mut request), Ok(read) if read > 0) {}
}

/// Terms with a short patience.
pub(crate) fn terms(wait: Wait) -> Terms {
    let interrupted = Arc::new(AtomicBool::new(false));
    Terms { wait, reply_limit: Duration::from_millis(300), stop: interrupted.into() }
}

/// A script that can be started as if it were a server. `server` in it is the real program.
pub(crate) fn script(folder: &TempDir, body: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let file = folder.path().join("a-server");
    let server = crate::redis::server::program::find(None, std::env::var_os("PATH").as_deref())
        .expect("these tests start a Redis server");
    let text = format!("#!/bin/sh\nserver={}\n{body}\n", server.display());
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file
}

/// One round of one sample, with a floor round.
pub(crate) fn plan() -> MeasurePlan {
    MeasurePlan {
        transport: Transport::Unix,
        wait: Wait::Block,
        command: Command::Ping,
        mix: Vec::new(),
        keys: Keys::default(),
        writes: Writes::Forbidden,
        load: Load::default(),
        pinning: Pinning::default(),
        rounds: NonZeroU32::MIN,
        samples: NonZeroU32::MIN,
        warmup: 0,
        floor: true,
        trials: NonZeroU32::MIN,
        budget: "60s".parse().unwrap(),
        scope: None,
        span: None,
        at_random: false,
        until: phasegate_model::Until::Rows,
        quantiles: Vec::new(),
        cpu: false,
        dataset: None,
    }
}
