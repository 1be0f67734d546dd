//! The Content-Security-Policy of a page: nothing from any network, and no style or script but
//! those that stand in the template.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::picture::STYLE;

/// The policy for pages by these texts, a template and what it includes.
///
/// The digests are of what the template has, not of what a page has: whatever a person wrote can't
/// be allowed by it, even if a template forgets to escape it.
pub(crate) fn of(templates: &[&str]) -> String {
    // Blank lines are as they will be on the page.
    let texts: Vec<String> = templates.iter().map(|template| tidy(template)).collect();
    let digests = |element: &str| -> Vec<String> {
        texts.iter().flat_map(|text| contents(text, element)).map(source).collect()
    };
    let mut styles = digests("style");
    // Pictures bring their own style.
    styles.push(source(STYLE));
    let scripts = digests("script");
    // Beside other sources `'none'` is ignored, so it stands only where there is no other.
    let scripts = if scripts.is_empty() { "'none'".to_owned() } else { scripts.join(" ") };
    // `base-uri` and `form-action` don't fall back to `default-src`, so they are named.
    format!(
        "default-src 'none'; style-src {}; script-src {scripts}; base-uri 'none'; form-action 'none'",
        styles.join(" ")
    )
}

/// What stands between the tags of each such element.
fn contents<'a>(template: &'a str, element: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut rest = template;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (content, after) = after.split_once(&close)?;
        rest = after;
        Some(content)
    })
}

/// How a policy names a style or script, as the W3C's Content Security Policy Level 3 has it.
fn source(content: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content.as_bytes())))
}

/// Templates leave blank lines where a section is left out; readers of the source need one.
pub(crate) fn tidy(rendered: &str) -> String {
    let mut text = String::with_capacity(rendered.len());
    // True at the beginning, so that no page begins with an empty line.
    let mut blank = true;
    for line in rendered.lines().map(str::trim_end) {
        if !(line.is_empty() && blank) {
            text.push_str(line);
            text.push('\n');
        }
        blank = line.is_empty();
    }
    if text.ends_with("\n\n") {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_template_has_is_allowed() {
        let policy = of(&["<style>a{}</style>", "<script>1</script>{{ text }}<script>2</script>"]);
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        // printf 1 | openssl dgst -sha256 -binary | base64
        let one = "'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='";
        assert!(policy.contains(&format!("script-src {one} 'sha256-")), "{policy}");
        assert_eq!(policy.matches("sha256").count(), 4, "{policy}");
    }

    #[test]
    fn without_a_script_none_is_allowed() {
        assert!(of(&["<script>never closed"]).contains("script-src 'none';"));
    }
}
