//! One of the connections on which several requests are under way at once.
//!
//! Nothing here ever waits. A request's clock is read right before the write that its first byte
//! goes out with, and right after the read that its reply was complete with; what is computed comes
//! after that. With many requests under way, what the client does for one of them is done while
//! others wait, as in any client.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::machine::words::words_of_system;
use crate::redis::ask::reply::{Expected, Taken};
use crate::redis::ask::resp::{self, ReplyProgress};
use crate::redis::reach::address::Address;
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::terms::Terms;
use crate::redis::send::connection::{Connection, SampleError, closed_after, excerpt};
use crate::times::round::InFlight;

/// How much is read at once at least.
const READ_BYTES: usize = 64 * 1024;

/// The longest reply that is taken whose length isn't known beforehand.
const LONGEST_REPLY: usize = 64 * 1024 * 1024;

/// A connection with requests under way. Replies come in the order of the requests.
pub(crate) struct Pipelined {
    socket: OwnedFd,
    /// What is to be written, from `written` on.
    outgoing: Vec<u8>,
    written: usize,
    /// Requests without a byte of them written, each with the place in `outgoing` where it begins.
    unsent: VecDeque<(InFlight, usize)>,
    /// Requests without their whole reply.
    unanswered: VecDeque<InFlight>,
    incoming: Vec<u8>,
    filled: usize,
    /// What is known of the first reply in `incoming`.
    progress: ReplyProgress,
    /// How many replies said that there is nothing.
    nils: u64,
}

impl Pipelined {
    /// Connects, authenticates and selects the database. Nothing if the address is one of TLS.
    pub(crate) fn open(
        address: &Address,
        terms: &Terms,
        expected: &Expected,
    ) -> Result<Option<Self>, ConnectError> {
        let Terms { wait, reply_limit, stop } = terms;
        let open = Connection::open(address, *wait, 0, *reply_limit, stop)?;
        let Some(connection) = open else { return Ok(None) };
        let socket = connection.into_socket();
        rustix::io::ioctl_fionbio(&socket, true)
            .map_err(|error| ConnectError::unreachable(address, &error))?;
        let room = READ_BYTES.max(expected.length().saturating_mul(2));
        Ok(Some(Self {
            socket,
            outgoing: Vec::with_capacity(READ_BYTES),
            written: 0,
            unsent: VecDeque::with_capacity(1024),
            unanswered: VecDeque::with_capacity(1024),
            incoming: vec![0; room],
            filled: 0,
            progress: ReplyProgress::default(),
            nils: 0,
        }))
    }

    /// Takes a request to be sent by [`Self::flush`].
    pub(crate) fn push(&mut self, request: &[u8], number: u64, due_ns: u64) {
        let in_flight = InFlight { number, due_ns, sent_ns: due_ns };
        self.unsent.push_back((in_flight, self.outgoing.len()));
        self.outgoing.extend_from_slice(request);
    }

