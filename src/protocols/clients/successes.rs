//! How likely a leader with a majority is, and an entry of its log: the same for every log whose leader is one of
//! the servers.

use crate::model::{ClosedForm, Id, Likelihood, NodeSet};

/// Who asks all others needs the answers of a majority without itself.
pub fn a_majority_answers(id: Id, others: NodeSet) -> ClosedForm {
    let needed = others.len().div_ceil(2);
    let enough = Likelihood::at_least(needed, heard(others));
    ClosedForm {
        formula: "B(N − 1, a·s; Q − 1)",
        likelihood: Likelihood::TakesPart(id).and(enough),
    }
}

/// Among m others that are up, enough let it lead, and then enough have its first entry.
pub fn election_and_entry(id: Id, others: NodeSet) -> ClosedForm {
    let of: Vec<Likelihood> = others.iter().map(Likelihood::TakesPart).collect();
    let needed = others.len().div_ceil(2);
    let enough = |m| Likelihood::at_least(needed, vec![Likelihood::arrive(2); m]);
    let then = (0..=of.len()).map(|m| enough(m).and(enough(m))).collect();
    ClosedForm {
        formula: "Σ b(N − 1, a; m) · B(m, s; Q − 1)²",
        likelihood: Likelihood::TakesPart(id).and(Likelihood::ByNumber { of, then }),
    }
}

/// That they are up, asked and heard.
pub fn heard(servers: NodeSet) -> Vec<Likelihood> {
    let heard = |id| Likelihood::TakesPart(id).and(Likelihood::arrive(2));
    servers.iter().map(heard).collect()
}
