//! The stand-in: a server that answers each request with the same bytes and does nothing else.
//! Its round trip is the floor, below which no change inside a real server can get.
//!
//! It waits as Redis does, with `epoll_wait`, then one `read` and one `write`, so that a request
//! takes the same way through the kernel. It parses nothing, looks nothing up and sets no timer.
//!
//! It is a process, not a thread. A thread would share the table of open files with the client, so
//! that the kernel has to count references at each of the client's system calls as well: with a
//! second thread, idle or not, the fastest round trips were seen to take 150 to 600 ns longer, and
//! that would be in the samples of the real server too. And where server and client share a CPU,
//! the way to a server leads through a change of address space, which a thread doesn't need.

use std::io::{Read, stderr, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};

/// Why the stand-in ended early. It goes to the stand-in's standard error, where phasegate reads it.
#[derive(Debug, thiserror::Error)]
pub enum StandInError {
    /// It was started by somebody who doesn't know how.
    #[error(
        "this is no command for people: phasegate starts it to measure the floor, with a reply on standard input and a listening socket as standard output"
    )]
    NotASocket,
    /// The reply is not there.
    #[error("the reply can't be read: {0}")]
    Reply(std::io::Error),
    /// The kernel refused.
    #[error("`{call}` failed: {source}")]
    Kernel {
        /// The system call.
        call: &'static str,
        /// The kernel's reason.
        source: Errno,
    },
}

/// Stands in for a server until whoever started this process is gone or wants it gone: the whole
/// `main` of a process that [`StandIn`](crate::StandIn) names.
///
/// The reply is read from standard input to its end. Standard output is a listening socket.
/// Standard error is a pipe; that nobody reads from it any more is the sign to end, which comes
/// even if the measuring process was killed.
///
/// # Errors
/// If a standard stream isn't what it should be, or the kernel refuses something.
pub fn serve_stand_in() -> Result<(), StandInError> {
    let (listener, life) = (stdout(), stderr());
    if rustix::net::sockopt::socket_acceptconn(&listener) != Ok(true) {
        return Err(StandInError::NotASocket);
    }
    let mut reply = Vec::new();
    stdin().lock().read_to_end(&mut reply).map_err(StandInError::Reply)?;
    serve(listener.as_fd(), life.as_fd(), &reply)
}

/// What an event is about, if it isn't a connection.
const LISTENER: u64 = u64::MAX;
const LIFE: u64 = u64::MAX - 1;

/// How many bytes of a request are taken at once: as many as Redis takes.
const REQUEST_BYTES: usize = 16 * 1024;

/// Answers until nobody holds the other end of `life` any more.
fn serve(listener: BorrowedFd<'_>, life: BorrowedFd<'_>, reply: &[u8]) -> Result<(), StandInError> {
    let kernel = |call| move |source| StandInError::Kernel { call, source };
    let waiting = epoll::create(CreateFlags::CLOEXEC).map_err(kernel("epoll_create"))?;
    let watch = |socket: BorrowedFd<'_>, number: u64, events: EventFlags| {
        epoll::add(&waiting, socket, EventData::new_u64(number), events)
            .map_err(kernel("epoll_ctl"))
    };
    watch(listener, LISTENER, EventFlags::IN)?;
    // That the other end was closed is always told.
    watch(life, LIFE, EventFlags::empty())?;
    let mut connections: Vec<Option<OwnedFd>> = Vec::new();
    let mut buffer = vec![0; REQUEST_BYTES];
    let mut events: Vec<Event> = Vec::with_capacity(16);
    loop {
        let ready = rustix::buffer::spare_capacity(&mut events);
        match epoll::wait(&waiting, ready, None) {
            // A signal isn't an end: with no event taken, it waits again.
            Ok(_) | Err(Errno::INTR) => {}
            Err(source) => return Err(kernel("epoll_wait")(source)),
        }
        for event in events.drain(..) {
            match event.data.u64() {
                LIFE => return Ok(()),
                LISTENER => {
                    // A client that is gone again is nobody's trouble.
                    let Ok(socket) = accept_with(listener, SocketFlags::CLOEXEC) else { continue };
                    // A unix socket has no such option and needs none.
                    let _ = rustix::net::sockopt::set_tcp_nodelay(&socket, true);
                    watch(socket.as_fd(), to_number(connections.len()), EventFlags::IN)?;
                    connections.push(Some(socket));
                }
                number => {
                    let Ok(index) = usize::try_from(number) else { continue };
                    let Some(connection) = connections.get_mut(index) else { continue };
                    let goes_on =
                        connection.as_ref().is_some_and(|it| answer(it, &mut buffer, reply));
                    if !goes_on {
                        // The place stays, because the kernel knows the other connections by
                        // their places.
                        *connection = None;
                    }
                }
            }
        }
    }
}

fn to_number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(LIFE)
}

/// One request, one reply: a request is written at once and is far shorter than a segment, so that
/// one read has all of it. Were it ever not so, the client would notice a reply that it didn't ask
/// for. False once the connection is at its end.
fn answer(connection: &OwnedFd, buffer: &mut [u8], reply: &[u8]) -> bool {
    match rustix::io::read(connection, buffer) {
        Ok(0) => return false,
        Ok(_) => {}
        // Still ready, so it is told again.
        Err(Errno::INTR) => return true,
        Err(_) => return false,
    }
    let mut rest = reply;
    while !rest.is_empty() {
        match rustix::io::write(connection, rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    use super::*;

    /// Serves a socket on a thread while `act` runs, which gets the end of the pipe that has to be
    /// closed. Hangs if serving doesn't end then.
    fn while_serving(reply: &[u8], act: impl FnOnce(&Path, PipeReader)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let (ours, life) = std::io::pipe().unwrap();
        std::thread::scope(|scope| {
            let serving = scope.spawn(move || serve(listener.as_fd(), life.as_fd(), reply));
            act(&path, ours);
            serving.join().unwrap().unwrap();
        });
    }

    fn exchange(stream: &mut UnixStream, request: &[u8], length: usize) -> Vec<u8> {
        stream.write_all(request).unwrap();
        let mut reply = vec![0; length];
        stream.read_exact(&mut reply).unwrap();
        reply
    }

    #[test]
    fn every_request_has_the_same_reply_on_every_connection() {
        while_serving(b"$-1\r\n", |path, life| {
            let mut first = UnixStream::connect(path).unwrap();
            let mut second = UnixStream::connect(path).unwrap();
            for request in [b"PING\r\n".as_slice(), b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"] {
                assert_eq!(exchange(&mut first, request, 5), b"$-1\r\n");
                assert_eq!(exchange(&mut second, request, 5), b"$-1\r\n");
            }
            drop(first);
            assert_eq!(exchange(&mut second, b"PING\r\n", 5), b"$-1\r\n");
            drop(life);
        });
    }

    #[test]
    fn a_reply_larger_than_any_buffer_is_sent_whole() {
        let reply = vec![b'x'; 3_000_000];
        while_serving(&reply, |path, life| {
            let mut stream = UnixStream::connect(path).unwrap();
            assert!(exchange(&mut stream, b"GET\r\n", reply.len()) == reply);
            drop(life);
        });
    }

    #[test]
    fn a_client_that_leaves_before_its_reply_is_forgotten() {
        while_serving(b"+PONG\r\n", |path, life| {
            for _ in 0..50 {
                UnixStream::connect(path).unwrap().write_all(b"PING\r\n").unwrap();
            }
            let mut stream = UnixStream::connect(path).unwrap();
            assert_eq!(exchange(&mut stream, b"PING\r\n", 7), b"+PONG\r\n");
            drop(life);
        });
    }
}
