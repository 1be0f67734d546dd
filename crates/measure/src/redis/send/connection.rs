//! One measured connection over a plain socket: the hot path.
//!
//! Between the beginning of a sample and the clock reading of [`Connection::sample`] there is the
//! sample's own write and its own reads, and nothing else: no allocation, no formatting, no lock. The
//! clock is read in between only by a sample that has already waited for about a millisecond.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use phasegate_model::{Rate, Wait};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::machine::stop::Stop;
use crate::machine::words::words_of_system;
use crate::redis::ask::reply::{Expected, Taken};
use crate::redis::reach::address::Address;
use crate::redis::reach::connect::{ConnectError, advice, socket};

/// What ends a round of samples early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// The server went away.
    #[error(
        "the server closed the connection: {0}; see its log, and whether it was stopped or restarted"
    )]
    Closed(String),
    /// No complete reply came in time.
    #[error("the server gave no complete reply within {} ms; see whether it hangs or is overloaded", .0.as_millis())]
    Stalled(Duration),
    /// The server answered with an error.
    #[error("the server answered with an error: {words}; {}", advice(.words))]
    ErrorReply {
        /// The server's words.
        words: String,
    },
    /// The server answered something else than the reply that the request must have.
    #[error(
        "the server's reply is not the expected one, from byte {at} on it is `{excerpt}`; is this a Redis server, and does nobody else write the keys `phasegate:*`?"
    )]
    Garbage {
        /// The position of the first byte that differs, counted from zero.
        at: usize,
        /// What came from there on, escaped, at most 60 characters.
        excerpt: String,
    },
    /// A reply has no end.
    #[error(
        "the server's reply is longer than {0} bytes; ask for less at once, or see whether this is a Redis server"
    )]
    Endless(usize),
    /// In open loop, a request that was due long ago has no reply, while others get theirs.
    #[error("the server does not keep up with {rate}: a request that was due {} ms ago has no reply yet; lower the plan's `rate`", .limit.as_millis())]
    Behind {
        /// The plan's rate.
        rate: Rate,
        /// How long a reply may take.
        limit: Duration,
    },
    /// The caller's flag was raised.
    #[error("interrupted")]
    Interrupted,
}

/// How long a blocking read sleeps at most before it looks for an interrupt.
const SLICE: Duration = Duration::from_millis(100);

/// A spinning read looks at the clock once in so many polls, which is about once in a millisecond.
const POLLS_BETWEEN_LOOKS: u32 = 2048;

/// How many bytes beyond the expected reply are taken, so that a longer one is noticed and an
/// error reply can be told in full.
const SLACK: usize = 512;

/// How many bytes of an incomplete reply are compared within the timed region: enough for its kind
/// and its length. All of it is compared after the clock reading.
const HEAD: usize = 16;

/// A server that greets with more bytes than this is none.
const LONGEST_GREETING: usize = 64 * 1024;

/// The longest excerpt of a reply in a message, in characters.
const EXCERPT_LENGTH: usize = 60;

/// A connection that sends one request at a time and waits for exactly one known reply.
pub(crate) struct Connection {
    socket: OwnedFd,
    polls_between_checks: u32,
    reply_limit: Duration,
    stop: Stop,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects, authenticates and selects the database. The buffer is made large enough for
    /// replies of `longest` bytes. Nothing if the address is one of TLS.
    pub(crate) fn open(
        address: &Address,
        wait: Wait,
        longest: usize,
        reply_limit: Duration,
        stop: &Stop,
    ) -> Result<Option<Self>, ConnectError> {
        let slice = SLICE.min(reply_limit);
        let Some(socket) = socket(address, reply_limit, slice)? else { return Ok(None) };
        let mut connection = Self {
            socket,
            polls_between_checks: 1,
            reply_limit,
            stop: stop.clone(),
            buffer: vec![0; longest.max(b"+OK\r\n".len()) + SLACK],
        };
        for (name, command) in address.handshake() {
            let request = command.get_packed_command();
            let said = match name {
                "HELLO" => connection.greet(&request),
                _ => connection.sample(Instant::now(), &request, b"+OK\r\n").map(drop),
            };
            said.map_err(|error| unwelcome(error, name, address))?;
        }
        if wait == Wait::Spin {
            rustix::io::ioctl_fionbio(&connection.socket, true)
                .map_err(|error| ConnectError::unreachable(address, &error))?;
            connection.polls_between_checks = POLLS_BETWEEN_LOOKS;
        }
        Ok(Some(connection))
    }

