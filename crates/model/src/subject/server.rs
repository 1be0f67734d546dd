//! The servers that a plan names: the target, and the baseline that it is compared with.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::reach::Pinning;
use crate::subject::server_text::{ConfigLine, RestartCommand, ServerUrl, VariableName};

/// A server as `[target]` or `[baseline]` of a plan describes it: one to start, or a running one
/// by its URL. Where neither is named, `redis-server` or `valkey-server` on PATH is started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerPlan {
    /// The program, by its path or by a name that is looked up on PATH.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// A running server. It is never started, written to or configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<ServerUrl>,
    /// The command of its owner that restarts the running server before each trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<RestartCommand>,
    /// Whether the running server is a node of a cluster, all of whose primaries are measured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cluster: bool,
    /// The files that TLS with the running server takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsPlan>,
    /// How a server of ours is set up.
    #[serde(default, skip_serializing_if = "Setup::is_plain")]
    pub setup: Setup,
    /// CPUs, instead of those of `[measure]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinning: Option<Pinning>,
}

/// What TLS takes: PEM files, by their paths, and a name. What is in the files is recorded nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsPlan {
    /// The certificate authorities that vouch for the server, instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// What we show the server, if it wants to see something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientFiles>,
    /// The name that the server's certificate has, instead of the host of its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// The two files of a client certificate, by their paths: neither is of use without the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFiles {
    /// The certificate, with those between it and the authority's.
    pub cert: String,
    /// Its private key, without a passphrase.
    pub key: String,
}

/// How a server of ours differs from one that is started without further ado.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Arguments of the program, before those that phasegate gives it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Lines of a `redis.conf`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub config: Vec<ConfigLine>,
    /// Environment variables, beside those that phasegate itself was started with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<VariableName, String>,
}

impl Setup {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.arguments.is_empty() && self.config.is_empty() && self.env.is_empty()
    }
}

/// As people write it: `--io-threads 2; maxmemory 100mb; MALLOC_CONF=narenas:1`. What begins with
/// dashes was an argument, what has an equals sign a variable, the rest lines of a `redis.conf`.
impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = Some(self.arguments.join(" ")).filter(|it| !it.is_empty());
        let config = self.config.iter().map(ToString::to_string);
        let env = self.env.iter().map(|(name, value)| format!("{name}={value}"));
        let all: Vec<String> = arguments.into_iter().chain(config).chain(env).collect();
        f.write_str(&all.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_is_told_as_it_is_written() {
        let setup = Setup {
            arguments: vec!["--io-threads".to_owned(), "2".to_owned()],
            config: vec!["maxmemory 100mb".parse().unwrap(), "save ''".parse().unwrap()],
            env: [("MALLOC_CONF".parse().unwrap(), "narenas:1".to_owned())].into(),
        };
        let told = "--io-threads 2; maxmemory 100mb; save ''; MALLOC_CONF=narenas:1";
        assert_eq!(setup.to_string(), told);
        assert_eq!(Setup::default().to_string(), "");
    }

    #[test]
    fn what_is_not_said_is_not_written() {
        let plain = ServerPlan::default();
        assert_eq!(serde_json::to_string(&plain).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<ServerPlan>("{}").unwrap(), plain);
        let text = r#"{"url":"redis://me:pw@host"}"#;
        assert!(serde_json::from_str::<ServerPlan>(text).is_err());
    }
}
