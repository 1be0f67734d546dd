//! A server whose latencies are known: it holds back each reply for a time from a known
//! distribution, spinning, and writes down what it really did. It says the least that a session
//! needs to hear. The tests and the benchmarks use it, so it uses nothing of this crate.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is held back, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hold {
    /// Nothing.
    Nothing,
    /// Each reply, by a distribution with a long tail and this seed: see [`delay`].
    Tail(u64),
    /// Every reply within so much of the beginning of each period, until that is over.
    Freeze { each: Duration, first: Duration },
}

/// What the server really did with one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    /// Right after the read that brought it.
    pub(crate) read: Instant,
    /// Right before its reply was written.
    pub(crate) written: Instant,
    /// Whether it met a freeze.
    pub(crate) frozen: bool,
}

impl Served {
    /// For how long a client had to wait at the least.
    pub(crate) fn held(&self) -> Duration {
        self.written - self.read
    }
}

type Ledger = Arc<Mutex<Vec<Served>>>;

/// The server. It ends when it is dropped.
pub(crate) struct Known {
    place: Place,
    served: Ledger,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

#[derive(Clone, Debug)]
enum Place {
    Unix(PathBuf),
    Tcp(u16),
}

impl Known {
    pub(crate) fn over_unix(hold: Hold) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known");
        let listener = UnixListener::bind(&path).unwrap();
        let accept = move || listener.accept().unwrap().0;
        Self::serving(Place::Unix(path), Some(folder), hold, accept)
    }

    /// The same, but it never sleeps: a machine that halts idle CPUs takes its time to wake one, and
    /// takes it now and not then.
    #[allow(dead_code, reason = "for benchmarks: many tests at once have no CPU to spend on it")]
    pub(crate) fn awake_over_unix(hold: Hold) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known");
        let listener = UnixListener::bind(&path).unwrap();
        let accept = move || Spinning { stream: listener.accept().unwrap().0, spins: false };
        Self::serving(Place::Unix(path), Some(folder), hold, accept)
    }

    pub(crate) fn over_tcp(hold: Hold) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let accept = move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            stream
        };
        Self::serving(Place::Tcp(port), None, hold, accept)
    }

    fn serving<S: Read + Write + Send + 'static>(
        place: Place,
        folder: Option<tempfile::TempDir>,
        hold: Hold,
        accept: impl Fn() -> S + Send + 'static,
    ) -> Self {
        let (served, ended) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let begin = Instant::now();
        let (ledger, over) = (Arc::clone(&served), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            let mut sessions = Vec::new();
            loop {
                let stream = accept();
                if over.load(Ordering::Acquire) {
                    break;
                }
                let ledger = Arc::clone(&ledger);
                sessions.push(std::thread::spawn(move || serve(stream, hold, begin, &ledger)));
            }
            for session in sessions {
                session.join().unwrap();
            }
        });
        Self { place, served, ended, thread: Some(thread), _folder: folder }
    }

    pub(crate) fn url(&self) -> String {
        match &self.place {
            Place::Unix(path) => format!("unix://{}", path.display()),
            Place::Tcp(port) => format!("redis://127.0.0.1:{port}"),
        }
    }

    /// What was served so far, connection after connection as they ended.
    pub(crate) fn served(&self) -> Vec<Served> {
        self.served.lock().unwrap().clone()
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        match &self.place {
            Place::Unix(path) => drop(UnixStream::connect(Path::new(path))),
            Place::Tcp(port) => drop(TcpStream::connect(("127.0.0.1", *port))),
        }
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// A stream that blocks until the first `GET`, and from then on spins: connections that only ask
/// about the server leave the CPU to the one that is measured.
struct Spinning {
    stream: UnixStream,
    spins: bool,
}

impl Read for Spinning {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
                Ok(read) => {
                    if !self.spins && buffer[..read].windows(5).any(|it| it == b"GET\r\n") {
                        self.stream.set_nonblocking(true)?;
                        self.spins = true;
                    }
                    return Ok(read);
                }
                error => return error,
            }
        }
    }
}

impl Write for Spinning {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Replies are short, and one is read before the next: there is always room.
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// One connection. What it served is known to others once it is closed, so that nothing but the
/// serving happens meanwhile.
fn serve(mut stream: impl Read + Write, hold: Hold, begin: Instant, ledger: &Ledger) {
    let mut served = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    let mut filled = 0;
    while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]) {
        let now = Instant::now();
        filled += read;
        while let Some((length, name)) = request(&buffer[..filled]) {
            let reply = reply(&name);
            let measured = name == "GET";
            let number = served.len() as u64;
            let until = until(hold, begin, now, number).filter(|_| measured);
            while until.is_some_and(|until| Instant::now() < until) {
                std::hint::spin_loop();
            }
            if measured {
                served.push(Served { read: now, written: Instant::now(), frozen: until.is_some() });
            }
            if stream.write_all(reply).is_err() {
                filled = 0;
                break;
            }
            buffer.copy_within(length..filled, 0);
            filled -= length;
        }
    }
    ledger.lock().unwrap().extend(served);
}

/// When the reply to a request may go out, if not at once.
fn until(hold: Hold, begin: Instant, read: Instant, number: u64) -> Option<Instant> {
    match hold {
        Hold::Nothing => None,
        // Of requests that came together, one is served after the other.
        Hold::Tail(seed) => Some(read.max(Instant::now()) + delay(seed, number)),
        Hold::Freeze { each, first } => {
            let since = begin.elapsed();
            let period = u32::try_from(since.as_nanos() / each.as_nanos()).unwrap();
            let end = each * period + first;
            (since < end).then(|| begin + end)
        }
    }
}

/// The delay of a request: 20 to 40 us, of one in ten 60 to 120 us, of one in a hundred 200 to
/// 400 us, of one in a thousand 1 to 2 ms.
pub(crate) fn delay(seed: u64, number: u64) -> Duration {
    // SplitMix64, by Sebastiano Vigna: a number of the sequence from its place.
    let mut bits = seed.wrapping_add((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let (chance, place) = (bits % 1_000, (bits >> 32) % 1_000);
    let least_ns = match chance {
        0 => 1_000_000,
        1..10 => 200_000,
        10..100 => 60_000,
        _ => 20_000,
    };
    Duration::from_nanos(least_ns + least_ns * place / 1_000)
}

/// The length of the first whole request, and its command.
fn request(bytes: &[u8]) -> Option<(usize, String)> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut lines = text.split_inclusive("\r\n").filter(|line| line.ends_with("\r\n"));
    let first = lines.next()?;
    let words: usize = first.trim_start_matches('*').trim_end().parse().unwrap();
    let rest: Vec<&str> = lines.take(2 * words).collect();
    let length = first.len() + rest.iter().map(|line| line.len()).sum::<usize>();
    (rest.len() == 2 * words).then(|| (length, rest[1].trim_end().to_ascii_uppercase()))
}

fn reply(name: &str) -> &'static [u8] {
    match name {
        "PING" => b"+PONG\r\n",
        "GET" => b"$-1\r\n",
        "INFO" => b"$22\r\nredis_version:7.0.15\r\n\r\n",
        "CONFIG" => b"*0\r\n",
        "CLIENT" | "AUTH" | "SELECT" => b"+OK\r\n",
        _ => b"-ERR unknown command\r\n",
    }
}
