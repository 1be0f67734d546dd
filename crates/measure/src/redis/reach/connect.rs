//! Reaching a server: plain sockets, and what to tell when it doesn't work.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use redis::RedisError;

use crate::machine::words::words_of_system;
use crate::redis::reach::address::{Address, Place};
use crate::redis::reach::tcp::tcp;

/// Why a server could not be reached, or did not let us in. No message holds a user or a password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The path of a unix socket is longer than the system allows.
    #[error(
        "the path of the socket `{address}` has {length} bytes, and the system allows {}; use a shorter one (for a server that phasegate starts, set TMPDIR to a shorter folder)",
        LONGEST_SOCKET_PATH
    )]
    SocketPathTooLong {
        /// The address without secrets.
        address: String,
        /// The length of the path in bytes.
        length: usize,
    },
    /// Nobody listens there, the name is unknown, or the file can't be opened.
    #[error(
        "`{address}` can't be reached: {words}; check the address and that a server listens there"
    )]
    Unreachable {
        /// The address without secrets.
        address: String,
        /// The system's reason.
        words: String,
    },
    /// The TLS handshake failed.
    #[error(
        "no TLS connection with `{address}`: {words}; {}",
        tls_advice(.words)
    )]
    Tls {
        /// The address without secrets.
        address: String,
        /// What went wrong.
        words: String,
    },
    /// Requests are to be under way at once over TLS.
    #[error(
        "`{address}` is reached over TLS, where phasegate measures one request at a time; leave `rate`, `connections`, `pipeline` and `mix` out of the plan's `[measure]`"
    )]
    OneAtATime {
        /// The address without secrets.
        address: String,
    },
    /// The server answered a command with an error.
    #[error("`{address}` refused `{command}`: {words}; {}", advice(.words))]
    Refused {
        /// The address without secrets.
        address: String,
        /// The command that was refused.
        command: &'static str,
        /// The server's words.
        words: String,
    },
    /// The connection broke, or no answer came.
    #[error(
        "`{address}` did not answer `{command}`: {words}; see the server's log (a port that speaks TLS needs `rediss://`)"
    )]
    Lost {
        /// The address without secrets.
        address: String,
        /// The command that was sent.
        command: &'static str,
        /// What happened.
        words: String,
    },
}

/// The longest path of a unix socket on Linux: `sun_path` has 108 bytes, one of them a zero.
pub(crate) const LONGEST_SOCKET_PATH: usize = 107;

impl ConnectError {
    /// From the system's reason.
    pub(crate) fn unreachable(address: &Address, error: &impl ToString) -> Self {
        Self::Unreachable { address: address.to_string(), words: words_of_system(error) }
    }

    /// What happened, without place and advice.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::SocketPathTooLong { .. } | Self::OneAtATime { .. } => self.to_string(),
            Self::Unreachable { words, .. }
            | Self::Tls { words, .. }
            | Self::Refused { words, .. }
            | Self::Lost { words, .. } => words.clone(),
        }
    }

    /// From an error of the redis crate.
    pub(crate) fn of(error: &RedisError, address: &Address, command: &'static str) -> Self {
        let shown = address.to_string();
        if error.code().is_some() {
            let words = address.redact(&words_of(error));
            Self::Refused { address: shown, command, words }
        } else if let Place::Tls { .. } = address.place() {
            Self::Tls { address: shown, words: address.redact(&words_of(error)) }
        } else {
            Self::Lost { address: shown, command, words: address.redact(&words_of(error)) }
        }
    }
}

/// The server's own words for an error reply; the redis crate's for anything else.
pub(crate) fn words_of(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        // Its period would stand in the middle of our sentence.
        (Some(code), Some(detail)) => format!("{code} {}", detail.trim_end_matches('.')),
        (Some(code), None) => code.to_owned(),
        (None, _) if error.is_timeout() => "no answer in time".to_owned(),
        (None, _) if error.is_connection_dropped() => "the connection was closed".to_owned(),
        (None, _) => error.to_string(),
    }
}

