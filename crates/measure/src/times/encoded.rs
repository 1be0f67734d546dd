//! A histogram as evidence and logs hold it: HDR, V2, compressed or not, in base64.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::serialization::{
    DeserializeError, Deserializer, Serializer as _, V2DeflateSerializeError, V2DeflateSerializer,
};

use crate::times::round::Times;

/// What a histogram may take when inflated. One with five digits over all values takes less.
const LARGEST: usize = 64 * 1024 * 1024;

/// The bytes in front of the counts.
const HEADER: usize = 40;

/// How a histogram begins, without the bits for the size of its words.
const V2: u32 = 0x1c84_9303;
const V2_COMPRESSED: u32 = 0x1c84_9304;
const OLDER: [u32; 4] = [0x1c84_9301, 0x1c84_9302, 0x1c84_9308, 0x1c84_9309];

/// Why a histogram can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HistogramError {
    /// Not base64.
    #[error("the histogram is not base64: {0}")]
    NotBase64(#[from] base64::DecodeError),
    /// Some other bytes.
    #[error("this is not a histogram of HdrHistogram")]
    NotAHistogram,
    /// V0 or V1.
    #[error(
        "the histogram has the format V0 or V1; write the log again with a library that has V2"
    )]
    OlderFormat,
    /// Less of it than it says.
    #[error("the histogram is cut off or damaged")]
    CutOff,
    /// More than is sensible.
    #[error("the histogram takes more than {} MiB", LARGEST / (1024 * 1024))]
    TooLarge,
    /// Its library refuses it.
    #[error("the histogram is damaged: {0}")]
    Damaged(#[from] DeserializeError),
}

/// Reads one. What it says of its own size is believed only as far as its bytes go.
pub(crate) fn decode(text: &str) -> Result<Times, HistogramError> {
    let bytes = STANDARD.decode(text.trim())?;
    let plain = match word(&bytes, 0).ok_or(HistogramError::NotAHistogram)? & !0xf0 {
        V2 => bytes,
        V2_COMPRESSED => inflate(&bytes)?,
        older if OLDER.contains(&older) => return Err(HistogramError::OlderFormat),
        _ => return Err(HistogramError::NotAHistogram),
    };
    let counts = word(&plain, 4).and_then(|length| usize::try_from(length).ok());
    let counts = counts.ok_or(HistogramError::CutOff)?;
    if plain.len().checked_sub(HEADER).is_none_or(|rest| rest < counts) {
        return Err(HistogramError::CutOff);
    }
    Ok(Deserializer::new().deserialize(&mut plain.as_slice())?)
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, HistogramError> {
    let deflated = bytes.get(8..).ok_or(HistogramError::CutOff)?;
    let mut plain = Vec::new();
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    let inflated = ZlibDecoder::new(deflated).take(limit).read_to_end(&mut plain);
    inflated.map_err(|_| HistogramError::CutOff)?;
    if plain.len() > LARGEST { Err(HistogramError::TooLarge) } else { Ok(plain) }
}

/// Four bytes, most significant first.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let (four, _) = bytes.get(at..)?.split_first_chunk::<4>()?;
    Some(u32::from_be_bytes(*four))
}

/// Writes one: HDR histogram, V2, deflated, base64.
pub(crate) fn encode(times: &Times) -> Result<String, V2DeflateSerializeError> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(times, &mut bytes)?;
    Ok(STANDARD.encode(bytes))
}
