//! Keys and values, alone and in a command's words.

use phasegate_model::{Piece, Weighted};

/// The name of a key of the dataset, counted from zero.
pub(crate) fn key(number: u64) -> String {
    // Padded, so that keys of a dataset are of one length and take the same memory.
    format!("phasegate:{number:06}")
}

/// The value of each key of the dataset. It is never all digits, which servers store as a number.
pub(crate) fn value(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}

/// A word of a command with a key and a value in it.
pub(crate) fn filled_in(word: &[Piece], of: &Weighted, number: u64) -> Vec<u8> {
    let mut filled = Vec::new();
    for piece in word {
        match piece {
            Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
            Piece::Key => filled.extend_from_slice(format!("{number:06}").as_bytes()),
            Piece::Value => filled.extend(value(length(of.value.bytes()))),
        }
    }
    filled
}

/// As a length in memory.
pub(crate) fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
