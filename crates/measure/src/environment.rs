//! Where it was measured: the machine and the server, as far as it is cheap to tell. No name of a
//! host or a user, no path of the machine.

use std::collections::BTreeMap;

use phasegate_model::Environment;

use crate::affinity::usable_cpus;
use crate::connect::ConnectError;
use crate::control::{Control, Refusal};

/// Properties, and the fields of `INFO` that tell them.
const FROM_INFO: [(&str, &str); 12] = [
    ("server.version", "redis_version"),
    ("server.name", "server_name"),
    ("server.valkey_version", "valkey_version"),
    ("server.mode", "redis_mode"),
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
pub(crate) fn describe(control: &mut Control) -> Result<Environment, ConnectError> {
    let mut properties = machine();
    match control.info(None)? {
        Ok(info) => {
            let told = FROM_INFO.into_iter().filter_map(|(property, field)| {
                info.get(field).map(|text| (property.to_owned(), text.to_owned()))
            });
            properties.extend(told);
        }
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

fn machine() -> BTreeMap<String, String> {
    let kernel = rustix::system::uname();
    let texts = [kernel.sysname(), kernel.release()].map(|text| text.to_string_lossy());
    let mut properties = BTreeMap::from([
        ("os.kernel".to_owned(), texts.join(" ")),
        ("cpu.arch".to_owned(), std::env::consts::ARCH.to_owned()),
    ]);
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if let Some(model) = cpu_model(&cpus) {
        properties.insert("cpu.model".to_owned(), model.to_owned());
    }
    if let Some(count) = usable_cpus() {
        properties.insert("cpu.count".to_owned(), count.to_string());
    }
    properties
}

/// The first CPU's model; some architectures name none.
fn cpu_model(cpuinfo: &str) -> Option<&str> {
    let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.trim() == "model name").map(|(_, model)| model.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_described_without_its_name() {
        let properties = machine();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        assert!(properties["os.kernel"].contains(' '));
        assert!(properties["cpu.count"].parse::<u32>().unwrap() > 0);
        assert!(properties.values().all(|text| host.len() < 4 || !text.contains(&host)));
    }

    #[test]
    fn the_model_of_the_first_cpu_is_taken() {
        let text =
            "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2.00GHz\n\nprocessor\t: 1\n";
        assert_eq!(cpu_model(text), Some("Some CPU @ 2.00GHz"));
        assert_eq!(cpu_model("processor\t: 0\n"), None);
    }
}
