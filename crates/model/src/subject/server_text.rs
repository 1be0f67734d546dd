//! The texts of a plan's servers, checked as they are read: URLs, commands, lines of a `redis.conf`,
//! names of variables.

use std::fmt;
use std::str::FromStr;

/// Why a text can't stand in a plan's `[target]` or `[baseline]`. No message repeats a URL, which
/// may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerPlanError {
    /// It isn't a URL of a server.
    #[error(
        "this is not an address of a server; write `redis://HOST:PORT`, `rediss://HOST:PORT` or `unix:///PATH`"
    )]
    NotAUrl,
    /// There is a user or a password in it.
    #[error(
        "a plan is recorded for everyone to read, so its URLs have neither user nor password; give the whole URL in the environment: REDIS_URL for the target, PHASEGATE_BASELINE_URL for the baseline"
    )]
    Secret,
    /// The line has no directive.
    #[error("`{0}` is no line of a redis.conf; write a directive and its values: `io-threads 2`")]
    NotALine(String),
    /// A quote that doesn't end.
    #[error("`{0}` has a quote that doesn't end")]
    OpenQuote(String),
    /// What phasegate has to set itself.
    #[error("`{0}` can't be set: phasegate decides where its server is and how it is reached")]
    Reserved(String),
    /// What would be recorded with the plan.
    #[error("`{0}` can't be set: a plan is recorded for everyone to read, and this is a secret")]
    SecretDirective(String),
    /// There is nothing to run.
    #[error(
        "`restart` is empty; write the shell command that restarts the server: `systemctl restart redis`"
    )]
    NoCommand,
    /// Not a name of an environment variable.
    #[error("`{0}` is no name of an environment variable; use letters, digits and `_`")]
    NotAVariable(String),
}

/// The URL of a running server, without user and password.
///
/// ```
/// use phasegate_model::ServerUrl;
/// assert!("redis://cache.example:6379".parse::<ServerUrl>().is_ok());
/// assert!("redis://me:secret@cache.example".parse::<ServerUrl>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl(String);

/// What a URL of a server begins with.
const SCHEMES: [&str; 11] = [
    "redis",
    "rediss",
    "valkey",
    "valkeys",
    "unix",
    "redis+unix",
    "valkey+unix",
    "redis+sentinel",
    "rediss+sentinel",
    "valkey+sentinel",
    "valkeys+sentinel",
];

impl ServerUrl {
    /// The URL as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServerUrl {
    type Err = ServerPlanError;

    fn from_str(text: &str) -> Result<Self, ServerPlanError> {
        let (scheme, rest) = text.split_once("://").ok_or(ServerPlanError::NotAUrl)?;
        if !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
            return Err(ServerPlanError::NotAUrl);
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        // `@` may stand in the path of a socket, but not in front of it.
        let authority = place.split('/').next().unwrap_or_default();
        let says_who = |part: &str| {
            let name = part.split('=').next().unwrap_or_default().to_ascii_lowercase();
            ["user", "username", "pass", "password", "sentinel_user", "sentinel_pass"]
                .contains(&name.as_str())
        };
        if authority.contains('@') || query.split(['&', '#']).any(says_who) {
            return Err(ServerPlanError::Secret);
        }
        if place.is_empty() {
            return Err(ServerPlanError::NotAUrl);
        }
        Ok(Self(text.to_owned()))
    }
}

/// The shell command of its owner that restarts a running server: `systemctl restart redis`. It is
/// recorded with the plan, so a secret doesn't belong in it but in the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartCommand(String);

impl RestartCommand {
    /// The command as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RestartCommand {
    type Err = ServerPlanError;

    fn from_str(text: &str) -> Result<Self, ServerPlanError> {
        // No command has a zero byte, and the system would refuse it.
        if text.trim().is_empty() || text.contains('\0') {
            return Err(ServerPlanError::NoCommand);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A line of a `redis.conf`: a directive and its values, which may stand in single or double
/// quotes. Neither where the server is nor secrets can be set by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigLine {
    written: String,
    words: Vec<String>,
}

/// Directives that phasegate has to set itself, so that it finds its server and stops it.
const RESERVED: [&str; 13] = [
    "port",
    "bind",
    "protected-mode",
    "unixsocket",
    "unixsocketperm",
    "tls-port",
    "dir",
    "daemonize",
    "supervised",
    "pidfile",
    "logfile",
    "include",
    "cluster-enabled",
];

/// Directives whose values are nobody else's business.
const SECRET: [&str; 7] = [
    "requirepass",
    "masterauth",
    "masteruser",
    "user",
    "aclfile",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
];

/// Directives of a `redis.conf` whose values are secrets, in lower case.
#[must_use]
pub const fn secret_directives() -> &'static [&'static str] {
    &SECRET
}

/// Whether an argument of a server's program is a directive with a secret: `--requirepass`.
#[must_use]
pub fn is_secret_argument(argument: &str) -> bool {
    let directive = argument.strip_prefix("--").map(str::to_ascii_lowercase);
    directive.is_some_and(|directive| SECRET.contains(&directive.as_str()))
}

impl ConfigLine {
    /// The directive and its values, without quotes.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

impl FromStr for ConfigLine {
    type Err = ServerPlanError;

