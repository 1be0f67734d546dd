//! Whether floor and headroom are true: the stand-in beside the barest server there is, headroom
//! beside the server's own figures, a command that is made slow on purpose, and a server whose
//! latencies are known.
//!
//! `cargo bench -p phasegate-measure --bench floor` starts its own servers on CPU 0 and measures
//! from CPU 1 (on a machine with one CPU, both from there). It prints and asserts nothing: figures
//! of a busy machine fail nobody.
#![allow(clippy::disallowed_methods, reason = "a benchmark owns a process and reads the clock")]
#![allow(clippy::print_stdout, reason = "printing is what a benchmark is for")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark may stop anywhere"
)]

#[allow(dead_code, reason = "each benchmark uses some of it")]
#[path = "common/mod.rs"]
mod common;

use std::hint::spin_loop;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use phasegate_measure::{ServerSource, Session, StandIn};
use phasegate_model::{MeasurePlan, Pinning, Wait};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;

use crate::common::{Awake, Place, REPLY, Server, bare_p50, cpus, figure, keep_on, plan, report};

const PAIRS: u32 = 24;
const SAMPLES: u32 = 10_000;

fn main() {
    if let Ok(socket) = std::env::var("BARE_SERVER") {
        return serve_barely(Path::new(&socket));
    }
    let (server_cpu, client_cpu) = cpus();
    println!("servers on CPU {server_cpu}, client on CPU {client_cpu}, unix socket, absent key\n");
    keep_on(server_cpu);
    let server = Server::start();
    let bare = Bare::start();
    let known = Known::start();
    let _awake = Awake::start();
    keep_on(client_cpu);
    let session = |socket: &Path, wait| session(socket, wait, server_cpu, client_cpu);

    println!("{PAIRS} pairs of {} samples", SAMPLES / 2);
    println!("{:<28} {:>9} {:>9}   ratio of pairs (quartiles)", "p50, in ns", "A", "B");
    for (wait, name) in [(Wait::Spin, "spin"), (Wait::Block, "block")] {
        let mut session = session(&server.socket(), wait);
        let floor = || figure(&session.trial(1, &mut |_| {}).unwrap(), "floor.p50");
        let barely = || bare_p50(&Place::Unix(bare.socket()), wait, SAMPLES / 2);
        compare(&format!("{name}: floor, bare server"), floor, barely);
        compare(&format!("{name}: bare server, itself"), barely, barely);
    }
    slow_command(&server, &mut session(&server.socket(), Wait::Spin));
    known_latencies(&known, &mut session(&known.socket(), Wait::Spin));
}

fn compare(name: &str, mut a: impl FnMut() -> f64, mut b: impl FnMut() -> f64) {
    let pair = |number: u32| {
        if number.is_multiple_of(2) {
            let first = a();
            (first, b())
        } else {
            let first = b();
            (a(), first)
        }
    };
    report(name, &(0..PAIRS).map(pair).collect::<Vec<_>>());
}

fn session(socket: &Path, wait: Wait, server_cpu: usize, client_cpu: usize) -> Session {
    let cpu = |number: usize| u32::try_from(number).ok();
    let pinning = Pinning { server: cpu(server_cpu), client: cpu(client_cpu) };
    let plan = MeasurePlan { pinning, floor: true, ..plan(wait, SAMPLES) };
    let address = format!("unix://{}", socket.display()).parse().unwrap();
    let stand_in = StandIn::program(env!("CARGO_BIN_EXE_phasegate-stand-in"), [""; 0]);
    let never = Arc::new(AtomicBool::new(false));
    Session::open(&ServerSource::Running(address), &plan, Some(&stand_in), never).unwrap()
}

