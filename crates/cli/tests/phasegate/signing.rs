//! Signing and checking signatures, with the real `ssh-keygen`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::scene::{Scene, json};

/// Makes a key.
fn make_key(scene: &Scene, name: &str, passphrase: &str) {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-C", "", "-N", passphrase, "-f", name]);
    let made = keygen.current_dir(scene.path("")).output().unwrap();
    assert!(made.status.success());
    scene.write("allowed", format!("ada@example.org {}", scene.read(&format!("{name}.pub"))));
}

fn signature(scene: &Scene, number: u64) -> PathBuf {
    let names = std::fs::read_dir(scene.path("reports/signatures")).unwrap();
    let mut names = names.map(|item| item.unwrap().path());
    let begin = format!("{number:06}-");
    names.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&begin)).unwrap()
}

#[test]
fn openssh_and_phasegate_accept_each_others_signatures() {
    let scene = Scene::quick();
    make_key(&scene, "key", "");
    let said = scene.run(&["run", "q1", "-q", "--sign", "key"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert_eq!(scene.run(&["run", "q1", "-q"]).status, 0);

    let entry = std::fs::File::open(scene.path("reports/ledger/000001.json")).unwrap();
    let mut keygen = Command::new("ssh-keygen");
    keygen.args([
        "-Y",
        "verify",
        "-f",
        "allowed",
        "-I",
        "ada@example.org",
        "-n",
        "phasegate",
        "-s",
    ]);
    keygen.arg(signature(&scene, 1)).current_dir(scene.path("")).stdin(Stdio::from(entry));
    let verified = keygen.output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));

    let arguments = ["history", "verify", "--allowed-signers", "allowed"];
    let verified = scene.run(&arguments);
    assert_eq!(verified.status, 0, "{}", verified.out);
    assert!(verified.out.contains("entry 1 is signed by ada@example.org\n"), "{}", verified.out);
    let required = [&arguments[..], &["--require-signatures", "--format", "json"]].concat();
    let refused = scene.run(&required);
    assert_eq!((refused.status, json(&refused)["names"][0].as_str()), (2, Some("unsigned")));

    // One made by ssh-keygen, as somebody with a passphrase would.
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-Y", "sign", "-n", "phasegate", "-f", "key", "reports/ledger/000002.json"]);
    assert!(keygen.current_dir(scene.path("")).output().unwrap().status.success());
    let made = scene.path("reports/ledger/000002.json.sig");
    std::fs::rename(made, scene.path("reports/signatures/000002-ada.sig")).unwrap();
    let accepted = json(&scene.run(&required));
    assert_eq!(accepted["signed"][1], serde_json::json!({"entry": 2, "by": "ada@example.org"}));
    assert_eq!(accepted["problems"], serde_json::json!([]));
}

#[test]
fn a_key_is_named_by_the_environment_too_and_is_tried_before_measuring() {
    let scene = Scene::quick();
    make_key(&scene, "locked", "a passphrase");
    let mut run = scene.program(&["run", "q1"]);
    let said = scene.said(&run.env("PHASEGATE_SIGNING_KEY", "locked").output().unwrap());
    assert_eq!(said.status, 2);
    assert!(said.err.contains("can't sign with `locked`"), "{}", said.err);
    assert!(
        said.err.contains("it has a passphrase; sign with `ssh-keygen -Y sign"),
        "{}",
        said.err
    );
    assert!(!scene.path("reports").exists(), "nothing was measured");
    let body = scene.read("locked");
    assert!(body.lines().skip(1).take(3).all(|line| !said.err.contains(line)));

    let said = scene.run(&["history", "sign", "1"]);
    assert!(said.err.contains("name its file with --key or PHASEGATE_SIGNING_KEY"), "{}", said.err);
    let said = scene.run(&["history", "sign", "1", "--key", "nowhere"]);
    assert!(said.err.contains("can't read the key `nowhere`"), "{}", said.err);
    assert_eq!(said.status, 2);
}
