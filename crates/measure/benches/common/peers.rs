//! The benchmark tools of this machine beside phasegate, in one run: they print in steps of 8 us.

use std::process::Command;

use phasegate_measure::{ImportTerms, Origin, Session, import};
use phasegate_model::{Metric, Readings};

use crate::common::Server;

/// Prints what each of them says in each turn, one connection over the unix socket.
pub(crate) fn beside(server: &Server, session: &mut Session, turns: u32, samples: u32) {
    println!(
        "\none connection, unix socket, blocking: what each tool prints of the same server, in us"
    );
    println!("(in brackets what is known by that)");
    println!("{:<22} {:>24} {:>24}", "", "p50", "p99");
    for _ in 0..turns {
        let trial = session.trial(1, &mut |_| {}).unwrap();
        line("phasegate", &trial.readings);
        for (name, readings) in [
            ("redis-benchmark", redis_benchmark(server, samples)),
            ("memtier_benchmark", memtier(server, samples)),
        ] {
            match readings {
                Ok(readings) => line(name, &readings),
                Err(error) => println!("{name:<22} left out: {error}"),
            }
        }
    }
}

fn line(name: &str, readings: &Readings) {
    let shown = |metric: &str| {
        let metric: Metric = metric.parse().unwrap();
        let thousand = phasegate_model::Decimal::ONE_THOUSAND;
        readings.get(metric).and_then(|reading| reading.number()).map_or_else(
            || "-".to_owned(),
            |it| {
                let [low, value, high] = [it.low(), it.value(), it.high()].map(|it| it / thousand);
                format!("{value:.3} ({low:.3} to {high:.3})")
            },
        )
    };
    println!("{name:<22} {:>24} {:>24}", shown("rtt.p50"), shown("rtt.p99"));
}

fn redis_benchmark(server: &Server, samples: u32) -> Result<Readings, String> {
    let mut command = Command::new("redis-benchmark");
    command.arg("-s").arg(server.socket());
    command.args(["-c", "1", "-t", "get", "--csv", "-n", &samples.to_string()]);
    let output = command.output().map_err(|error| error.to_string())?;
    read(Origin::RedisBenchmark, &String::from_utf8_lossy(&output.stdout))
}

fn memtier(server: &Server, samples: u32) -> Result<Readings, String> {
    let file = server.folder().join("memtier.json");
    let mut command = Command::new("memtier_benchmark");
    command.arg("-S").arg(server.socket()).arg("--json-out-file").arg(&file);
    command.args(["-t", "1", "-c", "1", "--ratio", "0:1", "--hide-histogram"]);
    command.args(["-n", &samples.to_string()]);
    command.output().map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    read(Origin::Memtier, &text)
}

fn read(origin: Origin, text: &str) -> Result<Readings, String> {
    let terms = ImportTerms { command: "GET".to_owned(), ..ImportTerms::default() };
    let imported = import(origin, text, &terms).map_err(|error| error.to_string())?;
    Ok(imported.trials.into_iter().next().map(|trial| trial.readings).unwrap_or_default())
}
