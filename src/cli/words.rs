//! Numbers and plain data in words.

/// `1 seed`, `3 seeds`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `1,234,567`
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.2 GiB`
#[allow(clippy::cast_precision_loss)]
pub fn bytes(n: u64) -> String {
    let n = n as f64;
    match n {
        n if n >= 1_073_741_824.0 => format!("{:.1} GiB", n / 1_073_741_824.0),
        n if n >= 1_048_576.0 => format!("{:.0} MiB", n / 1_048_576.0),
        n => format!("{:.0} KiB", n / 1024.0),
    }
}

/// `0.12 s`, `3 min 5 s`
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn seconds(s: f64) -> String {
    if s < 10.0 {
        format!("{s:.2} s")
    } else if s < 120.0 {
        format!("{s:.1} s")
    } else {
        format!("{} min {} s", s as u64 / 60, s as u64 % 60)
    }
}

/// `12,345 worlds/s`; nothing can be said of an instant.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
pub fn rate(n: u64, seconds: f64) -> String {
    if seconds < 0.001 {
        return "-".to_owned();
    }
    format!("{} worlds/s", number((n as f64 / seconds) as u64))
}

/// `a`, `a and b`, `a, b and c`; `nothing` if there is none.
pub fn listed(words: &[String]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// How this program is called: in a crate of one's own it is not `jury`.
pub fn program() -> String {
    let path = std::env::args_os().next().map(std::path::PathBuf::from);
    let name = path.as_ref().and_then(|path| path.file_stem()?.to_str());
    typed(name.unwrap_or("jury"))
}

/// A path or name as one would type it in a shell.
pub fn typed(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{number, seconds, typed};

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1000), "1,000");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(seconds(185.0), "3 min 5 s");
    }

    #[test]
    fn commands_can_be_pasted() {
        assert_eq!(typed("a/b-2.json"), "a/b-2.json");
        assert_eq!(typed("my file's.json"), r"'my file'\''s.json'");
    }
}
