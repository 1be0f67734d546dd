//! Reads what a plan fills a server of ours with.

use phasegate_model::{DataType, Dataset, Extent};

use crate::document::sections::Section;
use crate::read::load::{VALUE, misfit};

/// The table `dataset` of `[measure]`, once `command` and `mix` were read.
pub(crate) fn dataset(section: &mut Section<'_>) -> Option<Dataset> {
    let mut table = section.section("dataset")?;
    let keys = table.positive("keys").map(Extent::Keys);
    let size = match (table.has("keys"), table.has("size")) {
        // Asked for only so that `size` counts as known when a misspelt key is explained.
        (true, false) => table.value("size").and(None),
        (false, false) => table.required("size"),
        (false, true) => table.parsed("size"),
        (true, true) => {
            let message = "`size` and `keys` don't go together: each says how large the dataset is";
            misfit(&mut table, "keys", message, "leave out one of them");
            table.parsed("size")
        }
    };
    let extent = keys.or(size.map(Extent::Size));
    let value = table.parsed("value").or_else(|| VALUE.parse().ok());
    let types = DataType::ALL.map(|kind| (kind.as_str(), kind));
    let kind = table.choice("type", &types).unwrap_or_default();
    let elements = table.positive("elements");
    if elements.is_some() && kind == DataType::String {
        let message = "a string has no `elements`";
        misfit(&mut table, "elements", message, "leave it out, or name the `type`");
    }
    let churn = table.whole("churn").unwrap_or_default();
    table.finish();
    let elements = elements.unwrap_or(Dataset::DEFAULT_ELEMENTS);
    Some(Dataset { extent: extent?, value: value?, kind, elements, churn })
}

/// That `GET` and `SET` would be sent to keys of another type than theirs.
pub(crate) fn check_type(section: &mut Section<'_>, dataset: &Dataset) {
    if dataset.kind == DataType::String {
        return;
    }
    let message = format!(
        "`GET` and `SET` are for strings, and the keys are of type {}",
        dataset.kind.as_str()
    );
    let help = "write the commands as `[[measure.mix]]`, such as `HGET phasegate:{key} field:0`";
    misfit(section, "dataset", &message, help);
}

#[cfg(test)]
mod tests {
    use crate::document::diagnostic::Source;
    use crate::read::plan::parse_plan;

    fn dataset(lines: &str) -> Result<String, Vec<String>> {
        let text = format!(
            "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m\"\n[measure]\n{lines}\n"
        );
        let plan = parse_plan(&Source { name: "3a.toml".to_owned(), text });
        plan.map(|plan| plan.measure.dataset.unwrap().to_string()).map_err(|problems| {
            problems.into_iter().map(|p| format!("{}: {}", p.code, p.message)).collect()
        })
    }

    #[test]
    fn a_dataset_is_of_a_size_or_of_so_many_keys() {
        assert_eq!(dataset("dataset.size = \"1MB\"").unwrap(), "1MB in values of 100B");
        assert_eq!(
            dataset("command = \"PING\"\ndataset = { keys = 7, type = \"zset\", elements = 3, churn = 4 }").unwrap(),
            "7 keys, each key a zset of 3 times 100B, fragmented by 4 values beside each key"
        );
    }

    #[test]
    fn all_problems_of_a_dataset_are_told_at_once() {
        assert_eq!(
            dataset("dataset = { size = \"1MB\", keys = 7, elements = 3, type = \"string\" }")
                .unwrap_err(),
            [
                "bad-value: `size` and `keys` don't go together: each says how large the dataset is",
                "bad-value: a string has no `elements`",
            ]
        );
        assert_eq!(
            dataset("dataset = { keys = 7, type = \"hash\" }").unwrap_err(),
            ["bad-value: `GET` and `SET` are for strings, and the keys are of type hash"]
        );
        assert_eq!(
            dataset("dataset = { churn = 1, typ = \"hash\" }").unwrap_err(),
            ["missing-key: `dataset` has no `size`", "unknown-key: unknown key `typ` in `dataset`",]
        );
    }
}
