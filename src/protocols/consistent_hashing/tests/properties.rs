//! The properties of consistent hashing, for any placement, and all small rings that they are asked of.

use super::*;

/// Whoever says where keys are. What knows the members at one place is a *process*: there are several.
pub trait Placement: Sized {
    /// Without members.
    fn new(space: Space, process: u8) -> Self;
    fn join(&mut self, node: Node, virtual_nodes: u32);
    fn leave(&mut self, node: Node);
    fn owner(&self, hash: u64) -> Option<Node>;
    fn replicas(&self, hash: u64, most: usize) -> Vec<Node>;
}

/// The ring itself.
impl Placement for Ring<Node> {
    fn new(space: Space, _: u8) -> Self {
        Ring::new(space)
    }

    fn join(&mut self, node: Node, virtual_nodes: u32) {
        assert!(self.join(&node, virtual_nodes), "it was no member");
    }

    fn leave(&mut self, node: Node) {
        assert!(self.leave(&node), "it was a member");
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        self.owner_at(hash).copied()
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        self.replicas_at(hash, most).into_iter().copied().collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    Total,
    IndependentOfOrder,
    Consistent,
    Monotone,
    Minimal,
    Inverse,
    Distinct,
    MonotoneReplicas,
}

pub const PROPERTIES: [Property; 8] = [
    Property::Total,
    Property::IndependentOfOrder,
    Property::Consistent,
    Property::Monotone,
    Property::Minimal,
    Property::Inverse,
    Property::Distinct,
    Property::MonotoneReplicas,
];

/// Who there is to join, and in which space.
#[derive(Clone, Debug)]
pub struct Setting {
    pub space: Space,
    /// With how many virtual nodes.
    pub nodes: Vec<(Node, u32)>,
}

/// Four nodes in spaces in which they collide often, sometimes and hardly ever.
pub fn small_settings() -> Vec<Setting> {
    let few = [[1, 1, 1, 1], [2, 2, 2, 2], [1, 2, 3, 5]];
    let many = [[3, 3, 3, 3], [1, 2, 3, 5]];
    let mut settings = Vec::new();
    for (bits, each) in [(1, &few[..]), (2, &few), (4, &few), (8, &many)] {
        settings.extend(each.iter().map(|counts| Setting {
            space: Space::new(bits),
            nodes: ['A', 'B', 'C', 'D'].into_iter().zip(*counts).collect(),
        }));
    }
    settings
}

/// All that a placement says: of each hash its owner, and the replicas, for each number of them.
type Says = Vec<(Option<Node>, Vec<Vec<Node>>)>;

impl Setting {
    pub fn hashes(&self) -> impl Iterator<Item = u64> + use<> {
        0..=self.space.last()
    }

    /// All sets of nodes, each as a list in order.
    pub fn subsets(&self) -> Vec<Vec<Node>> {
        let mut subsets = vec![Vec::new()];
        for (node, _) in &self.nodes {
            let with = |subset: &Vec<Node>| [subset.as_slice(), &[*node]].concat();
            let more: Vec<_> = subsets.iter().map(with).collect();
            subsets.extend(more);
        }
        subsets
    }

    fn join<P: Placement>(&self, placement: &mut P, node: Node) {
        let mut nodes = self.nodes.iter();
        let (_, count) = nodes.find(|(other, _)| *other == node).unwrap();
        placement.join(node, *count);
    }

    /// These nodes have joined, in this order.
    pub fn with<P: Placement>(&self, members: &[Node], process: u8) -> P {
        let mut placement = P::new(self.space, process);
        for node in members {
            self.join(&mut placement, *node);
        }
        placement
    }

    fn says<P: Placement>(&self, placement: &P) -> Says {
        let most = self.nodes.len();
        let of = |hash| {
            let replicas = (1..=most).map(|most| placement.replicas(hash, most));
            (placement.owner(hash), replicas.collect())
        };
        self.hashes().map(of).collect()
    }

    /// What is said of all sets of members before and after a node joins that is none of them.
    fn joins<P: Placement>(&self) -> impl Iterator<Item = (Node, Says, Says)> {
        self.changes(
            |members, node| !members.contains(node),
            |setting, members, node| {
                let mut placement: P = setting.with(members, 0);
                let before = setting.says(&placement);
                setting.join(&mut placement, node);
                (before, setting.says(&placement))
            },
        )
    }

    /// What is said of all sets of members before and after one of them leaves.
    fn leaves<P: Placement>(&self) -> impl Iterator<Item = (Node, Says, Says)> {
        self.changes(<[Node]>::contains, |setting, members, node| {
            let mut placement: P = setting.with(members, 0);
            let before = setting.says(&placement);
            placement.leave(node);
            (before, setting.says(&placement))
        })
    }

