//! Takes out of what is kept anything that looks like a credential, whoever let it in.
//!
//! The last of several guards: sources never put credentials into what they report in the first place.

use std::borrow::Cow;

/// What stands where a credential stood.
const MASK: &str = "[secret]";
/// Words before a credential in a header.
const SCHEMES: [&str; 2] = ["Bearer ", "Basic "];
/// How the first part of a JSON Web Token begins: `{"` in base64.
const JWT: &str = "eyJ";
/// Shorter ones are words, not credentials.
const SHORTEST: usize = 8;

/// The text with bearer and basic credentials, JSON Web Tokens and passwords in addresses masked.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut spans = Vec::new();
    for scheme in SCHEMES {
        for (at, _) in text.match_indices(scheme) {
            spans.extend(span(text, at + scheme.len(), SHORTEST));
        }
    }
    for (at, _) in text.match_indices(JWT) {
        let begins = text.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|c| !is_token(c));
        spans.extend(
            span(text, at, 30).filter(|(from, to)| {
                begins && text.get(*from..*to).is_some_and(|token| token.matches('.').count() == 2)
            }),
        );
    }
    for (at, _) in text.match_indices("://") {
        spans.extend(user_info(text, at + 3));
    }
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    spans.sort_unstable();
    let (mut masked, mut kept) = (String::with_capacity(text.len()), 0);
    for (from, to) in spans {
        if from >= kept {
            masked.push_str(text.get(kept..from).unwrap_or_default());
            masked.push_str(MASK);
        }
        kept = kept.max(to);
    }
    masked.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(masked)
}

const fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | '+' | '/' | '=')
}

/// The run of token characters that begins at `from`, if it is long enough.
fn span(text: &str, from: usize, shortest: usize) -> Option<(usize, usize)> {
    let length = text.get(from..)?.find(|c| !is_token(c)).unwrap_or(text.len() - from);
    (length >= shortest).then_some((from, from + length))
}

/// `user:password` of an address whose host begins at `from`.
fn user_info(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = text.get(from..)?;
    let authority = rest.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '`' | '\'') || c.is_whitespace());
    let authority = rest.get(..authority.unwrap_or(rest.len()))?;
    authority.rfind('@').filter(|at| *at > 0).map(|at| (from, from + at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_and_the_rest_stays() {
        let jwt = format!("eyJhbGciOiJSUzI1NiJ9.{}.{}", "eyJzdWIiOiJvcCJ9", "c2lnbmF0dXJl-_1");
        let cases = [
            ("nothing here: 4.1.9 → 4.2.0".to_owned(), "nothing here: 4.1.9 → 4.2.0".to_owned()),
            (format!("{{\"detail\":\"token {jwt} expired\"}}"), "{\"detail\":\"token [secret] expired\"}".to_owned()),
            ("Authorization: Bearer sha256~s3cr3t-t0ken\\n".to_owned(), "Authorization: Bearer [secret]\\n".to_owned()),
            ("Basic b3A6aHVudGVyMg==".to_owned(), "Basic [secret]".to_owned()),
            (format!("Bearer {jwt}"), "Bearer [secret]".to_owned()),
            (
                "get https://op:hunter2@prom:9090/api?q=1".to_owned(),
                "get https://[secret]@prom:9090/api?q=1".to_owned(),
            ),
            (
                "https://prom:9090/a@b and me@example.com".to_owned(),
                "https://prom:9090/a@b and me@example.com".to_owned(),
            ),
            ("Basic auth is not asked for".to_owned(), "Basic auth is not asked for".to_owned()),
            ("eyJust a word, keyJ.a.b".to_owned(), "eyJust a word, keyJ.a.b".to_owned()),
        ];
        for (text, expected) in cases {
            assert_eq!(mask(&text), expected);
        }
    }

    #[test]
    fn a_masked_line_is_still_json() {
        let line = serde_json::json!({"why": "Bearer abcdefghijkl\" refused", "url": "http://a:b@c"}).to_string();
        let back: serde_json::Value = serde_json::from_str(&mask(&line)).unwrap();
        assert_eq!(back["why"], "Bearer [secret]\" refused");
        assert_eq!(back["url"], "http://[secret]@c");
    }
}
