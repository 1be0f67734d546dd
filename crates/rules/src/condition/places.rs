//! Where the comparisons of a condition are written.

use std::ops::Range;

use super::parser::{Tree, parse};

/// The byte ranges of the comparisons of a condition that can be read, in the order of
/// [`super::Condition::comparisons`]. A range `in low..high` is two comparisons in one place.
pub(crate) fn places(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if let Ok(tree) = parse(text) {
        collect(&tree, &mut found);
    }
    found
}

fn collect(tree: &Tree<'_>, found: &mut Vec<Range<usize>>) {
    match tree {
        Tree::Any(parts) | Tree::All(parts) => {
            for part in parts {
                collect(part, found);
            }
        }
        Tree::Not(inner) => collect(inner, found),
        Tree::Compare(left, _, right) => found.push(left.span.start..right.span.end),
        Tree::Within(value, _, high) => {
            let place = value.span.start..high.span.end;
            found.extend([place.clone(), place]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::checked;
    use super::places;

    #[test]
    fn each_comparison_has_its_place() {
        let text = "P99 < 12us and not (dataset in 1MB..2MB or frag > 1.5)";
        let written: Vec<&str> = places(text).into_iter().map(|place| &text[place]).collect();
        let range = "dataset in 1MB..2MB";
        assert_eq!(written, ["P99 < 12us", range, range, "frag > 1.5"]);
        assert_eq!(written.len(), checked(text).unwrap().comparisons().len());
    }
}
