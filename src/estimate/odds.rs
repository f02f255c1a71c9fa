//! From a formula to a number.

use super::interval::rounded;
use crate::model::Likelihood;
use crate::model::cluster::index;
use crate::sim::setup::{NodeSetup, Ratio, Setup};

/// How often what formulas speak of comes about.
#[derive(Clone, Debug)]
pub struct Odds {
    loss: Ratio,
    /// By node; nodes without an entry take part, and choose evenly.
    nodes: Vec<NodeSetup>,
}

impl Odds {
    pub fn of_setup(setup: &Setup) -> Self {
        Odds {
            loss: setup.network.loss,
            nodes: setup.nodes.clone(),
        }
    }

    /// To six places.
    pub fn of(&self, likelihood: &Likelihood) -> f64 {
        rounded(self.exact(likelihood))
    }

    /// The mean of several, to six places.
    pub fn mean(&self, all: &[Likelihood]) -> Option<f64> {
        let number = u32::try_from(all.len()).ok().filter(|n| *n > 0)?;
        let sum: f64 = all.iter().map(|one| self.exact(one)).sum();
        Some(rounded(sum / f64::from(number)))
    }

    fn exact(&self, likelihood: &Likelihood) -> f64 {
        match likelihood {
            Likelihood::Arrives => 1.0 - number(self.loss),
            Likelihood::TakesPart(id) => self
                .nodes
                .get(index(*id))
                .map_or(1.0, |node| number(node.up)),
            Likelihood::Chooses { node, option, of } => {
                let node = self.nodes.get(index(*node));
                chosen(node.map_or(&[], |node| &node.choices), option, *of)
            }
            Likelihood::All(all) => all.iter().map(|one| self.exact(one)).product(),
            Likelihood::ByNumber { of, then } => {
                let numbers = self.numbers(of);
                let each = numbers.iter().zip(then);
                each.map(|(n, then)| n * self.exact(then)).sum()
            }
        }
    }

    /// How likely it is that just n of these come about, for each n.
    fn numbers(&self, of: &[Likelihood]) -> Vec<f64> {
        let mut numbers = vec![1.0];
        for one in of {
            let likely = self.exact(one);
            let mut more = vec![0.0; numbers.len() + 1];
            for (n, number) in numbers.iter().enumerate() {
                more[n] += number * (1.0 - likely);
                more[n + 1] += number * likely;
            }
            numbers = more;
        }
        numbers
    }
}

/// Options without a ratio share alike what is left.
fn chosen(ratios: &[(String, Ratio)], option: &str, of: usize) -> f64 {
    if let Some((_, ratio)) = ratios.iter().find(|(name, _)| name == option) {
        return number(*ratio);
    }
    let taken: f64 = ratios.iter().map(|(_, ratio)| number(*ratio)).sum();
    let others = of.saturating_sub(ratios.len()).max(1);
    (1.0 - taken) / f64::from(u32::try_from(others).unwrap_or(u32::MAX))
}

fn number(ratio: Ratio) -> f64 {
    f64::from(ratio.times) / f64::from(ratio.out_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Id, Time};

    /// Nodes that are up so often, on a network that loses so much.
    fn odds(up: &[(u32, u32)], loss: (u32, u32)) -> Odds {
        let ratio = |(times, out_of): (u32, u32)| Ratio { times, out_of };
        let mut setup = Setup::fault_free(Time::from_millis(1), Time::from_millis(1));
        setup.network.loss = ratio(loss);
        let node = |up: &(u32, u32)| NodeSetup {
            up: ratio(*up),
            ..NodeSetup::default()
        };
        setup.nodes = up.iter().map(node).collect();
        Odds::of_setup(&setup)
    }

    fn nodes(n: usize) -> Vec<Likelihood> {
        (0..n).map(|i| Likelihood::TakesPart(Id::from(i))).collect()
    }

    fn is(found: f64, known: f64) {
        assert!((found - known).abs() < 1e-6, "{found}, and not {known}");
    }

    /// Computed apart from this code, by adding up binomial coefficients.
    #[test]
    fn products_and_majorities() {
        for (n, up, product, majority) in [
            (3, (1, 2), 0.125, 0.5),
            (3, (9, 10), 0.729, 0.972),
            (5, (7, 10), 0.168_07, 0.836_92),
            (7, (7, 10), 0.082_354, 0.873_964),
            (9, (9, 10), 0.387_420, 0.999_109),
        ] {
            let odds = odds(&vec![up; n], (0, 1));
            is(odds.of(&Likelihood::All(nodes(n))), product);
            is(
                odds.of(&Likelihood::at_least(n / 2 + 1, nodes(n))),
                majority,
            );
        }
    }

    /// The mean is too high for all of several, and too low for a majority of them if each is better than
    /// a coin: it is what neither comes to.
    #[test]
    fn what_the_mean_is_not() {
        for times in 1..10 {
            let odds = odds(&[(times, 10); 5], (0, 1));
            let mean = odds.mean(&nodes(5)).expect("there are some");
            assert!(mean > odds.of(&Likelihood::All(nodes(5))));
            let majority = odds.of(&Likelihood::at_least(3, nodes(5)));
            let expected = times.cmp(&5);
            assert_eq!(majority.partial_cmp(&mean), Some(expected), "{times}");
        }
        let uneven = odds(&[(9, 10), (1, 2), (1, 10)], (0, 1));
        let mean = uneven.mean(&nodes(3)).expect("there are some");
        is(mean, 0.5);
        is(uneven.of(&Likelihood::All(nodes(3))), 0.045);
        assert_eq!(uneven.mean(&[]), None);
    }

    #[test]
    fn what_is_certain_and_what_cannot_be() {
        let odds = odds(&[], (1, 10));
        is(odds.of(&Likelihood::certain()), 1.0);
        is(odds.of(&Likelihood::impossible()), 0.0);
        is(odds.of(&Likelihood::arrive(2)), 0.81);
        is(odds.of(&Likelihood::some_are_lost(2)), 0.19);
        is(odds.of(&Likelihood::at_least(0, nodes(2))), 1.0);
        is(odds.of(&Likelihood::at_least(3, nodes(2))), 0.0);
    }

    #[test]
    fn options_share_what_is_left() {
        let ratios = [(
            "a".to_owned(),
            Ratio {
                times: 2,
                out_of: 5,
            },
        )];
        is(chosen(&ratios, "a", 3), 0.4);
        is(chosen(&ratios, "b", 3), 0.3);
        is(chosen(&[], "yes", 2), 0.5);
    }
}
