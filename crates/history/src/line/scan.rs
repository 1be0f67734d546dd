//! Finding keys and reading texts in a line that phasegate wrote, without building anything.
//!
//! Inside of a text each quotation mark has a backslash before it, so that a key with the comma or
//! brace before it, such as `,"rows":[`, is never found in one.

use std::borrow::Cow;

/// A number without a sign or zeros before it.
pub(crate) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(digits)?;
    let plain = digits.first().is_some_and(|first| *first != b'0');
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    plain.then_some((number, rest))
}

/// A text up to its closing quotation mark, if there is nothing escaped in it.
pub(crate) fn plain(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (text, rest) = bytes.split_at_checked(end)?;
    Some((std::str::from_utf8(text).ok()?, rest.strip_prefix(b"\"")?))
}

/// A text up to its closing quotation mark, whatever is escaped in it.
pub(crate) fn text(bytes: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    if let Some((text, rest)) = plain(bytes) {
        return Some((Cow::Borrowed(text), rest));
    }
    let mut end = 0;
    loop {
        end += bytes.get(end..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        match bytes.get(end)? {
            b'"' => break,
            _ => end += 2,
        }
    }
    let (text, rest) = bytes.split_at_checked(end)?;
    let quoted = [b"\"", text, b"\""].concat();
    Some((Cow::Owned(serde_json::from_slice(&quoted).ok()?), rest.strip_prefix(b"\"")?))
}

/// Texts without anything escaped, from behind the opening bracket to behind the closing one.
pub(crate) fn plain_texts(bytes: &[u8]) -> Option<(Vec<&str>, &[u8])> {
    let mut texts = Vec::new();
    if let Some(rest) = bytes.strip_prefix(b"]") {
        return Some((texts, rest));
    }
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        let (text, behind) = plain(rest)?;
        texts.push(text);
        match behind.strip_prefix(b",\"") {
            Some(next) => rest = next,
            None => return Some((texts, behind.strip_prefix(b"]")?)),
        }
    }
}

/// What follows a key.
pub(crate) fn after<'a>(bytes: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(bytes, key)?;
    bytes.get(at + key.len()..)
}
