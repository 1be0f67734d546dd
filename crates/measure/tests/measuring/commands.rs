//! Commands, by real processes. What is asserted of times holds on a machine of any speed.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use phasegate_measure::{CommandError, CommandPair, Launcher, MeasureError, Session};
use phasegate_model::{
    CommandPlan, Decimal, First, MeasurePlan, Metric, Reading, Target, TargetServer, Trial,
};

use crate::common::{never, number, plan, reading};

fn command(words: &[&str]) -> CommandPlan {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    CommandPlan {
        command: words.try_into().unwrap(),
        prepare: None,
        cleanup: None,
        workdir: None,
        stdin: None,
        starts: 2.try_into().unwrap(),
        accept: [0].into(),
    }
}

fn pair(candidate: CommandPlan, baseline: Option<CommandPlan>) -> CommandPair {
    let program = env!("CARGO_BIN_EXE_phasegate-start-command");
    CommandPair { candidate, baseline, launcher: Launcher::program(program, [""; 0]) }
}

fn open(pair: &CommandPair, plan: &MeasurePlan) -> Result<Session, MeasureError> {
    Session::of_commands(pair, plan, never())
}

fn trial(command: &CommandPlan) -> Result<Trial, MeasureError> {
    open(&pair(command.clone(), None), &plan())?.trial(1, &mut |_| {})
}

fn error(command: &CommandPlan) -> String {
    trial(command).unwrap_err().to_string()
}

fn ns(milliseconds: u64) -> f64 {
    Duration::from_millis(milliseconds).as_secs_f64() * 1e9
}

#[test]
fn every_metric_of_a_command_has_a_reading_but_quantiles_of_too_few_starts() {
    let trial = trial(&command(&["true"])).unwrap();
    assert_eq!((trial.starts.len(), trial.rounds.len()), (2, 0));
    let metrics: Vec<Metric> =
        Metric::all().filter(|metric| matches!(metric, Metric::Command(_))).collect();
    let told = trial.readings.iter().filter(|(metric, _)| !matches!(metric, Metric::Env(_)));
    let told: Vec<(Metric, &Reading)> = told.collect();
    assert_eq!(told.iter().map(|(metric, _)| *metric).collect::<Vec<_>>(), metrics);
    for (metric, reading) in told {
        let too_few = ["command.wall.p90", "command.wall.p99"].contains(&&*metric.to_string());
        assert_eq!(reading.number().is_none(), too_few, "{metric}: {reading:?}");
    }
    assert!(number(&trial, "command.wall.min") <= number(&trial, "command.wall.max"));
    assert_eq!(*reading(&trial, "command.exit"), Reading::exact(Decimal::ZERO));
}

#[test]
fn what_is_measured_is_told_with_its_arguments_and_without_its_folder() {
    let session = open(&pair(command(&["/bin/sleep", "0"]), None), &plan()).unwrap();
    let Target { server, command, .. } = session.target();
    assert_eq!(*server, TargetServer::Command("sleep".to_owned()));
    assert_eq!(command, "/bin/sleep 0");
    assert!(session.environment().0.contains_key("os.kernel"));
    assert!(session.baseline().is_none());
}

#[test]
fn a_command_takes_no_less_than_it_sleeps() {
    let trial = trial(&command(&["sleep", "0.05"])).unwrap();
    assert!(number(&trial, "command.wall.min") >= ns(50));
}

