//! Connections beside the measured ones whose every reply ends within its limits.
//!
//! The redis crate limits each read of a reply but not the reply, so that a server which never ends
//! one keeps its client for ever; and it verifies the host that it connects to, which is the wrong
//! name behind an IP address or a tunnel. This does what it does, with its parser and the same TLS
//! library below.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{ConnectionLike, Parser, RedisResult, Value};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::machine::stop::Stop;

/// A reply with more bytes is none: `INFO` of the largest servers has some hundred thousand.
const LONGEST_REPLY: usize = 16 * 1024 * 1024;

/// How long a read sleeps at most before the limits are looked at.
const SLICE: Duration = Duration::from_millis(50);

/// How long a reply may take, and what ends waiting for it sooner.
#[derive(Clone, Debug)]
pub(crate) struct ReplyLimit {
    pub(crate) each: Duration,
    pub(crate) stop: Stop,
}

impl From<Duration> for ReplyLimit {
    fn from(each: Duration) -> Self {
        Self { each, stop: Stop::default() }
    }
}

impl ReplyLimit {
    /// How long something may take that can't be stopped on the way.
    pub(crate) fn longest(&self) -> Duration {
        // A time of zero would be no limit to the system.
        self.stop.left().map_or(self.each, |left| self.each.min(left)).max(Duration::from_millis(1))
    }
}

/// The name that a server is to be known by, and by what.
pub(crate) struct Name {
    /// Verified, and told to the server if it is no IP address.
    pub(crate) server: ServerName<'static>,
    /// The authorities and what is shown to the server.
    pub(crate) config: Arc<ClientConfig>,
}

/// A plain socket of either kind.
pub(crate) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Socket {
    /// That reading and writing sleep no longer than a slice.
    fn in_slices(self) -> io::Result<Self> {
        match &self {
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(SLICE))?;
                stream.set_write_timeout(Some(SLICE))?;
            }
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(SLICE))?;
                stream.set_write_timeout(Some(SLICE))?;
            }
        }
        Ok(self)
    }
}

/// A socket that gives up once a reply has taken too long or is too long.
struct Limited {
    socket: Socket,
    limit: ReplyLimit,
    began: Instant,
    read: usize,
}

impl Limited {
    /// From now on the next reply is waited for.
    fn begin(&mut self) {
        (self.began, self.read) = (Instant::now(), 0);
    }

    fn check(&self) -> io::Result<()> {
        if self.began.elapsed() >= self.limit.each || self.limit.stop.is_raised() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if self.read > LONGEST_REPLY {
            let words = format!("the reply is longer than {LONGEST_REPLY} bytes");
            return Err(io::Error::other(words));
        }
        Ok(())
    }
}

