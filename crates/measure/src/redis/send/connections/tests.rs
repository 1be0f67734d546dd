//! Readings beside the truth of a server that writes down what it did.
//!
//! What is asserted holds on a machine of any speed. Each sample is at least as long as the server
//! held its reply back, so each percentile is; the histogram's percentiles are the exact ones of
//! the samples, to the bucket; and no sample goes beyond the times between which it happened. How
//! near the readings come to the truth depends on the machine, and is printed by the benchmark
//! `known_latency`.

use std::io::{Read, Write};
use std::num::NonZeroU32;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use phasegate_model::Transport;

use super::*;
use crate::redis::ask::requests::{ABSENT_KEY, Requests};
use crate::redis::reach::address::{Address, Protocol};
use crate::redis::send::link::MeasuredConnection;
use crate::testing::known::{Hold, Known, Served};
use crate::testing::{Faulty, Then, terms};
use crate::times::round::{Times, nanoseconds};

const QUANTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 1.0];

fn load(rate: Option<&str>, connections: u32, pipeline: u32) -> Load {
    Load {
        rate: rate.map(|rate| rate.parse().unwrap()),
        connections: NonZeroU32::new(connections).unwrap(),
        pipeline: NonZeroU32::new(pipeline).unwrap(),
    }
}

fn patient(wait: Wait) -> Terms {
    Terms { reply_limit: Duration::from_secs(30), ..terms(wait) }
}

/// A round, and what the server did.
fn round(server: &Known, load: Load, wait: Wait, passes: Passes) -> (RoundTimes, Vec<Served>) {
    let (terms, requests) = (patient(wait), Requests::get_absent(ABSENT_KEY, Protocol::Resp2));
    let address = server.url().parse().unwrap();
    let mut times = RoundTimes::new(load.rate).unwrap();
    let mut connections = Connections::open(&address, &terms, requests.expected(), load).unwrap();
    connections.measure(&mut times, &mut requests.cycle(), passes).unwrap();
    drop(connections);
    (times, ended(server, u64::from(passes.warmup + passes.samples)))
}

/// What a server did, once it knows that its clients left.
fn ended(server: &Known, requests: u64) -> Vec<Served> {
    while server.served().len() < usize::try_from(requests).unwrap() {
        std::thread::yield_now();
    }
    server.served()
}

/// The smallest value that this share of all is at most as large as.
fn exact(sorted: &[u64], quantile: f64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few thousand samples"
    )]
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1]
}

fn assert_exact(times: &Times, mut samples: Vec<u64>) {
    samples.sort_unstable();
    assert_eq!(times.len(), samples.len() as u64);
    for quantile in QUANTILES {
        let (value, exact) = (times.value_at_quantile(quantile), exact(&samples, quantile));
        let bucket = times.lowest_equivalent(value)..=times.highest_equivalent(value);
        assert!(bucket.contains(&exact), "{quantile}: {exact} is not in {bucket:?}");
    }
}

fn whole(times: &RoundTimes) -> Times {
    let mut whole = times.first.clone();
    whole.add(&times.second).unwrap();
    whole
}

/// That percentiles of readings are exact, and not below those of the truth.
fn assert_true(times: &RoundTimes, passes: Passes, open: bool, served: &[Served]) {
    let samples = times.raw.iter().filter(|it| it.0.number >= u64::from(passes.warmup));
    let rtt = |(request, now): &(InFlight, u64)| {
        now - if open { request.due_ns } else { request.sent_ns }
    };
    assert_exact(&whole(times), samples.clone().map(rtt).collect());
    if let Some(open) = &times.open {
        let service = |(request, now): &(InFlight, u64)| now - request.sent_ns;
        assert_exact(&open.service, samples.clone().map(service).collect());
        let slip = |(request, _): &(InFlight, u64)| request.sent_ns - request.due_ns;
        assert_exact(&open.slip, samples.map(slip).collect());
    }
    // With the warm-up, so that each request here is one there.
    let mut read: Vec<u64> = times.raw.iter().map(rtt).collect();
    let mut truth: Vec<u64> = served.iter().map(|it| nanoseconds(it.held())).collect();
    assert_eq!(read.len(), truth.len());
    read.sort_unstable();
    truth.sort_unstable();
    assert!(truth.iter().zip(&read).all(|(truth, read)| truth <= read));
    assert!(exact(&truth, 0.99) > 60_000, "{}", exact(&truth, 0.99));
}

