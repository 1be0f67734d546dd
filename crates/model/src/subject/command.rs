//! The commands that are sent: one of three, or those of a mix with their weights.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::amount::ByteSize;

/// The command that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Command {
    /// Reads one of the dataset's keys; of a server that isn't ours, a key that doesn't exist.
    Get,
    /// The least that a server can do.
    Ping,
    /// Writes one of the dataset's keys anew.
    Set,
}

impl Command {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Ping => "PING",
            Self::Set => "SET",
        }
    }
}

/// A command of a mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighted {
    /// The command.
    pub command: CommandPattern,
    /// How often it is sent, as a share of all weights.
    pub weight: NonZeroU32,
    /// How many bytes `{value}` is.
    pub value: ByteSize,
}

/// Whether commands may write to a server that isn't ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Writes {
    /// They may not.
    #[default]
    Forbidden,
    /// They may: whoever wrote the plan answers for that server's data.
    Allowed,
}

impl Writes {
    /// For a field of a file that isn't written if it says nothing.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::Forbidden
    }
}

/// A command in words, `HSET user:{key} field {value}`, that prints as it was written. `{key}` is
/// the number of a key in six digits or more, `{value}` a value of the size that is asked for. Braces
/// around a placeholder are a hash tag of Redis Cluster: `{user:{key}}:name`. `GET`, `SET` and `PING` alone are those of the dataset's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandPattern {
    written: String,
    words: Vec<Vec<Piece>>,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// The number of a key.
    Key,
    /// A value.
    Value,
}

/// Why a text is not a command that can be measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// There are no words.
    #[error("an empty command can't be measured; write one, such as `GET user:{{key}}`")]
    Empty,
    /// The first word isn't a command's name.
    #[error("`{0}` is not the name of a command; begin with one, such as `GET user:{{key}}`")]
    Name(String),
    /// A placeholder that there isn't.
    #[error("`{0}` is not a placeholder; there are `{{key}}` and `{{value}}`")]
    Placeholder(String),
    /// A command that isn't answered by one reply, or that changes the connection.
    #[error(
        "`{0}` can't be measured: it has not one reply for each request, or changes the connection"
    )]
    Unmeasurable(String),
}

/// Commands that only read, whatever their arguments are. All others are taken for writing ones.
#[rustfmt::skip]
const READING: [&str; 68] = [
    "BITCOUNT", "BITFIELD_RO", "BITPOS", "DBSIZE", "DUMP", "ECHO", "EVALSHA_RO", "EVAL_RO",
    "EXISTS", "EXPIRETIME", "FCALL_RO", "GEODIST", "GEOHASH", "GEOPOS", "GEORADIUSBYMEMBER_RO",
    "GEORADIUS_RO", "GEOSEARCH", "GET", "GETBIT", "GETRANGE", "HEXISTS", "HGET", "HGETALL",
    "HKEYS", "HLEN", "HMGET", "HRANDFIELD", "HSCAN", "HSTRLEN", "HVALS", "KEYS", "LCS", "LINDEX",
    "LLEN", "LPOS", "LRANGE", "MGET", "PEXPIRETIME", "PING", "PTTL", "RANDOMKEY", "SCAN", "SCARD",
    "SDIFF", "SINTER", "SINTERCARD", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "SORT_RO",
    "SRANDMEMBER", "SSCAN", "STRLEN", "SUBSTR", "SUNION", "TIME", "TTL", "TYPE", "XLEN", "XRANGE",
    "XREVRANGE", "ZCARD", "ZCOUNT", "ZLEXCOUNT", "ZRANGE", "ZRANK", "ZREVRANGE", "ZSCORE",
];

/// Commands that can't be measured.
#[rustfmt::skip]
const UNMEASURABLE: [&str; 22] = [
    "ASKING", "AUTH", "CLIENT", "DISCARD", "EXEC", "HELLO", "MONITOR", "MULTI", "PSUBSCRIBE",
    "PSYNC", "PUNSUBSCRIBE", "QUIT", "READONLY", "READWRITE", "RESET", "SELECT", "SHUTDOWN",
    "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "SYNC", "UNSUBSCRIBE",
];

impl CommandPattern {
    /// The command's name in capitals.
    #[must_use]
    pub fn name(&self) -> String {
        self.written.split_whitespace().next().unwrap_or_default().to_ascii_uppercase()
    }