    fn from_str(text: &str) -> Result<Self, ServerPlanError> {
        // Before anything of the line is repeated in an error.
        let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if SECRET.contains(&first.as_str()) {
            return Err(ServerPlanError::SecretDirective(first));
        }
        let words = words(text).ok_or_else(|| ServerPlanError::OpenQuote(text.to_owned()))?;
        let directive = words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
        let named = directive.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !directive.starts_with(|c: char| c.is_ascii_alphabetic()) || !named || words.len() < 2 {
            return Err(ServerPlanError::NotALine(text.to_owned()));
        }
        if RESERVED.contains(&directive.as_str()) {
            return Err(ServerPlanError::Reserved(directive));
        }
        if SECRET.contains(&directive.as_str()) {
            return Err(ServerPlanError::SecretDirective(directive));
        }
        Ok(Self { written: text.to_owned(), words })
    }
}

/// The words of a line; nothing if a quote doesn't end.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// The name of an environment variable, such as `MALLOC_CONF`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariableName(String);

impl VariableName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariableName {
    type Err = ServerPlanError;

    fn from_str(text: &str) -> Result<Self, ServerPlanError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty()
            || text.starts_with(|c: char| c.is_ascii_digit())
            || !text.chars().all(fits)
        {
            return Err(ServerPlanError::NotAVariable(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

macro_rules! written {
    ($($name:ident: $text:tt),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.$text)
            }
        }

        crate::amount::serde_as_text!($name);
    )*};
}

written!(ServerUrl: 0, RestartCommand: 0, ConfigLine: written, VariableName: 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_a_user_or_a_password_is_refused_and_not_repeated() {
        for url in [
            "redis://:hunter2@host",
            "redis://hunter2@host:1/0",
            "unix:///s?pass=hunter2",
            "unix:///s?db=1&PASSWORD=hunter2",
            "unix:///s?user=hunter2",
        ] {
            let message = url.parse::<ServerUrl>().unwrap_err().to_string();
            assert!(message.contains("PHASEGATE_BASELINE_URL"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        for url in
            ["redis://host", "rediss://host:1/0#insecure", "unix:///a@b/s?db=2", "VALKEY://h"]
        {
            assert_eq!(url.parse::<ServerUrl>().unwrap().to_string(), url);
        }
        for url in ["", "host:6379", "http://host", "redis://", "redis:/host"] {
            assert_eq!(url.parse::<ServerUrl>(), Err(ServerPlanError::NotAUrl), "{url}");
        }
    }

    #[test]
    fn a_line_is_a_directive_and_its_values() {
        let words = |line: &str| line.parse::<ConfigLine>().unwrap().words().join("|");
        assert_eq!(words("io-threads 2"), "io-threads|2");
        assert_eq!(words(" save  \"60 1\" "), "save|60 1");
        assert_eq!(words("save ''"), "save|");
        let message = |line: &str| line.parse::<ConfigLine>().unwrap_err().to_string();
        assert!(message("").contains("no line of a redis.conf"));
        assert!(message("io-threads").contains("no line of a redis.conf"));
        assert!(message("--port 1").contains("no line of a redis.conf"));
        assert!(message("save \"60 1").contains("quote"));
        assert!(message("Port 6379").starts_with("`port` can't be set"));
        let secret = message("requirepass hunter2");
        assert!(secret.starts_with("`requirepass` can't be set") && !secret.contains("hunter2"));
        let open = message("RequirePass \"hunter2");
        assert!(open.starts_with("`requirepass` can't be set") && !open.contains("hunter2"));
    }

    #[test]
    fn a_command_that_restarts_is_something_to_run() {
        let written = "systemctl restart redis && true";
        assert_eq!(written.parse::<RestartCommand>().unwrap().to_string(), written);
        for empty in ["", " \n", "a\0b"] {
            assert_eq!(empty.parse::<RestartCommand>(), Err(ServerPlanError::NoCommand), "{empty}");
        }
    }

    #[test]
    fn names_of_variables_are_what_a_shell_takes() {
        assert!("MALLOC_CONF".parse::<VariableName>().is_ok());
        for name in ["", "1A", "A B", "A=B", "A\0"] {
            assert!(name.parse::<VariableName>().is_err(), "{name}");
        }
    }
}
