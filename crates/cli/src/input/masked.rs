//! Files as problems show them: a password that somebody wrote into a plan is one of the problems,
//! and must not get into the log of whoever checks it.

use phasegate_model::secret_directives;

/// The same text with asterisks for what may be a secret, byte for byte, so that places stay the
/// same. Wherever in doubt it is one: what is lost is only what a message shows.
pub(crate) fn masked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        for (from, to) in secrets(line) {
            let hidden = bytes.get_mut(start + from..start + to);
            hidden.into_iter().flatten().for_each(|byte| *byte = b'*');
        }
        start += line.len();
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Where secrets begin and end in a line.
fn secrets(line: &str) -> Vec<(usize, usize)> {
    // In ASCII only, so that places in the line stay the same.
    let lowered = line.to_ascii_lowercase();
    let end_of = |from: usize, ends: &[char]| {
        let rest = lowered.get(from..).unwrap_or_default();
        from + rest.find(ends).unwrap_or(rest.trim_end().len())
    };
    let mut found = Vec::new();
    for (at, scheme) in lowered.match_indices("://") {
        let from = at + scheme.len();
        let address = lowered.get(from..end_of(from, &QUOTES)).unwrap_or_default();
        // A password may hold an `@`, so the last one ends it.
        found.extend(address.rfind('@').map(|length| (from, from + length)));
    }
    for key in ["pass=", "password="] {
        for (at, _) in lowered.match_indices(key) {
            let from = at + key.len();
            found.push((from, end_of(from, &['"', '\'', '&', '#'])));
        }
    }
    for directive in secret_directives() {
        for (at, _) in lowered.match_indices(directive) {
            let from = at + directive.len();
            let before = lowered.get(..at).unwrap_or_default().trim_end_matches('-');
            let rest = lowered.get(from..).unwrap_or_default();
            // `user` is a word like any other, unless a password of an access list follows.
            let is_one = before.ends_with(QUOTES)
                && rest.starts_with(|c: char| c.is_whitespace() || QUOTES.contains(&c))
                && (*directive != "user" || rest.contains(['>', '#']));
            if is_one {
                found.push((from, from + rest.trim_end().len()));
            }
        }
    }
    found
}

const QUOTES: [char; 2] = ['"', '\''];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_everything_else_stays_in_its_place() {
        for (text, shown) in [
            ("url = \"redis://me:pw@host\" # ä", "url = \"redis://*****@host\" # ä"),
            ("url = \"redis://me:p@w€@host", "url = \"redis://*********@host"),
            (
                "url = \"redis+sentinel://h/s?sentinel_pass=pw&db=1\"",
                "url = \"redis+sentinel://h/s?sentinel_pass=**&db=1\"",
            ),
            (
                "config = [\"port 7\", \"requirepass pw\"]",
                "config = [\"port 7\", \"requirepass****]",
            ),
            (
                "arguments = ['--RequirePass', 'pw']\n\"b\"",
                "arguments = ['--RequirePass*******\n\"b\"",
            ),
            ("config = [\"user ada on >pw\"]", "config = [\"user***********]"),
        ] {
            let masked = masked(text);
            assert_eq!(masked.len(), text.len(), "{text}");
            assert!(!masked.contains("pw"), "{masked}");
            let kept = shown.split('*').next().unwrap_or_default();
            assert!(masked.starts_with(kept) && masked.contains('*'), "{masked}");
        }
        for text in ["", "title = \"user data\"", "url = \"redis://host:1\"\n", "P99 < 12us", "a@b"]
        {
            assert_eq!(masked(text), text);
        }
    }
}
