//! What a reply has to be, and whether it is.

use redis::Value;

use crate::redis::ask::resp::{self, ReplyProgress, Shape};
use crate::redis::reach::address::Protocol;

/// The only reply that is right.
pub(crate) struct Reply {
    wire: Vec<u8>,
    value: Value,
}

impl Reply {
    pub(crate) fn pong() -> Self {
        Self { wire: b"+PONG\r\n".to_vec(), value: Value::SimpleString("PONG".to_owned()) }
    }

    pub(crate) fn ok() -> Self {
        Self { wire: b"+OK\r\n".to_vec(), value: Value::Okay }
    }

    pub(crate) fn nil(protocol: Protocol) -> Self {
        let wire = match protocol {
            // RESP2 has no type for nothing, so that a string of length -1 stands for it.
            Protocol::Resp2 => b"$-1\r\n".as_slice(),
            Protocol::Resp3 => b"_\r\n",
        };
        Self { wire: wire.to_vec(), value: Value::Nil }
    }

    pub(crate) fn bulk(value: Vec<u8>) -> Self {
        let mut wire = format!("${}\r\n", value.len()).into_bytes();
        wire.extend_from_slice(&value);
        wire.extend_from_slice(b"\r\n");
        Self { wire, value: Value::BulkString(value) }
    }

    /// Its bytes.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Whether the redis crate has read the same.
    pub(crate) fn is(&self, value: &Value) -> bool {
        self.value == *value
    }
}

/// What replies have to be.
pub(crate) enum Expected {
    /// All the same, to the byte.
    Exact(Reply),
    /// Any that isn't an error.
    Any,
}

/// What the beginning of the bytes that came is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A whole reply of so many bytes, as it has to be.
    Whole(usize),
    /// The beginning of one.
    Part,
    /// An error reply with these words.
    Error(String),
    /// Something else, from this byte on.
    Other(usize),
}

impl Expected {
    /// What the bytes begin with.
    #[inline]
    pub(crate) fn take(&self, bytes: &[u8]) -> Taken {
        self.take_on(bytes, &mut ReplyProgress::default())
    }

    /// What the bytes begin with, of which the first ones were looked at before.
    #[inline]
    pub(crate) fn take_on(&self, bytes: &[u8], progress: &mut ReplyProgress) -> Taken {
        match self {
            // First what nearly every reply is: one comparison, and no parsing within a sample.
            Self::Exact(reply) if bytes.starts_with(&reply.wire) => Taken::Whole(reply.wire.len()),
            Self::Exact(reply) if reply.wire.starts_with(bytes) => Taken::Part,
            _ => self.advance(bytes, progress),
        }
    }

    fn advance(&self, bytes: &[u8], progress: &mut ReplyProgress) -> Taken {
        // An error in one line, or as RESP3 has those of several.
        let error = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"!"));
        match (resp::shape_on(bytes, progress), error, self) {
            (Shape::Whole(length), Some(_), _) => {
                let words = bytes.get(1..length).unwrap_or_default();
                Taken::Error(String::from_utf8_lossy(words).trim_end().to_owned())
            }
            (Shape::Part, Some(_), _) | (Shape::Part, None, Self::Any) => Taken::Part,
            (_, _, Self::Exact(reply)) => {
                let pairs = bytes.iter().zip(&reply.wire);
                Taken::Other(pairs.take_while(|(came, wanted)| came == wanted).count())
            }
            (Shape::Whole(length), None, Self::Any) => Taken::Whole(length),
            (Shape::Broken(at), _, Self::Any) => Taken::Other(at),
        }
    }

    /// How many bytes a reply has, as far as it is known.
    pub(crate) const fn length(&self) -> usize {
        match self {
            Self::Exact(reply) => reply.wire.len(),
            Self::Any => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_is_known_has_to_come_to_the_byte() {
        let exact = Expected::Exact(Reply::bulk(b"xyz".to_vec()));
        assert_eq!(exact.take(b"$3\r\nxyz\r\n+OK"), Taken::Whole(9));
        assert_eq!(exact.take(b"$3\r\nxy"), Taken::Part);
        assert_eq!(exact.take(b"$3\r\nxa"), Taken::Other(5));
        assert_eq!(exact.take(b"$-1\r\n"), Taken::Other(1));
        assert_eq!(exact.take(b"-ERR no\r\n"), Taken::Error("ERR no".to_owned()));
        assert_eq!(exact.take(b"-ERR n"), Taken::Part);
    }

    #[test]
    fn any_reply_is_taken_but_an_error() {
        assert_eq!(Expected::Any.take(b":1\r\n:2\r\n"), Taken::Whole(4));
        assert_eq!(Expected::Any.take(b"*2\r\n:1\r\n"), Taken::Part);
        assert_eq!(Expected::Any.take(b"-ERR no\r\n"), Taken::Error("ERR no".to_owned()));
        assert_eq!(Expected::Any.take(b"HTTP"), Taken::Other(0));
    }
}
