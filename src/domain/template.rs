//! The `{{…}}` places of a query and how values get into them without changing what the query means.
//!
//! In our own queries a place may only stand inside a quoted string; its value is escaped for the quotes it stands in.

use std::fmt;

use super::clean::Clean;

/// Something of a release that a query may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Namespace,
    Name,
    /// The hash of the revision customers can be brought back to.
    Stable,
    /// The hash of the revision that is being brought in.
    Canary,
}

impl Place {
    pub const ALL: [Self; 4] = [Self::Namespace, Self::Name, Self::Stable, Self::Canary];

    /// The word between the braces.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Name => "name",
            Self::Stable => "stable",
            Self::Canary => "canary",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{}}}}}", self.word())
    }
}

/// Why a query with places cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("`{{{{{0}}}}}` is no place; known are {{{{namespace}}}}, {{{{name}}}}, {{{{stable}}}} and {{{{canary}}}}")]
    Unknown(Clean),
    #[error("`{0}` must stand inside single or double quotes")]
    Unquoted(Place),
    #[error("`{{{{` is never closed with `}}}}`")]
    Open,
    /// The release has no value for it now, for example no canary.
    #[error("the release has no `{0}` now")]
    Missing(Place),
}

/// Whether every place is a known one and stands where its value can be escaped.
///
/// # Errors
/// The first place that is not.
pub fn check(template: &str) -> Result<(), TemplateError> {
    fill(template, |_| Some(String::new())).map(|_| ())
}

/// The query with every place filled in, each value escaped for the quotes around it.
///
/// # Errors
/// When `value` has none for a place, or when `check` would fail.
pub fn fill(template: &str, value: impl Fn(Place) -> Option<String>) -> Result<String, TemplateError> {
    replace(template, |word, quote, filled| {
        let word = word.ok_or(TemplateError::Open)?;
        let place = Place::ALL.into_iter().find(|place| place.word() == word);
        let place = place.ok_or_else(|| TemplateError::Unknown(word.into()))?;
        // Between backticks nothing can be escaped.
        let quote = quote.filter(|q| *q != '`').ok_or(TemplateError::Unquoted(place))?;
        escape(&value(place).ok_or(TemplateError::Missing(place))?, quote, filled);
        Ok(())
    })
}

/// The text with each `{{…}}` replaced: `put` appends what stands in its place, given the word in it (none where it is
/// never closed) and the quotes around it.
///
/// # Errors
/// The first of `put`.
pub fn replace<E>(
    text: &str,
    mut put: impl FnMut(Option<&str>, Option<char>, &mut String) -> Result<(), E>,
) -> Result<String, E> {
    let mut filled = String::with_capacity(text.len());
    let mut quote = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("{{") {
            let (word, after) = inner.split_once("}}").map_or((None, ""), |(word, after)| (Some(word.trim()), after));
            put(word, quote, &mut filled)?;
            rest = after;
            continue;
        }
        let mut chars = rest.chars();
        chars.next();
        filled.push(c);
        match (quote, c) {
            (Some('"' | '\''), '\\') => filled.extend(chars.next()),
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (Some(_) | None, _) => {}
        }
        rest = chars.as_str();
    }
    Ok(filled)
}

fn escape(value: &str, quote: char, into: &mut String) {
    for c in value.chars() {
        match c {
            '\n' => into.push_str("\\n"),
            '\\' => into.push_str("\\\\"),
            c if c == quote => into.extend(['\\', c]),
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_shop(place: Place) -> Option<String> {
        match place {
            Place::Namespace => Some("shop".to_owned()),
            Place::Name => Some("check\"out".to_owned()),
            Place::Stable => Some("7d9f".to_owned()),
            Place::Canary => None,
        }
    }

    #[test]
    fn places_are_filled_and_escaped_for_their_quotes() {
        let cases = [
            (r#"sum(x{ns="{{namespace}}"})"#, Ok(r#"sum(x{ns="shop"})"#)),
            (r#"x{a="{{ name }}-.*"}"#, Ok(r#"x{a="check\"out-.*"}"#)),
            ("x{a='{{name}}'}", Ok("x{a='check\"out'}")),
            (r#"x{a="q\"{{stable}}"}"#, Ok(r#"x{a="q\"7d9f"}"#)),
            ("rate(x[5m])", Ok("rate(x[5m])")),
            ("x{a=\"{{canary}}\"}", Err(TemplateError::Missing(Place::Canary))),
            ("x{a=\"{{nmaespace}}\"}", Err(TemplateError::Unknown("nmaespace".into()))),
            ("x{a={{name}}}", Err(TemplateError::Unquoted(Place::Name))),
            ("x{a=`{{name}}`}", Err(TemplateError::Unquoted(Place::Name))),
            ("x{a=\"{{name\"}", Err(TemplateError::Open)),
        ];
        for (template, expected) in cases {
            assert_eq!(fill(template, of_shop).as_deref(), expected.as_ref().copied(), "{template}");
        }
    }

    #[test]
    fn an_error_shows_the_place_as_it_is_written() {
        assert_eq!(
            check("x{a=\"{{pod}}\"}").unwrap_err().to_string(),
            "`{{pod}}` is no place; known are {{namespace}}, {{name}}, {{stable}} and {{canary}}"
        );
        assert_eq!(check("{{name}}").unwrap_err().to_string(), "`{{name}}` must stand inside single or double quotes");
    }

    proptest! {
        /// Whatever a value holds, the quote it stands in ends where the template ended it.
        #[test]
        fn no_value_breaks_out_of_its_quotes(value in any::<String>()) {
            let filled = fill("a{b=\"{{name}}\"}", |_| Some(value.clone())).unwrap();
            let inner = filled.strip_prefix("a{b=\"").unwrap().strip_suffix("\"}").unwrap();
            let mut chars = inner.chars();
            while let Some(c) = chars.next() {
                prop_assert!(c != '"' && c != '\n');
                if c == '\\' {
                    prop_assert!(matches!(chars.next(), Some('\\' | '"' | 'n')));
                }
            }
        }
    }
}
