//! A server whose latencies are known: it spins before each reply, and never sleeps.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use phasegate_model::Wait;
use rustix::net::RecvFlags;

use crate::common::{number, plan, running, trial};

/// How long the n-th `GET` of a connection takes at least: 85 % take 1 ms, 12 % take 3 ms and 3 %
/// take 6 ms, scattered.
fn delay(request: u64) -> Duration {
    // 37 and 100 have no divisor in common, so that a hundred requests are all different.
    Duration::from_millis(match request * 37 % 100 {
        0..85 => 1,
        85..97 => 3,
        _ => 6,
    })
}

fn serve(mut stream: UnixStream) {
    let mut buffer = [0; 4096];
    let mut requests = 0;
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        let begin = Instant::now();
        let request = String::from_utf8_lossy(buffer.get(..read).unwrap()).into_owned();
        let reply: &[u8] = if request.contains("GET\r\n$16\r\nphasegate:absent") {
            requests += 1;
            while begin.elapsed() < delay(requests) {
                std::hint::spin_loop();
            }
            b"$-1\r\n"
        } else if request.contains("PING") {
            b"+PONG\r\n"
        } else {
            b"-ERR unknown command\r\n"
        };
        if stream.write_all(reply).is_err() {
            return;
        }
    }
}

#[test]
fn no_percentile_is_below_the_truth_and_all_are_above_the_floor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    // The thread ends with the first connection over which nothing comes, which is the test's own.
    let serving = std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let peeked = rustix::net::recv(&stream, &mut [0; 1], RecvFlags::PEEK).unwrap();
            if peeked.1 == 0 {
                return;
            }
            std::thread::spawn(move || serve(stream));
        }
    });
    for wait in [Wait::Spin, Wait::Block] {
        let mut plan = plan();
        plan.wait = wait;
        let measured = trial(&running(&format!("unix://{}", path.display())), &plan).unwrap();
        for (metric, truth_ms) in [("p50", 1.0), ("p90", 3.0), ("p99", 6.0)] {
            let found = number(&measured, &format!("rtt.{metric}"));
            assert!(found >= truth_ms * 1e6, "{metric}: {found}");
        }
        assert!(number(&measured, "floor.p50") < number(&measured, "rtt.p50"));
        assert!(number(&measured, "headroom.p50") > 0.0);
        assert!(number(&measured, "headroom.mean") > 0.0);
    }
    drop(UnixStream::connect(&path).unwrap());
    serving.join().unwrap();
}