    /// Its words, the name being the first. There is at least one.
    #[must_use]
    pub fn words(&self) -> &[Vec<Piece>] {
        &self.words
    }

    /// Whether it is known never to write.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        READING.contains(&self.name().as_str())
    }
}

impl FromStr for CommandPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let name = text.split_whitespace().next().ok_or(PatternError::Empty)?;
        let upper = name.to_ascii_uppercase();
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
            return Err(PatternError::Name(name.to_owned()));
        }
        if UNMEASURABLE.contains(&upper.as_str()) {
            return Err(PatternError::Unmeasurable(upper));
        }
        let expanded = match (upper.as_str(), text.trim() == name) {
            ("GET", true) => "GET phasegate:{key}",
            ("SET", true) => "SET phasegate:{key} {value}",
            _ => text,
        };
        let words = expanded.split_whitespace().map(pieces).collect::<Result<_, _>>()?;
        Ok(Self { written: text.trim().to_owned(), words })
    }
}

/// A word in its parts.
fn pieces(word: &str) -> Result<Vec<Piece>, PatternError> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(match after.split_once('}') {
            Some(("key", after)) => {
                rest = after;
                Piece::Key
            }
            Some(("value", after)) => {
                rest = after;
                Piece::Value
            }
            // A placeholder within braces: those around it are a hash tag's.
            Some((inner, _)) if inner.contains('{') => {
                rest = after;
                Piece::Text("{".to_owned())
            }
            Some((other, _)) => return Err(PatternError::Placeholder(format!("{{{other}}}"))),
            None => return Err(PatternError::Placeholder(format!("{{{after}"))),
        });
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

impl fmt::Display for CommandPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

crate::amount::serde_as_text!(CommandPattern);

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<Piece>> {
        text.parse::<CommandPattern>().unwrap().words().to_vec()
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn a_command_is_words_with_places_for_keys_and_values() {
        assert_eq!(
            words("HSET user:{key}:a  f {value}"),
            [
                vec![text("HSET")],
                vec![text("user:"), Piece::Key, text(":a")],
                vec![text("f")],
                vec![Piece::Value]
            ]
        );
        assert_eq!(words("get"), words("GET phasegate:{key}"));
        assert_eq!(words("SET"), words("SET phasegate:{key} {value}"));
        assert_eq!(words("PING"), [vec![text("PING")]]);
        let pattern: CommandPattern = " hset user:{key} f {value}".parse().unwrap();
        assert_eq!((pattern.name().as_str(), pattern.only_reads()), ("HSET", false));
        assert_eq!(pattern.to_string(), "hset user:{key} f {value}");
        assert!("hgetall user:{key}".parse::<CommandPattern>().unwrap().only_reads());
    }

    #[test]
    fn braces_around_a_placeholder_are_a_hash_tag() {
        let tagged = [text("{"), text("user:"), Piece::Key, text("}:name")].to_vec();
        assert_eq!(words("GET {user:{key}}:name"), [vec![text("GET")], tagged]);
        let twice = [text("a"), text("{"), Piece::Key, text("}b")].to_vec();
        assert_eq!(words("GET a{{key}}b").last(), Some(&twice));
        let wrong = |text: &str| text.parse::<CommandPattern>().unwrap_err().to_string();
        assert!(wrong("GET {{kye}}").starts_with("`{kye}` is not a placeholder"));
        assert!(wrong("GET {user:{key").starts_with("`{user:{key` is not a placeholder"));
    }

    #[test]
    fn what_can_not_be_measured_is_refused() {
        let message = |text: &str| text.parse::<CommandPattern>().unwrap_err().to_string();
        assert_eq!(
            message(" "),
            "an empty command can't be measured; write one, such as `GET user:{key}`"
        );
        assert_eq!(
            message("GET {kye}"),
            "`{kye}` is not a placeholder; there are `{key}` and `{value}`"
        );
        assert!(message("GET user:{key").starts_with("`{key` is not a placeholder"));
        assert!(message("{key} a").starts_with("`{key}` is not the name of a command"));
        assert!(message("subscribe news").starts_with("`SUBSCRIBE` can't be measured"));
    }

    #[test]
    fn the_lists_of_commands_are_in_order() {
        assert!(READING.is_sorted() && UNMEASURABLE.is_sorted());
    }
}
