//! A command as a plan describes it: what to start, how often, and what counts as success.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// A command as `[target]` or `[baseline]` of a plan describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandPlan {
    /// The program and its arguments. There is no shell.
    pub command: CommandLine,
    /// Run before each start, and not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepare: Option<CommandLine>,
    /// Run after each start, and not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<CommandLine>,
    /// The folder in which all three run, instead of the one that phasegate runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// The file that the command reads from standard input, which is empty otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// Starts in each trial.
    pub starts: NonZeroU32,
    /// The exit statuses that a start may end with.
    pub accept: BTreeSet<u8>,
}

/// A program and its arguments, none of which is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct CommandLine {
    program: String,
    arguments: Vec<String>,
}

/// Why words are no command. No message repeats what may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// There is no program.
    #[error("there is no program to start; write it and its arguments: `[\"sort\", \"big.txt\"]`")]
    NoProgram,
    /// The system's calls take no such text.
    #[error("a word of a command can't hold a NUL character")]
    Nul,
    /// What would be recorded with the plan.
    #[error(
        "`{0}` looks like a secret, and a plan is recorded for everyone to read; let the program read it from a file or from its environment"
    )]
    Secret(String),
}

/// What an option or a variable is called that holds a secret.
const SECRET_NAMES: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "authorization",
];

impl CommandLine {
    /// The program, by its path or by a name that is looked up on PATH.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What it is started with.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }
}

impl TryFrom<Vec<String>> for CommandLine {
    type Error = CommandLineError;

    fn try_from(mut words: Vec<String>) -> Result<Self, CommandLineError> {
        if words.iter().any(|word| word.contains('\0')) {
            return Err(CommandLineError::Nul);
        }
        if let Some(secret) = words.iter().find_map(|word| secret(word)) {
            return Err(CommandLineError::Secret(secret.to_owned()));
        }
        if words.first().is_none_or(|program| program.trim().is_empty()) {
            return Err(CommandLineError::NoProgram);
        }
        let program = words.remove(0);
        Ok(Self { program, arguments: words })
    }
}

impl From<CommandLine> for Vec<String> {
    fn from(line: CommandLine) -> Self {
        std::iter::once(line.program).chain(line.arguments).collect()
    }
}

/// As people write it in a shell: words with spaces in them, and empty ones, have quotes.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
        let quoted = |word: &String| {
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        };
        let words: Vec<String> =
            std::iter::once(&self.program).chain(&self.arguments).map(quoted).collect();
        f.write_str(&words.join(" "))
    }
}

/// The name of the secret that a word gives: `--password` of `--password=x`, `DB_TOKEN` of
/// `DB_TOKEN=x`, and what stands before the password of a URL.
fn secret(word: &str) -> Option<&str> {
    if let Some((scheme, rest)) = word.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        if user.is_some_and(|user| user.contains(':')) {
            return Some(scheme);
        }
    }
    // `--password x` in two words is as bad, and `--password` alone may ask for it.
    let (name, _) = word
        .split_once(['=', ':'])
        .or_else(|| Some((word, "")).filter(|_| word.starts_with("--")))?;
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    let is_file = plain.ends_with("file") || plain.ends_with("path") || plain.ends_with("stdin");
    (!is_file && SECRET_NAMES.iter().any(|it| plain.contains(it))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Result<CommandLine, CommandLineError> {
        words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>().try_into()
    }

    #[test]
    fn a_command_is_told_as_a_shell_would_take_it() {
        let told = |words: &[&str]| line(words).unwrap().to_string();
        assert_eq!(told(&["sort", "-n", "./big file.txt"]), "sort -n './big file.txt'");
        assert_eq!(told(&["printf", "", "it's"]), r"printf '' 'it'\''s'");
    }

    #[test]
    fn what_can_not_be_started_is_no_command() {
        assert_eq!(line(&[]), Err(CommandLineError::NoProgram));
        assert_eq!(line(&[" ", "x"]), Err(CommandLineError::NoProgram));
        assert_eq!(line(&["a\0b"]), Err(CommandLineError::Nul));
    }

    #[test]
    fn a_secret_is_refused_by_its_name_and_never_repeated() {
        for (words, name) in [
            (&["psql", "--password=hunter2"][..], "--password"),
            (&["psql", "--password", "hunter2"], "--password"),
            (&["env", "GITHUB_TOKEN=hunter2", "gh"], "GITHUB_TOKEN"),
            (&["curl", "-H", "Authorization: Bearer hunter2"], "Authorization"),
            (&["curl", "--api-key=hunter2"], "--api-key"),
            (&["pg_dump", "postgres://me:hunter2@host/db"], "postgres"),
        ] {
            let error = line(words).unwrap_err();
            assert_eq!(error, CommandLineError::Secret(name.to_owned()));
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for words in [
            &["wc", "secrets.txt"][..],
            &["psql", "--password-file=/run/pw"],
            &["curl", "https://host/a@b:c"],
            &["ssh", "me@host"],
        ] {
            assert!(line(words).is_ok(), "{words:?}");
        }
    }
}
