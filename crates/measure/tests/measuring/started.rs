//! Servers that phasegate starts.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use phasegate_measure::{MeasureError, SampleError, ServerSource, TrialProgress};
use phasegate_model::{Command, MissingReason, Pinning, Reading, TargetServer, Transport, Wait};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{dataset, never, number, open, plan, reading, start, trial};

#[test]
fn a_trial_has_a_reading_for_everything_that_is_measured() {
    let mut plan = plan();
    plan.dataset = Some(dataset("500kB", "100B"));
    let mut session = open(&start(), &plan, never()).unwrap();
    let trial = session.trial(7, &mut |_| {}).unwrap();
    assert_eq!((trial.number, trial.rounds.len()), (7, 3));
    assert!(trial.rounds.iter().all(|round| round.samples == 200));
    for metric in ["min", "mean", "p50", "p90", "p99", "max"] {
        assert!(number(&trial, &format!("rtt.{metric}")) > 0.0, "{metric}");
    }
    assert!(number(&trial, "rtt.min") <= number(&trial, "rtt.p50"));
    assert!(number(&trial, "rtt.p99") <= number(&trial, "rtt.max"));
    assert!(number(&trial, "rtt.throughput") > 100.0);
    assert!(matches!(
        reading(&trial, "rtt.p99.9"),
        Reading::Missing(missing) if missing.reason == MissingReason::TooFewSamples
    ));
    assert!(number(&trial, "server.exec.mean") < number(&trial, "rtt.mean"));
    assert!(number(&trial, "headroom.exec") < 1.0);
    assert!(matches!(reading(&trial, "server.version"), Reading::Version(_)));
    assert!(matches!(reading(&trial, "memory.allocator"), Reading::Text(_)));
    let server = &session.target().server;
    assert!(matches!(server, TargetServer::Started(name) if name.ends_with("-server")));
    assert_eq!(session.target().command, "GET of an existing key of 100B");
    let environment = &session.environment().0;
    for property in ["cpu.count", "os.kernel", "server.version", "server.mode", "server.io_threads"]
    {
        assert!(environment.contains_key(property), "{property}");
    }
}

fn amount(quantity: phasegate_model::Quantity) -> f64 {
    quantity.amount().to_string().parse().unwrap()
}

#[test]
fn the_dataset_is_as_large_as_the_plan_wants_by_the_servers_own_figure() {
    for (size, value) in [("1.8MB", "100B"), ("400kB", "1B"), ("3MB", "100kB")] {
        let mut plan = plan();
        plan.dataset = Some(dataset(size, value));
        let (mut steps, mut largest) = (0, 0.0_f64);
        let mut session = open(&start(), &plan, never()).unwrap();
        let trial = session.trial(1, &mut |step| {
            if let TrialProgress::Filling { dataset, .. } = step {
                (steps, largest) = (steps + 1, largest.max(amount(dataset)));
            }
        });
        let trial = trial.unwrap();
        let goal: f64 = amount(size.parse().unwrap());
        let granularity = 1.4 * amount(plan.dataset.as_ref().unwrap().value.quantity());
        let found = number(&trial, "memory.dataset");
        assert!((found - goal).abs() <= (goal * 0.01).max(granularity), "{size}: {found}");
        assert!(number(&trial, "server.keys") >= 1.0);
        // Never much more on the way, because removing keys would leave holes.
        assert!(steps > 0 && largest <= (goal * 1.02).max(goal + granularity), "{size}: {largest}");
    }
}

#[test]
fn every_transport_wait_and_command_can_be_measured() {
    for transport in [Transport::Unix, Transport::Tcp] {
        for wait in [Wait::Spin, Wait::Block] {
            for command in [Command::Get, Command::Ping] {
                let mut plan = plan();
                (plan.transport, plan.wait, plan.command) = (transport, wait, command);
                let mut session = open(&start(), &plan, never()).unwrap();
                let target = session.target().clone();
                assert_eq!((target.transport, target.wait), (Some(transport), Some(wait)));
                let trial = session.trial(1, &mut |_| {}).unwrap();
                assert!(number(&trial, "rtt.p99") > 0.0);
            }
        }
    }
}

#[test]
fn the_recorded_histogram_gives_the_readings_again() {
    let trial = trial(&start(), &plan()).unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(&trial.rtt_histogram).unwrap();
    let times: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
    assert_eq!(times.len(), 600);
    let p99 = reading(&trial, "rtt.p99").number().unwrap().value();
    assert_eq!(p99, times.value_at_quantile(0.99).into());
}

#[test]
fn server_and_client_are_kept_on_the_plans_cpus() {
    let mut plan = plan();
    plan.pinning = Pinning { server: Some(0), client: Some(0) };
    let measured = trial(&start(), &plan).unwrap();
    assert_eq!(measured.pinned, plan.pinning);
    plan.pinning = Pinning { server: Some(0), client: Some(1_000) };
    let message = trial(&start(), &plan).unwrap_err().to_string();
    assert!(
        message.starts_with("the client can't be pinned to CPU 1000: this process may use CPU "),
        "{message}"
    );
}

/// A program that is the real server, and leaves its process id and its folder behind.
struct Traced {
    folder: tempfile::TempDir,
}

