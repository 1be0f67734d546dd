//! What a plan measures: a Redis server, or a command.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::command_plan::CommandPlan;
use crate::subject::server::ServerPlan;

/// The kinds of subjects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectKind {
    /// A server that speaks the protocol of Redis.
    #[default]
    Redis,
    /// A program that is started and ends.
    Command,
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis => "a Redis server",
            Self::Command => "a command",
        })
    }
}

/// What `[target]` or `[baseline]` of a plan describes.
///
/// A server has no `kind` in evidence: plans had none before there were commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SubjectPlan {
    /// A program that is started and ends.
    Command(CommandPlan),
    /// A server that speaks the protocol of Redis.
    #[serde(untagged)]
    Redis(ServerPlan),
}

impl SubjectPlan {
    /// Which kind of subject it is.
    #[must_use]
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Command(_) => SubjectKind::Command,
            Self::Redis(_) => SubjectKind::Redis,
        }
    }

    /// The server, if it is one.
    #[must_use]
    pub const fn server(&self) -> Option<&ServerPlan> {
        match self {
            Self::Redis(server) => Some(server),
            Self::Command(_) => None,
        }
    }

    /// The command, if it is one.
    #[must_use]
    pub const fn command(&self) -> Option<&CommandPlan> {
        match self {
            Self::Command(command) => Some(command),
            Self::Redis(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_no_kind_and_a_command_has_one() {
        let server = r#"{"program":"redis-server"}"#;
        let plan: SubjectPlan = serde_json::from_str(server).unwrap();
        assert_eq!(plan.server().unwrap().program.as_deref(), Some("redis-server"));
        assert_eq!(serde_json::to_string(&plan).unwrap(), server);
        let command = r#"{"kind":"command","command":["sort","big.txt"],"starts":10,"accept":[0]}"#;
        let plan: SubjectPlan = serde_json::from_str(command).unwrap();
        assert_eq!(plan.command().unwrap().command.program(), "sort");
        assert_eq!(serde_json::to_string(&plan).unwrap(), command);
        for damaged in [
            r#"{"kind":"tool","program":"redis-server"}"#,
            r#"{"programme":"redis-server"}"#,
            &command.replace("starts", "start"),
            &command.replace(r#"["sort","big.txt"]"#, "[]"),
            r#"{"url":"redis://me:pw@host"}"#,
        ] {
            assert!(serde_json::from_str::<SubjectPlan>(damaged).is_err(), "{damaged}");
        }
    }
}