/// What to do about an error reply, by its first word.
pub(crate) fn advice(words: &str) -> &'static str {
    match words.split_whitespace().next().unwrap_or_default() {
        "NOAUTH" => "put user and password into the address: `redis://USER:PASSWORD@HOST:PORT`",
        "WRONGPASS" => "check user and password in the address",
        "ERR" if words.contains("HELLO") => {
            "leave `protocol=resp3` out of the address: servers speak it since Redis 6"
        }
        "NOPROTO" => "leave `protocol=resp3` out of the address",
        "ERR" if words.contains("AUTH") || words.contains("password") => {
            "check user and password in the address"
        }
        "NOPERM" => "allow that user the command and the keys `phasegate:*` with `ACL SETUSER`",
        "LOADING" => "wait until the server has loaded its data",
        "MASTERDOWN" => "wait until the replica reaches its master, or measure the master",
        "MOVED" | "ASK" => {
            "it is a node of a cluster: write `cluster = true` into the plan's `[target]`"
        }
        "CROSSSLOT" => {
            "give the command's keys one hash tag: `user:{{key}}:name` and `user:{{key}}:mail` are in one slot"
        }
        "CLUSTERDOWN" => "see `CLUSTER INFO`: no node has the slot, or too few of them are up",
        "ERR" if words.contains("cluster support disabled") => {
            "it is no node of a cluster: leave `cluster = true` out of the plan"
        }
        "OOM" => "make the plan's dataset smaller or the server's maxmemory larger",
        "DENIED" => "the server is in protected mode: let it know a password, or measure locally",
        _ => "see the server's log",
    }
}

/// What to do about a handshake that failed. The words are those of rustls, which has no others.
fn tls_advice(words: &str) -> &'static str {
    let holds = |part: &str| words.contains(part);
    if holds("UnknownIssuer") || holds("CaUsedAsEndEntity") {
        "name the authority that vouches for it with `--tls-ca`, `tls = { ca = \"FILE\" }` in the plan or SSL_CERT_FILE, or end the address with `/#insecure`"
    } else if holds("not valid for name") || holds("NotValidForName") {
        "write the host as the certificate has it; if it is reached by an IP address or a tunnel, name it with `--tls-server-name` or `tls = { server_name = \"NAME\" }` in the plan; or end the address with `/#insecure`, which checks nothing"
    } else if holds("expired") || holds("Expired") || holds("not valid yet") {
        "renew the server's certificate, and check this machine's clock"
    } else if holds("BadSignature") {
        "check that `--tls-ca` or the plan's `tls.ca` is the authority that made the server's certificate"
    } else if holds("CertificateRequired") {
        "show the server a certificate: `--tls-cert` and `--tls-key`, or `tls = { cert = \"FILE\", key = \"FILE\" }` in the plan"
    } else if holds("received fatal alert") {
        "the server doesn't accept the certificate that `--tls-cert` or the plan's `tls.cert` shows, or nothing that we offer; see the server's log"
    } else {
        "if that port speaks plain Redis, write `redis://`; see the server's log"
    }
}

/// Whether the path of a socket is one that the system can take.
pub(crate) fn check_path(address: &Address) -> Result<(), ConnectError> {
    match address.place() {
        Place::Unix(path) if path_length(path) > LONGEST_SOCKET_PATH => {
            let length = path_length(path);
            Err(ConnectError::SocketPathTooLong { address: address.to_string(), length })
        }
        _ => Ok(()),
    }
}

fn path_length(path: &Path) -> usize {
    path.as_os_str().as_bytes().len()
}

/// A connected plain socket that gives up writing and reading after `slice`; nothing for TLS.
pub(crate) fn socket(
    address: &Address,
    limit: Duration,
    slice: Duration,
) -> Result<Option<OwnedFd>, ConnectError> {
    check_path(address)?;
    let connected = match address.place() {
        Place::Tls { .. } => return Ok(None),
        Place::Tcp { host, port } => tcp(host, *port, limit).and_then(|stream| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(slice))?;
            stream.set_write_timeout(Some(slice))?;
            Ok(OwnedFd::from(stream))
        }),
        Place::Unix(path) => UnixStream::connect(path).and_then(|stream| {
            stream.set_read_timeout(Some(slice))?;
            stream.set_write_timeout(Some(slice))?;
            Ok(OwnedFd::from(stream))
        }),
    };
    connected.map(Some).map_err(|error| ConnectError::unreachable(address, &error))
}
