//! The text that a server answers to `INFO`.

use std::collections::{BTreeMap, BTreeSet};

/// The fields of an `INFO` reply, and the sections that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    fields: BTreeMap<String, String>,
    /// Fields that it has more than once, so that nobody knows which to believe.
    doubled: BTreeSet<String>,
    sections: BTreeSet<String>,
}

/// How often a command ran since the server was started, and how long in total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommandStats {
    /// Calls.
    pub(crate) calls: u64,
    /// Microseconds.
    pub(crate) usec: u64,
}

impl Info {
    /// Takes `name:value` and `# Section` lines; anything else is no field.
    pub(crate) fn parse(text: &str) -> Self {
        let mut info = Self::default();
        for line in text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('#') {
                info.sections.insert(section.trim().to_ascii_lowercase());
            } else if let Some((name, value)) = line.split_once(':')
                && info.fields.insert(name.to_owned(), value.trim().to_owned()).is_some()
            {
                info.doubled.insert(name.to_owned());
            }
        }
        info
    }

    /// A field's text.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Whether the field is there more than once.
    pub(crate) fn is_doubled(&self, name: &str) -> bool {
        self.doubled.contains(name)
    }

    /// A field that is a whole number.
    pub(crate) fn whole(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// Whether there is a section of that name, in small letters.
    pub(crate) fn has_section(&self, name: &str) -> bool {
        self.sections.contains(name)
    }

    /// The keys of all databases. A server without keys has the section and no lines in it.
    ///
    /// # Errors
    /// The line of a database that can't be read, as it was given.
    pub(crate) fn keys(&self) -> Option<Result<u64, String>> {
        self.sections.contains("keyspace").then(|| {
            let databases = self.fields.iter().filter(|(name, _)| {
                name.strip_prefix("db").is_some_and(|number| number.parse::<u32>().is_ok())
            });
            databases
                .map(|(name, value)| {
                    let keys = item(value, "keys").filter(|_| !self.is_doubled(name));
                    keys.ok_or_else(|| format!("{name}:{value}"))
                })
                .try_fold(0_u64, |sum, keys| {
                    let keys = keys?;
                    sum.checked_add(keys).ok_or_else(|| format!("{sum} keys and {keys}"))
                })
        })
    }

    /// The figures of one command. A command that never ran has no line; nothing if there is no
    /// section with such figures at all.
    pub(crate) fn command_stats(&self, command: &str) -> Option<CommandStats> {
        let Some(line) = self.get(&format!("cmdstat_{}", command.to_ascii_lowercase())) else {
            return self.sections.contains("commandstats").then(CommandStats::default);
        };
        Some(CommandStats { calls: item(line, "calls")?, usec: item(line, "usec")? })
    }
}

/// The number of one `name=number` in a list of them.
fn item(list: &str, name: &str) -> Option<u64> {
    let mut items = list.split(',').filter_map(|item| item.split_once('='));
    items.find(|(found, _)| *found == name)?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_text() {
        let info =
            Info::parse("# Memory\r\nused_memory:916448\r\nmem_allocator:jemalloc-5.3.0\r\n");
        assert_eq!(info.whole("used_memory"), Some(916_448));
        assert_eq!(info.get("mem_allocator"), Some("jemalloc-5.3.0"));
        assert_eq!(info.get("maxmemory"), None);
    }

    #[test]
    fn keys_are_counted_over_all_databases_and_none_is_not_unknown() {
        let text =
            "# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb11:keys=4,expires=0,avg_ttl=0\r\n";
        assert_eq!(Info::parse(text).keys(), Some(Ok(7)));
        assert_eq!(Info::parse("# Keyspace\r\n").keys(), Some(Ok(0)));
        for broken in ["db0:keys=-3", "db0:expires=1", "db0:keys=3\ndb0:keys=4"] {
            let keys = Info::parse(&format!("# Keyspace\n{broken}\n")).keys();
            assert!(matches!(keys, Some(Err(_))), "{broken}: {keys:?}");
        }
        assert_eq!(Info::parse("# Server\r\n").keys(), None);
    }

    #[test]
    fn a_command_that_never_ran_has_no_calls_and_a_missing_section_no_figures() {
        let text =
            "# Commandstats\r\ncmdstat_get:calls=9,usec=5,usec_per_call=0.55,rejected_calls=0\r\n";
        let info = Info::parse(text);
        assert_eq!(info.command_stats("GET"), Some(CommandStats { calls: 9, usec: 5 }));
        assert_eq!(info.command_stats("PING"), Some(CommandStats::default()));
        assert_eq!(Info::parse("").command_stats("GET"), None);
    }
}
