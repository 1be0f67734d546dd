//! Numbers with a unit, sizes and versions, exactly as people write them. Every other room may use
//! it; it knows none of them.

mod parsed;
mod quantity;
mod size;
mod unit;
mod version;

pub(crate) use self::parsed::{parsed, serde_as_text};
pub use self::quantity::{Quantity, QuantityError};
pub(crate) use self::size::whole;
pub use self::size::{ByteSize, SizeError, Timespan};
pub use self::unit::{Dimension, Unit};
pub use self::version::{Version, VersionError};
