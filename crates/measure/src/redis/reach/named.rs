//! TLS with a server whose certificate is of another name than the host of its address, as it is
//! behind an IP address or a tunnel.
//!
//! The redis crate verifies the host that it connects to. This does what it does, with its parser
//! and the same library below, and verifies a name of one's own.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionLike, Parser, RedisError, RedisResult, Value};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::redis::reach::tcp::tcp;

/// The name that a server is to be known by, and by what.
pub(crate) struct Name {
    /// Verified, and told to the server if it is no IP address.
    pub(crate) server: ServerName<'static>,
    /// The authorities and what is shown to the server.
    pub(crate) config: Arc<ClientConfig>,
}

/// A connection over TLS.
pub(crate) struct NamedConnection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    parser: Parser,
    is_open: bool,
}

impl NamedConnection {
    /// Connects. The handshake is made with the first request.
    pub(crate) fn open(
        name: &Name,
        (host, port): (&str, u16),
        limit: Duration,
    ) -> RedisResult<Self> {
        let stream = tcp(host, port, limit)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        let tls = ClientConnection::new(Arc::clone(&name.config), name.server.clone());
        let tls = tls.map_err(|error| RedisError::from(std::io::Error::other(error)))?;
        let stream = StreamOwned::new(tls, stream);
        Ok(Self { stream, parser: Parser::new(), is_open: true })
    }

    fn send(&mut self, request: &[u8]) -> RedisResult<()> {
        let sent = self.stream.write_all(request).and_then(|()| self.stream.flush());
        self.is_open &= sent.is_ok();
        Ok(sent?)
    }

    /// The next reply; what servers push in between isn't one.
    fn receive(&mut self) -> RedisResult<Value> {
        loop {
            let read = self.parser.parse_value(&mut self.stream);
            // What follows an unfinished reply would be taken for the beginning of one.
            self.is_open &= read.is_ok();
            match read? {
                Value::Push { .. } => {}
                value => return Ok(value),
            }
        }
    }
}

impl ConnectionLike for NamedConnection {
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
