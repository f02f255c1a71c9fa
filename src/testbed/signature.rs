//! What runs have in common that fail alike.

use std::fmt::Write;

use super::report::{Blame, RunReport, RunVerdict};

/// What runs have in common that fail alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    pub verdict: RunVerdict,
    pub property: Option<String>,
    pub standing: Option<Blame>,
    /// Of the reason; see [`shape`].
    pub shape: String,
}

impl Signature {
    /// That of a run of nodes with these names.
    pub fn of(report: &RunReport, nodes: &[String]) -> Self {
        Signature {
            verdict: report.verdict,
            property: report.property.clone(),
            standing: report.standing,
            shape: shape(report.reason.as_deref().unwrap_or_default(), nodes),
        }
    }
}

/// The shape of a reason: names of nodes are `_`, numbers `#`, and what is said of several in a row is said once. So two
/// runs that broke the same in the same way have one.
///
/// `P1 committed, and P2 and P3 aborted` has the shape `_ committed, and _ aborted`.
pub fn shape(reason: &str, nodes: &[String]) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in reason.split(' ') {
        let word = of_several(plain(word, nodes));
        let joins = [",", "and"].contains(&word.trim_matches('_'));
        // `_, _ and _` is `_`.
        if word.starts_with('_') {
            if words.last().is_some_and(|last| last == "and") && is_name(words.iter().rev().nth(1))
            {
                words.pop();
            }
            if is_name(words.last()) {
                words.pop();
            }
        }
        if words.last() != Some(&word) || joins {
            words.push(word);
        }
    }
    words.join(" ")
}

/// A word as it would be said of several.
fn of_several(word: String) -> String {
    let several = match word.as_str() {
        "does" => "do",
        "has" => "have",
        "is" => "are",
        "was" => "were",
        _ => return word,
    };
    several.to_owned()
}

/// A name, alone or with a comma behind it.
fn is_name(word: Option<&String>) -> bool {
    word.is_some_and(|word| word == "_" || word == "_,")
}

/// A word without names and numbers.
fn plain(word: &str, nodes: &[String]) -> String {
    let mut plain = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_alphanumeric());
        let (token, others) = rest.split_at(end.unwrap_or(rest.len()));
        if token.is_empty() {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        if nodes.iter().any(|node| node == token) {
            plain.push('_');
        } else {
            without_numbers(&mut plain, token);
        }
        rest = others;
    }
    plain
}

fn without_numbers(plain: &mut String, token: &str) {
    let mut runs = token.split(|c: char| c.is_ascii_digit());
    plain.push_str(runs.next().unwrap_or_default());
    let mut is_in_number = false;
    for run in runs {
        if !is_in_number {
            write!(plain, "#").expect("a string takes all");
        }
        is_in_number = run.is_empty();
        plain.push_str(run);
    }
}

#[cfg(test)]
mod tests {
    use super::shape;

    fn of(reason: &str) -> String {
        let nodes = ["C", "P1", "P2", "P3"].map(str::to_owned);
        shape(reason, &nodes)
    }

    #[test]
    fn who_it_was_and_how_many_does_not_matter() {
        let one = of("P1 committed, and P2 aborted");
        assert_eq!(one, "_ committed, and _ aborted");
        assert_eq!(one, of("C committed, and P1, P2 and P3 aborted"));
        assert_eq!(of("P1 and P2 committed"), "_ committed");
        assert_eq!(of("P1 has not decided"), of("P1 and P2 have not decided"));
        let doubt = of("P1 and P2 voted yes and do not know the outcome");
        assert_eq!(of("P1 voted yes and does not know the outcome"), doubt);
        assert_eq!(of("C, P1 and P2 have not decided"), "_ have not decided");
    }

    #[test]
    fn numbers_do_not_matter_and_words_do() {
        assert_eq!(
            of("leader of term 12 has 3:a1"),
            "leader of term # have #:a#"
        );
        assert_eq!(of("[1:a1 1:b2 22:c31]"), "[#:a# #:b# #:c#]");
        assert_ne!(of("P1 aborted"), of("P1 committed"));
    }

    #[test]
    fn a_name_inside_a_word_is_none() {
        assert_eq!(of("Commit of C"), "Commit of _");
        assert_eq!(of("P1's vote"), "_'s vote");
        assert_eq!(of("P10 and P1"), "P# and _");
    }
}
