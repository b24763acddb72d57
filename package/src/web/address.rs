//! Where a registry is on the web, and where its server may send us.

use super::{RedirectProblem, WebError};
use crate::limits;
use hyper::{Response, header};
use std::fmt;
use url::Url;

/// The URL of a folder, or of a file in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    /// The folder at `text`; what is wrong with it otherwise.
    pub(crate) fn of(text: &str) -> Result<Self, &'static str> {
        if text.len() > limits::URL {
            return Err("the URL is too long");
        }
        let mut url = Url::parse(text).map_err(|_| "it is no URL")?;
        if !is_web(&url) {
            return Err("it is neither http:// nor https://");
        }
        if has_credentials(&url) {
            return Err("a user or a password has no place in the URL, which stands in the lock");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("the URL of a folder has no '?' and no '#'");
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// A file in this folder.
    pub(crate) fn file<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Self {
        let mut url = self.0.clone();
        // Every URL of the web has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        Self(url)
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// Where an answer to what was asked of `from` sends us, if it does.
pub(super) fn redirect<T>(from: &Url, answer: &Response<T>) -> Result<Option<Url>, WebError> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = answer.headers().get(header::LOCATION);
    let to = String::from_utf8_lossy(location.map_or(&[], |it| it.as_bytes()));
    follow(from, &to).map(Some).map_err(|problem| WebError::Redirect {
        url: from.to_string(),
        to: to.chars().take(limits::URL).collect(),
        problem,
    })
}

fn follow(from: &Url, to: &str) -> Result<Url, RedirectProblem> {
    if to.len() > limits::URL {
        return Err(RedirectProblem::Long);
    }
    let mut url = match to {
        "" => return Err(RedirectProblem::NoUrl),
        to => from.join(to).map_err(|_| RedirectProblem::NoUrl)?,
    };
    url.set_fragment(None);
    if !is_web(&url) {
        return Err(RedirectProblem::Scheme);
    }
    if from.scheme() == "https" && url.scheme() != "https" {
        return Err(RedirectProblem::Downgrade);
    }
    match has_credentials(&url) {
        true => Err(RedirectProblem::Credentials),
        false => Ok(url),
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_has_one_address() {
        for (text, folder, file) in [
            (
                "https://example.org",
                "https://example.org/",
                "https://example.org/packages/a-1.0.0+b.bpkg",
            ),
            (
                "http://EXAMPLE.org:80/",
                "http://example.org/",
                "http://example.org/packages/a-1.0.0+b.bpkg",
            ),
            (
                "https://example.org:8443/r//",
                "https://example.org:8443/r",
                "https://example.org:8443/r/packages/a-1.0.0+b.bpkg",
            ),
        ] {
            let address = Address::of(text).unwrap();
            assert_eq!(address.to_string(), folder);
            assert_eq!(address.file(["packages", "a-1.0.0+b.bpkg"]).to_string(), file);
            assert_eq!(Address::of(folder).unwrap(), address);
        }
        for wrong in [
            "https://",
            "https://a b/",
            "ftp://example.org/",
            "https://me@example.org/",
            "https://:secret@example.org/",
            "https://example.org/?a",
            "https://example.org/#a",
            &format!("https://example.org/{}", "a".repeat(limits::URL)),
        ] {
            assert!(Address::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_redirect_leads_to_the_web_and_never_to_less_protection() {
        let (safe, plain) = (
            "https://example.org/r/index.json",
            "http://example.org/r/index.json",
        );
        for (from, to, expected) in [
            (safe, "/other", Ok("https://example.org/other")),
            (safe, "other#part", Ok("https://example.org/r/other")),
            (safe, "//mirror.example/a?b=c", Ok("https://mirror.example/a?b=c")),
            (plain, safe, Ok(safe)),
            (plain, "http://mirror.example/", Ok("http://mirror.example/")),
            (safe, plain, Err(RedirectProblem::Downgrade)),
            (plain, "file:///etc/passwd", Err(RedirectProblem::Scheme)),
            (plain, "data:,x", Err(RedirectProblem::Scheme)),
            (
                safe,
                "https://me:secret@example.org/",
                Err(RedirectProblem::Credentials),
            ),
            (safe, "https://", Err(RedirectProblem::NoUrl)),
            (safe, "", Err(RedirectProblem::NoUrl)),
            (safe, &"a".repeat(limits::URL + 1), Err(RedirectProblem::Long)),
        ] {
            let followed = follow(&Url::parse(from).unwrap(), to);
            assert_eq!(
                followed.as_ref().map(Url::as_str),
                expected.as_ref().copied(),
                "{to}"
            );
        }
    }
}