const PASSES: Passes = Passes { warmup: 100, samples: 2_000 };

#[test]
fn readings_of_known_latencies_are_true_for_every_load() {
    for wait in [Wait::Spin, Wait::Block] {
        for load in [
            load(None, 1, 1),
            load(None, 3, 1),
            load(None, 1, 16),
            load(None, 2, 7),
            load(Some("5000/s"), 1, 1),
            load(Some("5000/s"), 3, 1),
        ] {
            let servers = [Known::over_unix(Hold::Tail(7)), Known::over_tcp(Hold::Tail(8))];
            for server in servers {
                let (times, served) = round(&server, load, wait, PASSES);
                assert_true(&times, PASSES, load.rate.is_some(), &served);
            }
        }
    }
}

#[test]
fn samples_one_at_a_time_are_true_each_by_itself() {
    for wait in [Wait::Spin, Wait::Block] {
        for server in [Known::over_unix(Hold::Tail(1)), Known::over_tcp(Hold::Tail(2))] {
            let (terms, requests) =
                (patient(wait), Requests::get_absent(ABSENT_KEY, Protocol::Resp2));
            let reply = requests.reply().unwrap();
            let mut link =
                MeasuredConnection::open(&server.url().parse().unwrap(), &terms, reply).unwrap();
            let begin = Instant::now();
            let ends = requests.cycle().take(2_000).scan(begin, |begin, request| {
                let end = link.sample(*begin, request, reply).unwrap();
                Some(nanoseconds(end - std::mem::replace(begin, end)))
            });
            let samples: Vec<u64> = ends.collect();
            let elapsed = nanoseconds(begin.elapsed());
            drop(link);
            let served = ended(&server, 2_000);
            let truth: Vec<u64> = served.iter().map(|it| nanoseconds(it.held())).collect();
            assert!(truth.iter().zip(&samples).all(|(truth, sample)| truth <= sample));
            assert!(samples.iter().sum::<u64>() <= elapsed);
        }
    }
}

#[test]
fn no_request_is_due_at_another_time_because_of_the_server() {
    let schedule = Schedule::new("30000/s".parse().unwrap());
    assert_eq!([0, 1, 2, 3].map(|it| schedule.due_ns(it)), [0, 33_333, 66_666, 100_000]);
    assert_eq!(schedule.due_ns(30_000 * 86_400), 86_400_000_000_000);
    let hold = Hold::Freeze { each: Duration::from_millis(50), first: Duration::from_millis(25) };
    let passes = Passes { warmup: 0, samples: 400 };
    let (times, _) =
        round(&Known::over_unix(hold), load(Some("4000/s"), 2, 1), Wait::Block, passes);
    let mut due: Vec<u64> = times.raw.iter().map(|(request, _)| request.due_ns).collect();
    due.sort_unstable();
    assert_eq!(due, (0..400).map(|number| number * 250_000).collect::<Vec<_>>());
    assert!(
        times
            .raw
            .iter()
            .all(|(request, now)| { request.due_ns <= request.sent_ns && request.sent_ns <= *now })
    );
}

/// A server that freezes for the first 100 ms of every second, at 1 000 requests a second: a tenth
/// of all requests are due while it is frozen, one millisecond after the other, so that one in a
/// hundred has to wait for 90 ms and more. A slow machine only adds to that.
#[test]
fn a_freeze_shows_in_open_loop_as_what_it_did_to_all_who_were_due() {
    let freeze = Hold::Freeze { each: Duration::from_secs(1), first: Duration::from_millis(100) };
    let passes = Passes { warmup: 0, samples: 2_000 };
    let (open, _) =
        round(&Known::over_unix(freeze), load(Some("1000/s"), 1, 1), Wait::Block, passes);
    let p99 = whole(&open).value_at_quantile(0.99);
    assert!(p99 >= 89_000_000, "{p99}");
    let slow = whole(&open).len() - whole(&open).count_between(0, 50_000_000);
    assert!(slow >= 95, "{slow}");
    // In a closed loop nobody asks while the server is frozen, but the one who waits already.
    let (closed, served) = round(&Known::over_unix(freeze), load(None, 1, 1), Wait::Block, passes);
    let frozen = served.iter().filter(|it| it.frozen && it.held().as_millis() >= 50).count();
    assert!(frozen <= 20, "{frozen}");
    let p99 = whole(&closed).value_at_quantile(0.99);
    assert!(p99 < 45_000_000, "{p99}");
}

