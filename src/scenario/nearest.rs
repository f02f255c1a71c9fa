//! The nearest right name for a wrong one.
//!
//! It knows words, not what they stand for.

/// So many names are few enough to list them all.
const LISTED_MAX: usize = 12;

/// The allowed name that was probably meant, if one is near enough.
pub fn nearest<'a>(wrong: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let folded = fold(wrong);
    let distance = |name: &str| strsim::damerau_levenshtein(&folded, &fold(name));
    let (best, far) = allowed
        .iter()
        .map(|name| (*name, distance(name)))
        .min_by_key(|(_, far)| *far)?;
    let longest = folded.chars().count().max(best.chars().count());
    if far <= (longest / 3).min(3) {
        return Some(best);
    }
    // A word cut short, if it is long enough to mean something.
    let longer = |name: &&&str| folded.len() > 2 && fold(name).starts_with(&folded);
    allowed.iter().find(longer).copied()
}

/// Advice for a wrong name: the nearest right one, and all of them where they are few.
pub fn advice(wrong: &str, allowed: &[&str]) -> Option<String> {
    let near = nearest(wrong, allowed).map(|name| format!("did you mean `{name}`?"));
    let few = match near {
        Some(_) => 2..=LISTED_MAX,
        None => 1..=LISTED_MAX,
    };
    let listed = few
        .contains(&allowed.len())
        .then(|| format!("allowed here: {}", list(allowed)));
    match (near, listed) {
        (Some(near), Some(listed)) => Some(format!("{near} ({listed})")),
        (near, listed) => near.or(listed),
    }
}

/// `` `a`, `b` and `c` ``
pub fn list(names: &[&str]) -> String {
    crate::model::cluster::enumerate(names.iter().map(|name| format!("`{name}`")))
}

/// Case, and how words are joined, are slips rather than differences.
fn fold(name: &str) -> String {
    name.chars()
        .map(|c| if c == '_' || c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_strangers_are_not() {
        let allowed = ["latency", "loss", "order"];
        assert_eq!(nearest("latencey", &allowed), Some("latency"));
        assert_eq!(nearest("Loss", &allowed), Some("loss"));
        assert_eq!(nearest("ordre", &allowed), Some("order"));
        assert_eq!(nearest("participants", &allowed), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