fn is_slice_over(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.check()?;
            let read = match &mut self.socket {
                Socket::Unix(stream) => stream.read(buffer),
                Socket::Tcp(stream) => stream.read(buffer),
            };
            match read {
                Err(error) if is_slice_over(&error) => {}
                read => {
                    self.read += read.as_ref().copied().unwrap_or(0);
                    return read;
                }
            }
        }
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.check()?;
            let written = match &mut self.socket {
                Socket::Unix(stream) => stream.write(bytes),
                Socket::Tcp(stream) => stream.write(bytes),
            };
            match written {
                Err(error) if is_slice_over(&error) => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Stream {
    Plain(Limited),
    Tls(Box<StreamOwned<ClientConnection, Limited>>),
}

/// A connection, plain or over TLS.
pub(crate) struct OwnConnection {
    stream: Stream,
    parser: Parser,
    is_open: bool,
}

impl OwnConnection {
    pub(crate) fn plain(socket: Socket, limit: &ReplyLimit) -> io::Result<Self> {
        Ok(Self::over(Stream::Plain(limited(socket, limit)?)))
    }

    /// The handshake is made with the first request.
    pub(crate) fn tls(socket: Socket, limit: &ReplyLimit, name: &Name) -> io::Result<Self> {
        let tls = ClientConnection::new(Arc::clone(&name.config), name.server.clone());
        let stream = StreamOwned::new(tls.map_err(io::Error::other)?, limited(socket, limit)?);
        Ok(Self::over(Stream::Tls(Box::new(stream))))
    }

    fn over(stream: Stream) -> Self {
        Self { stream, parser: Parser::new(), is_open: true }
    }

    fn send(&mut self, request: &[u8]) -> RedisResult<()> {
        let sent = match &mut self.stream {
            Stream::Plain(stream) => {
                stream.begin();
                stream.write_all(request)
            }
            Stream::Tls(stream) => {
                stream.sock.begin();
                stream.write_all(request).and_then(|()| stream.flush())
            }
        };
        self.is_open &= sent.is_ok();
        Ok(sent?)
    }

    /// The next reply; what servers push in between isn't one.
    fn receive(&mut self) -> RedisResult<Value> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.begin(),
            Stream::Tls(stream) => stream.sock.begin(),
        }
        loop {
            let read = match &mut self.stream {
                Stream::Plain(stream) => self.parser.parse_value(stream),
                Stream::Tls(stream) => self.parser.parse_value(stream),
            };
            // What follows an unfinished reply would be taken for the beginning of one.
            self.is_open &= read.is_ok();
            match read? {
                Value::Push { .. } => {}
                value => return Ok(value),
            }
        }
    }
}

fn limited(socket: Socket, limit: &ReplyLimit) -> io::Result<Limited> {
    let (socket, limit) = (socket.in_slices()?, limit.clone());
    Ok(Limited { socket, limit, began: Instant::now(), read: 0 })
}

impl ConnectionLike for OwnConnection {
    fn req_packed_command(&mut self, request: &[u8]) -> RedisResult<Value> {
        self.send(request)?;
        self.receive()
    }

    fn req_packed_commands(
        &mut self,
        requests: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.send(requests)?;
        let replies = (0..offset + count).map(|_| self.receive());
        let mut replies = replies.collect::<RedisResult<Vec<Value>>>()?;
        Ok(replies.split_off(offset))
    }

    fn get_db(&self) -> i64 {
        0
    }

    fn check_connection(&mut self) -> bool {
        redis::cmd("PING").query::<Value>(self).is_ok()
    }

    fn is_open(&self) -> bool {
        self.is_open
    }
}

impl From<&ReplyLimit> for ReplyLimit {
    fn from(limit: &ReplyLimit) -> Self {
        limit.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a request whose reply is these pieces, one after the other and without end.
    fn answered_with(pieces: &'static [u8], limit: &ReplyLimit) -> String {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let server = std::thread::spawn(move || {
            let mut request = [0; 256];
            let _ = theirs.read(&mut request);
            let mut piece = pieces;
            while theirs.write_all(piece).is_ok() {
                // The head once, and then what goes on for ever.
                piece = pieces.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
                if piece.is_empty() {
                    break;
                }
            }
        });
        let mut connection = OwnConnection::plain(Socket::Unix(ours), limit).unwrap();
        let said = redis::cmd("INFO").query::<String>(&mut connection);
        assert_eq!(connection.is_open(), said.is_ok());
        drop(connection);
        server.join().unwrap();
        said.unwrap_or_else(|error| error.to_string())
    }

    fn patient() -> ReplyLimit {
        Duration::from_hours(1).into()
    }

    #[test]
    fn a_reply_is_read_whole() {
        assert_eq!(answered_with(b"$2\r\nok\r\n", &patient()), "ok");
    }

    #[test]
    fn a_reply_without_end_ends_at_its_size_or_at_its_time() {
        // A thousand million bytes are announced, and come.
        let endless =
            b"$1000000000\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
        let said = answered_with(endless, &patient());
        assert!(said.contains("longer than 16777216 bytes"), "{said}");
        let over = ReplyLimit { stop: Stop::default().after(Duration::ZERO), ..patient() };
        let said = answered_with(endless, &over);
        assert!(said.contains("timed out"), "{said}");
    }
}