    fn changes(
        &self,
        is_meant: impl Fn(&[Node], &Node) -> bool,
        change: impl Fn(&Self, &[Node], Node) -> (Says, Says),
    ) -> impl Iterator<Item = (Node, Says, Says)> {
        let mut changes = Vec::new();
        for members in self.subsets() {
            for (node, _) in &self.nodes {
                if is_meant(&members, node) {
                    let (before, after) = change(self, &members, *node);
                    changes.push((*node, before, after));
                }
            }
        }
        changes.into_iter()
    }

    pub fn satisfies<P: Placement>(&self, property: Property) -> bool {
        match property {
            Property::Total => self.is_total::<P>(),
            Property::IndependentOfOrder => self.is_independent_of_order::<P>(),
            Property::Consistent => self.is_consistent::<P>(),
            Property::Monotone => self.joins::<P>().all(|(node, before, after)| {
                let moves = |(before, after): (&Option<_>, &Option<_>)| {
                    before == after || *after == Some(node)
                };
                owners(&before).zip(owners(&after)).all(moves)
            }),
            Property::Minimal => self.leaves::<P>().all(|(node, before, after)| {
                let stays = |(before, after): (&Option<_>, &Option<_>)| {
                    before == after || *before == Some(node)
                };
                owners(&before).zip(owners(&after)).all(stays)
            }),
            Property::Inverse => self.joining_and_leaving_changes_nothing::<P>(),
            Property::Distinct => self.has_distinct_replicas::<P>(),
            Property::MonotoneReplicas => self.has_monotone_replicas::<P>(),
        }
    }

    /// These nodes are left of all.
    fn left<P: Placement>(&self, members: &[Node]) -> P {
        let all: Vec<Node> = self.nodes.iter().map(|(node, _)| *node).collect();
        let mut placement: P = self.with(&all, 0);
        for node in all.iter().filter(|node| !members.contains(node)) {
            placement.leave(*node);
        }
        placement
    }

    /// Also when others have left.
    fn is_total<P: Placement>(&self) -> bool {
        self.subsets().iter().all(|members| {
            let mut placements = [self.with::<P>(members, 0), self.left(members)].into_iter();
            placements.all(|placement| {
                self.hashes().all(|hash| match placement.owner(hash) {
                    Some(owner) => members.contains(&owner),
                    None => members.is_empty(),
                })
            })
        })
    }

    /// In whatever order they come, also if others come and go.
    fn is_independent_of_order<P: Placement>(&self) -> bool {
        self.subsets().iter().all(|members| {
            let said = self.says::<P>(&self.with(members, 0));
            let mut orders = permutations(members).into_iter();
            self.says::<P>(&self.left(members)) == said
                && orders.all(|order| self.says::<P>(&self.with(&order, 0)) == said)
        })
    }

    /// Every process says the same, and the owner is the first replica.
    fn is_consistent<P: Placement>(&self) -> bool {
        self.subsets().iter().all(|members| {
            let said = self.says::<P>(&self.with(members, 0));
            let mut each = said.iter();
            let other = self.says::<P>(&self.with(members, 1));
            said == other
                && each
                    .all(|(owner, lists)| lists.iter().all(|list| list.first() == owner.as_ref()))
        })
    }

    fn joining_and_leaving_changes_nothing<P: Placement>(&self) -> bool {
        self.subsets().iter().all(|members| {
            let said = self.says::<P>(&self.with(members, 0));
            let others = self.nodes.iter().map(|(node, _)| *node);
            let mut others = others.filter(|node| !members.contains(node));
            others.all(|node| {
                let mut placement: P = self.with(members, 0);
                self.join(&mut placement, node);
                placement.leave(node);
                self.says(&placement) == said
            })
        })
    }

    fn has_distinct_replicas<P: Placement>(&self) -> bool {
        self.subsets().iter().all(|members| {
            let said = self.says::<P>(&self.with(members, 0));
            let mut lists = said.iter().flat_map(|(_, lists)| (1..).zip(lists));
            lists.all(|(most, list)| {
                let distinct: BTreeSet<_> = list.iter().collect();
                let are_members = list.iter().all(|node| members.contains(node));
                are_members && distinct.len() == list.len() && list.len() == members.len().min(most)
            })
        })
    }