/// Not a test of its own: what the next one starts.
#[test]
#[ignore = "burns CPU time for another test"]
fn burn() {
    let begin = cpu_time();
    while cpu_time() < begin + Duration::from_millis(60) {}
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

#[test]
fn cpu_time_is_no_less_than_the_command_burns_by_its_own_clock() {
    let this = std::env::current_exe().unwrap();
    let words = [this.to_str().unwrap(), "commands::burn", "--exact", "--ignored"];
    let trial = trial(&command(&words)).unwrap();
    let burnt = number(&trial, "command.cpu.user") + number(&trial, "command.cpu.sys");
    // The kernel tells microseconds.
    assert!(burnt >= ns(60) - 2e3, "{burnt}");
}

#[test]
fn peak_memory_is_no_less_than_the_command_fills() {
    let trial = trial(&command(&["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"]));
    let trial = trial.unwrap();
    let peak = reading(&trial, "command.rss.peak").number().unwrap();
    assert!(peak.is_exact() && peak.value() >= Decimal::from(64 << 20), "{peak:?}");
}

#[test]
fn a_command_smaller_than_what_starts_it_is_known_to_be_no_larger() {
    let trial = trial(&command(&["true"])).unwrap();
    let peak = reading(&trial, "command.rss.peak").number().unwrap();
    // Each start has a launcher of its own, whose size differs a little from the others'.
    let largest = trial.starts.iter().max_by_key(|start| start.rss.amount()).unwrap();
    assert!(largest.rss_floor.amount() > Decimal::ZERO);
    let is_small = largest.rss.amount() <= largest.rss_floor.amount();
    assert_eq!(peak.low() == Decimal::ZERO, is_small, "{peak:?} {:?}", trial.starts);
}

#[test]
fn the_starts_of_a_pair_take_turns_and_so_does_who_is_first() {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let say = |word: &str| command(&["sh", "-c", &format!("echo {word} >> {}", said.display())]);
    let mut session = open(&pair(say("candidate"), Some(say("baseline"))), &plan()).unwrap();
    for (trial, first, order) in [
        (1, First::Baseline, ["baseline", "candidate", "candidate", "baseline"]),
        (2, First::Candidate, ["candidate", "baseline", "baseline", "candidate"]),
    ] {
        let trial = session.trial(trial, &mut |_| {}).unwrap();
        let lines = std::fs::read_to_string(&said).unwrap();
        assert_eq!(lines.lines().collect::<Vec<_>>(), order);
        std::fs::remove_file(&said).unwrap();
        let baseline = trial.baseline.as_ref().unwrap();
        assert_eq!((baseline.first, baseline.starts.len()), (first, 2));
        let share = number(&trial, "improvement.command.wall.mean");
        let (candidate, baseline) =
            (number(&trial, "command.wall.mean"), number(&trial, "baseline.command.wall.mean"));
        assert!((1.0 - candidate / baseline - share).abs() < 0.0001);
    }
    let baseline = session.baseline().unwrap();
    assert_eq!(baseline.target.server, TargetServer::Command("sh".to_owned()));
}

#[test]
fn a_command_reads_its_file_in_its_folder_between_prepare_and_cleanup() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.txt");
    std::fs::write(&input, "words\n").unwrap();
    let words = |words: &[&str]| Some(command(words).command);
    let plan = CommandPlan {
        prepare: words(&["touch", "made"]),
        cleanup: words(&["mv", "made", "done"]),
        workdir: Some(folder.path().to_str().unwrap().to_owned()),
        stdin: Some(input.to_str().unwrap().to_owned()),
        ..command(&["sh", "-c", "test -e made && grep -q words"])
    };
    trial(&plan).unwrap();
    assert!(folder.path().join("done").exists() && !folder.path().join("made").exists());
    // Without a file there is nothing to read, and nobody waits at a terminal.
    assert_eq!(
        reading(&trial(&command(&["cat"])).unwrap(), "command.exit").number().unwrap().value(),
        0.into()
    );
}

#[test]
fn what_fails_before_or_after_is_named_and_the_cleanup_is_made_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let words = |words: &[&str]| Some(command(words).command);
    let prepare = CommandPlan {
        prepare: words(&["sh", "-c", "echo bad weather >&2; exit 3"]),
        ..command(&["true"])
    };
    let told = error(&prepare);
    let begin = "`prepare` `sh -c 'echo bad weather >&2; exit 3'` ended with exit status 3, its last \
                 words were: bad weather";
    assert!(told.starts_with(begin), "{told}");
    let cleanup = CommandPlan { cleanup: words(&["false"]), ..command(&["true"]) };
    assert!(error(&cleanup).starts_with("`cleanup` `false` ended with exit status 1"));
    let both =
        CommandPlan { cleanup: words(&["touch", made.to_str().unwrap()]), ..command(&["false"]) };
    assert!(error(&both).starts_with("the command `false` ended with exit status 1"));
    assert!(made.exists());
}

#[test]
fn an_exit_status_is_an_error_unless_the_plan_accepts_it() {
    let fails = command(&["sh", "-c", "echo first; echo bad >&2; echo weather >&2; exit 7"]);
    let told = error(&fails);
    assert!(told.contains("exit status 7, its last words were: bad | weather; run it"), "{told}");
    assert!(told.contains("write 7 into `accept`"), "{told}");
    let accepted = CommandPlan { accept: [0, 7].into(), ..fails };
    let status = number(&trial(&accepted).unwrap(), "command.exit");
    assert!((status - 7.0).abs() < f64::EPSILON);
}

#[test]
fn a_signal_is_an_error_whatever_the_plan_accepts() {
    let killed =
        CommandPlan { accept: (0..=255).collect(), ..command(&["sh", "-c", "kill -9 $$"]) };
    let told = error(&killed);
    assert!(told.contains("was killed by signal 9, its last words were: nothing"), "{told}");
}