#[test]
fn the_time_that_samples_took_is_from_the_first_to_the_last() {
    let passes = Passes { warmup: 100, samples: 400 };
    let (times, _) =
        round(&Known::over_unix(Hold::Nothing), load(Some("4000/s"), 2, 1), Wait::Spin, passes);
    // From when the 100th was due until after the 499th was.
    assert!(times.elapsed >= Duration::from_micros(399 * 250), "{:?}", times.elapsed);
    assert_eq!((times.first.len(), times.second.len()), (200, 200));
}

const LOADS: [(Option<&str>, u32, u32); 4] =
    [(Some("2000/s"), 1, 1), (Some("2000/s"), 2, 1), (None, 1, 4), (None, 2, 1)];

/// What a server that answers the requests of one connection like this makes of a round of ten
/// samples, for each way to wait and to connect. Second connections are never answered. All at
/// once, because some of them wait until the limit is over.
fn fault(pieces: &[&'static [u8]], then: Then, loads: &[(Option<&str>, u32, u32)]) -> Vec<String> {
    std::thread::scope(|scope| {
        let mut rounds = Vec::new();
        for transport in [Transport::Unix, Transport::Tcp] {
            for wait in [Wait::Spin, Wait::Block] {
                for load in loads {
                    let round = move || faulty_round(transport, wait, *load, pieces, then);
                    rounds.push(scope.spawn(round));
                }
            }
        }
        rounds.into_iter().map(|round| round.join().unwrap()).collect()
    })
}

fn faulty_round(
    transport: Transport,
    wait: Wait,
    (rate, connections, pipeline): (Option<&str>, u32, u32),
    pieces: &[&'static [u8]],
    then: Then,
) -> String {
    let load = load(rate, connections, pipeline);
    let server = Faulty::start(transport, vec![pieces.to_vec()], then);
    let terms = Terms { reply_limit: Duration::from_secs(1), ..terms(wait) };
    let requests = Requests::ping();
    let mut times = RoundTimes::new(load.rate).unwrap();
    let connections = Connections::open(&server.address, &terms, requests.expected(), load);
    let passes = Passes { warmup: 0, samples: 10 };
    let measured = connections.unwrap().measure(&mut times, &mut requests.cycle(), passes);
    measured.unwrap_err().to_string()
}

fn one_message(pieces: &[&'static [u8]], then: Then) -> String {
    let mut messages = fault(pieces, then, &LOADS);
    let first = messages.swap_remove(0);
    assert!(messages.iter().all(|message| *message == first), "{first}: {messages:?}");
    first
}

#[test]
fn a_server_that_closes_ends_every_load_with_one_message() {
    let closed = "the server closed the connection: ";
    for message in fault(&[], Then::Close, &LOADS) {
        assert!(message.starts_with(closed), "{message}");
    }
    for message in fault(&[b"+PO"], Then::Close, &LOADS[..1]) {
        assert!(message.starts_with(closed), "{message}");
    }
}

#[test]
fn a_server_that_stalls_is_given_up_whatever_the_load() {
    let stalled =
        "the server gave no complete reply within 1000 ms; see whether it hangs or is overloaded";
    assert_eq!(one_message(&[], Then::Stall), stalled);
    assert_eq!(one_message(&[b"+PO"], Then::Stall), stalled);
}

#[test]
fn an_error_reply_ends_every_load_with_the_servers_words() {
    let message = "the server answered with an error: NOPERM no permissions; allow that user the command and the keys `phasegate:*` with `ACL SETUSER`";
    assert_eq!(one_message(&[b"-NOPERM no permissions\r\n"], Then::Stall), message);
    assert_eq!(one_message(&[b"-NOPERM no per", b"missions\r\n"], Then::Stall), message);
    assert_eq!(one_message(&[b"-NOPERM no permissions"], Then::Stall), message);
    assert_eq!(
        one_message(&[b"+PONG\r\n-NOPERM no permissions\r\n"], Then::Stall).len(),
        message.len()
    );
}

#[test]
fn garbage_and_replies_that_nobody_asked_for_end_every_load() {
    let message = one_message(&[b"HTTP/1.1 400 \x1b[31m\r\n"], Then::Stall);
    assert!(message.contains(r"from byte 0 on it is `HTTP/1.1 400 \x1b[31m\r\n`"), "{message}");
    let message = one_message(&[b"+PONX\r\n"], Then::Stall);
    assert!(message.contains(r"from byte 4 on it is `X\r\n`"), "{message}");
    for message in fault(&[&b"+PONG\r\n".repeat(200).leak()[..]], Then::Stall, &LOADS) {
        assert!(message.contains(r"from byte 0 on it is `+PONG\r\n"), "{message}");
    }
}

#[test]
fn a_server_that_is_too_slow_for_the_rate_is_told_so() {
    let server = Known::over_unix(Hold::Tail(5));
    let load = load(Some("1000000/s"), 1, 1);
    let terms = Terms { reply_limit: Duration::from_secs(1), ..terms(Wait::Spin) };
    let requests = Requests::get_absent(ABSENT_KEY, Protocol::Resp2);
    let mut times = RoundTimes::new(load.rate).unwrap();
    let address = server.url().parse().unwrap();
    let mut connections = Connections::open(&address, &terms, requests.expected(), load).unwrap();
    let passes = Passes { warmup: 0, samples: 500_000 };
    let error = connections.measure(&mut times, &mut requests.cycle(), passes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server does not keep up with 1000000/s: a request that was due 1000 ms ago has no reply yet; lower the plan's `rate`"
    );
}

#[test]
fn an_interrupt_ends_every_load() {
    for (rate, connections, pipeline) in LOADS {
        let server = Known::over_unix(Hold::Freeze {
            each: Duration::from_hours(1),
            first: Duration::from_millis(200),
        });
        let load = load(rate, connections, pipeline);
        let (mut terms, requests) =
            (patient(Wait::Block), Requests::get_absent(ABSENT_KEY, Protocol::Resp2));
        terms.stop = crate::Stop::from(std::sync::Arc::new(true.into()));
        let mut times = RoundTimes::new(load.rate).unwrap();
        let address = server.url().parse().unwrap();
        let mut connections =
            Connections::open(&address, &terms, requests.expected(), load).unwrap();
        let passes = Passes { warmup: 0, samples: 1_000 };
        let measured = connections.measure(&mut times, &mut requests.cycle(), passes);
        assert_eq!(measured.unwrap_err(), SampleError::Interrupted);
    }
}

#[test]
fn replies_may_be_split_anywhere() {
    const REPLIES: &[u8] = b"+PONG\r\n+PONG\r\n+PONG\r\n+PONG\r\n";
    let halves = (1..REPLIES.len()).map(|at| vec![&REPLIES[..at], &REPLIES[at..]]);
    for pieces in halves.chain([REPLIES.chunks(1).collect()]) {
        for wait in [Wait::Spin, Wait::Block] {
            let server = Faulty::start(Transport::Unix, vec![pieces.clone()], Then::Stall);
            let (terms, requests, load) = (patient(wait), Requests::ping(), load(None, 1, 4));
            let mut times = RoundTimes::new(load.rate).unwrap();
            let mut connections =
                Connections::open(&server.address, &terms, requests.expected(), load).unwrap();
            let passes = Passes { warmup: 0, samples: 4 };
            connections.measure(&mut times, &mut requests.cycle(), passes).unwrap();
            assert_eq!(whole(&times).len(), 4);
        }
    }
}

/// A reply that begins like this and then goes on with the same for as long as somebody listens.
fn endless(begin: &'static [u8], more: &[u8]) -> SampleError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let block = more.repeat(64 * 1024 / more.len());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = listener.accept().unwrap();
            let read = stream.read(&mut [0; 4096]).unwrap();
            assert!(read > 0 && stream.write_all(begin).is_ok());
            while stream.write_all(&block).is_ok() {}
        });
        let (terms, load) = (patient(Wait::Block), load(None, 1, 1));
        let (requests, expected) = (Requests::ping(), Expected::Any);
        let mut times = RoundTimes::new(load.rate).unwrap();
        let address = Address::unix(path.clone());
        let mut connections = Connections::open(&address, &terms, &expected, load).unwrap();
        let passes = Passes { warmup: 0, samples: 10 };
        connections.measure(&mut times, &mut requests.cycle(), passes).unwrap_err()
    })
}

#[test]
fn a_reply_without_an_end_is_given_up_at_a_limit() {
    let limit = SampleError::Endless(64 * 1024 * 1024);
    assert_eq!(endless(b"$1000000000\r\n", b"x"), limit);
    assert_eq!(endless(b"+", b"x"), limit);
    assert_eq!(endless(b"-ERR ", b"x"), limit);
    assert_eq!(endless(b"*1000000000\r\n", b":1\r\n"), limit);
}
