//! What the tests share: a plan, a server of their own, and looking at readings.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use phasegate_measure::{MeasureError, ServerError, ServerSource, Session, StandIn, TrialProgress};
use phasegate_model::{
    Command as Sent, DataType, Dataset, Extent, Keys, Load, MeasurePlan, Metric, Pinning, Reading,
    Transport, Trial, Until, Wait, Writes,
};

/// Few samples, no pinning, no dataset.
pub(crate) fn plan() -> MeasurePlan {
    MeasurePlan {
        transport: Transport::Unix,
        wait: Wait::Block,
        command: Sent::Get,
        mix: Vec::new(),
        keys: Keys::default(),
        writes: Writes::Forbidden,
        load: Load::default(),
        pinning: Pinning::default(),
        rounds: NonZeroU32::new(3).unwrap(),
        samples: NonZeroU32::new(200).unwrap(),
        warmup: 50,
        floor: true,
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

pub(crate) fn dataset(size: &str, value: &str) -> Dataset {
    Dataset {
        extent: Extent::Size(size.parse().unwrap()),
        value: value.parse().unwrap(),
        kind: DataType::String,
        elements: Dataset::DEFAULT_ELEMENTS,
        churn: 0,
    }
}

pub(crate) fn never() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

pub(crate) fn start() -> ServerSource {
    ServerSource::Start { program: None }
}

pub(crate) fn running(address: &str) -> ServerSource {
    ServerSource::Running(address.parse().unwrap())
}

/// A campaign with floor rounds.
pub(crate) fn open(
    source: &ServerSource,
    plan: &MeasurePlan,
    interrupted: Arc<AtomicBool>,
) -> Result<Session, MeasureError> {
    let stand_in = StandIn::program(env!("CARGO_BIN_EXE_phasegate-stand-in"), [""; 0]);
    Session::open(source, plan, Some(&stand_in), interrupted)
}

/// One trial, without looking at its progress.
pub(crate) fn trial(source: &ServerSource, plan: &MeasurePlan) -> Result<Trial, MeasureError> {
    open(source, plan, never())?.trial(1, &mut |_| {})
}

/// One trial that does `act` once the first round is done.
pub(crate) fn trial_with(
    source: &ServerSource,
    plan: &MeasurePlan,
    mut act: impl FnMut(),
) -> Result<Trial, MeasureError> {
    open(source, plan, never())?.trial(1, &mut |progress| {
        if matches!(progress, TrialProgress::Rounds { done: 1, .. }) {
            act();
        }
    })
}

pub(crate) fn reading<'a>(trial: &'a Trial, metric: &str) -> &'a Reading {
    trial.readings.get(metric.parse::<Metric>().unwrap()).unwrap()
}

pub(crate) fn number(trial: &Trial, metric: &str) -> f64 {
    let reading = reading(trial, metric);
    let number = reading.number().unwrap_or_else(|| panic!("{metric}: {reading:?}"));
    number.value().to_string().parse().unwrap()
}

/// The server that these tests are made with, by its whole path, without which it can't restart
/// itself: `redis-server` on PATH, or what a variable names (`cargo xtask test`).
pub(crate) fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("PHASEGATE_TEST_SERVER") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join("redis-server"));
    places.find(|file| file.exists()).unwrap_or("redis-server".into())
}

/// A server that phasegate does not start.
pub(crate) struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program());
        command.args(["--port", "0", "--save", "", "--unixsocket"]);
        command.arg(folder.path().join("socket")).arg("--dir").arg(folder.path());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("these tests need `redis-server` on PATH (`apt install redis-server`): {error}")
        });
        let mut server = Self { child, folder };
        while std::os::unix::net::UnixStream::connect(server.socket()).is_err() {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("redis-server {arguments:?} ended: {status}");
            }
            std::thread::yield_now();
        }
        server
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub(crate) fn address_of(&self, user: &str, password: &str) -> String {
        format!("{}?user={user}&pass={password}", self.address())
    }

    /// Sends a command in words and gives the answer.
    pub(crate) fn say<T: redis::FromRedisValue>(&self, words: &str) -> T {
        let mut words = words.split_whitespace();
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        let mut connection = redis::Client::open(self.address()).unwrap().get_connection().unwrap();
        command.query(&mut connection).unwrap()
    }

    /// The CPU time of its main thread in nanoseconds, as the kernel's scheduler tells it.
    pub(crate) fn scheduled(&self) -> f64 {
        let account = std::fs::read_to_string(format!("/proc/{}/schedstat", self.child.id()));
        account.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What the measured server did.
pub(crate) fn of_server(error: &MeasureError) -> &ServerError {
    match error {
        MeasureError::Subject(error) => error.downcast_ref().unwrap(),
        other => panic!("{other}"),
    }
}
