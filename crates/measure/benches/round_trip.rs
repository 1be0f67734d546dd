//! Whether sampling costs anything: a round of phasegate's, interleaved with the simplest loop of
//! write and read on the same kind of socket with the same wait.
//!
//! `cargo bench -p phasegate-measure` starts its own server on CPU 0 and measures from CPU 1 (on a
//! machine with one CPU, both from there). It prints and asserts nothing: figures of a busy machine
//! fail nobody.
//!
//! A thread of the lowest priority keeps the server's CPU awake. Without it, a machine that halts
//! idle cores alternates between modes that differ by a factor of four, and the bare loop compared
//! with itself scatters by half. That comparison is shown as well: it is the resolution.
#![allow(clippy::disallowed_methods, reason = "a benchmark owns a process and reads the clock")]
#![allow(clippy::print_stdout, reason = "printing is what a benchmark is for")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark may stop anywhere"
)]

use std::hint::{black_box, spin_loop};
use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU32;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use hdrhistogram::Histogram;
use phasegate_measure::{Session, Source};
use phasegate_model::{Command as Sent, MeasurePlan, Metric, Pinning, Statistic, Transport, Wait};
use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

const PAIRS: usize = 24;
const SAMPLES: u32 = 10_000;
const WARMUP: u32 = 1_000;
const REQUEST: &[u8] = b"*2\r\n$3\r\nGET\r\n$16\r\nphasegate:absent\r\n";
const REPLY: &[u8] = b"$-1\r\n";

fn main() {
    let (server_cpu, client_cpu) = cpus();
    keep_on(server_cpu);
    let server = Server::start();
    let _awake = Awake::start();
    keep_on(client_cpu);
    println!(
        "redis-server on CPU {server_cpu}, client on CPU {client_cpu}, unix socket, absent key"
    );
    println!("{PAIRS} pairs of {SAMPLES} samples, order ABBA\n");
    println!("{:<28} {:>9} {:>9}   ratio of pairs (quartiles)", "p50, in ns", "A", "B");
    for wait in [Wait::Spin, Wait::Block] {
        let mut session = session(&server.socket(), wait, client_cpu);
        let name = if wait == Wait::Spin { "spin" } else { "block" };
        let bare = || bare_p50(&server.socket(), wait);
        compare(&format!("{name}: phasegate, bare loop"), || sampled_p50(&mut session), bare);
        compare(&format!("{name}: bare loop, itself"), bare, bare);
    }
    overhead();
}

fn compare(name: &str, mut a: impl FnMut() -> f64, b: impl Fn() -> f64) {
    let pairs: Vec<(f64, f64)> = (0..PAIRS)
        .map(|pair| {
            if pair % 2 == 0 {
                let first = a();
                (first, b())
            } else {
                let first = b();
                (a(), first)
            }
        })
        .collect();
    report(name, &pairs);
}

fn report(name: &str, pairs: &[(f64, f64)]) {
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

/// The median of one trial of one round.
fn sampled_p50(session: &mut Session) -> f64 {
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let median = trial.readings.get(Metric::Rtt(Statistic::P50)).unwrap().number().unwrap();
    let middle = (median.low() + median.high()) / phasegate_model::Decimal::TWO;
    middle.to_string().parse().unwrap()
}

fn session(socket: &Path, wait: Wait, client_cpu: usize) -> Session {
    let plan = MeasurePlan {
        transport: Transport::Unix,
        wait,
        command: Sent::Get,
        pinning: Pinning { server: None, client: u32::try_from(client_cpu).ok() },
        rounds: NonZeroU32::MIN,
        samples: NonZeroU32::new(SAMPLES).unwrap(),
        warmup: WARMUP,
        floor: false,
        trials: NonZeroU32::MIN,
        budget: "60s".parse().unwrap(),
        dataset: None,
    };
    let address = format!("unix://{}", socket.display()).parse().unwrap();
    Session::open(&Source::Running(address), &plan, None, Arc::new(AtomicBool::new(false))).unwrap()
}

/// The median of the simplest loop there is.
fn bare_p50(socket: &Path, wait: Wait) -> f64 {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_nonblocking(wait == Wait::Spin).unwrap();
    let mut times: Vec<u64> = Vec::with_capacity((WARMUP + SAMPLES) as usize);
    let mut buffer = [0; 64];
    for _ in 0..WARMUP + SAMPLES {
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
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one sample")]
    let median = times[times.len() / 2] as f64;
    median
}

/// What a sample costs beyond its system calls: two clock readings, and those with a record.
fn overhead() {
    let mut times = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    let clock = best_of_batches_ns(|_| {
        black_box(Instant::now().elapsed());
    });
    let all = best_of_batches_ns(|turn| {
        let taken = Instant::now().elapsed();
        // Spread as round trips are, over about a thousand buckets.
        let spread = u64::from(turn & 0x1fff);
        times.saturating_record(u64::try_from(taken.as_nanos()).unwrap() + spread);
    });
    println!("\na sample beyond its system calls: {all:.1} ns, of which clock {clock:.1} ns");
}

/// The mean cost of a turn in the best of several batches, because whatever else runs only adds.
fn best_of_batches_ns(mut turn: impl FnMut(u32)) -> f64 {
    const TURNS: u32 = 100_000;
    let batches = (0..50).map(|_| {
        let begin = Instant::now();
        (0..TURNS).for_each(|number| turn(black_box(number)));
        begin.elapsed().as_secs_f64() * 1e9 / f64::from(TURNS)
    });
    batches.fold(f64::INFINITY, f64::min)
}

/// The first two CPUs that may be used, or twice the only one.
fn cpus() -> (usize, usize) {
    let set = sched_getaffinity(None).unwrap();
    let mut usable = (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu));
    let first = usable.next().unwrap();
    (first, usable.next().unwrap_or(first))
}

fn keep_on(cpu: usize) {
    let mut only = CpuSet::new();
    only.set(cpu);
    sched_setaffinity(None, &only).unwrap();
}

/// Keeps the CPU that it is started on from halting, and gives way to everything else there.
struct Awake {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Awake {
    fn start() -> Self {
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
struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--unixsocket"]);
        command.arg(folder.path().join("socket")).arg("--dir").arg(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let server = Self { child, folder };
        while UnixStream::connect(server.socket()).is_err() {
            std::thread::yield_now();
        }
        server
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