    /// The socket, for whoever reads and writes it otherwise.
    pub(crate) fn into_socket(self) -> OwnedFd {
        self.socket
    }

    /// Sends what is answered by anything but an error, however long it is.
    fn greet(&mut self, request: &[u8]) -> Result<(), SampleError> {
        let begin = Instant::now();
        self.send(request, begin)?;
        let (mut reply, mut polls) = (Vec::new(), 0);
        loop {
            match rustix::io::read(&self.socket, &mut self.buffer[..]) {
                Ok(0) => return Err(SampleError::Closed(closed_after(reply.len()))),
                Ok(read) => {
                    reply.extend_from_slice(self.buffer.get(..read).unwrap_or_default());
                    match Expected::Any.take(&reply) {
                        Taken::Whole(length) if length == reply.len() => return Ok(()),
                        Taken::Part if reply.len() < LONGEST_GREETING => {}
                        Taken::Part => {
                            let (at, excerpt) = (0, excerpt(&reply));
                            return Err(SampleError::Garbage { at, excerpt });
                        }
                        Taken::Error(words) => return Err(SampleError::ErrorReply { words }),
                        Taken::Whole(at) | Taken::Other(at) => {
                            let excerpt = excerpt(reply.get(at..).unwrap_or_default());
                            return Err(SampleError::Garbage { at, excerpt });
                        }
                    }
                }
                Err(Errno::AGAIN) => self.idle(&mut polls, begin)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(SampleError::Closed(words_of_system(&error))),
            }
        }
    }

    /// One round trip that begins now or began just before: when its whole reply was there.
    ///
    /// # Errors
    /// If the reply isn't `expected` to the byte, or doesn't come.
    #[inline]
    pub(crate) fn sample(
        &mut self,
        begin: Instant,
        request: &[u8],
        expected: &[u8],
    ) -> Result<Instant, SampleError> {
        self.send(request, begin)?;
        let filled = self.receive(expected, begin)?;
        let end = Instant::now();
        if self.buffer.get(..filled) == Some(expected) {
            Ok(end)
        } else {
            Err(self.explain(filled, expected))
        }
    }

    /// That nothing came after the last reply: were a reply sent twice, every later sample would
    /// have read the one before.
    ///
    /// # Errors
    /// If something is there to be read.
    pub(crate) fn check_quiet(&mut self) -> Result<(), SampleError> {
        match rustix::net::recv(&self.socket, &mut self.buffer[..], RecvFlags::DONTWAIT) {
            Ok((_, filled)) if filled > 0 => Err(self.explain(filled, b"")),
            _ => Ok(()),
        }
    }