    /// Whoever joins is put in, and what no longer fits falls off the end.
    fn has_monotone_replicas<P: Placement>(&self) -> bool {
        self.joins::<P>().all(|(node, before, after)| {
            let lists = |said: Says| said.into_iter().flat_map(|(_, lists)| lists);
            lists(before).zip(lists(after)).all(|(before, mut after)| {
                after.retain(|other| *other != node);
                before.starts_with(&after)
            })
        })
    }
}

fn owners(said: &Says) -> impl Iterator<Item = &Option<Node>> {
    said.iter().map(|(owner, _)| owner)
}

/// All orders of a list.
pub fn permutations(list: &[Node]) -> Vec<Vec<Node>> {
    let Some((first, rest)) = list.split_first() else {
        return vec![Vec::new()];
    };
    let put_in = |order: Vec<Node>| {
        (0..=order.len()).map(move |at| [&order[..at], &[*first], &order[at..]].concat())
    };
    permutations(rest).into_iter().flat_map(put_in).collect()
}

/// The properties that some small ring does not have.
pub fn broken<P: Placement>() -> Vec<Property> {
    let settings = small_settings();
    let is_broken = |property: &Property| {
        let mut settings = settings.iter();
        settings.any(|setting| !setting.satisfies::<P>(*property))
    };
    PROPERTIES.into_iter().filter(is_broken).collect()
}

#[test]
fn small_rings_have_all_properties() {
    assert_eq!(broken::<Ring<Node>>(), []);
}

#[test]
fn small_rings_are_as_they_are_defined() {
    for setting in small_settings() {
        for members in setting.subsets() {
            let ring: Ring<Node> = setting.with(&members, 0);
            let mut counted = setting.nodes.clone();
            counted.retain(|(node, _)| members.contains(node));
            for hash in setting.hashes() {
                for most in 0..=5 {
                    let defined = by_definition(setting.space, &counted, hash, most);
                    assert_eq!(Placement::replicas(&ring, hash, most), defined);
                }
            }
        }
    }
}

/// In the small rings there is all that is to be tried: points that collide, of one node and of two; keys at a point; keys
/// behind the last; a node that owns nothing.
#[test]
fn small_rings_have_collisions() {
    let mut seen = [false; 4];
    for setting in small_settings() {
        let nodes: Vec<_> = setting.nodes.iter().map(|(node, _)| *node).collect();
        let ring: Ring<Node> = setting.with(&nodes, 0);
        for two in ring.points().windows(2) {
            seen[0] |= two[0].hash == two[1].hash && two[0].node == two[1].node;
            seen[1] |= two[0].hash == two[1].hash && two[0].node != two[1].node;
        }
        seen[2] |= ring.points().last().unwrap().hash < setting.space.last();
        seen[3] |= nodes.iter().any(|node| ring.ranges_of(node).is_empty());
    }
    assert_eq!(seen, [true; 4]);
}

/// Arcs are the circle, each hash in one of them, with its owner; no two neighbours have the same.
#[test]
fn arcs_are_what_nodes_own() {
    for setting in small_settings() {
        for members in setting.subsets() {
            let ring: Ring<Node> = setting.with(&members, 0);
            let ranges = ring.ranges();
            arcs_are_few(&ranges);
            let size: u128 = ranges.iter().map(|(arc, _)| arc.size(setting.space)).sum();
            let all = if members.is_empty() {
                0
            } else {
                setting.space.size()
            };
            assert_eq!(size, all);
            for hash in setting.hashes() {
                let within = ranges.iter().filter(|(arc, _)| arc.contains(hash));
                let owners: Vec<_> = within.map(|(_, owner)| *owner).collect();
                assert_eq!(owners, Vec::from_iter(ring.owner_at(hash)));
            }
            for (range, _) in &ranges {
                let within = setting.hashes().filter(|hash| range.contains(*hash));
                assert_eq!(
                    u128::try_from(within.count()),
                    Ok(range.size(setting.space))
                );
            }
            for node in &members {
                let own = ranges.iter().filter(|(_, owner)| *owner == node);
                let own: Vec<_> = own.map(|(range, _)| *range).collect();
                assert_eq!(ring.ranges_of(node), own);
            }
        }
    }
}

/// They are in order, and where one ends and the next begins something changes.
pub fn arcs_are_few<T: PartialEq + std::fmt::Debug>(arcs: &[(HashRange, T)]) {
    for two in arcs.windows(2) {
        let [(one, of_one), (next, of_next)] = two else {
            unreachable!("it is a window of two")
        };
        assert!(one.last < next.first && next.first <= next.last, "{arcs:?}");
        assert!(one.last + 1 != next.first || of_one != of_next, "{arcs:?}");
    }
    if let [(first, of_first), .., (last, of_last)] = arcs {
        let meet = first.first == 0 && last.last == u64::MAX || last.last + 1 == first.first;
        assert!(!meet || of_first != of_last, "{arcs:?}");
    }
}

/// Between any two sets of members: point by point, and each point once.
#[test]
fn what_moves_is_what_changes_its_owner() {
    for setting in small_settings() {
        let subsets = setting.subsets();
        let rings: Vec<Ring<Node>> = subsets.iter().map(|s| setting.with(s, 0)).collect();
        for before in &rings {
            for after in &rings {
                let moves = moved(before, after);
                let arcs: Vec<_> = moves.iter().map(|m| (m.range, (m.from, m.to))).collect();
                arcs_are_few(&arcs);
                for hash in setting.hashes() {
                    let within = moves.iter().filter(|m| m.range.contains(hash));
                    let found: Vec<_> = within.map(|m| (m.from, m.to)).collect();
                    let change = (before.owner_at(hash), after.owner_at(hash));
                    let expected = Vec::from_iter((change.0 != change.1).then_some(change));
                    assert_eq!(found, expected);
                }
            }
        }
    }
}
