//! The text of a file as the words that its imports are read from.

/// What a file is made of, without comments, without what strings say, and without what is
/// compiled for tests only.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Source {
    pub(crate) tokens: Vec<String>,
    /// The modules in files of their own that are declared for tests only.
    pub(crate) test_modules: Vec<String>,
}

impl Source {
    pub(crate) fn read(text: &str) -> Source {
        without_tests(&tokens(text))
    }
}

/// Names, `::` as one token, all other punctuation sign by sign; a literal in quotes is `""`.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let signs: Vec<char> = text.chars().collect();
    let at = |place: usize| signs.get(place).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut place = 0;
    while place < signs.len() {
        let sign = signs[place];
        if sign == '/' && at(place + 1) == '/' {
            while place < signs.len() && signs[place] != '\n' {
                place += 1;
            }
        } else if sign == '/' && at(place + 1) == '*' {
            place = after_block_comment(&signs, place);
        } else if let Some(end) = after_raw_string(&signs, place) {
            tokens.push("\"\"".to_owned());
            place = end;
        } else if sign == '"' {
            tokens.push("\"\"".to_owned());
            place = after_quoted(&signs, place, '"');
        } else if sign == '\'' {
            // Three signs on at the latest a character ends; a lifetime has no closing quote.
            if at(place + 1) == '\\' || at(place + 2) == '\'' {
                tokens.push("\"\"".to_owned());
                place = after_quoted(&signs, place, '\'');
            } else {
                place += 1;
                while is_of_name(at(place)) {
                    place += 1;
                }
            }
        } else if is_of_name(sign) {
            let begin = place;
            while is_of_name(at(place)) {
                place += 1;
            }
            tokens.push(signs[begin..place].iter().collect());
        } else if sign == ':' && at(place + 1) == ':' {
            tokens.push("::".to_owned());
            place += 2;
        } else {
            if !sign.is_whitespace() {
                tokens.push(sign.to_string());
            }
            place += 1;
        }
    }
    tokens
}

fn is_of_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

fn after_block_comment(signs: &[char], begin: usize) -> usize {
    let mut depth = 0;
    let mut place = begin;
    while place < signs.len() {
        match (signs[place], signs.get(place + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                place += 1;
                continue;
            }
        }
        place += 2;
        if depth == 0 {
            break;
        }
    }
    place
}

fn after_quoted(signs: &[char], begin: usize, quote: char) -> usize {
    let mut place = begin + 1;
    while place < signs.len() && signs[place] != quote {
        place += if signs[place] == '\\' { 2 } else { 1 };
    }
    place + 1
}

/// Where `r"…"`, `br#"…"#` and the like end, if one begins here.
fn after_raw_string(signs: &[char], begin: usize) -> Option<usize> {
    if begin > 0 && is_of_name(signs[begin - 1]) {
        return None;
    }
    let mut place = begin;
    if matches!(signs.get(place), Some('b' | 'c')) {
        place += 1;
    }
    if signs.get(place) != Some(&'r') {
        return None;
    }
    place += 1;
    let hashes = signs[place..].iter().take_while(|sign| **sign == '#').count();
    place += hashes;
    if signs.get(place) != Some(&'"') {
        return None;
    }
    place += 1;
    while place < signs.len() {
        let closing = signs[place + 1..].iter().take_while(|sign| **sign == '#').count();
        if signs[place] == '"' && closing >= hashes {
            return Some(place + 1 + hashes);
        }
        place += 1;
    }
    Some(place)
}

/// Where the bracket that opens at `open` is closed, or the end.
pub(crate) fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place;
        }
    }
    tokens.len()
}

fn without_tests(tokens: &[String]) -> Source {
    let mut source = Source::default();
    let mut place = 0;
    while place < tokens.len() {
        if !is_for_tests(&tokens[place..]) {
            source.tokens.push(tokens[place].clone());
            place += 1;
            continue;
        }
        let mut end = closing(tokens, place + 1) + 1;
        while tokens.get(end).is_some_and(|token| token == "#") {
            end = closing(tokens, end + 1) + 1;
        }
        let item = end;
        while end < tokens.len() && tokens[end] != ";" && tokens[end] != "{" {
            end = if tokens[end] == "(" { closing(tokens, end) } else { end } + 1;
        }
        let declared = &tokens[item..end.min(tokens.len())];
        let is_import = declared.iter().any(|token| token == "use");
        if tokens.get(end).is_some_and(|token| token == "{") {
            end = closing(tokens, end);
            while is_import && end < tokens.len() && tokens[end] != ";" {
                end += 1;
            }
        } else if let Some(module) = declared.iter().position(|token| token == "mod") {
            source.test_modules.extend(declared.get(module + 1).cloned());
        }
        place = end + 1;
    }
    source
}

/// Whether `#[cfg(test)]` or `#[cfg(all(test, …))]` begins here.
fn is_for_tests(tokens: &[String]) -> bool {
    let begins = |with: &[&str]| {
        tokens.len() >= with.len() && tokens.iter().zip(with).all(|(token, with)| token == with)
    };
    begins(&["#", "[", "cfg", "(", "test", ")", "]"])
        || begins(&["#", "[", "cfg", "(", "all", "(", "test", ","])
}

#[test]
fn comments_strings_and_lifetimes_are_no_names() {
    let text = r##"// crate::a
        /* crate::b /* crate::c */ crate::d */
        fn f<'a>(x: &'a str) { g("crate::e \" crate::f", r#"crate::g " "#, b'\'', '"', br"\") }"##;
    assert_eq!(
        tokens(text).join(" "),
        r#"fn f < > ( x : & str ) { g ( "" , "" , b "" , "" , "" ) }"#
    );
}

#[test]
fn what_is_compiled_for_tests_only_is_left_out() {
    let text = "use a::b; #[cfg(test)] #[allow(x)] mod tests { use c::d; fn f() {} } \
        #[cfg(test)] mod laws; #[cfg(test)] use e::{f, g}; #[cfg(all(test, unix))] \
        pub(crate) fn h(x: [u8; 2]) { i } fn j() {}";
    let source = Source::read(text);
    assert_eq!(source.tokens.join(" "), "use a :: b ; fn j ( ) { }");
    assert_eq!(source.test_modules, ["laws"]);
}