/// Someone who subscribed to many patterns makes each GET of an absent key slow inside the server,
/// which compares two channels with every pattern. Nothing else changes.
fn slow_command(server: &Server, session: &mut Session) {
    println!("\na command made slow on purpose, medians of 5 trials, times in ns");
    println!(
        "{:>8} {:>9} {:>9} {:>9} {:>17} {:>14} {:>14} {:>15}",
        "patterns",
        "rtt p50",
        "floor p50",
        "exec",
        "rtt - floor - exec",
        "headroom.p50",
        "headroom.exec",
        "by commandstats"
    );
    let client = redis::Client::open(format!("unix://{}", server.socket().display())).unwrap();
    let mut control = client.get_connection().unwrap();
    let mut notify = redis::cmd("CONFIG");
    notify.arg("SET").arg("notify-keyspace-events").arg("KEm").exec(&mut control).unwrap();
    for patterns in [0, 30, 100, 300, 1_000] {
        let mut subscriber = client.get_connection().unwrap();
        let mut subscribed = subscriber.as_pubsub();
        for number in 0..patterns {
            subscribed.psubscribe(format!("__key*__:no-{number}*")).unwrap();
        }
        let trials: Vec<[f64; 6]> = (0..5)
            .map(|_| {
                let before = get_stats(&mut control);
                let trial = session.trial(1, &mut |_| {}).unwrap();
                let after = get_stats(&mut control);
                let get = |metric| figure(&trial, metric);
                let exec_ns = (after.0 - before.0) * 1_000.0 / (after.1 - before.1);
                let by_stats = exec_ns / get("rtt.mean");
                // Medians: where others run on the server's CPU, means are theirs.
                let (rtt, floor, exec) =
                    (get("rtt.p50"), get("floor.p50"), get("server.exec.mean"));
                [rtt, floor, exec, get("headroom.p50"), get("headroom.exec"), by_stats]
            })
            .collect();
        let median = |place: usize| {
            let mut figures: Vec<f64> = trials.iter().map(|trial| trial[place]).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        let [rtt, floor, exec, mean, share, stats] = [0, 1, 2, 3, 4, 5].map(median);
        println!(
            "{patterns:>8} {rtt:>9.0} {floor:>9.0} {exec:>9.0} {:>17.0} {mean:>14.4} {share:>14.4} {stats:>15.4}",
            rtt - floor - exec
        );
    }
}

/// Microseconds and calls of GET so far.
fn get_stats(control: &mut redis::Connection) -> (f64, f64) {
    let info: String = redis::cmd("INFO").arg("commandstats").query(control).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_get:")).unwrap_or_default();
    let item = |name: &str| {
        let mut items = line.split(',').filter_map(|item| item.split_once('='));
        items.find(|(found, _)| *found == name).map_or(0.0, |(_, text)| text.parse().unwrap())
    };
    (item("usec"), item("calls"))
}

/// Quantiles of round trips to a server whose own latencies are known: what is measured should be
/// those and the floor.
fn known_latencies(known: &Known, session: &mut Session) {
    println!("\na server of known latencies, in ns (85 % 20 us, 12 % 60 us, 3 % 200 us)");
    println!(
        "{:>5} {:>9} {:>9} {:>9} {:>20}",
        "", "rtt", "truth", "floor p50", "rtt - truth - floor"
    );
    known.times.lock().unwrap().reset();
    let trial = session.trial(1, &mut |_| {}).unwrap();
    let times = known.times.lock().unwrap();
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let measured = figure(&trial, &format!("rtt.{name}"));
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one sample")]
        let truth = times.value_at_quantile(quantile) as f64;
        let floor = figure(&trial, "floor.p50");
        let rest = measured - truth - floor;
        println!("{name:>5} {measured:>9.0} {truth:>9.0} {floor:>9.0} {rest:>20.0}");
    }
}

/// The barest server that waits as Redis does, in a process of its own.
struct Bare {
    child: Child,
    folder: tempfile::TempDir,
}

impl Bare {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env("BARE_SERVER", folder.path().join("socket")).stdin(Stdio::null());
        let bare = Self { child: command.spawn().unwrap(), folder };
        while UnixStream::connect(bare.socket()).is_err() {
            std::thread::yield_now();
        }
        bare
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve_barely(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let waiting = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let data = epoll::EventData::new_u64(0);
        epoll::add(&waiting, &stream, data, epoll::EventFlags::IN).unwrap();
        let mut events = Vec::with_capacity(1);
        let mut buffer = [0; 256];
        loop {
            events.clear();
            epoll::wait(&waiting, spare_capacity(&mut events), None).unwrap();
            if stream.read(&mut buffer).unwrap_or(0) == 0 {
                break;
            }
            stream.write_all(REPLY).unwrap();
        }
    }
}

/// A server that spins for a known time before each reply to GET, and remembers how long it was.
struct Known {
    folder: tempfile::TempDir,
    times: Arc<Mutex<Histogram<u64>>>,
}

impl Known {
    /// Its threads end with the benchmark.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let times = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        let times = Arc::new(Mutex::new(times));
        let shared = Arc::clone(&times);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, times) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || answer_late(stream, &times));
            }
        });
        Self { folder, times }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }
}

fn answer_late(mut stream: UnixStream, times: &Mutex<Histogram<u64>>) {
    let mut buffer = [0; 256];
    let mut number: u32 = 0;
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        let begin = Instant::now();
        let request = &buffer[..read];
        if request != common::REQUEST {
            let is_ping = request.windows(4).any(|word| word == b"PING");
            stream.write_all(if is_ping { b"+PONG\r\n" } else { b"-ERR unknown\r\n" }).unwrap();
            continue;
        }
        // Scattered, and the same each time: 37 and 100 have no divisor in common.
        number = (number + 37) % 100;
        let delay = match number {
            0..85 => 20,
            85..97 => 60,
            _ => 200,
        };
        while begin.elapsed() < Duration::from_micros(delay) {
            spin_loop();
        }
        let taken = u64::try_from(begin.elapsed().as_nanos()).unwrap();
        if stream.write_all(REPLY).is_err() {
            return;
        }
        times.lock().unwrap().saturating_record(taken);
    }
}
