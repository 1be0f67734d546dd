//! Which server to measure: what `--url`, `--server` and `REDIS_URL` say.

use std::io::Read;

use anyhow::Context;
use phasegate_measure::{Address, Source};

use crate::args::{Measuring, Talk};
use crate::output::say;

/// A URL is a line of text; more than this is something else.
const LONGEST_URL: u64 = 8192;

pub(crate) fn source(args: &Measuring, talk: Talk) -> anyhow::Result<Source> {
    if let Some(url) = &args.url {
        let url = if url == "-" { url_from_stdin()? } else { url.clone() };
        return Ok(Source::Running(address(&url, "--url")?));
    }
    if args.server.is_some() {
        return Ok(Source::Start { program: args.server.clone() });
    }
    match std::env::var("REDIS_URL") {
        Ok(url) if !url.is_empty() => {
            let address = address(&url, "REDIS_URL")?;
            if talk > Talk::Quiet {
                say(&format!("measuring `{address}`, from REDIS_URL"));
            }
            Ok(Source::Running(address))
        }
        Err(std::env::VarError::NotUnicode(_)) => anyhow::bail!("REDIS_URL is not UTF-8"),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(Source::Start { program: None }),
    }
}

fn address(url: &str, from: &str) -> anyhow::Result<Address> {
    url.trim().parse::<Address>().with_context(|| format!("can't use the URL in {from}"))
}

fn url_from_stdin() -> anyhow::Result<String> {
    let mut url = String::new();
    std::io::stdin()
        .take(LONGEST_URL)
        .read_to_string(&mut url)
        .context("can't read the URL from standard input")?;
    anyhow::ensure!(!url.trim().is_empty(), "there is no URL on standard input");
    Ok(url)
}
