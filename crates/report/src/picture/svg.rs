//! A small writer of SVG: a few shapes, each with a class that gives it its colour.
//!
//! Numbers have one decimal, so that the same picture is the same bytes everywhere. Text that
//! people wrote is escaped and only ever stands between tags, never in an attribute.

use std::fmt::Write;

/// The width of every picture, in its own units. Narrow, so that its text can still be read when
/// it is scaled to a phone.
pub(crate) const WIDTH: f64 = 440.0;

/// The height of a line of text.
pub(crate) const LINE: f64 = 18.0;

/// What the classes look like. All rules are inside `.phasegate-picture`, as an inlined picture
/// shares its document's style. The blue and the orange can be told apart in every kind of colour
/// blindness, and whatever they tell, shape or dashes tell as well.
pub(crate) const STYLE: &str = "\
.phasegate-picture{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;\
font-variant-numeric:tabular-nums;color-scheme:light dark;\
--back:#fff;--ink:#1f2328;--dim:#59636e;--grid:#d8dee4;--blue:#0072b2;--orange:#b34700;--pale:#cfe3f1}\
@media (prefers-color-scheme:dark){.phasegate-picture{\
--back:#0d1117;--ink:#e6edf3;--dim:#9aa5b1;--grid:#30363d;--blue:#56b4e9;--orange:#f0a35e;--pale:#1c3f57}}\
.phasegate-picture text{fill:var(--ink)}\
.phasegate-picture .back{fill:var(--back)}\
.phasegate-picture .title{font-weight:600;font-size:14px}\
.phasegate-picture .strong{font-weight:600}\
.phasegate-picture .dim{fill:var(--dim)}\
.phasegate-picture .end{text-anchor:end}\
.phasegate-picture .middle{text-anchor:middle}\
.phasegate-picture .grid{stroke:var(--grid);fill:none}\
.phasegate-picture .axis{stroke:var(--dim);fill:none}\
.phasegate-picture .mark{fill:var(--blue)}\
.phasegate-picture .hollow{fill:var(--back);stroke:var(--blue);stroke-width:2}\
.phasegate-picture .open{fill:var(--back);stroke:var(--orange);stroke-width:2}\
.phasegate-picture .band{fill:var(--pale)}\
.phasegate-picture .empty{fill:none}\
.phasegate-picture .edge{stroke:var(--blue)}\
.phasegate-picture .limit-mark{stroke:var(--orange);stroke-width:3}\
.phasegate-picture .curve{fill:none;stroke:var(--blue);stroke-width:2}\
.phasegate-picture .second{fill:none;stroke:var(--orange);stroke-width:2;stroke-dasharray:2 3}\
.phasegate-picture .limit{fill:none;stroke:var(--orange);stroke-width:2;stroke-dasharray:7 4}";

/// A place in a picture: from the left, from the top.
pub(crate) type PicturePoint = (f64, f64);

/// A picture while it is drawn.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
}

