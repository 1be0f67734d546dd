//! What the benchmarks share: options, CPUs, a server of their own, a plan, a bare loop, and a table
//! of pairs.

use std::hint::spin_loop;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use phasegate_model::{
    Command as Sent, Keys, Load, MeasurePlan, Metric, Pinning, Transport, Trial, Until, Wait,
    Writes,
};
use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

pub(crate) const WARMUP: u32 = 1_000;
pub(crate) const REQUEST: &[u8] = b"*2\r\n$3\r\nGET\r\n$16\r\nphasegate:absent\r\n";
pub(crate) const REPLY: &[u8] = b"$-1\r\n";

/// A number after `--NAME` on the command line, `default` without it: benchmarks can be made short
/// or long.
pub(crate) fn option(name: &str, default: u32) -> u32 {
    let mut words = std::env::args().skip_while(|word| word.strip_prefix("--") != Some(name));
    let given = words.nth(1).map(|word| word.replace('_', "").parse());
    given.map_or(default, |number| number.unwrap_or_else(|error| panic!("--{name}: {error}")))
}

/// One round of GETs of an absent key, of this many samples, without pinning and floor.
pub(crate) fn plan(wait: Wait, samples: u32) -> MeasurePlan {
    MeasurePlan {
        transport: Transport::Unix,
        wait,
        command: Sent::Get,
        mix: Vec::new(),
        keys: Keys::default(),
        writes: Writes::Forbidden,
        load: Load::default(),
        pinning: Pinning::default(),
        rounds: NonZeroU32::MIN,
        samples: NonZeroU32::new(samples).unwrap(),
        warmup: WARMUP,
        floor: false,
        trials: NonZeroU32::MIN,
        budget: "60s".parse().unwrap(),
        scope: None,
        span: None,
        at_random: false,
        until: Until::Rows,
        quantiles: Vec::new(),
        cpu: false,
        dataset: None,
    }
}

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Unix(PathBuf),
    Tcp(u16),
}

impl Place {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Unix(path) => format!("unix://{}", path.display()),
            Self::Tcp(port) => format!("redis://127.0.0.1:{port}"),
        }
    }
}

/// A reading in base units, the middle of its bucket.
pub(crate) fn figure(trial: &Trial, metric: &str) -> f64 {
    let metric: Metric = metric.parse().unwrap();
    let reading = trial.readings.get(metric).unwrap().number().unwrap();
    let middle = (reading.low() + reading.high()) / phasegate_model::Decimal::TWO;
    middle.to_string().parse().unwrap()
}

/// One line: the medians of both sides, and the quartiles of their ratio.
pub(crate) fn report(name: &str, pairs: &[(f64, f64)]) {
    let quartiles = |mut figures: Vec<f64>| {
        figures.sort_by(f64::total_cmp);
        let at = |share: usize| figures[(figures.len() - 1) * share / 4];
        (at(1), at(2), at(3))
    };
    let (_, a, _) = quartiles(pairs.iter().map(|pair| pair.0).collect());
    let (_, b, _) = quartiles(pairs.iter().map(|pair| pair.1).collect());
    let (low, ratio, high) = quartiles(pairs.iter().map(|(a, b)| a / b).collect());
    println!("{name:<28} {a:>9.0} {b:>9.0}   {ratio:.4} ({low:.4} to {high:.4})");
}

/// The median of the simplest loop there is.
pub(crate) fn bare_p50(place: &Place, wait: Wait, samples: u32) -> f64 {
    let times = bare_times(place, wait, samples);
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one sample")]
    let median = times[times.len() / 2] as f64;
    median
}

/// What the simplest loop there is takes for each round trip, sorted, in nanoseconds.
pub(crate) fn bare_times(place: &Place, wait: Wait, samples: u32) -> Vec<u64> {
    let spins = wait == Wait::Spin;
    match place {
        Place::Unix(path) => {
            let stream = UnixStream::connect(path).unwrap();
            stream.set_nonblocking(spins).unwrap();
            bare_loop(stream, samples)
        }
        Place::Tcp(port) => {
            let stream = TcpStream::connect(("127.0.0.1", *port)).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_nonblocking(spins).unwrap();
            bare_loop(stream, samples)
        }
    }
}

fn bare_loop(mut stream: impl Read + Write, samples: u32) -> Vec<u64> {
    let mut times: Vec<u64> = Vec::with_capacity((WARMUP + samples) as usize);
    let mut buffer = [0; 64];
    for _ in 0..WARMUP + samples {
        let begin = Instant::now();
        stream.write_all(REQUEST).unwrap();
        let read = loop {
            match stream.read(&mut buffer) {
                Ok(read) => break read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => spin_loop(),
                Err(error) => panic!("{error}"),
            }
        };
        times.push(u64::try_from(begin.elapsed().as_nanos()).unwrap());
        assert_eq!(&buffer[..read], REPLY);
    }
    let mut times = times.split_off(WARMUP as usize);
    times.sort_unstable();
    times
}

/// The first two CPUs that may be used, or twice the only one.
pub(crate) fn cpus() -> (usize, usize) {
    let set = sched_getaffinity(None).unwrap();
    let mut usable = (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu));
    let first = usable.next().unwrap();
    (first, usable.next().unwrap_or(first))
}

pub(crate) fn keep_on(cpu: usize) {
    let mut only = CpuSet::new();
    only.set(cpu);
    sched_setaffinity(None, &only).unwrap();
}

/// Keeps the CPU that it is started on from halting, and gives way to everything else there.
pub(crate) struct Awake {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Awake {
    pub(crate) fn start() -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            // On Linux, the priority of "the process" is the calling thread's.
            setpriority_process(None, 19).unwrap();
            while !told.load(Ordering::Relaxed) {
                spin_loop();
            }
        });
        Self { done, thread: Some(thread) }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// A server in a folder of its own, stopped when the benchmark ends or panics.
pub(crate) struct Server {
    port: u16,
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--unixsocket"]);
        command.arg(folder.path().join("socket")).arg("--dir").arg(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let server = Self { port, child, folder };
        while UnixStream::connect(server.socket()).is_err() {
            std::thread::yield_now();
        }
        server
    }

    pub(crate) fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn places(&self) -> [Place; 2] {
        [Place::Unix(self.socket()), Place::Tcp(self.port)]
    }

    /// A folder that goes with the server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
