//! Keeps a password that was given in `--url` out of the process list.
//!
//! Arguments are readable by every user of the machine for as long as a process runs. So a URL
//! with a user or password in it is taken out of them at once: the program replaces itself by
//! itself, with `--url -` and the URL on standard input.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::Context;

/// Starts over without the secret if the arguments hold one; returns only if they don't.
pub(crate) fn hide_url_from_process_list() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os();
    let program = arguments.next();
    let Some((url, rest)) = without_secret(arguments.collect()) else { return Ok(()) };
    let advice = "can't hide the password in `--url` from the process list; \
        give the URL in REDIS_URL, or with `--url -` on standard input";
    let (reader, mut writer) = std::io::pipe().context(advice)?;
    // A URL fits a pipe's buffer, so writing it waits for no reader.
    writer.write_all(url.as_encoded_bytes()).context(advice)?;
    drop(writer);
    let mut again = Command::new(std::env::current_exe().context(advice)?);
    again.args(rest).stdin(reader);
    if let Some(program) = program {
        // Process lists and messages go on calling the program as it was called.
        again.arg0(program);
    }
    // In the place of this process, so that the caller still gets its exit status and can end it.
    Err(again.exec()).context(advice)
}

/// The URL with a secret, and the arguments with `-` in its place.
fn without_secret(arguments: Vec<OsString>) -> Option<(OsString, Vec<OsString>)> {
    let mut rest = Vec::with_capacity(arguments.len());
    let mut secret = None;
    let mut is_url = false;
    for argument in arguments {
        let inline = argument.to_str().and_then(|text| text.strip_prefix("--url="));
        if is_url && holds_secret(&argument) {
            secret = Some(argument);
            rest.push("-".into());
        } else if let Some(url) = inline.filter(|url| holds_secret(OsStr::new(url))) {
            secret = Some(url.into());
            rest.push("--url=-".into());
        } else {
            is_url = argument == "--url";
            rest.push(argument);
            continue;
        }
        is_url = false;
    }
    secret.map(|url| (url, rest))
}

/// `user:password@` in front of the host, or a password among the parameters of a `unix://` URL.
pub(crate) fn holds_secret(url: &OsStr) -> bool {
    let text = url.to_string_lossy();
    // In doubt it is one, since what stood in a process list can't be taken back.
    text.contains('@') || text.contains("pass=") || text.contains("password=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(arguments: &[&str]) -> Option<(OsString, Vec<OsString>)> {
        without_secret(arguments.iter().map(OsString::from).collect())
    }

    #[test]
    fn only_a_url_with_a_secret_is_taken_out() {
        let url = "redis://me:hunter2@localhost";
        let rest = ["run", "3a", "--url", "-", "-q"].map(OsString::from).to_vec();
        assert_eq!(hidden(&["run", "3a", "--url", url, "-q"]), Some((url.into(), rest)));
        let rest = ["run", "--url=-"].map(OsString::from).to_vec();
        assert_eq!(hidden(&["run", &format!("--url={url}")]), Some((url.into(), rest)));
        assert_eq!(hidden(&["run", "--url", "redis://localhost"]), None);
        assert_eq!(hidden(&["run", "a@b"]), None);
        assert!(hidden(&["run", "--url", "unix:///s?pass=x"]).is_some());
    }
}
