//! Which pages in browsers may read the answers (CORS), as nwaku decides it.

use hyper::{
    Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderMap, HeaderName, HeaderValue,
        ORIGIN, VARY,
    },
};

use crate::{
    ServeError,
    error::Refusal,
    limits::{MAX_ORIGIN, MAX_ORIGINS},
};

/// The origins of the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    /// Whether any will do.
    every: bool,
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    schemes: &'static [&'static str],
    rest: String,
}

/// What is to be told of an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing: there is none, or nothing is configured.
    Silent,
    /// That any may read.
    Every,
    /// That this one may read.
    One(HeaderValue),
}

impl Origins {
    /// Reads the patterns, each of which may hold several with commas between.
    pub(crate) fn new(texts: &[String]) -> Result<Self, ServeError> {
        let all: Vec<&str> = texts.iter().flat_map(|text| text.split(',')).collect();
        if all.len() > MAX_ORIGINS {
            return Err(ServeError::TooMany {
                field: "allow_origins",
                value: all.len(),
                limit: MAX_ORIGINS,
            });
        }
        if let Some((index, text)) = all.iter().enumerate().find(|(_, text)| text.len() > MAX_ORIGIN) {
            return Err(ServeError::Origin {
                index,
                size: text.len(),
                limit: MAX_ORIGIN,
            });
        }
        Ok(Self {
            every: matches!(all[..], ["*"]),
            patterns: all
                .into_iter()
                .filter(|text| !text.is_empty())
                .map(Pattern::new)
                .collect(),
        })
    }

    pub(crate) fn judge(&self, headers: &HeaderMap) -> Result<Verdict, Refusal> {
        if self.patterns.is_empty() {
            return Ok(Verdict::Silent);
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return Ok(Verdict::Silent);
        };
        if origins.next().is_some() {
            return Err(Refusal::bad_request(
                "Only a single Origin header must be specified",
            ));
        }
        if self.every {
            return Ok(Verdict::Every);
        }
        let text = origin.to_str().ok().filter(|text| text.len() <= MAX_ORIGIN);
        if text.is_some_and(|text| self.patterns.iter().any(|pattern| pattern.matches(text))) {
            return Ok(Verdict::One(origin.clone()));
        }
        Err(Refusal::new(StatusCode::FORBIDDEN, "Origin not allowed"))
    }
}

impl Verdict {
    pub(crate) fn tell<B>(self, response: &mut Response<B>) {
        let headers = response.headers_mut();
        let origin = match self {
            Self::Silent => return,
            Self::Every => HeaderValue::from_static("*"),
            Self::One(origin) => {
                let name: HeaderName = ORIGIN;
                headers.insert(VARY, name.into());
                origin
            }
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("Content-Type"),
        );
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let (schemes, rest): (&'static [&'static str], &str) =
            if let Some(rest) = text.strip_prefix("http://") {
                (&["http://"], rest)
            } else if let Some(rest) = text.strip_prefix("https://") {
                (&["https://"], rest)
            } else {
                (&["http://", "https://"], &text)
            };
        Self {
            schemes,
            rest: rest.to_owned(),
        }
    }

    fn matches(&self, origin: &str) -> bool {
        let origin = origin.to_lowercase();
        let after_scheme = |scheme: &&str| origin.strip_prefix(*scheme);
        let mut rests = self.schemes.iter().filter_map(after_scheme);
        rests.any(|rest| matches(self.rest.as_bytes(), rest.as_bytes()))
    }
}

/// Whether a text fits a pattern, in which `*` stands for any text and `?` for a byte or none. Takes time in
/// proportion to the product of both lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    // Which beginnings of the text the pattern up to here stands for.
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    for symbol in pattern {
        let before = fits.clone();
        let mut any = false;
        for end in 0..=text.len() {
            any |= before[end];
            fits[end] = match symbol {
                b'*' => any,
                b'?' => before[end] || (end > 0 && before[end - 1]),
                byte => end > 0 && before[end - 1] && text[end - 1] == *byte,
            };
        }
    }
    fits[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str) -> Origins {
        Origins::new(&[text.to_owned()]).unwrap()
    }

    fn judged(origins: &Origins, origin: &str) -> Result<Verdict, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().unwrap());
        origins.judge(&headers)
    }

    #[test]
    fn patterns_let_through_what_those_of_nwaku_let_through() {
        let some = origins("test.net:1234,https://localhost:*,http://127.0.0.1:?8,?waku*.net:*80*");
        for (origin, allowed) in [
            ("http://test.net:1234", true),
            ("https://test.net:1234", true),
            ("https://localhost:8080", true),
            ("https://localhost:80", true),
            ("http://127.0.0.1:78", true),
            ("http://127.0.0.1:8", true),
            ("http://wakuTHE.net:8078", true),
            ("http://nwaku.main.net:1980", true),
            ("http://test.net:12334", false),
            ("http://test.net:12345", false),
            ("xhttp://test.net:1234", false),
            ("http://localhost:8080", false),
            ("https://127.0.0.1:78", false),
            ("http://127.0.0.1:789", false),
            ("http://xxwaku.net:80", false),
            ("null", false),
        ] {
            assert_eq!(judged(&some, origin).is_ok(), allowed, "{origin}");
        }
    }

    #[test]
    fn without_patterns_nothing_is_said_and_a_star_lets_everybody_in() {
        assert_eq!(judged(&Origins::default(), "http://a"), Ok(Verdict::Silent));
        assert_eq!(judged(&origins("*"), "http://a"), Ok(Verdict::Every));
        assert_eq!(origins("a").judge(&HeaderMap::new()), Ok(Verdict::Silent));
        let mut headers = HeaderMap::new();
        headers.append(ORIGIN, HeaderValue::from_static("http://a"));
        headers.append(ORIGIN, HeaderValue::from_static("http://a"));
        let twice = origins("*").judge(&headers).unwrap_err();
        assert_eq!(twice.text, "Only a single Origin header must be specified");
        assert_eq!(
            judged(&origins("b"), "http://a").unwrap_err().status,
            StatusCode::FORBIDDEN
        );
    }

    #[test]
    fn long_patterns_are_refused_and_long_origins_cost_little() {
        let error = Origins::new(&["a".repeat(513)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "allow_origins[0] has 513 bytes, the limit is 512"
        );
        let many = origins(&"*a".repeat(256));
        assert!(judged(&many, &format!("http://{}", "a".repeat(505))).is_ok());
    }
}
