//! What was measured, and where.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::{Transport, Wait};

/// What was measured. Nothing here is secret: URLs are kept without user and password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Whose server it was, and where.
    pub server: TargetServer,
    /// How it was reached; nothing if whoever measured doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// How the client waited; nothing if whoever measured doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// The command on the wire, with what it met: `GET of an existing key`.
    pub command: String,
    /// How requests were sent, and which time `rtt.*` is therefore: `open loop, 20000/s (response
    /// time)`. Evidence of versions that knew only closed loops of one connection doesn't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<String>,
}

impl Target {
    /// How it was reached and how the client waited, for readers: `unix socket and spinning`.
    #[must_use]
    pub fn way(&self) -> String {
        let told = |told: Option<String>| told.unwrap_or_else(|| "unknown".to_owned());
        let transport = told(self.transport.map(|it| it.to_string()));
        format!("{transport} and {}", told(self.wait.map(|it| it.to_string())))
    }
}

/// Whose server was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetServer {
    /// One of ours, started anew for each trial. The program's file name without its folder.
    Started(String),
    /// A running server of somebody else's, not restarted between trials. Its address, without
    /// secrets.
    Running(String),
    /// Somebody else's, measured by other means. Where the figures were taken from.
    Imported(String),
    /// A running server of somebody else's, restarted before each trial by a command of its owner,
    /// which the plan tells. Its address, without secrets.
    Restarted(String),
    /// No server but a command, started anew each time. The program's file name without its folder.
    Command(String),
}

impl TargetServer {
    /// Whether it is one of ours.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        matches!(self, Self::Started(_))
    }

    /// Whether it is a command and no server.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        matches!(self, Self::Command(_))
    }

    /// Whether others measured it.
    #[must_use]
    pub const fn is_imported(&self) -> bool {
        matches!(self, Self::Imported(_))
    }
}

impl fmt::Display for TargetServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(program) => write!(f, "{program}, started anew for each trial"),
            Self::Running(address) => write!(f, "{address}, one running server, not restarted"),
            Self::Restarted(address) => {
                write!(f, "{address}, restarted before each trial by a command of its owner")
            }
            Self::Imported(origin) => {
                write!(f, "imported from {origin}: measured by others, nobody knows how and where")
            }
            Self::Command(program) => write!(f, "{program}, a command"),
        }
    }
}

/// The machine and the server, by named properties such as `cpu.model` or `server.io_threads`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment(pub BTreeMap<String, String>);

/// The baseline of a run, and where it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineServer {
    /// What was measured.
    pub target: Target,
    /// The machine, and this server's settings.
    pub environment: Environment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_of_before_there_were_imports_reads_and_writes_as_it_was() {
        let old = r#"{"server":{"started":"redis-server"},"transport":"unix","wait":"spin","command":"PING"}"#;
        let target: Target = serde_json::from_str(old).unwrap();
        assert_eq!((target.transport, target.wait), (Some(Transport::Unix), Some(Wait::Spin)));
        assert_eq!(serde_json::to_string(&target).unwrap(), old);
        let imported = r#"{"server":{"imported":"`a.csv`"},"command":"GET"}"#;
        let target: Target = serde_json::from_str(imported).unwrap();
        assert!(target.server.is_imported() && target.transport.is_none());
        assert_eq!(serde_json::to_string(&target).unwrap(), imported);
        assert!(serde_json::from_str::<Target>(&old.replace("spin", "spun")).is_err());
    }
}
