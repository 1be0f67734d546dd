//! How client and server are connected, and on which CPUs they run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How server and client are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// A unix socket.
    Unix,
    /// TCP; over loopback when the server is ours.
    Tcp,
    /// TLS over TCP.
    Tls,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix => "unix socket",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        })
    }
}

/// How the client waits for a reply. The two differ by tens of microseconds and never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// Polls the socket without ever giving up its CPU.
    Spin,
    /// Sleeps in the kernel until the reply is there.
    Block,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spin => "spinning",
            Self::Block => "blocking",
        })
    }
}

/// CPUs, by their number; where there is none, the scheduler chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinning {
    /// The server's CPU. One that isn't ours stays where it is; its stand-in is kept there.
    pub server: Option<u32>,
    /// The client's CPU.
    pub client: Option<u32>,
}
