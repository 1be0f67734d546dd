//! `cargo xtask bench --verdicts`: do verdicts come, and are they right? Servers whose difference was
//! published are compared several times each, with both cores busy.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::command::Invocation;
use crate::needs::install;
use crate::needs::servers::{FromPyPi, HISTORIC};
use crate::workspace::Workspace;

/// What was published of two servers, or is so because they are the same.
struct PublishedClaim {
    what: &'static str,
    baseline: &'static str,
    candidate: &'static str,
    /// What is sent, in the plan's words.
    load: &'static str,
    /// The difference that matters.
    least: &'static str,
    published: &'static str,
    /// What a verdict may say without contradicting it.
    right: &'static [&'static str],
}

const GET: &str = "command = \"GET\"\npipeline = 10\ndataset = { keys = 1000, value = \"1KiB\" }\n";
const LRANGE: &str = "mix = [{ command = \"LRANGE phasegate:{key} 0 -1\" }]\npipeline = 10\n\
    dataset = { keys = 200, type = \"list\", elements = 100, value = \"10B\" }\n";

const CLAIMS: [PublishedClaim; 4] = [
    PublishedClaim {
        what: "GET 1 KiB, pipeline 10",
        baseline: "7.0.15",
        candidate: "7.0.15",
        load: GET,
        least: "5%",
        published: "the same server",
        right: &["no difference", "not better", "not worse"],
    },
    PublishedClaim {
        what: "LRANGE 100, pipeline 10",
        baseline: "7.0.15",
        candidate: "7.0.15",
        load: LRANGE,
        least: "5%",
        published: "the same server",
        right: &["no difference", "not better", "not worse"],
    },
    PublishedClaim {
        what: "GET 1 KiB, pipeline 10",
        baseline: "6.2.5",
        candidate: "7.0.15",
        load: GET,
        least: "2%",
        published: "5 % worse (redis#10460)",
        right: &["worse", "not better"],
    },
    PublishedClaim {
        what: "LRANGE 100, pipeline 10",
        baseline: "7.0.15",
        candidate: "8.2.3",
        load: LRANGE,
        least: "5%",
        published: "16.3 % better, of several changes (redis#13652)",
        right: &["better", "not worse"],
    },
];

/// What one comparison said.
struct ComparisonResult {
    round_trips: String,
    cpu_time: String,
    /// The median of `improvement.cpu` over its pairs.
    improvement: Option<f64>,
    pairs: u64,
    seconds: f64,
}

/// Processes that keep a core busy each, ended when this is dropped.
struct Busy(Vec<Child>);

impl Busy {
    fn begin(cores: usize) -> Result<Self, String> {
        let loop_of_one = || {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
            command.spawn().map_err(|error| format!("can't start `sh`: {error}"))
        };
        (0..cores).map(|_| loop_of_one()).collect::<Result<Vec<Child>, String>>().map(Self)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Compares, prints and writes `docs/VERDICTS.md`. Fails if a verdict contradicts what is known, or
/// none comes where one should.
pub(crate) fn run(workspace: &Workspace, runs: usize) -> Result<ExitCode, String> {
    install::ensure_server()?;
    let build = Invocation::new("cargo build --release --package phasegate");
    if !build.run_in(&workspace.root)?.success() {
        return Err(format!("`{build}` failed"));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let _busy = Busy::begin(cores)?;
    let mut lines = Vec::new();
    let mut sound = true;
    for claim in &CLAIMS {
        let servers = [claim.baseline, claim.candidate].map(|version| program(workspace, version));
        let [Ok(baseline), Ok(candidate)] = servers else {
            let why = servers.into_iter().find_map(Result::err).unwrap_or_default();
            eprintln!("not run: {} of {} ({why})", claim.what, claim.candidate);
            lines.push(format!("| {} | {} | not run: {why} |", claim.what, claim.candidate));
            continue;
        };
        let said = (0..runs)
            .map(|_| compare(workspace, claim, (&baseline, &candidate)))
            .collect::<Result<Vec<ComparisonResult>, String>>()?;
        let (line, is_sound) = judged(claim, &said);
        println!("{line}");
        lines.push(line);
        sound &= is_sound;
    }
    let file = workspace.root.join("docs/VERDICTS.md");
    std::fs::write(&file, format!("{}{}\n", head(cores, runs), lines.join("\n")))
        .map_err(|error| format!("can't write {}: {error}", file.display()))?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn program(workspace: &Workspace, version: &str) -> Result<PathBuf, String> {
    match HISTORIC.iter().find(|server| server.name.ends_with(version)) {
        Some(server) => server.install(&FromPyPi::folder_in(workspace, server)),
        None => Ok(PathBuf::from("redis-server")),
    }
}

fn compare(
    workspace: &Workspace,
    claim: &PublishedClaim,
    (a, b): (&Path, &Path),
) -> Result<ComparisonResult, String> {
    let folder = workspace.root.join("target/verdicts");
    let plan = folder.join("plan.toml");
    let text = format!(
        "schema = 1\n[phase]\nid = \"verdict\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m.toml\"\n\
         [measure]\nwait = \"block\"\nrounds = 2\nsamples = 5000\nwarmup = 500\nfloor = false\n\
         budget = \"30s\"\ntrials = 60\n{}",
        claim.load
    );
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&plan, text))
        .map_err(|error| format!("can't write {}: {error}", plan.display()))?;
    let begin = Instant::now();
    let mut command = Command::new(workspace.root.join("target/release/phasegate"));
    command.arg("compare").args([a, b]).args(["--least", claim.least, "--format", "json", "-q"]);
    command.arg("--phase").arg(&plan).env_remove("REDIS_URL").stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("can't run phasegate: {error}"))?;
    let seconds = begin.elapsed().as_secs_f64();
    let told: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let told = |place: &str| told.pointer(place);
    let text = |place: &str| told(place).and_then(Value::as_str).map(str::to_owned);
    let verdict = |place: &str| text(place).unwrap_or_else(|| "undecided".to_owned());
    Ok(ComparisonResult {
        round_trips: verdict("/verdict"),
        cpu_time: verdict("/cpu_time/verdict"),
        improvement: text("/metrics/server.cpu/improvement/median").as_deref().and_then(percent),
        pairs: told("/pairs").and_then(Value::as_u64).unwrap_or(0),
        seconds,
    })
}

/// `-1.5%` or `0.02` in percent.
fn percent(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(number) => number.trim().parse().ok(),
        None => text.parse::<f64>().ok().map(|share| 100.0 * share),
    }
}