#[test]
fn what_is_not_there_is_named_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "no program").unwrap();
    let text = text.to_str().unwrap();
    let missing = format!("{text}.missing");
    let refused = |command: &CommandPlan| match open(&pair(command.clone(), None), &plan()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{command:?}"),
    };
    for (words, told) in [
        (&["no-such-program-anywhere"][..], "is not on PATH; install it"),
        (&["./no/such/program"], "`./no/such/program` does not exist; check the path"),
        (&[text], "is not a program; make it one with `chmod +x`"),
    ] {
        let said = refused(&command(words));
        assert!(
            said.starts_with("the command can't be started: ") && said.contains(told),
            "{said}"
        );
    }
    let workdir = |path: &str| CommandPlan { workdir: Some(path.to_owned()), ..command(&["true"]) };
    assert!(refused(&workdir(&missing)).contains("can't be used: no such file or directory; make"));
    assert!(refused(&workdir(text)).contains("can't be used: it is not a folder"));
    let stdin = CommandPlan { stdin: Some(missing.clone()), ..command(&["true"]) };
    let said = refused(&stdin);
    assert!(said.starts_with(&format!("`stdin`: the file `{missing}` can't be read: no such")));
    let baseline = pair(command(&["true"]), Some(command(&["no-such-program-anywhere"])));
    let Err(error) = open(&baseline, &plan()) else { panic!("no such program") };
    assert!(error.to_string().starts_with("the baseline: the command can't be started"), "{error}");
}

#[test]
fn what_is_no_program_for_this_machine_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let script = program(folder.path(), "script", "#!/no/such/interpreter\n");
    let told = error(&command(&[&script]));
    let begin = format!("the command can't be started: `{script}`: no such file or directory");
    assert!(told.starts_with(&begin), "{told}");
    // What `prepare` takes away after it was found.
    let input = folder.path().join("in.txt");
    std::fs::write(&input, "").unwrap();
    let input = input.to_str().unwrap().to_owned();
    let gone = CommandPlan {
        prepare: Some(command(&["rm", &input]).command),
        stdin: Some(input.clone()),
        ..command(&["cat"])
    };
    assert!(error(&gone).starts_with(&format!("`stdin`: the file `{input}` can't be read")));
}

fn program(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_program_that_is_replaced_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let script = program(folder.path(), "script", "#!/bin/sh\n");
    let mut session = open(&pair(command(&[&script]), None), &plan()).unwrap();
    session.trial(1, &mut |_| {}).unwrap();
    std::fs::remove_file(&script).unwrap();
    program(folder.path(), "script", "#!/bin/sh\nexit 0\n");
    let error = session.trial(2, &mut |_| {}).unwrap_err();
    let MeasureError::Subject(own) = &error else { panic!("{error}") };
    assert!(matches!(own.downcast_ref(), Some(CommandError::Replaced { .. })), "{error}");
}

#[test]
fn a_command_that_does_not_end_is_stopped_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
    let mut plan = plan();
    plan.budget = "1s".parse().unwrap();
    let pair = pair(command(&["sh", "-c", &script]), None);
    let begin = Instant::now();
    let error = open(&pair, &plan).unwrap().trial(1, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("did not end within 1 s, which is the plan's `budget`"), "{error}");
    assert!(begin.elapsed() < Duration::from_mins(1));
    assert_ended(&pid);
}

#[test]
fn an_interrupt_stops_a_command_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", pid.display());
    let flag = Arc::new(AtomicBool::new(false));
    let pair = pair(command(&["sh", "-c", &script]), None);
    let mut session = Session::of_commands(&pair, &plan(), Arc::clone(&flag)).unwrap();
    let measuring = std::thread::spawn(move || session.trial(1, &mut |_| {}).map(drop));
    while !std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')) {
        std::thread::sleep(Duration::from_millis(2));
    }
    flag.store(true, Ordering::Relaxed);
    assert!(matches!(measuring.join().unwrap(), Err(MeasureError::Interrupted)));
    assert_ended(&pid);
}

#[test]
fn what_a_command_leaves_behind_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}", pid.display());
    trial(&command(&["sh", "-c", &script])).unwrap();
    assert_ended(&pid);
}

/// Waits until the process whose number is in the file is gone: the kernel takes a moment for it.
#[track_caller]
fn assert_ended(file: &Path) {
    let pid: u32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    let begin = Instant::now();
    let lives = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Nobody may be there to wait for it: then it stays as a zombie.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    while lives() {
        assert!(begin.elapsed() < Duration::from_secs(30), "process {pid} lives");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_launcher_that_nobody_waits_for_stops_what_it_started() {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 600", pid.display());
    let mut launcher = Command::new(env!("CARGO_BIN_EXE_phasegate-start-command"));
    launcher.args(["", "sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = launcher.process_group(0).spawn().unwrap();
    while !std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')) {
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(child.stdin.take());
    assert!(!child.wait().unwrap().success());
    assert_ended(&pid);
    // And one in somebody else's group does nothing.
    let output = Command::new(env!("CARGO_BIN_EXE_phasegate-start-command"))
        .args(["", "true"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "\"orphan\"\n");
}
