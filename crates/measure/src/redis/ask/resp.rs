//! Where a reply ends, for replies that aren't known to the byte, in both versions of the protocol:
//! the third has more kinds, and none of them means something else in the second. Messages that the
//! server sends unasked are not among them: phasegate never subscribes to any.

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A whole reply of so many bytes.
    Whole(usize),
    /// The beginning of a reply.
    Part,
    /// No reply, from this byte on.
    Broken(usize),
}

/// No number of elements or bytes has more digits.
const MOST_DIGITS: usize = 19;

/// How far a reply was looked at that comes in pieces, so that a long one isn't looked at from its
/// beginning for each of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyProgress {
    /// Where the first element begins that wasn't there as a whole.
    at: usize,
    /// How many replies are still to come: one, and the elements of each list on the way.
    missing: u64,
    /// Up to here nothing ends the line of that element.
    seen: usize,
}

impl Default for ReplyProgress {
    fn default() -> Self {
        Self { at: 0, missing: 1, seen: 0 }
    }
}

/// The reply that the bytes begin with.
#[cfg(test)]
pub(crate) fn shape(bytes: &[u8]) -> Shape {
    shape_on(bytes, &mut ReplyProgress::default())
}

/// The reply that the bytes begin with, of which the first ones were looked at before.
pub(crate) fn shape_on(bytes: &[u8], progress: &mut ReplyProgress) -> Shape {
    let ReplyProgress { mut at, mut missing, seen } = *progress;
    while missing > 0 {
        *progress = ReplyProgress { at, missing, seen };
        let rest = bytes.get(at..).unwrap_or_default();
        let Some((kind, line)) = rest.split_first() else { return Shape::Part };
        if !b"+-:$*_#,(=!%~".contains(kind) {
            return Shape::Broken(at);
        }
        missing -= 1;
        let known = seen.saturating_sub(at + 1).min(line.len());
        let unseen = line.get(known..).unwrap_or_default();
        let Some(length) = unseen.iter().position(|byte| *byte == b'\r').map(|it| known + it)
        else {
            progress.seen = bytes.len();
            let numeric = b"$*:=!%~".contains(kind);
            let is_long = numeric && line.len() > MOST_DIGITS + 1;
            return if is_long { Shape::Broken(at + 1) } else { Shape::Part };
        };
        match line.get(length + 1) {
            None => return Shape::Part,
            Some(b'\n') => {}
            Some(_) => return Shape::Broken(at + 1 + length),
        }
        let text = line.get(..length).unwrap_or_default();
        at += length + 3;
        match (kind, text) {
            (b'+' | b'-' | b',' | b'(', _) | (b'_', b"") | (b'#', b"t" | b"f") => continue,
            (b'_' | b'#', _) => return Shape::Broken(at - length - 2),
            _ => {}
        }
        let Some(number) = number(text) else { return Shape::Broken(at - length - 2) };
        match (kind, usize::try_from(number)) {
            (b'*' | b'~', Ok(_)) => missing = missing.saturating_add(number.unsigned_abs()),
            // Each entry is a key and a value.
            (b'%', Ok(_)) => {
                missing = missing.saturating_add(number.unsigned_abs().saturating_mul(2));
            }
            (b'$' | b'=' | b'!', Ok(length)) => match string_end(bytes, at, length) {
                Shape::Whole(end) => at = end,
                other => return other,
            },
            (b'$' | b'*', Err(_)) if number == -1 => {}
            (_, Err(_)) if *kind != b':' => return Shape::Broken(at - length - 2),
            _ => {}
        }
    }
    Shape::Whole(at)
}

/// Where a string ends that begins at a place and has so many bytes.
fn string_end(bytes: &[u8], at: usize, length: usize) -> Shape {
    let Some(end) = at.checked_add(length) else { return Shape::Broken(at) };
    match bytes.get(end..).unwrap_or_default() {
        [b'\r', b'\n', ..] => Shape::Whole(end + 2),
        [] | [b'\r'] => Shape::Part,
        _ => Shape::Broken(end),
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Whether a reply says that there is nothing: no such key, field or element.
pub(crate) fn is_nil(reply: &[u8]) -> bool {
    [b"$-1\r\n".as_slice(), b"*-1\r\n", b"_\r\n"].iter().any(|nil| reply.starts_with(nil))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [&[u8]; 18] = [
        b"+OK\r\n",
        b"-ERR no\r\n",
        b":-12\r\n",
        b"$-1\r\n",
        b"*-1\r\n",
        b"*0\r\n",
        b"$0\r\n\r\n",
        b"$5\r\na\r\nbc\r\n",
        b"*2\r\n*2\r\n:1\r\n$1\r\nx\r\n+OK\r\n",
        b"*3\r\n$-1\r\n*0\r\n-ERR\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",-inf\r\n",
        b"(3492890328409238509324850943850943825024385\r\n",
        b"=8\r\ntxt:a\r\nb\r\n",
        b"!6\r\nERR no\r\n",
        b"%2\r\n+a\r\n:1\r\n+b\r\n%0\r\n",
        b"~2\r\n_\r\n#f\r\n",
    ];

    #[test]
    fn a_reply_ends_where_it_ends_whatever_follows() {
        for reply in WHOLE {
            assert_eq!(shape(reply), Shape::Whole(reply.len()));
            let twice = [reply, reply].concat();
            assert_eq!(shape(&twice), Shape::Whole(reply.len()));
        }
    }

    #[test]
    fn every_beginning_of_a_reply_is_a_part() {
        for reply in WHOLE {
            for end in 0..reply.len() {
                assert_eq!(shape(&reply[..end]), Shape::Part, "{:?}", reply[..end].escape_ascii());
            }
        }
    }

    #[test]
    fn what_was_seen_before_changes_nothing() {
        for reply in WHOLE {
            for step in 1..=reply.len() {
                let mut progress = ReplyProgress::default();
                let ends = (step..reply.len()).step_by(step);
                for end in ends {
                    assert_eq!(shape_on(&reply[..end], &mut progress), Shape::Part);
                }
                assert_eq!(shape_on(reply, &mut progress), Shape::Whole(reply.len()), "{step}");
            }
        }
    }

    #[test]
    fn what_is_no_reply_is_told_with_its_place() {
        for (bytes, at) in [
            (b"HTTP/1.1".as_slice(), 0),
            (b">1\r\n", 0),
            (b"_x\r\n", 1),
            (b"#1\r\n", 1),
            (b"%-1\r\n", 1),
            (b"$x\r\n", 1),
            (b"$-2\r\n", 1),
            (b"*-7\r\n", 1),
            (b"$\r\n", 1),
            (b":12x\r\n", 1),
            (b"$3\r\nabcd\r\n", 7),
            (b"+OK\rx", 3),
            (b"$111111111111111111111111", 1),
            (b"$9223372036854775808\r\n", 1),
            (b"*2\r\n:1\r\nx", 8),
        ] {
            assert_eq!(shape(bytes), Shape::Broken(at), "{:?}", bytes.escape_ascii());
        }
    }
}
