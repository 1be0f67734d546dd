//! Which server it is, by what it says of itself.

use crate::redis::reach::info::Info;

/// The fields that servers other than Redis name themselves by, beside the version of Redis whose
/// commands they answer.
const OTHERS: [(&str, &str); 5] = [
    ("valkey_version", "Valkey"),
    ("dragonfly_version", "Dragonfly"),
    ("kvrocks_version", "Kvrocks"),
    ("redict_version", "Redict"),
    ("garnet_version", "Garnet"),
];

/// The section that only `KeyDB` has; its version stands where that of Redis stands.
const KEYDB: &str = "keydb";

/// Name and version, `Valkey 9.1.2`; nothing if it doesn't tell its version. What gives no other
/// name is called Redis, which gives none either.
pub(crate) fn product(info: &Info) -> Option<String> {
    let other = OTHERS.into_iter().find_map(|(field, name)| Some((name, info.get(field)?)));
    let (name, version) = match other {
        Some(other) => other,
        None if info.has_section(KEYDB) => ("KeyDB", info.get("redis_version")?),
        None => ("Redis", info.get("redis_version")?),
    };
    (!version.is_empty()).then(|| format!("{name} {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        product(&Info::parse(text))
    }

    #[test]
    fn a_server_has_its_own_name_and_version() {
        let valkey = "# Server\nredis_version:7.2.4\nserver_name:valkey\nvalkey_version:9.1.2\n";
        assert_eq!(of(valkey).as_deref(), Some("Valkey 9.1.2"));
        assert_eq!(of("redis_version:7.0.15\n").as_deref(), Some("Redis 7.0.15"));
        assert_eq!(of("redis_version:6.3.4\n# KeyDB\n").as_deref(), Some("KeyDB 6.3.4"));
    }

    #[test]
    fn without_a_version_there_is_no_product() {
        for text in ["", "# KeyDB\n", "redis_version:\n", "valkey_version:\nredis_version:7.2.4\n"]
        {
            assert_eq!(of(text), None, "{text:?}");
        }
    }
}
