//! The team's files: plans in `rules/phases`, and the matrices that they name.

use std::path::{Path, PathBuf};

use anyhow::Context;
use phasegate_history::{ObjectKind, Store};
use phasegate_model::{Plan, nearest};
use phasegate_rules::{Matrix, PlanFile, Source, parse_plan, verify_plan};

use crate::args::{FactOptions, Measuring};
use crate::input::asserted::assert_known_facts;
use crate::input::diagnostics::{Trouble, is_error, report};
use crate::input::files::read_rules;
use crate::output::streams::told;
use crate::program::latest_day;
use crate::recorded::decision::{RecordedDecision, matrix_of, text};

/// Where plans are found by their names.
pub(crate) const PHASES: &str = "rules/phases";

/// A phase's plan and matrix, with their texts as they were read.
pub(crate) struct Project {
    /// The plan, to which options of the command line may be applied.
    pub(crate) plan: Plan,
    /// The plan as its file has it.
    pub(crate) written_plan: Plan,
    pub(crate) plan_source: Source,
    /// What it was asked for by: a phase's name or a plan's path.
    pub(crate) name: String,
    pub(crate) matrix: Matrix,
    pub(crate) matrix_source: Source,
}

impl Project {
    /// What is to be measured by: a phase's files, or what is recorded with an entry.
    pub(crate) fn of(measuring: &Measuring, store: &Store) -> anyhow::Result<Self> {
        match (&measuring.entry, &measuring.phase) {
            (Some(number), _) => Self::recorded(store, *number, &measuring.facts)
                .with_context(|| format!("can't measure by entry {number}")),
            (None, Some(phase)) => Self::load(phase, measuring.matrix.as_deref(), &measuring.facts),
            // The arguments' own rules see to it.
            (None, None) => anyhow::bail!("give a phase or --entry N"),
        }
    }

    /// The plan and the matrix that an entry was decided by. They were checked then.
    fn recorded(store: &Store, number: u64, facts: &FactOptions) -> anyhow::Result<Self> {
        let recorded = store.entry(number)?;
        let objects = RecordedDecision::of(store, &recorded.entry)?.objects()?;
        let named = |kind: ObjectKind, bytes| {
            let name = format!("{kind} of entry {number}");
            anyhow::Ok(Source { name, text: text(bytes, kind)? })
        };
        let plan_source = named(ObjectKind::Plan, objects.plan)?;
        let matrix_source = named(ObjectKind::Matrix, objects.matrix.clone())?;
        let mut plan = parse_plan(&plan_source).map_err(|problems| {
            report(&Trouble { sources: vec![plan_source.clone()], problems })
        })?;
        let matrix = matrix_of(objects.matrix, objects.bases)?;
        // Evidence has only the quantiles and CPU times that are asked for, and others can't be had
        // afterwards.
        plan.measure.record_all_of(&matrix.metrics_with(&plan));
        let (name, written_plan) = (plan.phase.as_str().to_lowercase(), plan.clone());
        assert_known_facts(&mut plan.facts, &facts.facts, &matrix)?;
        Ok(Self { plan, written_plan, plan_source, name, matrix, matrix_source })
    }

    /// Reads and checks the plan of a phase and its matrix, and runs the matrix's test cases.
    ///
    /// Facts of the command line go before the plan's. Problems in the files are printed; then the
    /// error is a [`ReportedError`](crate::output::streams::ReportedError).
    pub(crate) fn load(
        phase: &str,
        matrix: Option<&Path>,
        facts: &FactOptions,
    ) -> anyhow::Result<Self> {
        let path = plan_path(phase)?;
        let plan_source = read_rules(&path)?;
        let mut file = PlanFile::parse(&plan_source).map_err(|problems| {
            report(&Trouble { sources: vec![plan_source.clone()], problems })
        })?;
        let plan = file.plan.clone();
        let matrix_path = matrix.map_or_else(|| matrix_path(&path, &plan), Path::to_path_buf);
        let matrix_source = read_rules(&matrix_path).with_context(|| match matrix {
            Some(_) => "the matrix in --matrix".to_owned(),
            None => format!("the matrix that `{}` names", path.display()),
        })?;
        let matrix = checked_matrix(&matrix_path, &matrix_source).map_err(|t| report(&t))?;
        let mut problems = file.facts_after(latest_day());
        // The command line may give a fact that the plan lacks.
        assert_known_facts(&mut file.plan.facts, &facts.facts, &matrix)?;
        problems.extend(file.problems_with(&matrix));
        // A warning is for `check` to tell, and no reason not to measure.
        problems.extend(verify_plan(&plan_source, &plan, &matrix).into_iter().filter(is_error));
        if !problems.is_empty() {
            let sources = vec![plan_source, matrix_source];
            return Err(report(&Trouble { sources, problems }));
        }
        let (mut written_plan, mut plan) = (plan, file.plan);
        for plan in [&mut written_plan, &mut plan] {
            plan.measure.record_all_of(&matrix.metrics_with(plan));
        }
        let name = phase.to_owned();
        Ok(Self { plan, written_plan, plan_source, name, matrix, matrix_source })
    }
}

