//! A TCP connection by a host's name.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Tries each address that the name has, as the redis crate does.
pub(crate) fn tcp(host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