    /// Writes as much as the kernel takes.
    ///
    /// # Errors
    /// If the server is gone.
    #[inline]
    pub(crate) fn flush(&mut self, begin: Instant) -> Result<(), SampleError> {
        while let Some(rest) = self.outgoing.get(self.written..).filter(|rest| !rest.is_empty()) {
            let now = nanoseconds_since(begin);
            match rustix::net::send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    self.written += sent;
                    self.note_sent(now);
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(self.gone(words_of_system(&error))),
            }
        }
        self.outgoing.clear();
        self.written = 0;
        Ok(())
    }

    fn note_sent(&mut self, now: u64) {
        while let Some((request, offset)) = self.unsent.front().copied()
            && offset < self.written
        {
            self.unsent.pop_front();
            self.unanswered.push_back(InFlight { sent_ns: now, ..request });
        }
    }

    /// Reads what is there and hands each request whose reply is complete to `answered`, with the
    /// time at which it was. Says whether there was any.
    ///
    /// # Errors
    /// If a reply isn't as expected, or the server is gone.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        begin: Instant,
        expected: &Expected,
        mut answered: impl FnMut(InFlight, u64),
    ) -> Result<bool, SampleError> {
        loop {
            let free = self.incoming.get_mut(self.filled..).unwrap_or_default();
            let room = free.len();
            let read = match rustix::io::read(&self.socket, free) {
                Ok(0) => return Err(self.gone(closed_after(self.filled))),
                Ok(read) => read,
                Err(Errno::AGAIN) => return Ok(false),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(self.gone(words_of_system(&error))),
            };
            let now = nanoseconds_since(begin);
            self.filled += read;
            let any = self.take(now, expected, &mut answered)?;
            if read < room {
                return Ok(any);
            }
            self.make_room()?;
        }
    }

    /// Takes all complete replies out of what was read.
    fn take(
        &mut self,
        now: u64,
        expected: &Expected,
        answered: &mut impl FnMut(InFlight, u64),
    ) -> Result<bool, SampleError> {
        let mut at = 0;
        let mut any = false;
        while at < self.filled {
            let bytes = self.incoming.get(at..self.filled).unwrap_or_default();
            let Some(request) = self.unanswered.front().copied() else {
                let surplus = SampleError::Garbage { at: 0, excerpt: excerpt(bytes) };
                return Err(error_in(bytes).unwrap_or(surplus));
            };
            match expected.take_on(bytes, &mut self.progress) {
                Taken::Whole(length) => {
                    self.nils += u64::from(resp::is_nil(bytes));
                    at += length;
                    self.progress = ReplyProgress::default();
                }
                Taken::Part => break,
                Taken::Error(words) => return Err(SampleError::ErrorReply { words }),
                Taken::Other(offset) => {
                    let excerpt = excerpt(bytes.get(offset..).unwrap_or_default());
                    return Err(SampleError::Garbage { at: offset, excerpt });
                }
            }
            self.unanswered.pop_front();
            answered(request, now);
            any = true;
        }
        self.incoming.copy_within(at..self.filled, 0);
        self.filled -= at;
        Ok(any)
    }

    /// For a reply that is longer than all before.
    #[cold]
    fn make_room(&mut self) -> Result<(), SampleError> {
        if self.filled < self.incoming.len() {
            return Ok(());
        }
        if self.filled >= LONGEST_REPLY {
            return Err(SampleError::Endless(LONGEST_REPLY));
        }
        self.incoming.resize(self.filled.saturating_mul(2), 0);
        Ok(())
    }

    /// That nothing came after the last reply.
    ///
    /// # Errors
    /// If something is there to be read.
    pub(crate) fn check_quiet(&mut self) -> Result<(), SampleError> {
        match rustix::net::recv(&self.socket, &mut self.incoming[..], RecvFlags::DONTWAIT) {
            Ok((_, read)) if read > 0 => {
                let bytes = self.incoming.get(..read).unwrap_or_default();
                Err(SampleError::Garbage { at: 0, excerpt: excerpt(bytes) })
            }
            _ => Ok(()),
        }
    }

    /// Why there will be no reply: an error that came in part says more than that the server left.
    #[cold]
    pub(crate) fn gone(&self, words: String) -> SampleError {
        self.error_begun().unwrap_or(SampleError::Closed(words))
    }

    /// The part of an error reply that is there.
    pub(crate) fn error_begun(&self) -> Option<SampleError> {
        error_in(self.incoming.get(..self.filled)?)
    }

    /// Whether every request has its reply.
    pub(crate) fn is_idle(&self) -> bool {
        self.unanswered.is_empty() && self.unsent.is_empty()
    }

    /// Whether there is something that the kernel didn't take yet.
    pub(crate) fn is_congested(&self) -> bool {
        self.written < self.outgoing.len()
    }

    /// The request that waits for its reply the longest.
    pub(crate) fn oldest(&self) -> Option<InFlight> {
        self.unanswered.front().or(self.unsent.front().map(|(request, _)| request)).copied()
    }

    /// How many replies said that there is nothing.
    pub(crate) const fn nils(&self) -> u64 {
        self.nils
    }

    /// To wait for.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The error reply that bytes begin with, as far as it is there.
fn error_in(bytes: &[u8]) -> Option<SampleError> {
    let words = bytes.strip_prefix(b"-")?;
    let line = words.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Some(SampleError::ErrorReply { words: String::from_utf8_lossy(line).into_owned() })
}

/// Nanoseconds since a round began; enough for five hundred years.
#[inline]
pub(crate) fn nanoseconds_since(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
