//! What a plan sends, in words: for the target, for the server's statistics, and to know whether it
//! may be sent to a server that isn't ours.

use phasegate_model::{Command, Dataset, MeasurePlan};

/// The names of all commands, each once, in order.
pub(crate) fn names(plan: &MeasurePlan) -> Vec<String> {
    if plan.mix.is_empty() {
        return vec![plan.command.as_str().to_owned()];
    }
    let mut names: Vec<String> = plan.mix.iter().map(|it| it.command.name()).collect();
    names.sort();
    names.dedup();
    names
}

/// The first command that may write.
pub(crate) fn writing(plan: &MeasurePlan) -> Option<String> {
    match (plan.mix.is_empty(), plan.command) {
        (true, Command::Get | Command::Ping) => None,
        (true, Command::Set) => Some(plan.command.as_str().to_owned()),
        (false, _) => {
            plan.mix.iter().find(|it| !it.command.only_reads()).map(|it| it.command.name())
        }
    }
}

/// What is sent, and what it meets.
pub(crate) fn describe(plan: &MeasurePlan) -> String {
    let keys = plan.keys.zipf.map(|exponent| format!(", keys by Zipf's law with s = {exponent}"));
    let keys = keys.unwrap_or_default();
    let described = match (plan.mix.as_slice(), plan.command, &plan.dataset) {
        ([], Command::Ping, _) => return "PING".to_owned(),
        ([], Command::Get, None) => return "GET of a key that does not exist".to_owned(),
        ([], Command::Get, Some(Dataset { value, .. })) => {
            format!("GET of an existing key of {value}")
        }
        ([], Command::Set, Some(Dataset { value, .. })) => {
            format!("SET of an existing key to {value}")
        }
        ([], Command::Set, None) => format!("SET to {VALUE_BYTES}B"),
        ([one], ..) => one.command.to_string(),
        (mix, ..) => {
            let mix: Vec<String> =
                mix.iter().map(|it| format!("{} of `{}`", it.weight, it.command)).collect();
            format!("mix: {}", mix.join(", "))
        }
    };
    described + &keys
}

/// The size of a value where neither plan nor dataset has one.
pub(crate) const VALUE_BYTES: usize = 100;

#[cfg(test)]
mod tests {
    use phasegate_model::{Keys, Weighted};

    use super::*;
    use crate::testing::plan;

    fn mix(commands: &[(&str, u32)]) -> MeasurePlan {
        let weighted = |(command, weight): &(&str, u32)| Weighted {
            command: command.parse().unwrap(),
            weight: (*weight).try_into().unwrap(),
            value: "1B".parse().unwrap(),
        };
        MeasurePlan { mix: commands.iter().map(weighted).collect(), ..plan() }
    }

    #[test]
    fn a_mix_is_told_with_its_weights() {
        let mut mixed = mix(&[("GET", 9), ("SET", 1), ("GET a:{key}", 1)]);
        assert_eq!(describe(&mixed), "mix: 9 of `GET`, 1 of `SET`, 1 of `GET a:{key}`");
        assert_eq!(names(&mixed), ["GET", "SET"]);
        mixed.keys = Keys { zipf: Some("0.99".parse().unwrap()), ..Keys::default() };
        assert!(describe(&mixed).ends_with(", keys by Zipf's law with s = 0.99"));
        assert_eq!(describe(&mix(&[("LLEN l", 1)])), "LLEN l");
    }

    #[test]
    fn what_is_not_known_to_read_may_write() {
        assert_eq!(writing(&plan()), None);
        assert_eq!(writing(&mix(&[("GET", 9), ("HGETALL h:{key}", 1)])), None);
        assert_eq!(writing(&mix(&[("GET", 9), ("hset h f v", 1)])).unwrap(), "HSET");
        assert_eq!(writing(&mix(&[("MODULE.COMMAND x", 1)])).unwrap(), "MODULE.COMMAND");
        assert_eq!(writing(&MeasurePlan { command: Command::Set, ..plan() }).unwrap(), "SET");
    }
}
