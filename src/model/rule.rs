//! The rules of its papers that a protocol's handlers follow, as a table.

/// A rule of a paper, and the steps that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whose steps; those of any role if empty.
    pub role: &'static str,
    pub on: On<'static>,
    /// The rule in a few words, behind the work and the section that have it.
    pub words: &'static str,
}

/// What a step answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On<'a> {
    /// A first start.
    Start,
    /// A start after a crash.
    Recovery,
    /// A choice that the environment settles.
    Choice,
    /// A message of this kind.
    Message(&'a str),
    /// A timer of this kind.
    Timer(&'a str),
}

impl Rule {
    pub const fn start(role: &'static str, words: &'static str) -> Self {
        let on = On::Start;
        Rule { role, on, words }
    }

    pub const fn recovery(role: &'static str, words: &'static str) -> Self {
        let on = On::Recovery;
        Rule { role, on, words }
    }

    pub const fn choice(role: &'static str, words: &'static str) -> Self {
        let on = On::Choice;
        Rule { role, on, words }
    }

    pub const fn message(role: &'static str, kind: &'static str, words: &'static str) -> Self {
        let on = On::Message(kind);
        Rule { role, on, words }
    }

    pub const fn timer(role: &'static str, kind: &'static str, words: &'static str) -> Self {
        let on = On::Timer(kind);
        Rule { role, on, words }
    }
}

/// The first rule of a table for such a step of such a role.
pub fn rule_for(rules: &[Rule], role: &str, on: On<'_>) -> Option<Rule> {
    let fits = |rule: &&Rule| rule.on == on && (rule.role.is_empty() || rule.role == role);
    rules.iter().find(fits).copied()
}
