//! The workflows of `docs/CI.md` do what they say: every step that is a script runs, in a team's
//! repository, with a real Redis. Programs that would ask a network are stand-ins that write down
//! how they were called.

use std::collections::BTreeMap;
use std::process::Command;

use yaml_rust2::{Yaml, YamlLoader};

use crate::scene::{QUICK, QUICK_MATRIX, Scene, Server};

const CI_MD: &str = include_str!("../../../../docs/CI.md");

/// The texts of the blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let parts = CI_MD.split(&format!("```{language}\n")[..]).skip(1).collect::<Vec<_>>();
    parts.into_iter().map(|part| part.split("```").next().unwrap()).collect()
}

fn workflow(at: usize) -> Yaml {
    YamlLoader::load_from_str(blocks("yaml")[at]).unwrap().remove(0)
}

/// What runs a script, and the variables that it finds.
struct Runner {
    scene: Scene,
    server: Server,
    variables: BTreeMap<String, String>,
}

impl Runner {
    /// A clone of a team's repository whose phase 3A ends with `act`.
    fn new() -> Self {
        let scene = Scene::empty();
        scene.write("team/rules/phases/3a.toml", QUICK.replace("\"Q1\"", "\"3A\""));
        let act = QUICK_MATRIX
            .replace("P50 > 1h", "P50 < 1h")
            .split("[[test]]")
            .next()
            .unwrap()
            .to_owned();
        scene.write("team/rules/quick.toml", act);
        for program in ["cargo", "gh", "curl"] {
            let text = format!("#!/bin/sh\necho {program} \"$@\" >> \"$HOME/called\"\n");
            scene.write(&format!("bin/{program}"), text);
        }
        let program = env!("CARGO_BIN_EXE_phasegate");
        let paths = [scene.path("bin"), program.rsplit_once('/').unwrap().0.into()];
        let path = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(paths.into_iter().chain(std::env::split_paths(&path)));
        let path = path.unwrap().into_string().unwrap();
        let mut variables = BTreeMap::new();
        variables.insert("PATH".to_owned(), path);
        let server = Server::start(&[]);
        let runner = Self { scene, server, variables };
        runner.good(
            "chmod +x ../bin/*
             git config --global user.name Ada && git config --global user.email ada@example.org
             git init --quiet --initial-branch main && git add . && git commit --quiet -m rules
             git clone --quiet --bare . ../host.git && git remote add origin ../host.git
             git fetch --quiet && git branch --quiet --set-upstream-to origin/main",
        );
        runner
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    /// Runs a script as CI does: in bash, up to the first command that fails.
    fn run(&self, script: &str, more: &[(String, String)]) -> (i32, String) {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command.current_dir(self.scene.path("team")).env_clear().env("USER", "ci");
        command.env("HOME", self.scene.path("")).envs(&self.variables);
        command.envs(more.iter().map(|(name, value)| (name, value)));
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    fn good(&self, script: &str) -> String {
        let (status, said) = self.run(script, &[]);
        assert_eq!(status, 0, "{script}: {said}");
        said
    }

    /// What is in the published repository.
    fn published(&self) -> String {
        self.good("git --git-dir ../host.git ls-tree -r --name-only main")
    }

    /// How the stand-ins were called.
    fn called(&self) -> String {
        self.scene.read("called")
    }

    /// A value of a workflow with what stands for its expressions.
    fn expanded(&self, text: &str) -> String {
        let status = self.scene.path("output").exists().then(|| self.scene.read("output"));
        let status = status.as_deref().and_then(|text| text.trim().strip_prefix("status="));
        let known = [
            ("vars.PHASEGATE", "https://code.example/phasegate.git".to_owned()),
            ("secrets.REDIS_URL", self.server.unix_url()),
            ("github.token", "token".to_owned()),
            ("github.event.number", "7".to_owned()),
            ("steps.gate.outputs.status", status.unwrap_or("none").to_owned()),
        ];
        let expand = |text: String, (name, value): (&str, String)| {
            text.replace(&format!("${{{{ {name} }}}}"), &value)
        };
        let expanded = known.into_iter().fold(text.to_owned(), expand);
        assert!(!expanded.contains("${{"), "{expanded}");
        expanded
    }

    /// Runs the steps of a job that are scripts; returns the name and the status of the last.
    fn steps(&self, job: &Yaml) -> (String, i32) {
        let mut last = (String::new(), 0);
        for step in job["steps"].as_vec().unwrap() {
            let Some(script) = step["run"].as_str() else { continue };
            let name = step["name"].as_str().unwrap().to_owned();
            assert_eq!(last.1, 0, "`{}` failed, and was not the last", last.0);
            let of_step = step["env"].as_hash().into_iter().flatten();
            let variables: Vec<(String, String)> = of_step
                .map(|(name, value)| {
                    (name.as_str().unwrap().to_owned(), self.expanded(value.as_str().unwrap()))
                })
                .collect();
            let (status, said) = self.run(script, &variables);
            println!("{name}: {status}\n{said}");
            last = (name, status);
        }
        last
    }
}

#[test]
fn on_github_the_gate_opens_for_an_act() {
    let mut runner = Runner::new();
    let output = runner.scene.path("output").display().to_string();
    runner.set("GITHUB_OUTPUT", output);
    let summary = runner.scene.path("summary.md").display().to_string();
    runner.set("GITHUB_STEP_SUMMARY", summary);
    let (last, status) = runner.steps(&workflow(0)["jobs"]["gate"]);
    assert_eq!((last.as_str(), status), ("Let work begin only if the gate is open", 0));
    assert!(runner.scene.read("summary.md").contains("phase 3A is decided: act"));
    assert!(runner.scene.read("team/comment.md").starts_with("### phasegate: phase 3A is decided"));
    let called = runner.called();
    assert!(called.contains("cargo install --locked --git https://code.example/"), "{called}");
    assert!(called.contains("gh pr comment 7 --body-file comment.md"), "{called}");
    assert!(runner.published().contains("reports/ledger/000001.json\n"));
    // What was recorded is published on the main branch.
    let (last, status) = runner.steps(&workflow(1)["jobs"]["site"]);
    assert_eq!((last.as_str(), status), ("Write the site", 0));
    assert!(runner.scene.path("team/site/entries/000001.html").exists());
}

#[test]
fn on_github_the_gate_stays_closed_for_a_skip() {
    let mut runner = Runner::new();
    let output = runner.scene.path("output").display().to_string();
    runner.set("GITHUB_OUTPUT", output);
    let matrix = runner.scene.read("team/rules/quick.toml").replace("P50 < 1h", "P50 > 1h");
    runner.scene.write("team/rules/quick.toml", matrix);
    let (last, status) = runner.steps(&workflow(0)["jobs"]["gate"]);
    assert_eq!((last.as_str(), status), ("Let work begin only if the gate is open", 1));
    assert!(runner.published().contains("reports/ledger/000001.json\n"), "it is recorded");
}

#[test]
fn on_gitlab_the_jobs_run() {
    let mut runner = Runner::new();
    for (name, value) in [
        ("GATE_TOKEN", "token"),
        ("CI_SERVER_HOST", "gitlab.example"),
        ("CI_PROJECT_PATH", "team/redis"),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "main"),
        ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
        ("CI_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_IID", "7"),
    ] {
        runner.set(name, value);
    }
    let url = runner.server.unix_url();
    runner.set("REDIS_URL", url);
    runner.good(
        "git config --global url.../host.git.insteadOf https://gate:token@gitlab.example/team/redis.git",
    );
    for job in ["gate", "pages"] {
        let workflow = workflow(2);
        let lines: Vec<&str> = workflow[job]["script"]
            .as_vec()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        runner.good(&lines.join("\n"));
    }
    assert!(runner.published().contains("reports/ledger/000001.json\n"));
    assert!(
        runner.called().contains("https://gitlab.example/api/v4/projects/1/merge_requests/7/notes")
    );
    assert!(runner.scene.path("team/public/index.html").exists());
}

#[test]
fn the_nightly_script_checks_records_and_publishes() {
    let runner = Runner::new();
    let url = runner.server.unix_url();
    runner.good(&format!(
        "phasegate run 3a --quiet --url {url} > /dev/null
         git add reports && git commit --quiet -m first && git push --quiet
         mkdir -p ../srv/heads && ln -s ../team ../srv/team
         phasegate history verify | sed -n 's/^head //p' > ../srv/heads/team"
    ));
    let folder = runner.scene.path("srv").display().to_string();
    let script = blocks("sh")[0].replace("/srv/", &format!("{folder}/"));
    let script = script.replace("unix:///run/redis/redis.sock", &url);
    let script = script.replace("set -eu\n", "set -eu\nmkdir -p ../srv/www\n");
    runner.good(&script);
    assert!(runner.published().contains("reports/ledger/000002.json\n"));
    assert!(runner.scene.path("srv/www/history/index.html").exists());
    let noted = runner.scene.read("srv/heads/team");
    assert!(runner.good("phasegate history verify").contains(&format!("head {noted}")), "{noted}");
    let before = runner.published();
    // A night later, after somebody has changed what was recorded.
    runner.good("sed -i 's/\"3A\"/\"3B\"/' reports/ledger/000001.json");
    let (status, said) = runner.run(&script, &[]);
    assert_ne!(status, 0, "{said}");
    assert_eq!(runner.published(), before);
}