/// A matrix, if its file could be read, and all that is said of it.
pub(crate) struct Examined {
    pub(crate) matrix: Option<Matrix>,
    pub(crate) trouble: Trouble,
}

/// Reads a matrix with what it extends.
pub(crate) fn examined_matrix(path: &Path, source: &Source) -> Examined {
    let mut sources = vec![source.clone()];
    let folder = path.parent().unwrap_or(Path::new(""));
    let (matrix, problems) = Matrix::examine_with(source, &mut |base| {
        let base = read_rules(&folder.join(base)).map_err(|error| told(&error))?;
        sources.push(base.clone());
        Ok(base)
    });
    Examined { matrix, trouble: Trouble { sources, problems } }
}

/// A matrix whose own tests pass and in which nothing is certainly wrong, with what it extends.
pub(crate) fn checked_matrix(path: &Path, source: &Source) -> Result<Matrix, Trouble> {
    let Examined { matrix, mut trouble } = examined_matrix(path, source);
    // A warning is for `check` to tell, and no reason not to decide.
    trouble.problems.retain(is_error);
    matrix.filter(|_| trouble.problems.is_empty()).ok_or(trouble)
}

/// The matrix's path: as the plan has it, relative to the plan.
pub(crate) fn matrix_path(plan_path: &Path, plan: &Plan) -> PathBuf {
    let joined = plan_path.parent().unwrap_or(Path::new("")).join(&plan.matrix);
    // `rules/phases/../allocator.toml` is `rules/allocator.toml` for people.
    let mut tidy = PathBuf::new();
    for part in joined.components() {
        let up = part == std::path::Component::ParentDir;
        let named = matches!(tidy.components().next_back(), Some(std::path::Component::Normal(_)));
        if up && named {
            tidy.pop();
        } else {
            tidy.push(part);
        }
    }
    // Through a symbolic link the two may differ; then the path as written is the right one.
    if tidy.exists() { tidy } else { joined }
}

/// The plan of a phase alone, read and checked.
pub(crate) fn load_plan(phase: &str) -> anyhow::Result<Plan> {
    let source = read_rules(&plan_path(phase)?)?;
    let file = PlanFile::parse(&source)
        .map_err(|problems| report(&Trouble { sources: vec![source.clone()], problems }))?;
    Ok(file.plan)
}

fn plan_path(phase: &str) -> anyhow::Result<PathBuf> {
    if phase.contains('/') || Path::new(phase).extension().is_some_and(|end| end == "toml") {
        return Ok(phase.into());
    }
    let path = Path::new(PHASES).join(format!("{}.toml", phase.to_lowercase()));
    if path.exists() {
        return Ok(path);
    }
    // Where names of files tell case apart, the plan may have the phase's own spelling.
    let exact = Path::new(PHASES).join(format!("{phase}.toml"));
    if exact.exists() {
        return Ok(exact);
    }
    let known = known_phases();
    let advice = match nearest(phase, known.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => format!(
            "there are no plans in `{PHASES}`; run phasegate where that folder is, or give a plan's path"
        ),
        None => format!("there are plans for {}", known.join(", ")),
    };
    anyhow::bail!("there is no plan for phase `{phase}` at `{}`: {advice}", path.display())
}

fn known_phases() -> Vec<String> {
    let mut names: Vec<String> = toml_files(Path::new(PHASES))
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// The `.toml` files of a folder, sorted; none if it can't be read.
pub(crate) fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    files
}