    #[inline]
    fn send(&self, request: &[u8], begin: Instant) -> Result<(), SampleError> {
        let mut rest = request;
        let mut polls = 0;
        loop {
            match rustix::net::send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(sent) if sent == rest.len() => return Ok(()),
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(Errno::AGAIN) => self.idle(&mut polls, begin)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(SampleError::Closed(words_of_system(&error))),
            }
        }
    }

    /// Reads until the length of the expected reply is there, or something that isn't it; gives
    /// the number of bytes.
    #[inline]
    fn receive(&mut self, expected: &[u8], begin: Instant) -> Result<usize, SampleError> {
        let mut filled = 0;
        let mut polls = 0;
        loop {
            let free = self.buffer.get_mut(filled..).unwrap_or_default();
            match rustix::io::read(&self.socket, free) {
                Ok(0) => return Err(SampleError::Closed(closed_after(filled))),
                Ok(read) => {
                    filled += read;
                    let head = filled.min(HEAD);
                    if filled >= expected.len() || self.buffer.get(..head) != expected.get(..head) {
                        return Ok(filled);
                    }
                }
                Err(Errno::AGAIN) => self.idle(&mut polls, begin)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(SampleError::Closed(words_of_system(&error))),
            }
        }
    }

    /// What to do when there is nothing to read yet: almost always only to count.
    #[inline]
    fn idle(&self, polls: &mut u32, begin: Instant) -> Result<(), SampleError> {
        std::hint::spin_loop();
        *polls += 1;
        if *polls < self.polls_between_checks { Ok(()) } else { self.check_limits(polls, begin) }
    }

    #[cold]
    fn check_limits(&self, polls: &mut u32, begin: Instant) -> Result<(), SampleError> {
        *polls = 0;
        if self.stop.is_raised() {
            Err(SampleError::Interrupted)
        } else if begin.elapsed() >= self.reply_limit {
            Err(SampleError::Stalled(self.reply_limit))
        } else {
            Ok(())
        }
    }

    /// Why a reply is not the expected one. The rest of an error reply is read first.
    #[cold]
    fn explain(&mut self, filled: usize, expected: &[u8]) -> SampleError {
        let filled = if self.buffer.starts_with(b"-") { self.rest_of_line(filled) } else { filled };
        let reply = self.buffer.get(..filled).unwrap_or_default();
        if let Some(words) = reply.strip_prefix(b"-") {
            let line = words.split(|byte| *byte == b'\r').next().unwrap_or_default();
            return SampleError::ErrorReply { words: String::from_utf8_lossy(line).into_owned() };
        }
        let at = reply.iter().zip(expected).take_while(|(came, wanted)| came == wanted).count();
        SampleError::Garbage { at, excerpt: excerpt(reply.get(at..).unwrap_or_default()) }
    }

    fn rest_of_line(&mut self, mut filled: usize) -> usize {
        let begin = Instant::now();
        let mut polls = 0;
        while !self.buffer.get(..filled).unwrap_or_default().ends_with(b"\r\n") {
            let free = self.buffer.get_mut(filled..).unwrap_or_default();
            match rustix::io::read(&self.socket, free) {
                Ok(read) if read > 0 => filled += read,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if self.idle(&mut polls, begin).is_ok() => {}
                // What is there has to do: the line is only shown.
                _ => break,
            }
        }
        filled
    }
}

/// Words for a stream that ended after so many bytes of a reply.
pub(crate) fn closed_after(filled: usize) -> String {
    match filled {
        0 => "end of stream instead of a reply".to_owned(),
        filled => format!("end of stream after {filled} bytes of a reply"),
    }
}

/// Bytes as printable text, at most [`EXCERPT_LENGTH`] characters.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let piece = byte.escape_ascii().to_string();
        if text.len() + piece.len() > EXCERPT_LENGTH - 3 {
            return text + "...";
        }
        text.push_str(&piece);
    }
    text
}