impl Svg {
    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, (x1, y1): PicturePoint, (x2, y2): PicturePoint) {
        self.element(format_args!(
            r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
        ));
    }

    /// A rectangle by two opposite corners. It is never so thin that it can't be seen.
    pub(crate) fn bar(&mut self, class: &str, (x1, y1): PicturePoint, (x2, y2): PicturePoint) {
        let (x, y) = (x1.min(x2), y1.min(y2));
        let (width, height) = ((x2 - x1).abs().max(1.0), (y2 - y1).abs().max(1.0));
        self.element(format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"/>"#
        ));
    }

    /// A dot.
    pub(crate) fn dot(&mut self, class: &str, (x, y): PicturePoint) {
        self.element(format_args!(r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="4.0"/>"#));
    }

    /// A dot with corners.
    pub(crate) fn diamond(&mut self, class: &str, (x, y): PicturePoint) {
        self.path(class, [(x - 6.0, y), (x, y - 6.0), (x + 6.0, y), (x, y + 6.0), (x - 6.0, y)]);
    }

    /// A sign that something lies further out in that direction, 1 or -1.
    pub(crate) fn arrow(&mut self, class: &str, (x, y): PicturePoint, direction: f64) {
        let tip = x + 10.0 * direction;
        self.path(class, [(x, y - 6.0), (tip, y), (x, y + 6.0), (x, y - 6.0)]);
    }

    /// A line through points, or the area inside of them if the class has a filling.
    pub(crate) fn path(&mut self, class: &str, points: impl IntoIterator<Item = PicturePoint>) {
        let mut shape = String::new();
        for (x, y) in points {
            let step = if shape.is_empty() { 'M' } else { 'L' };
            // Writing to a string can't fail.
            let _ = write!(shape, "{step}{x:.1} {y:.1}");
        }
        if !shape.is_empty() {
            self.element(format_args!(r#"<path class="{class}" d="{shape}"/>"#));
        }
    }

    /// Words, on one line that begins, ends or has its middle there, as the class says.
    pub(crate) fn text(&mut self, class: &str, (x, y): PicturePoint, words: &str) {
        let words = escaped(words);
        self.element(format_args!(r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{words}</text>"#));
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// The whole picture: with what is read out in its place, and its own style, so that it can
    /// stand alone as well as in a document.
    pub(crate) fn finish(self, id: &str, title: &str, description: &str, height: f64) -> String {
        let Self { body } = self;
        // The heading has to fit the width; what is read out is told whole.
        let (heading, description) = (escaped(&fit(title, WIDTH - 24.0)), escaped(description));
        let title = escaped(title);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="phasegate-picture" role="img" aria-labelledby="{id}-title {id}-description" viewBox="0 0 {WIDTH:.0} {height:.0}" width="{width:.0}" height="{shown:.0}">
<title id="{id}-title">{title}</title>
<desc id="{id}-description">{description}</desc>
<style>{STYLE}</style>
<rect class="back" width="{WIDTH:.0}" height="{height:.0}" rx="6"/>
<text class="title" x="12.0" y="22.0">{heading}</text>
{body}</svg>
"#,
            // As an image it is shown half as large again, which suits the text of most pages.
            width = WIDTH * 1.5,
            shown = height * 1.5,
        )
    }
}

/// Text made safe for XML, also in quotes. Characters that XML forbids are left out; what may
/// stand in a report has none.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => (),
            _ if c.is_control() => (),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// As much of a text as surely fits in that width, with a sign that something is cut.
pub(crate) fn fit(text: &str, width: f64) -> String {
    let mut used = 0.0;
    // Where to cut if the whole doesn't fit.
    let mut end = 0;
    for (at, c) in text.char_indices() {
        // The sign that something is cut needs its room as well.
        if used + width_of('…') <= width {
            end = at;
        }
        used += width_of(c);
        if used > width {
            return format!("{}…", text.get(..end).unwrap_or_default().trim_end());
        }
    }
    text.to_owned()
}

/// How wide a text is at most.
pub(crate) fn width_of_text(text: &str) -> f64 {
    text.chars().map(width_of).sum()
}

/// How wide a character is at most, in the fonts that systems have.
const fn width_of(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '('
        | ')' => 5.0,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '→' => 13.0,
        'A'..='Z' | '<' | '>' | '=' | '+' | '~' | '×' | '&' => 9.5,
        // Accents that are characters of their own stand over the one before.
        '\u{300}'..='\u{36f}' => 0.0,
        ' '..='~' => 7.8,
        _ => 14.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_xml_whatever_the_words_are() {
        let hostile = "</text><script>alert(1)</script> \"a\" 'b' & \u{0} ]]> <!-- \u{ffff}";
        let mut svg = Svg::default();
        svg.text("dim", (1.0, 2.0), hostile);
        let picture = svg.finish("p", hostile, hostile, 100.0);
        let document = roxmltree::Document::parse(&picture).unwrap();
        let names: Vec<&str> = document.descendants().map(|node| node.tag_name().name()).collect();
        assert!(!names.contains(&"script"), "{picture}");
        let mut texts = document.descendants().filter(|node| node.has_tag_name("text"));
        let words = "</text><script>alert(1)</script> \"a\" 'b' &  ]]> <!-- ";
        assert_eq!(texts.next_back().unwrap().text(), Some(words));
    }

    #[test]
    fn numbers_have_one_decimal() {
        let mut svg = Svg::default();
        svg.line("axis", (0.04, 1.0 / 3.0), (2.0, 0.1 + 0.2));
        assert_eq!(
            svg.body,
            "<line class=\"axis\" x1=\"0.0\" y1=\"0.3\" x2=\"2.0\" y2=\"0.3\"/>\n"
        );
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_sign() {
        assert_eq!(fit("P99 < 12us", 100.0), "P99 < 12us");
        let cut = fit(&"long ".repeat(100), 100.0);
        assert!(cut.starts_with("long long") && cut.ends_with('…'), "{cut}");
        assert!(width_of_text(&cut) <= 100.0);
        assert_eq!(fit("日本語日本語", 50.0), "日本…");
        assert_eq!(fit("", 0.0), "");
    }
}
