//! Writing source text.

/// Appends a line. Writing to a string cannot fail.
macro_rules! line {
    ($out:expr) => { $out.push('\n') };
    ($out:expr, $($text:tt)*) => {{
        $out.push_str(&format!($($text)*));
        $out.push('\n');
    }};
}
pub(crate) use line;

/// Appends `docs` as comments that begin with `start`.
pub(crate) fn comment(out: &mut String, start: &str, docs: &str) {
    for text in docs.trim().lines() {
        let text: String = text.trim_end().chars().filter(|it| !it.is_control()).collect();
        line!(out, "{}", format!("{start} {text}").trim_end());
    }
}

/// A literal of C, which is also one of JavaScript: escapes what is not printable ASCII in octal.
pub(crate) fn c_literal(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            // A question mark could begin a trigraph.
            b'"' | b'\\' | b'?' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
    out
}