/// Why a command of the beginning was not answered as it should be.
fn unwelcome(error: SampleError, command: &'static str, address: &Address) -> ConnectError {
    let shown = address.to_string();
    match error {
        SampleError::ErrorReply { words } => {
            ConnectError::Refused { address: shown, command, words: address.redact(&words) }
        }
        error => ConnectError::Lost { address: shown, command, words: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use phasegate_model::Transport;

    use super::*;
    use crate::testing::{Faulty, Then, terms};

    const GOOD: &[u8] = b"$3\r\nxyz\r\n";
    const REQUEST: &[u8] = b"*1\r\n$4\r\nPING\r\n";

    /// The outcomes of as many samples as there are replies, and one more; then of the check for
    /// quiet. Each way to connect and to wait has to give the same.
    fn outcomes(replies: &[Vec<&'static [u8]>], then: Then) -> Vec<Result<(), SampleError>> {
        let mut all = Vec::new();
        for transport in [Transport::Unix, Transport::Tcp] {
            for wait in [Wait::Spin, Wait::Block] {
                let server = Faulty::start(transport, replies.to_vec(), then);
                let mut connection = open(&server.address, wait);
                let samples = (0..replies.len().max(1)).map(|_| {
                    let begin = Instant::now();
                    let end = connection.sample(begin, REQUEST, GOOD)?;
                    assert!(begin < end);
                    Ok(())
                });
                let mut outcomes: Vec<_> = samples.collect();
                outcomes.push(connection.check_quiet());
                all.push(outcomes);
            }
        }
        let first = all.swap_remove(0);
        for other in all {
            assert_eq!(other, first);
        }
        first
    }

    fn open(address: &Address, wait: Wait) -> Connection {
        let terms = terms(wait);
        let open = Connection::open(address, wait, GOOD.len(), terms.reply_limit, &terms.stop);
        open.unwrap().unwrap()
    }

    /// What the one reply, written in these pieces, makes of a sample.
    fn fault(pieces: &[&'static [u8]], then: Then) -> String {
        outcomes(&[pieces.to_vec()], then)[0].clone().unwrap_err().to_string()
    }

    #[test]
    fn a_reply_may_be_split_anywhere() {
        let halves = (0..=GOOD.len()).map(|at| vec![&GOOD[..at], &GOOD[at..]]);
        let bytes = GOOD.chunks(1).collect();
        let replies: Vec<Vec<&[u8]>> = halves.chain([bytes]).collect();
        assert!(outcomes(&replies, Then::Stall).iter().all(Result::is_ok));
    }

    #[test]
    fn a_server_that_closes_within_a_reply_is_told_so() {
        assert_eq!(
            fault(&[b"$3\r\nx"], Then::Close),
            "the server closed the connection: end of stream after 5 bytes of a reply; see its log, and whether it was stopped or restarted"
        );
        assert!(fault(&[], Then::Close).contains("end of stream instead of a reply"));
    }

    #[test]
    fn a_server_that_stalls_is_given_up() {
        let message = "the server gave no complete reply within 300 ms; see whether it hangs or is overloaded";
        assert_eq!(fault(&[], Then::Stall), message);
        assert_eq!(fault(&[b"$3\r\nx"], Then::Stall), message);
    }

    #[test]
    fn an_error_reply_is_told_in_full_however_it_is_split() {
        let message = "the server answered with an error: NOPERM this user has no permissions; allow that user the command and the keys `phasegate:*` with `ACL SETUSER`";
        let reply = b"-NOPERM this user has no permissions\r\n";
        assert_eq!(fault(&[reply], Then::Stall), message);
        for at in 1..reply.len() {
            assert_eq!(fault(&[&reply[..at], &reply[at..]], Then::Stall), message);
        }
        for (reply, advice) in [
            (b"-LOADING Redis is loading the dataset in memory\r\n".as_slice(), "loaded its data"),
            (b"-MASTERDOWN Link with MASTER is down\r\n", "measure the master"),
            (b"-MOVED 3999 127.0.0.1:6381\r\n", "`cluster = true`"),
            (b"-OOM command not allowed\r\n", "maxmemory larger"),
            (b"-NOAUTH Authentication required.\r\n", "put user and password into the address"),
            (b"-ERR unknown command\r\n", "see the server's log"),
        ] {
            assert!(fault(&[reply], Then::Stall).contains(advice), "{advice}");
        }
    }

    #[test]
    fn garbage_is_shown_escaped_and_short() {
        let garbage = |pieces: &[&'static [u8]]| match &outcomes(&[pieces.to_vec()], Then::Stall)[0]
        {
            Err(SampleError::Garbage { at, excerpt }) => (*at, excerpt.clone()),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            garbage(&[b"HTTP/1.1 400 \x1b[31m\r\n"]),
            (0, r"HTTP/1.1 400 \x1b[31m\r\n".to_owned())
        );
        assert_eq!(garbage(&[b"$3\r\nxyw\r\n"]), (6, r"w\r\n".to_owned()));
        assert_eq!(garbage(&[b"$4\r\nxyzw\r\n"]), (1, r"4\r\nxyzw\r\n".to_owned()));
        assert_eq!(garbage(&[b"$-1\r\n"]), (1, r"-1\r\n".to_owned()));
        assert_eq!(garbage(&[b"$3\r\nxyz\r\n+OK\r\n"]), (9, r"+OK\r\n".to_owned()));
        let (_, long) = garbage(&[&[b'\n'; 300]]);
        assert!(long.len() <= EXCERPT_LENGTH && long.ends_with("..."), "{long}");
    }

    #[test]
    fn a_reply_that_comes_twice_is_noticed() {
        let server = Faulty::start(Transport::Unix, vec![vec![GOOD]], Then::Stall);
        let mut connection = open(&server.address, Wait::Block);
        connection.sample(Instant::now(), REQUEST, GOOD).unwrap();
        connection.check_quiet().unwrap();
        let twice =
            Faulty::start(Transport::Unix, vec![vec![b"$3\r\nxyz\r\n$3\r\nxyz\r\n"]], Then::Stall);
        let mut connection = open(&twice.address, Wait::Block);
        // The buffer takes a little more than the reply, so this is noticed at once...
        assert!(matches!(
            connection.sample(Instant::now(), REQUEST, GOOD),
            Err(SampleError::Garbage { at: 9, .. })
        ));
        // ... and one that is left in the socket, at the end of the round.
        let late = Faulty::start(Transport::Unix, vec![vec![b"+OK\r\n+OK\r\n"]], Then::Stall);
        let mut connection = open(&late.address, Wait::Block);
        connection.buffer.truncate(5);
        connection.sample(Instant::now(), REQUEST, b"+OK\r\n").unwrap();
        assert!(matches!(connection.check_quiet(), Err(SampleError::Garbage { .. })));
    }

    #[test]
    fn an_interrupt_ends_a_sample_that_waits() {
        for wait in [Wait::Spin, Wait::Block] {
            let server = Faulty::start(Transport::Unix, vec![], Then::Stall);
            let mut connection = open(&server.address, wait);
            connection.reply_limit = Duration::from_hours(1);
            connection.stop = crate::Stop::from(std::sync::Arc::new(true.into()));
            assert_eq!(
                connection.sample(Instant::now(), REQUEST, GOOD),
                Err(SampleError::Interrupted)
            );
        }
    }

    #[test]
    fn a_handshake_that_stalls_is_an_error_without_the_password() {
        let server = Faulty::start(Transport::Unix, vec![], Then::Stall);
        let url = server.address.to_string() + "?user=alice&pass=hunter2";
        let terms = terms(Wait::Spin);
        let address = url.parse().unwrap();
        let error = Connection::open(&address, Wait::Spin, 5, terms.reply_limit, &terms.stop)
            .err()
            .unwrap();
        let all = format!("{error} {error:?}");
        assert!(all.contains("did not answer `AUTH`"), "{all}");
        assert!(!all.contains("hunter2") && !all.contains("alice"), "{all}");
    }

    /// What comes of a greeting that is answered in these pieces.
    fn greeted(pieces: Vec<&'static [u8]>, then: Then) -> Result<(), String> {
        let server = Faulty::start(Transport::Unix, vec![pieces], then);
        let address = format!("{}?protocol=resp3", server.address).parse().unwrap();
        let terms = terms(Wait::Block);
        let opened = Connection::open(&address, Wait::Block, 9, terms.reply_limit, &terms.stop);
        let place = server.address.to_string();
        opened.map(drop).map_err(|error| error.to_string().replace(&place, "HERE"))
    }

    #[test]
    fn a_greeting_may_come_in_any_pieces() {
        let greeting: &[u8] = b"%2\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*0\r\n";
        for cut in 1..greeting.len() {
            let (first, second) = greeting.split_at(cut);
            assert_eq!(greeted(vec![first, second], Then::Close), Ok(()), "{cut}");
        }
    }

    #[test]
    fn a_greeting_that_is_none_is_an_error() {
        let error = |pieces, then| greeted(pieces, then).unwrap_err();
        let refused = error(vec![b"-NOPROTO unsupported protocol version\r\n"], Then::Close);
        assert!(refused.contains("refused `HELLO`: NOPROTO unsupported"), "{refused}");
        assert!(error(vec![b"HTTP/1.1 400\r\n"], Then::Close).contains("HTTP/1.1"));
        assert!(error(vec![b"%1\r\n+a\r\n:3\r\n+more\r\n"], Then::Close).contains("+more"));
        assert!(error(vec![b"%1\r\n+a"], Then::Close).contains("did not answer `HELLO`"));
        assert!(error(vec![b"%1\r\n+a"], Then::Stall).contains("300 ms"));
        let endless: &'static [u8] = vec![b'+'; 2 * LONGEST_GREETING].leak();
        assert!(error(vec![endless], Then::Close).contains("++++"));
    }
}
