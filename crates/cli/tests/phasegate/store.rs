//! A history that a team shares: in a bucket, or in a folder named by `--store`.

use crate::bucket::{Bucket, Manner};
use crate::scene::{Said, Scene};

const STORE: &str = "s3://team/redis";

/// Runs the program with what it needs to reach the bucket.
fn run(scene: &Scene, bucket: &Bucket, arguments: &[&str]) -> Said {
    let mut program = scene.program(arguments);
    program.envs(bucket.variables());
    let said = scene.said(&program.output().unwrap());
    for text in [&said.out, &said.err] {
        assert!(!text.contains("hunter2") && !text.contains("AKIATEST"), "{text}");
    }
    said
}

#[test]
fn a_history_in_a_bucket_is_written_and_read_by_every_command() {
    let (scene, bucket) = (Scene::quick(), Bucket::start(Manner::Sound));
    let said = run(&scene, &bucket, &["run", "q1", "--store", STORE]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.ends_with("\ns3://team/redis/000001-q1-skip/report.md\n"), "{}", said.out);
    assert!(!scene.path("reports").exists());
    for name in ["redis/ledger/000001.json", "redis/000001-q1-skip/report.html"] {
        assert!(bucket.names().contains(&name.to_owned()), "{:?}", bucket.names());
    }
    assert!(bucket.names().iter().all(|name| !name.contains(".tmp-")));

    for command in [
        &["history", "list"] as &[&str],
        &["history", "verify"],
        &["explain"],
        &["report", "1"],
        &["whatif", "q1", "--set", "dataset=60MB"],
    ] {
        let said = run(&scene, &bucket, &[command, &["--store", STORE]].concat());
        assert_eq!(said.status, 0, "{command:?}: {}", said.err);
        let mut program = scene.program(command);
        let by_variable = program.envs(bucket.variables()).env("PHASEGATE_STORE", STORE);
        let by_variable = scene.said(&by_variable.output().unwrap());
        assert_eq!((by_variable.status, by_variable.out), (0, said.out), "{command:?}");
    }
    let bytes = bucket.objects.lock().unwrap().values().flatten().copied().collect::<Vec<u8>>();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(!text.contains("hunter2") && !text.contains("AKIATEST"));
}

#[test]
fn a_site_of_a_bucket_has_its_reports() {
    let (scene, bucket) = (Scene::quick(), Bucket::start(Manner::Sound));
    for _ in 0..2 {
        assert_eq!(run(&scene, &bucket, &["run", "q1", "--store", STORE]).status, 0);
    }
    let site = ["history", "site", "site", "--store", STORE];
    let said = run(&scene, &bucket, &site);
    assert_eq!(said.status, 0, "{}", said.err);
    for number in [1, 2] {
        let name = format!("00000{number}-q1-skip");
        let stored = bucket.objects.lock().unwrap()[&format!("redis/{name}/report.html")].clone();
        assert!(scene.read(&format!("site/reports/{name}.html")).into_bytes() == stored);
        let page = scene.read(&format!("site/entries/00000{number}.html"));
        assert!(page.contains(&format!("href=\"../reports/{name}.html\"")), "{page}");
    }
    // A report that is gone has no link; the entry is there.
    bucket.objects.lock().unwrap().remove("redis/000001-q1-skip/report.html");
    assert_eq!(run(&scene, &bucket, &site).status, 0);
    assert!(!scene.path("site/reports/000001-q1-skip.html").exists());
    assert!(!scene.read("site/entries/000001.html").contains("../reports/"));
    // Without the bucket the older site stays.
    let mut program = scene.program(&site);
    program.envs(Bucket::start(Manner::NoBucket).variables());
    assert_eq!(scene.said(&program.output().unwrap()).status, 2);
    assert!(scene.path("site/reports/000002-q1-skip.html").exists());
}