impl Traced {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let traced = Self { folder };
        let text = format!(
            "#!/bin/sh\necho $$ > {0}/process\nfor last in \"$@\"; do :; done\n\
             echo \"$last\" > {0}/folder\nexec redis-server \"$@\"\n",
            traced.folder.path().display()
        );
        std::fs::write(traced.program(), text).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(traced.program(), mode).unwrap();
        traced
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("traced-server")
    }

    fn source(&self) -> ServerSource {
        ServerSource::Start { program: Some(self.program()) }
    }

    fn note(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap().trim().to_owned()
    }

    fn kill(&self) {
        let process = Pid::from_raw(self.note("process").parse().unwrap()).unwrap();
        kill_process(process, Signal::KILL).unwrap();
    }

    #[track_caller]
    fn assert_gone(&self) {
        let (process, folder) = (self.note("process"), self.note("folder"));
        assert!(!Path::new("/proc").join(&process).exists(), "process {process} is there");
        assert!(folder.contains("phasegate-") && !Path::new(&folder).exists(), "{folder} is there");
    }
}

#[test]
fn nothing_is_left_of_a_server_after_a_trial() {
    let traced = Traced::new();
    let mut session = open(&traced.source(), &plan(), never()).unwrap();
    traced.assert_gone();
    session.trial(1, &mut |_| {}).unwrap();
    traced.assert_gone();
}

#[test]
fn an_interrupt_ends_a_trial_wherever_it_is() {
    let mut plan = plan();
    plan.dataset = Some(dataset("2MB", "100B"));
    let moments: [fn(&TrialProgress) -> bool; 3] = [
        |step| matches!(step, TrialProgress::Starting),
        |step| matches!(step, TrialProgress::Filling { .. }),
        |step| matches!(step, TrialProgress::Rounds { done: 1, .. }),
    ];
    for at in moments {
        let traced = Traced::new();
        let interrupted = never();
        let mut session = open(&traced.source(), &plan, interrupted.clone()).unwrap();
        let result = session.trial(1, &mut |step| {
            if at(&step) {
                interrupted.store(true, Ordering::Relaxed);
            }
        });
        assert!(matches!(result, Err(MeasureError::Interrupted)), "{result:?}");
        traced.assert_gone();
    }
}

/// Makes a trial whose first round is far too long, and calls `act` from another thread meanwhile.
fn trial_meanwhile(
    traced: &Traced,
    wait: Wait,
    act: impl FnOnce(&std::sync::atomic::AtomicBool) + Send,
) -> MeasureError {
    let mut plan = plan();
    (plan.wait, plan.samples) = (wait, std::num::NonZeroU32::MAX);
    let interrupted = never();
    let mut session = open(&traced.source(), &plan, interrupted.clone()).unwrap();
    let (measuring, is_measuring) = mpsc::channel();
    std::thread::scope(|scope| {
        let interrupted = &interrupted;
        scope.spawn(move || {
            is_measuring.recv().unwrap();
            act(interrupted);
        });
        session.trial(1, &mut |step| {
            if matches!(step, TrialProgress::Rounds { done: 0, .. }) {
                measuring.send(()).unwrap();
            }
        })
    })
    .unwrap_err()
}

#[test]
fn an_interrupt_ends_a_round() {
    for wait in [Wait::Spin, Wait::Block] {
        let traced = Traced::new();
        let error = trial_meanwhile(&traced, wait, |flag| flag.store(true, Ordering::Relaxed));
        assert!(matches!(error, MeasureError::Interrupted), "{error}");
        traced.assert_gone();
    }
}

#[test]
fn a_server_that_is_killed_ends_its_round_with_its_last_words() {
    for wait in [Wait::Spin, Wait::Block] {
        let traced = Traced::new();
        // The trial's first round never ends, so the server is killed within it or as it begins.
        let message = trial_meanwhile(&traced, wait, |_| traced.kill()).to_string();
        traced.assert_gone();
        assert!(message.starts_with("round 1 of `traced-server`: "), "{message}");
        assert!(message.contains("the server closed the connection: "), "{message}");
        assert!(message.contains("its last words were: "), "{message}");
    }
}

#[test]
fn a_server_that_is_killed_between_rounds_is_an_error() {
    let traced = Traced::new();
    let mut session = open(&traced.source(), &plan(), never()).unwrap();
    let result = session.trial(1, &mut |step| {
        if matches!(step, TrialProgress::Rounds { done: 3, .. }) {
            traced.kill();
        }
    });
    let message = result.unwrap_err().to_string();
    assert!(message.contains("did not answer `INFO`: "), "{message}");
    traced.assert_gone();
}

#[test]
fn a_dataset_that_cannot_be_is_an_error() {
    let mut plan = plan();
    plan.dataset = Some(dataset("1kB", "1B"));
    let traced = Traced::new();
    let message = trial(&traced.source(), &plan).unwrap_err().to_string();
    assert!(message.starts_with("the dataset can't be as small as `1kB`: "), "{message}");
    traced.assert_gone();
}

#[test]
fn a_private_server_has_no_tls() {
    let mut plan = plan();
    plan.transport = Transport::Tls;
    let message = trial(&start(), &plan).unwrap_err().to_string();
    assert!(message.starts_with("a server that phasegate starts has no TLS"), "{message}");
}

#[test]
fn a_program_that_is_not_there_is_an_error_that_tells_how_to_get_one() {
    let source = ServerSource::Start { program: Some("/nowhere/redis-server".into()) };
    let message = trial(&source, &plan()).unwrap_err().to_string();
    assert!(message.contains("`/nowhere/redis-server` does not exist"), "{message}");
    assert!(message.contains("`apt install redis-server`"), "{message}");
}

#[test]
fn a_stalled_server_ends_the_round() {
    // A server that is stopped by a signal neither answers nor closes.
    let traced = Traced::new();
    let message = trial_meanwhile(&traced, Wait::Block, |_| {
        let process = Pid::from_raw(traced.note("process").parse().unwrap()).unwrap();
        kill_process(process, Signal::STOP).unwrap();
    });
    let stalled = SampleError::Stalled(std::time::Duration::from_secs(5));
    assert!(message.to_string().contains(&stalled.to_string()), "{message}");
    traced.assert_gone();
}
