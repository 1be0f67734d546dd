//! `phasegate completions` and `phasegate man`.

use crate::scene::Scene;

#[test]
fn every_shell_has_its_completions() {
    let scene = Scene::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = scene.run(&["completions", shell]);
        assert_eq!((said.status, said.err.as_str()), (0, ""));
        assert!(said.out.contains("whatif") && said.out.contains("exit-code"), "{shell}");
    }
    assert_eq!(scene.run(&["completions", "nushell"]).status, 2);
}

#[test]
fn every_command_has_its_page() {
    let scene = Scene::empty();
    let said = scene.run(&["man"]);
    assert!(said.out.contains(".TH PHASEGATE") && said.out.contains("Exit status"), "{}", said.out);
    assert_eq!(scene.run(&["man", "--output", "man"]).status, 0);
    for (name, word) in [
        ("phasegate", "optimization"),
        ("phasegate-explain", "ENTRY"),
        ("phasegate-history-verify", "head"),
    ] {
        let page = scene.read(&format!("man/{name}.1"));
        assert!(page.contains(word), "{page}");
    }
    assert!(!scene.path("man/phasegate-help.1").exists());
}
