//! Signatures: whose they are, and what is wrong with one.

use std::fs;

use ssh_key::private::{Ed25519Keypair, PrivateKey};
use ssh_key::{HashAlg, LineEnding};

use crate::tests::{History, names, replace};
use crate::{
    AllowedSigners, Problem, SignError, SigningKey, SigningKeyError, Unsigned, verify,
    verify_signatures,
};

/// Somebody's key, the same in each run.
fn private(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

pub(in crate::tests) fn key(seed: u8) -> SigningKey {
    SigningKey::parse(&private(seed).to_openssh(LineEnding::LF).unwrap()).unwrap()
}

fn public(seed: u8) -> String {
    private(seed).public_key().to_openssh().unwrap()
}

fn ada() -> AllowedSigners {
    AllowedSigners::parse(&format!("# us\n\nada@example.org {}\n", public(1))).unwrap()
}

fn found(history: &History, unsigned: Unsigned) -> (Vec<(u64, String)>, Vec<&'static str>) {
    let found = verify_signatures(&history.store(), &ada(), unsigned);
    let problems = found.problems.iter().map(Problem::name).collect();
    (found.signed, problems)
}

#[test]
fn an_entry_is_signed_by_whoever_has_the_key() {
    let history = History::of(&["ada", "bob"]);
    let store = history.store();
    let path = crate::sign(&store, 2, &key(1)).unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN SSH SIGNATURE-----\n"));
    assert_eq!(crate::sign(&store, 2, &key(1)).unwrap(), path, "signing again changes nothing");
    assert_eq!(names(&history.path("signatures")).len(), 1);
    let signed = vec![(2, "ada@example.org".to_owned())];
    assert_eq!(found(&history, Unsigned::Allowed), (signed.clone(), vec![]));
    assert_eq!(found(&history, Unsigned::Refused), (signed, vec!["unsigned"]));
    assert!(verify(&store, None, &mut |_, _| Ok(())).problems.is_empty());
    assert!(crate::sign(&store, 3, &key(1)).is_err(), "there is no such entry");
}

#[test]
fn a_signature_of_somebody_else_is_named() {
    let history = History::of(&["ada"]);
    crate::sign(&history.store(), 1, &key(2)).unwrap();
    assert_eq!(found(&history, Unsigned::Refused), (vec![], vec!["signer-unknown", "unsigned"]));
    crate::sign(&history.store(), 1, &key(1)).unwrap();
    let (signed, problems) = found(&history, Unsigned::Refused);
    assert_eq!((signed.len(), problems), (1, vec!["signer-unknown"]));
}

#[test]
fn a_signature_of_other_bytes_is_bad() {
    let history = History::of(&["ada", "bob"]);
    let path = crate::sign(&history.store(), 2, &key(1)).unwrap();
    let sound = fs::read(&path).unwrap();
    for at in (0..sound.len()).step_by(7) {
        let mut flipped = sound.clone();
        flipped[at] ^= 1;
        fs::write(&path, flipped).unwrap();
        let (signed, problems) = found(&history, Unsigned::Allowed);
        // The format lets some spaces and line ends be others; what is signed stays the same.
        assert!(
            problems == ["signature-bad"] || problems == ["signer-unknown"] || signed.len() == 1
        );
    }
    fs::write(&path, &sound).unwrap();
    replace(&history.entry_path(2), "bob", "eve");
    assert_eq!(found(&history, Unsigned::Allowed).1, ["signature-bad"]);
    assert!(matches!(crate::sign(&history.store(), 2, &key(1)), Err(SignError::Taken { .. })));
    fs::remove_file(history.entry_path(2)).unwrap();
    assert_eq!(found(&history, Unsigned::Allowed).1, ["signed-entry-missing"]);
}

#[test]
fn a_signature_for_another_purpose_does_not_count() {
    let history = History::of(&["ada"]);
    let entry = fs::read(history.entry_path(1)).unwrap();
    let signature = private(1).sign("git", HashAlg::Sha512, &entry).unwrap();
    fs::create_dir(history.path("signatures")).unwrap();
    let text = signature.to_pem(LineEnding::LF).unwrap();
    fs::write(history.path("signatures/000001-ada.sig"), text).unwrap();
    assert_eq!(found(&history, Unsigned::Allowed), (vec![], vec!["signature-bad"]));
}

#[test]
fn a_line_that_is_not_understood_is_an_error_and_never_wider() {
    let key = public(1);
    let problem = |line: String| AllowedSigners::parse(&line).unwrap_err().to_string();
    assert!(problem("ada".to_owned()).starts_with("line 1: write who may sign"));
    assert!(problem("# us\nada ssh-ed25519 AAAA".to_owned()).starts_with("line 2: "));
    for option in
        ["cert-authority", "valid-before=\"20200101\"", "namespaces=\"a\",verify-required"]
    {
        let said = problem(format!("ada {option} {key}"));
        assert_eq!(
            said,
            format!("line 1: the option `{option}` isn't supported; only namespaces=\"…\" is")
        );
    }
    let history = History::of(&["ada"]);
    crate::sign(&history.store(), 1, &self::key(1)).unwrap();
    for (namespaces, counts) in [("git,phasegate", 1), ("*", 1), ("git", 0)] {
        let line = format!("ada namespaces=\"{namespaces}\" {key}");
        let allowed = AllowedSigners::parse(&line).unwrap();
        let found = verify_signatures(&history.store(), &allowed, Unsigned::Allowed);
        assert_eq!(found.signed.len(), counts, "{namespaces}");
    }
}

#[test]
fn a_key_that_can_t_sign_says_what_to_do_and_shows_nothing() {
    let text = private(1).to_openssh(LineEnding::LF).unwrap();
    let body = text.lines().nth(3).unwrap();
    for (bad, error) in [
        (String::new(), SigningKeyError::Format),
        (text.replace(body, &body[1..]), SigningKeyError::Format),
        (public(1), SigningKeyError::Format),
    ] {
        let found = SigningKey::parse(&bad).unwrap_err();
        assert_eq!(found, error);
        assert!(found.to_string().contains("ssh-keygen") && !found.to_string().contains(body));
    }
    let shown = format!("{:?}", key(1));
    assert!(shown.starts_with("SigningKey(SHA256:") && !shown.contains(body), "{shown}");
}
