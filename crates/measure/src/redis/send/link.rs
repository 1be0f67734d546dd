//! A fresh connection for one round: a plain socket, or TLS.

use std::time::{Duration, Instant};

use redis::ConnectionLike;

use crate::redis::ask::reply::Reply;
use crate::redis::reach::address::Address;
use crate::redis::reach::connect::{ConnectError, words_of};
use crate::redis::reach::control::Control;
use crate::redis::reach::terms::Terms;
use crate::redis::send::connection::{Connection, SampleError, excerpt};

/// A measured connection.
pub(crate) enum MeasuredConnection {
    /// Measured by the process's own write and read.
    Plain(Connection),
    /// Measured through the redis crate, which brings its encryption, parsing and allocations into
    /// the figures, and which blocks.
    Tls(Control, Duration),
}

impl MeasuredConnection {
    /// Connects and authenticates.
    pub(crate) fn open(
        address: &Address,
        terms: &Terms,
        reply: &Reply,
    ) -> Result<Self, ConnectError> {
        let Terms { wait, reply_limit, stop } = terms;
        let longest = reply.wire().len();
        let plain = Connection::open(address, *wait, longest, *reply_limit, stop)?;
        match plain {
            Some(connection) => Ok(Self::Plain(connection)),
            None => Ok(Self::Tls(Control::enter(address, terms.limit())?, *reply_limit)),
        }
    }

    /// One round trip that begins now or began just before: when its whole reply was there.
    ///
    /// # Errors
    /// If the reply isn't the expected one, or doesn't come.
    #[inline]
    pub(crate) fn sample(
        &mut self,
        begin: Instant,
        request: &[u8],
        reply: &Reply,
    ) -> Result<Instant, SampleError> {
        match self {
            Self::Plain(connection) => connection.sample(begin, request, reply.wire()),
            Self::Tls(control, limit) => sample_over_tls(control, request, reply, *limit),
        }
    }

    /// That nothing came after the last reply.
    ///
    /// # Errors
    /// If something is there to be read.
    pub(crate) fn check_quiet(&mut self) -> Result<(), SampleError> {
        match self {
            Self::Plain(connection) => connection.check_quiet(),
            // The redis crate's parser has no way to tell.
            Self::Tls(..) => Ok(()),
        }
    }
}

fn sample_over_tls(
    control: &mut Control,
    request: &[u8],
    reply: &Reply,
    limit: Duration,
) -> Result<Instant, SampleError> {
    let answer = control.connection().req_packed_command(request);
    let end = Instant::now();
    match answer.and_then(redis::Value::extract_error) {
        Ok(value) if reply.is(&value) => Ok(end),
        Ok(value) => {
            let excerpt = excerpt(format!("{value:?}").as_bytes());
            Err(SampleError::Garbage { at: 0, excerpt })
        }
        Err(error) if error.code().is_some() => {
            Err(SampleError::ErrorReply { words: words_of(&error) })
        }
        Err(error) if error.is_timeout() => Err(SampleError::Stalled(limit)),
        Err(error) => Err(SampleError::Closed(words_of(&error))),
    }
}
