//! `phasegate import FILE...`: what others measured, as evidence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use phasegate_measure::{ImportTerms, Imported, Origin, import, info_readings};
use phasegate_model::{End, Environment, Evidence, Target, TargetServer, Trial};

use crate::args::{FactOptions, ImportArgs, LogUnit, Verbosity, WrittenBy};
use crate::input::files::{can_write, must_agree_with_itself, read_foreign, write_whole};
use crate::input::project::Project;
use crate::output::streams::{Exit, print, say};
use crate::program::TOOL;

/// With the votes of the method, fewer trials decide nothing that is put to the vote.
const FEW_TRIALS: usize = 5;

pub(crate) fn run(args: &ImportArgs, verbosity: Verbosity) -> anyhow::Result<Exit> {
    let (Some(phase), Some(output)) = (&args.phase, &args.output) else {
        anyhow::bail!("give --phase PHASE and --output FILE"); // The arguments' own rules see to it.
    };
    let to_stdout = output == Path::new("-");
    // Before the files are read, so that a slip in the output's name costs no time.
    if !to_stdout {
        can_write(output)?;
    }
    let project = Project::load(phase, None, &FactOptions::default())?;
    let evidence = evidence(args, &project)?;
    must_agree_with_itself(&evidence)?;
    let text = evidence.to_json()?;
    if to_stdout {
        print(&text)?;
    } else {
        write_whole(output, &text)?;
    }
    if verbosity > Verbosity::Quiet {
        tell(&evidence, phase, output);
    }
    Ok(Exit::Done)
}

fn tell(evidence: &Evidence, phase: &str, output: &Path) {
    let trials = evidence.trials.len();
    let plural = if trials == 1 { "trial" } else { "trials" };
    say(&format!(
        "{trials} {plural} imported; to decide on them: phasegate decide {phase} --evidence {}",
        output.display()
    ));
    if trials < FEW_TRIALS {
        say(
            "so few trials decide no condition over sampled metrics; measure several times, restart the server in between, and import all files together",
        );
    }
}

fn evidence(args: &ImportArgs, project: &Project) -> anyhow::Result<Evidence> {
    let terms = ImportTerms {
        unit: args.unit.map(LogUnit::time_unit),
        trial_of: args.trial.trial_of(),
        tags: args.tags.clone(),
        quantiles: project.plan.measure.quantiles.clone(),
        command: args
            .test
            .clone()
            .unwrap_or_else(|| project.plan.measure.command.as_str().to_owned()),
    };
    let files = args.files.iter().map(|path| File::read(path, args.from.map(WrittenBy::origin)));
    let files = files.collect::<anyhow::Result<Vec<_>>>()?;
    refuse_twice(&files)?;
    let mut trials = Vec::new();
    let (mut commands, mut loads) = (Vec::new(), Vec::new());
    for file in &files {
        let Imported { command, load, trials: imported } =
            import(file.origin, &file.text, &terms).with_context(|| file.cannot())?;
        commands.extend(command.filter(|it| !commands.contains(it)));
        loads.extend(load.filter(|it| !loads.contains(it)));
        for trial in imported {
            let number = u32::try_from(trials.len() + 1).context("too many trials")?;
            trials.push(trial.into_trial(number, &file.name, file.written_at));
        }
    }
    if let Some(path) = &args.info {
        add_info(path, &mut trials)?;
    }
    let (started_at, ended_at) = span(&trials).context("there is no trial")?;
    Ok(Evidence {
        schema: Evidence::SCHEMA,
        tool: TOOL.to_owned(),
        started_at,
        ended_at,
        end: End::Imported,
        plan: project.plan.clone(),
        target: Target {
            server: TargetServer::Imported(origins(&files)),
            transport: None,
            wait: None,
            command: told(&commands).unwrap_or_else(|| "not told".to_owned()),
            load: told(&loads),
        },
        // The machine that imports needn't be the one that was measured.
        environment: Environment::default(),
        baseline: None,
        trials,
        previous: None,
        earlier_runs: None,
        continues: None,
        spread: None,
    })
}

/// One result is one trial: the same one twice would be evidence that isn't there.
fn refuse_twice(files: &[File]) -> anyhow::Result<()> {
    let mut seen = BTreeMap::new();
    for file in files {
        let shown = file.path.display();
        if let Some(other) = seen.insert(file.text.as_str(), shown.to_string()) {
            anyhow::bail!(
                "`{shown}` says the same as `{other}`, word for word; one result is one trial"
            );
        }
    }
    Ok(())
}

/// A file of others.
struct File {
    /// Without its folder, which is nobody else's business.
    name: String,
    path: PathBuf,
    text: String,
    written_at: DateTime<Utc>,
    origin: Origin,
}

impl File {
    fn read(path: &Path, origin: Option<Origin>) -> anyhow::Result<Self> {
        let (text, written_at) = read_foreign(path)?;
        let shown = path.display();
        let origin = origin.or_else(|| Origin::detect(&text)).with_context(|| {
            format!("can't tell who wrote `{shown}`; say so with --from, if it is one of hlog, memtier, redis-benchmark, info")
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, path: path.to_owned(), text, written_at, origin })
    }

    fn cannot(&self) -> String {
        format!("can't import `{}` as {}", self.path.display(), self.origin)
    }
}

/// Where all of it is from: each kind of file with the names.
fn origins(files: &[File]) -> String {
    let mut kinds: Vec<(Origin, Vec<String>)> = Vec::new();
    for file in files {
        let name = format!("`{}`", file.name);
        match kinds.iter_mut().find(|(origin, _)| *origin == file.origin) {
            Some((_, names)) => names.push(name),
            None => kinds.push((file.origin, vec![name])),
        }
    }
    let kinds = kinds.iter().map(|(origin, names)| format!("{origin} ({})", names.join(", ")));
    kinds.collect::<Vec<_>>().join(" and ")
}

fn told(all: &[String]) -> Option<String> {
    (!all.is_empty()).then(|| all.join("; "))
}

/// When the first began and the last ended.
fn span(trials: &[Trial]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let end = |trial: &Trial| {
        let took =
            i64::try_from(trial.duration_ms).ok().and_then(chrono::TimeDelta::try_milliseconds);
        took.and_then(|took| trial.started_at.checked_add_signed(took)).unwrap_or(trial.started_at)
    };
    let first = trials.iter().map(|trial| trial.started_at).min()?;
    Some((first, trials.iter().map(end).max()?))
}

/// What a reply to `INFO` says goes for every trial.
fn add_info(path: &Path, trials: &mut [Trial]) -> anyhow::Result<()> {
    let (text, _) = read_foreign(path)?;
    let readings = info_readings(&text)
        .with_context(|| format!("can't import `{}` as {}", path.display(), Origin::Info))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for trial in trials {
        trial.readings.extend(readings.clone());
        // Otherwise agreement of all trials would look like agreement of several readings.
        trial.anomalies.push(format!(
            "memory.* and server.* are those of `{name}`, saved once for all trials"
        ));
    }
    Ok(())
}