#[test]
fn a_bucket_that_can_t_be_used_is_told_before_measuring() {
    for (manner, what, advice) in [
        (
            Manner::NoBucket,
            "the bucket doesn't exist (NoSuchBucket)",
            "create it, or check its name",
        ),
        (
            Manner::UnknownKey,
            "the credentials are not accepted (InvalidAccessKeyId)",
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        (
            Manner::ReadOnly,
            "access is denied (AccessDenied)",
            "needs permission to list, read, create",
        ),
        (Manner::NotExclusive, "ignores \"create only if absent\"", "use a store that honours"),
    ] {
        let (scene, bucket) = (Scene::quick(), Bucket::start(manner));
        let said = run(&scene, &bucket, &["run", "q1", "--store", STORE]);
        assert_eq!(said.status, 2, "{manner:?}: {}", said.err);
        assert!(said.err.contains(what), "{}", said.err);
        assert!(said.err.contains(advice), "{}", said.err);
        assert!(!said.err.contains("trial"), "nothing was measured: {}", said.err);
        assert_eq!(bucket.names(), [""; 0], "nothing is left behind");
    }
}

#[test]
fn evidence_that_can_t_be_recorded_any_more_is_kept_on_disk() {
    let (scene, bucket) = (Scene::quick(), Bucket::start(Manner::NoEntries));
    let said = run(&scene, &bucket, &["run", "q1", "--store", STORE]);
    assert_eq!(said.status, 2);
    assert!(
        said.err
            .contains("nothing was recorded: can't create `s3://team/redis/ledger/000001.json`")
    );
    assert!(said.err.contains("the credentials are not accepted (ExpiredToken)"), "{}", said.err);
    assert!(said.err.contains("the evidence is kept in `reports/unfinished/q1-"), "{}", said.err);
    assert_eq!(std::fs::read_dir(scene.path("reports/unfinished")).unwrap().count(), 1);
    assert!(bucket.names().iter().all(|name| name.starts_with("redis/objects/")));
}

#[test]
fn without_a_network_or_credentials_one_message_says_what_to_do() {
    let (scene, bucket) = (Scene::quick(), Bucket::start(Manner::Sound));
    let list = ["history", "list", "--store", STORE];
    let nobody = "http://127.0.0.1:1";

    let mut program = scene.program(&list);
    program.envs(bucket.variables()).env("AWS_ENDPOINT", nobody);
    let said = scene.said(&program.output().unwrap());
    assert_eq!(said.status, 2);
    assert!(said.err.contains("there is no connection: Connection refused"), "{}", said.err);
    assert!(said.err.contains("check the network and, where it is set, the endpoint"));

    let mut program = scene.program(&list);
    program.envs(bucket.variables()).env_remove("AWS_ACCESS_KEY_ID");
    program.env_remove("AWS_SECRET_ACCESS_KEY").env("AWS_METADATA_ENDPOINT", nobody);
    let said = scene.said(&program.output().unwrap());
    assert_eq!(said.status, 2);
    assert!(said.err.contains("there are no credentials"), "{}", said.err);
    assert!(said.err.contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));

    let mut program = scene.program(&list);
    program.envs(bucket.variables()).env_remove("AWS_ALLOW_HTTP");
    let said = scene.said(&program.output().unwrap());
    assert!(said.err.contains("set AWS_ALLOW_HTTP=true"), "{}", said.err);
}

#[test]
fn a_key_in_the_url_is_refused_and_not_repeated() {
    let scene = Scene::quick();
    let url = "az://container/p?sig=hunter2secret";
    let mut program = scene.program(&["history", "list"]);
    let by_variable = scene.said(&program.env("PHASEGATE_STORE", url).output().unwrap());
    for said in [scene.run(&["history", "list", "--store", url]), by_variable] {
        assert_eq!(said.status, 2);
        assert!(said.err.contains("has no user, key or token in it"), "{}", said.err);
        assert!(!said.err.contains("hunter2"), "{}", said.err);
    }
}

#[test]
fn the_doctor_refuses_a_store_that_ignores_create_if_absent() {
    let (scene, bucket) = (Scene::quick(), Bucket::start(Manner::NotExclusive));
    let doctor = ["history", "doctor", "--store", STORE];
    let said = run(&scene, &bucket, &doctor);
    assert_eq!(said.status, 2);
    assert!(said.out.contains("ignores \"create only if absent\""), "{}", said.out);
    assert!(said.out.ends_with("a history can't be kept in s3://team/redis\n"), "{}", said.out);
    assert_eq!(bucket.names(), [""; 0]);
}

#[test]
fn the_doctor_finds_a_bucket_and_a_folder_good() {
    let (scene, bucket) = (Scene::quick(), Bucket::start(Manner::Sound));
    for store in [STORE, "shared"] {
        let said = run(&scene, &bucket, &["history", "doctor", "--store", store]);
        assert_eq!(said.status, 0, "{}", said.out);
        assert!(said.out.contains("good    create-if-absent: of 8 writers"), "{}", said.out);
        assert!(said.out.ends_with(&format!("a history can be kept in {store}\n")), "{}", said.out);
    }
    assert_eq!(bucket.names(), [""; 0]);
    let said =
        run(&scene, &bucket, &["history", "doctor", "--store", "shared", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["usable"], true);
    assert_eq!(found["checks"][1]["name"], "create-if-absent");
}
