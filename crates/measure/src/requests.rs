//! The requests of a trial, encoded before the first of them is timed, and the reply to each.

use std::iter::Cycle;
use std::num::NonZeroU64;
use std::ops::Range;
use std::slice::Iter;

use redis::Value;

use crate::resp::{self, Shape};

/// A key that phasegate never writes.
const ABSENT_KEY: &str = "phasegate:absent";

/// With more keys than this, so many of them are read: enough to be spread over the server's
/// memory, few enough not to fill the client's caches with requests.
const MOST_REQUESTS: u64 = 65_536;

/// The name of a key of the dataset, counted from zero.
pub(crate) fn key(number: u64) -> String {
    format!("phasegate:{number:06}")
}

/// The value of each key of the dataset. It is never all digits, which servers store as a number.
pub(crate) fn value(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}

/// The only reply that is right.
pub(crate) struct Reply {
    wire: Vec<u8>,
    value: Value,
}

impl Reply {
    fn pong() -> Self {
        Self { wire: b"+PONG\r\n".to_vec(), value: Value::SimpleString("PONG".to_owned()) }
    }

    fn nil() -> Self {
        Self { wire: b"$-1\r\n".to_vec(), value: Value::Nil }
    }

    fn bulk(value: Vec<u8>) -> Self {
        let mut wire = format!("${}\r\n", value.len()).into_bytes();
        wire.extend_from_slice(&value);
        wire.extend_from_slice(b"\r\n");
        Self { wire, value: Value::BulkString(value) }
    }

    /// Its bytes in RESP2.
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
        match self {
            Self::Exact(reply) if bytes.starts_with(&reply.wire) => Taken::Whole(reply.wire.len()),
            Self::Exact(reply) if reply.wire.starts_with(bytes) => Taken::Part,
            _ => self.look(bytes),
        }
    }

    fn look(&self, bytes: &[u8]) -> Taken {
        match (resp::shape(bytes), bytes.strip_prefix(b"-"), self) {
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

/// Encoded requests, one after the other in one buffer. There is at least one.
pub(crate) struct Requests {
    bytes: Vec<u8>,
    spans: Vec<Range<usize>>,
    expected: Expected,
}

impl Requests {
    /// `PING`.
    pub(crate) fn ping() -> Self {
        Self::encode([redis::cmd("PING")], Reply::pong())
    }

    /// `GET` of a key that doesn't exist.
    pub(crate) fn get_absent() -> Self {
        Self::encode([get(ABSENT_KEY)], Reply::nil())
    }

    /// `GET` of the dataset's keys, each of them once (of very many, a part) in a scattered order
    /// that is always the same.
    pub(crate) fn get_dataset(keys: NonZeroU64, value_length: usize) -> Self {
        let commands = scattered(keys).map(|number| get(&key(number)));
        Self::encode(commands, Reply::bulk(value(value_length)))
    }

    fn encode(commands: impl IntoIterator<Item = redis::Cmd>, reply: Reply) -> Self {
        let mut bytes = Vec::new();
        let mut spans = Vec::new();
        for command in commands {
            let begin = bytes.len();
            bytes.extend_from_slice(&command.get_packed_command());
            spans.push(begin..bytes.len());
        }
        Self { bytes, spans, expected: Expected::Exact(reply) }
    }

    /// What the reply to each of them has to be.
    pub(crate) const fn expected(&self) -> &Expected {
        &self.expected
    }

    /// The reply to each of them, if it is known to the byte.
    pub(crate) const fn reply(&self) -> Option<&Reply> {
        match &self.expected {
            Expected::Exact(reply) => Some(reply),
            Expected::Any => None,
        }
    }

    /// The requests in their order, over and over.
    pub(crate) fn cycle(&self) -> RequestCycle<'_> {
        RequestCycle { bytes: &self.bytes, spans: self.spans.iter().cycle() }
    }
}

/// Requests without end.
pub(crate) struct RequestCycle<'a> {
    bytes: &'a [u8],
    spans: Cycle<Iter<'a, Range<usize>>>,
}

impl<'a> Iterator for RequestCycle<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.spans.next().and_then(|span| self.bytes.get(span.clone()))
    }
}

fn get(key: &str) -> redis::Cmd {
    let mut command = redis::cmd("GET");
    command.arg(key);
    command
}

/// Numbers below `keys` in a scattered order, none of them twice: steps of about the golden ratio
/// round a ring, which visit every number because the step has no divisor in common with `keys`.
fn scattered(keys: NonZeroU64) -> impl Iterator<Item = u64> {
    let ring = keys.get();
    // 0.618 of the ring, or the next larger step without a common divisor. One always is.
    let near = u64::try_from(u128::from(ring) * 618 / 1000).unwrap_or(1).max(1);
    let step = (near..=ring).find(|step| divisor(*step, ring) == 1).unwrap_or(1);
    (0..ring.min(MOST_REQUESTS)).map(move |turn| {
        let position = u128::from(turn) * u128::from(step) % u128::from(ring);
        u64::try_from(position).unwrap_or_default()
    })
}

const fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn numbers(keys: u64) -> Vec<u64> {
        scattered(NonZeroU64::new(keys).unwrap()).collect()
    }

    #[test]
    fn every_key_is_read_once_before_any_is_read_again() {
        for keys in (1..300).chain([65_535, 65_536]) {
            let read: BTreeSet<u64> = numbers(keys).into_iter().collect();
            assert_eq!(read.into_iter().collect::<Vec<_>>(), (0..keys).collect::<Vec<_>>());
        }
    }

    #[test]
    fn of_very_many_keys_a_part_is_read_that_is_spread_over_all() {
        let read = numbers(10_000_000);
        assert_eq!(read.len(), 65_536);
        let tenths: BTreeSet<u64> = read.iter().map(|number| number / 1_000_000).collect();
        assert_eq!(tenths.len(), 10);
        assert_eq!(numbers(10_000_000), read);
    }

    #[test]
    fn requests_are_encoded_as_the_protocol_has_them() {
        let requests = Requests::get_dataset(NonZeroU64::new(2).unwrap(), 3);
        let sent: Vec<&[u8]> = requests.cycle().take(3).collect();
        assert_eq!(sent[0], b"*2\r\n$3\r\nGET\r\n$16\r\nphasegate:000000\r\n");
        assert_eq!(sent[1], b"*2\r\n$3\r\nGET\r\n$16\r\nphasegate:000001\r\n");
        assert_eq!(sent[2], sent[0]);
        assert_eq!(requests.reply().unwrap().wire(), b"$3\r\nxxx\r\n");
    }
}