fn head(cores: usize, runs: usize) -> String {
    let line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let day = line("date", &["-u", "+%Y-%m-%d"]).unwrap_or_default();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    format!(
        "# Verdicts on published claims\n\n\
         Made by `cargo xtask bench --verdicts` on {day}: {cores} cores ({}), each kept busy by a loop \
         beside the measurement; {runs} comparisons of each pair of servers, 30 s each at most.\n\n\
         Decided counts verdicts other than undecided; contradicting counts pairs of runs of which one \
         says better and the other worse; right counts those that agree with what is known. CPU time \
         is the median of `improvement.cpu` in each run, from the smallest to the largest.\n\n\
         | load | versions | known | by CPU time: decided, contradicting, right | by P99: decided, \
         contradicting, right | CPU time improves by | seconds to a verdict |\n\
         |:--|:--|:--|:--|:--|--:|--:|\n",
        cpu.unwrap_or("unknown")
    )
}

/// A line of the table, and whether it is as it should be.
fn judged(claim: &PublishedClaim, said: &[ComparisonResult]) -> (String, bool) {
    let channel = |of: fn(&ComparisonResult) -> &str| {
        let verdicts: Vec<&str> = said.iter().map(of).collect();
        let count = |is: &dyn Fn(&str) -> bool| verdicts.iter().filter(|it| is(it)).count();
        let decided = count(&|it| it != "undecided");
        let contradicting = count(&|it| it == "better") * count(&|it| it == "worse");
        let right = count(&|it| claim.right.contains(&it));
        (decided, contradicting, right)
    };
    let cpu = channel(|said| &said.cpu_time);
    let p99 = channel(|said| &said.round_trips);
    let mut improvements: Vec<f64> = said.iter().filter_map(|said| said.improvement).collect();
    improvements.sort_unstable_by(f64::total_cmp);
    let range = match (improvements.first(), improvements.last()) {
        (Some(least), Some(most)) => format!("{least:.1} to {most:.1} %"),
        _ => "not told".to_owned(),
    };
    let mut seconds: Vec<f64> = said.iter().map(|said| said.seconds).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied().unwrap_or_default();
    let pairs = said.iter().map(|said| said.pairs).max().unwrap_or(0);
    let all = said.len();
    let line = format!(
        "| {} | {} against {} | {} | {} of {all}, {}, {} | {} of {all}, {}, {} | {range} | {median:.0}, {pairs} pairs at most |",
        claim.what,
        claim.baseline,
        claim.candidate,
        claim.published,
        cpu.0,
        cpu.1,
        cpu.2,
        p99.0,
        p99.1,
        p99.2
    );
    // One in eight may be wrong by chance where servers are equal.
    let wrong = |(decided, _, right): (usize, usize, usize)| decided - right;
    let sound = 8 * wrong(cpu) <= all && 8 * wrong(p99) <= all && cpu.1 == 0;
    (line, sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_and_wrong_ones_fail() {
        let said = |cpu: &str| ComparisonResult {
            round_trips: "undecided".to_owned(),
            cpu_time: cpu.to_owned(),
            improvement: percent("-9.5%"),
            pairs: 9,
            seconds: 4.2,
        };
        let [.., worse, _] = &CLAIMS;
        let (line, sound) = judged(worse, &[said("worse"), said("undecided"), said("worse")]);
        assert!(
            sound && line.contains("| 2 of 3, 0, 2 | 0 of 3, 0, 0 | -9.5 to -9.5 % | 4, 9"),
            "{line}"
        );
        let (line, sound) = judged(worse, &[said("worse"), said("better")]);
        assert!(!sound && line.contains("| 2 of 2, 1, 1 |"), "{line}");
        assert_eq!(percent("0.25"), Some(25.0));
    }
}
