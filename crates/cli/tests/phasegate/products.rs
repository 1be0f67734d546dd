//! Other servers than the system's, measured from the plan to the report. `cargo xtask test`
//! installs them and runs these tests, each by its name.

use crate::scene::{QUICK, Scene, json};

/// What isn't told with an allocator that isn't jemalloc, which is how both are built.
const NOT_TOLD: [&str; 4] = [
    "memory.allocator_frag_bytes",
    "memory.allocator_frag_ratio",
    "memory.allocator_rss_ratio",
    "memory.rss_overhead_ratio",
];

/// Measures the program that a variable names, for a phase and once more without recording, and
/// looks for its name wherever people would.
fn measured(variable: &str, product: &str, in_report: &str) {
    let program = std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} names the program: cargo xtask test"));
    let scene = Scene::quick();
    scene.write("rules/phases/q1.toml", format!("{QUICK}[target]\nprogram = \"{program}\"\n"));
    let said = scene.run(&["run", "q1", "--format", "json"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let result = json(&said);
    assert_eq!(result["outcome"], "skip", "{result}");
    let report = scene.read(result["report"].as_str().unwrap());
    assert!(report.contains(in_report), "{report}");
    assert_eq!(scene.run(&["history", "verify"]).status, 0);

    let said = scene.run(&["measure", "q1", "-o", "e.json", "-q"]);
    assert_eq!(said.status, 0, "{}", said.err);
    let evidence: serde_json::Value = serde_json::from_str(&scene.read("e.json")).unwrap();
    assert_eq!(evidence["environment"]["server.product"], product);
    let trials = evidence["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 8);
    for trial in trials {
        let readings = trial["readings"].as_object().unwrap();
        let of_server = |name: &String| name.starts_with("memory.") || name.starts_with("server.");
        let missing = readings.iter().filter(|(_, it)| it.get("missing").is_some());
        let missing: Vec<&String> = missing.map(|it| it.0).filter(|it| of_server(it)).collect();
        assert_eq!(missing, NOT_TOLD, "{product}");
        assert_eq!(readings["memory.allocator"], "libc");
        assert!(readings["headroom.exec"].is_string(), "{}", readings["headroom.exec"]);
    }
}

#[test]
#[ignore = "needs a server from PyPI: cargo xtask test"]
fn valkey_9_1_is_measured_decided_and_reported() {
    let in_report = "Valkey 9.1.2, which answers as Redis 7.2.4";
    measured("PHASEGATE_VALKEY_9_1", "Valkey 9.1.2", in_report);
}

#[test]
#[ignore = "needs a server from PyPI: cargo xtask test"]
fn redis_6_2_is_measured_decided_and_reported() {
    measured("PHASEGATE_REDIS_6_2", "Redis 6.2.14", "Redis 6.2.14");
}
