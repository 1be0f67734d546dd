//! Who may sign: the file that OpenSSH calls `allowed_signers` (`man ssh-keygen`).

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

/// What signatures are for, so that none made for another purpose counts.
pub(crate) const NAMESPACE: &str = "phasegate";

/// Those who may sign, with their keys.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
    signers: Vec<(String, KeyData)>,
}

/// A line can't be used. None is passed over: it may be one that restricts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct AllowedSignersError {
    /// Counted from one.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl AllowedSigners {
    /// Reads a file: on each line principals, options if any, and a public key. Of the options,
    /// `namespaces="…"` counts; a line with another one is an error.
    ///
    /// # Errors
    /// At the first line that isn't one.
    pub fn parse(text: &str) -> Result<Self, AllowedSignersError> {
        let mut signers = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let signer = signer(text).map_err(|problem| AllowedSignersError { line, problem })?;
            signers.extend(signer);
        }
        Ok(Self { signers })
    }

    /// The principals of the line with that key.
    pub(crate) fn who(&self, key: &KeyData) -> Option<&str> {
        self.signers.iter().find(|(_, known)| known == key).map(|(who, _)| who.as_str())
    }
}

/// The signer of a line; nothing if the line is for other purposes.
fn signer(text: &str) -> Result<Option<(String, KeyData)>, String> {
    let no_key = || {
        "write who may sign and their public key, as in `ada@example.org ssh-ed25519 AAAA…`"
            .to_owned()
    };
    let (who, rest) = text.split_once([' ', '\t']).ok_or_else(no_key)?;
    let rest = rest.trim_start();
    if let Ok(key) = PublicKey::from_openssh(rest) {
        return Ok(Some((who.to_owned(), key.key_data().clone())));
    }
    let (options, key) = rest.split_once([' ', '\t']).ok_or_else(no_key)?;
    let key = PublicKey::from_openssh(key.trim_start()).map_err(|_| no_key())?;
    // Other options restrict, so passing over one would allow more than was meant.
    let namespaces = options
        .strip_prefix("namespaces=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|names| !names.contains('"'))
        .ok_or_else(|| {
            format!("the option `{options}` isn't supported; only namespaces=\"…\" is")
        })?;
    let ours = namespaces.split(',').any(|name| name == NAMESPACE || name == "*");
    Ok(ours.then(|| (who.to_owned(), key.key_data().clone())))
}
