//! Who records an entry.

use std::os::unix::fs::MetadataExt as _;

/// Who records: the user's name, as the environment or the system has it. A container's shell has
/// mostly no USER, and "unknown" is nobody to ask.
pub(crate) fn recorded_by() -> String {
    let name = |key| std::env::var(key).ok().filter(|name| !name.trim().is_empty());
    let of_process = || {
        let user = std::fs::metadata("/proc/self").ok()?.uid();
        user_named(&std::fs::read_to_string("/etc/passwd").ok()?, user)
    };
    let named = name("USER").or_else(|| name("LOGNAME")).or_else(of_process);
    named.unwrap_or_else(|| "unknown".to_owned())
}

/// The name of a user in the lines of `/etc/passwd`.
fn user_named(lines: &str, user: u32) -> Option<String> {
    lines.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        let is_it = number.parse() == Ok(user) && !name.trim().is_empty();
        is_it.then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_name_that_the_system_knows() {
        let lines = "root:x:0:0:root:/root:/bin/sh\n# no line\n\nada:x:1000:1000::/:/bin/sh\n";
        assert_eq!(user_named(lines, 0).as_deref(), Some("root"));
        assert_eq!(user_named(lines, 1000).as_deref(), Some("ada"));
        assert_eq!(user_named(lines, 7), None);
        for damaged in ["", ":", "ada", "ada:x", ":x:7:", "ada:x:seven:", "ada:7", "\u{0}"] {
            assert_eq!(user_named(damaged, 7), None, "{damaged}");
        }
    }
}
