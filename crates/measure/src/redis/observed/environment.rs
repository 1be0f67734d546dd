//! Where it was measured: the machine and the server, as far as it is cheap to tell. Beside the
//! name of the machine that measures, no name of a
//! host or a user, no path of the machine.

use std::collections::BTreeMap;

use phasegate_model::{Environment, Pinning};

use crate::machine::layout;
use crate::redis::observed::product::product;
use crate::redis::reach::connect::ConnectError;
use crate::redis::reach::control::{Control, Refusal};
use crate::redis::reach::info::Info;

/// Properties, and the fields of `INFO` that tell them. The first that is there counts.
const FROM_INFO: [(&str, &str); 14] = [
    ("server.version", "redis_version"),
    ("server.name", "server_name"),
    ("server.valkey_version", "valkey_version"),
    ("server.mode", "redis_mode"),
    // What Valkey calls it unless it is told to be compatible.
    ("server.mode", "server_mode"),
    ("server.role", "role"),
    ("server.os", "os"),
    ("server.arch_bits", "arch_bits"),
    ("server.build", "redis_build_id"),
    ("server.compiler", "gcc_version"),
    ("server.multiplexing", "multiplexing_api"),
    ("server.hz", "configured_hz"),
    ("server.allocator", "mem_allocator"),
    ("server.maxmemory_policy", "maxmemory_policy"),
];

/// Properties, and the names in the server's configuration that tell them.
const FROM_CONFIG: [(&str, &str); 4] = [
    ("server.io_threads", "io-threads"),
    ("server.maxmemory", "maxmemory"),
    ("server.appendonly", "appendonly"),
    ("server.save", "save"),
];

/// Stands for what the server refused to tell.
const REFUSED: &str = "refused by the server";

/// The machine that measures, and the server behind `control`. A property that isn't told is absent;
/// one that is refused says so.
pub(crate) fn describe(
    control: &mut Control,
    pinning: Pinning,
) -> Result<Environment, ConnectError> {
    let mut properties = layout::describe(pinning);
    match control.info(None)? {
        Ok(info) => properties.extend(properties_of(&info)),
        Err(Refusal(_)) => {
            properties.insert("server.version".to_owned(), REFUSED.to_owned());
        }
    }
    for (property, name) in FROM_CONFIG {
        let text = match control.config(name)? {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(Refusal(_)) => REFUSED.to_owned(),
        };
        properties.insert(property.to_owned(), text);
    }
    Ok(Environment(properties))
}

/// What the server says of itself.
pub(crate) fn properties_of(info: &Info) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    for (property, field) in FROM_INFO {
        if let Some(text) = info.get(field) {
            properties.entry(property.to_owned()).or_insert_with(|| text.to_owned());
        }
    }
    properties.extend(product(info).map(|product| ("server.product".to_owned(), product)));
    properties
}
