//! Consistent hashing, measured: how even the shares of nodes are, and how much moves when members change; against what
//! probability theory says, and beside constructions that only look alike. The report is made of these figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use jury::protocols::consistent_hashing::{Moved, Ring, Space, fnv1a, moved};

mod picture;

/// In how many rings the shares of so many nodes are measured: 3,600 shares of each.
const RINGS: [(u32, u32); 3] = [(3, 1_200), (10, 360), (30, 120)];
/// Powers of two, by their logarithms.
const VIRTUAL_NODES: std::ops::RangeInclusive<u32> = 0..=8;

/// With more virtual nodes, all others take over what a node leaves behind, or nearly all.
const TAKEN_OVER: u32 = 64;

/// How many members there are before one joins.
const JOINED: [u32; 6] = [1, 2, 4, 8, 16, 32];
const JOINED_VIRTUAL_NODES: u32 = 64;
const JOINED_RINGS: u32 = 60;
const KEYS: u32 = 4_000;

/// Each figure is so near to its law, in parts of that.
const TOLERANCE: f64 = 0.05;
/// So near to theirs are the deviations, on the average.
const TOLERANCE_OF_ALL: f64 = 0.01;

/// Nodes that are in no other ring.
fn nodes(ring: u32, count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(move |node| ring * 1_000 + node)
}

/// A part of all hashes.
fn part(size: u128) -> f64 {
    let part = u32::try_from(size >> 33).expect("it is at most the whole, 2^64");
    f64::from(part) / f64::from(1_u32 << 31)
}

/// The shares of nodes, in some order.
fn shares(ring: &Ring<u32>) -> Vec<f64> {
    let mut sizes = BTreeMap::new();
    for (range, node) in ring.ranges() {
        *sizes.entry(node).or_insert(0) += range.size(ring.space());
    }
    sizes.into_values().map(part).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / number(values)
}

fn number<T>(values: &[T]) -> f64 {
    f64::from(u32::try_from(values.len()).expect("these are few"))
}

/// How far from their mean shares are, which is known, in parts of it.
fn relative_deviation(shares: &[f64], nodes: u32) -> f64 {
    let nodes = f64::from(nodes);
    let squares: Vec<f64> = shares.iter().map(|s| (s * nodes - 1.0).powi(2)).collect();
    mean(&squares).sqrt()
}

/// Beta(V, (n − 1) V).
fn law_of_deviation(nodes: u32, virtual_nodes: u32) -> f64 {
    let (n, v) = (f64::from(nodes), f64::from(virtual_nodes));
    ((n - 1.0) / (n * v + 1.0)).sqrt()
}

/// How many nodes take over what a node leaves behind. All orders of the points are equally likely, so the V of it are spread
/// over the (n − 1) V gaps before the others' like balls that look alike; another node takes nothing over if none is in
/// its V gaps.
fn law_of_takers(nodes: u32, virtual_nodes: u32) -> f64 {
    let (n, v) = (f64::from(nodes), f64::from(virtual_nodes));
    let misses = (0..virtual_nodes).map(f64::from);
    let misses: f64 = misses
        .map(|k| ((n - 2.0) * v + k) / ((n - 1.0) * v + k))
        .product();
    (n - 1.0) * (1.0 - misses)
}

/// What was measured of rings of so many nodes.
struct Balance {
    nodes: u32,
    virtual_nodes: u32,
    deviation: f64,
    /// The largest share, in means.
    largest: f64,
    /// How many nodes take over what one leaves behind.
    takers: Option<f64>,
}

impl Balance {
    fn measure(nodes_each: u32, rings: u32, virtual_nodes: u32) -> Self {
        let (mut all, mut largest, mut takers) = (Vec::new(), Vec::new(), Vec::new());
        for ring in 0..rings {
            let before = Ring::of(Space::WHOLE, nodes(ring, nodes_each), virtual_nodes);
            let shares = shares(&before);
            largest.push(shares.iter().copied().fold(0.0, f64::max) * f64::from(nodes_each));
            all.extend(shares);
            if virtual_nodes <= TAKEN_OVER {
                let leaves = nodes(ring, nodes_each).next();
                let mut after = before.clone();
                after.leave(&leaves.expect("there are nodes"));
                let to: BTreeSet<_> = moved(&before, &after).iter().map(|m| m.to).collect();
                takers.push(number(&Vec::from_iter(to)));
            }
        }
        Balance {
            nodes: nodes_each,
            virtual_nodes,
            deviation: relative_deviation(&all, nodes_each),
            largest: mean(&largest),
            takers: (virtual_nodes <= TAKEN_OVER).then(|| mean(&takers)),
        }
    }

    fn law(&self) -> f64 {
        law_of_deviation(self.nodes, self.virtual_nodes)
    }

    fn law_of_takers(&self) -> f64 {
        law_of_takers(self.nodes, self.virtual_nodes)
    }
}

/// By number of nodes, and then by number of virtual nodes.
fn balances() -> Vec<Balance> {
    let each = RINGS.into_iter().flat_map(|(nodes, rings)| {
        VIRTUAL_NODES.map(move |log| Balance::measure(nodes, rings, 1 << log))
    });
    each.collect()
}

/// The deviation of shares if FNV has no finalizer. Points are hashed as a name, `#` and a number, as is usual.
fn deviation_without_finalizer(nodes_each: u32, rings: u32, virtual_nodes: u32) -> f64 {
    let mut all = Vec::new();
    for number in 0..rings {
        let mut points: Vec<(u64, u32)> = nodes(number, nodes_each)
            .flat_map(|node| (0..virtual_nodes).map(move |i| (node, format!("{node}#{i}"))))
            .map(|(node, name)| (fnv1a(name.as_bytes()), node))
            .collect();
        points.sort_unstable();
        let mut sizes = BTreeMap::new();
        let mut before = points.last().expect("there are points").0;
        for (hash, node) in points {
            *sizes.entry(node).or_insert(0) += u128::from(hash.wrapping_sub(before));
            before = hash;
        }
        all.extend(sizes.into_values().map(part));
    }
    relative_deviation(&all, nodes_each)
}

/// What moves when there are so many members and one joins; of it, what moves among those who were there.
struct Join {
    members: u32,
    ring: Moves,
    modulo: Moves,
    slots: Moves,
}

/// In parts of all keys.
#[derive(Clone, Copy)]
struct Moves {
    all: f64,
    needless: f64,
}

impl Join {
    fn measure(members: u32) -> Self {
        let slots = [slots(members), slots(members + 1)];
        Join {
            members,
            ring: on_rings(members),
            modulo: of_keys(members, remainder),
            slots: of_keys(members, |hash, of| {
                let slots = &slots[usize::from(of > members)];
                let slot = remainder(hash, of * JOINED_VIRTUAL_NODES);
                slots[usize::try_from(slot).expect("there are few slots")]
            }),
        }
    }

    /// Who joins is one of so many that are alike.
    fn law(&self) -> f64 {
        1.0 / f64::from(self.members + 1)
    }

    /// Remainders by n and by n + 1 have nothing to do with each other, so one in n + 1 is the same as before.
    fn law_of_modulo(&self) -> f64 {
        1.0 - self.law()
    }
}

fn on_rings(members: u32) -> Moves {
    let (mut all, mut needless) = (Vec::new(), Vec::new());
    for ring in 0..JOINED_RINGS {
        let joins = nodes(ring, members + 1).last();
        let before = Ring::of(Space::WHOLE, nodes(ring, members), JOINED_VIRTUAL_NODES);
        let after = Ring::of(Space::WHOLE, nodes(ring, members + 1), JOINED_VIRTUAL_NODES);
        let moves = moved(&before, &after);
        let size = |m: &Moved<&u32>| m.range.size(Space::WHOLE);
        let to_others = moves.iter().filter(|m| m.to != joins.as_ref());
        all.push(part(moves.iter().map(size).sum()));
        needless.push(part(to_others.map(size).sum()));
    }
    Moves {
        all: mean(&all),
        needless: mean(&needless),
    }
}

/// How many keys move when one joins so many, if this is whose a key is of how many members.
fn of_keys(members: u32, owner: impl Fn(u64, u32) -> u32) -> Moves {
    let keys = (0..KEYS).map(|key| Space::WHOLE.key(format!("key-{key}")));
    let owners = keys.map(|hash| (owner(hash, members), owner(hash, members + 1)));
    let moves: Vec<_> = owners.filter(|(from, to)| from != to).collect();
    let needless: Vec<_> = moves.iter().filter(|(_, to)| *to != members).collect();
    Moves {
        all: number(&moves) / f64::from(KEYS),
        needless: number(&needless) / f64::from(KEYS),
    }
}

fn remainder(hash: u64, by: u32) -> u32 {
    u32::try_from(hash % u64::from(by)).expect("it is less than what it is divided by")
}

/// The nodes of all slots, in the order of the slots' names as text.
fn slots(members: u32) -> Vec<u32> {
    let slot = |node: u32| {
        (0..JOINED_VIRTUAL_NODES).map(move |slot| (format!("node-{}-{slot}", node + 1), node))
    };
    let slots: BTreeSet<(String, u32)> = (0..members).flat_map(slot).collect();
    slots.into_iter().map(|(_, node)| node).collect()
}

/// A figure beside its law.
fn near(problems: &mut Vec<String>, what: &str, found: f64, law: f64) {
    if (found / law - 1.0).abs() > TOLERANCE {
        problems.push(format!("{what} is {found:.4}, and not about {law:.4}"));
    }
}

#[test]
fn rings_are_as_even_as_the_law_says() {
    let mut problems = Vec::new();
    let balances = balances();
    for b in &balances {
        let of = |what| format!("{what} of {} x {}", b.nodes, b.virtual_nodes);
        near(&mut problems, &of("the deviation"), b.deviation, b.law());
        if let Some(takers) = b.takers {
            near(&mut problems, &of("the takers"), takers, b.law_of_takers());
        }
        if b.virtual_nodes == 1 {
            let harmonic = (1..=b.nodes).map(|k| 1.0 / f64::from(k)).sum();
            near(&mut problems, &of("the largest share"), b.largest, harmonic);
        }
    }
    let ratios: Vec<f64> = balances.iter().map(|b| b.deviation / b.law()).collect();
    if (mean(&ratios) - 1.0).abs() > TOLERANCE_OF_ALL {
        problems.push(format!("deviations are {:.4} of the law", mean(&ratios)));
    }
    let joins = JOINED.map(Join::measure);
    for join in &joins {
        let of = |what| format!("what moves {what} when one joins {}", join.members);
        near(&mut problems, &of("on rings"), join.ring.all, join.law());
        near(
            &mut problems,
            &of("by hash % n"),
            join.modulo.all,
            join.law_of_modulo(),
        );
        near(
            &mut problems,
            &of("by slots"),
            join.slots.all,
            join.law_of_modulo(),
        );
        assert!(
            join.ring.needless == 0.0,
            "on a ring nothing moves needlessly"
        );
        // The two are refuted: they have the law of the ring only where that is no better.
        let refuted = join.modulo.all.min(join.slots.all) > 1.5 * join.law();
        assert_eq!(refuted, join.members > 1);
    }
    for (nodes, virtual_nodes, found) in WITHOUT_FINALIZER.map(without_finalizer) {
        let law = law_of_deviation(nodes, virtual_nodes);
        assert!(
            found > 1.5 * law,
            "{virtual_nodes}: {found} is not far from {law}"
        );
    }
    problems.extend(compare("reports/ring.md", &report(&balances, &joins)).err());
    let picture = picture::plot(&balances, &joins).expect("a string takes all");
    problems.extend(compare("reports/ring.svg", &picture).err());
    assert!(
        problems.is_empty(),
        "{}\n\nIf this is meant, run the tests with JURY_BLESS=1 and review the change as text.",
        problems.join("\n")
    );
}

/// Sorted as text, all slots of a node are side by side.
#[test]
fn slots_by_text_are_blocks() {
    for members in JOINED {
        let slots = slots(members);
        let length = usize::try_from(JOINED_VIRTUAL_NODES).unwrap();
        let blocks = slots.chunks(length);
        let mut first: Vec<u32> = blocks.clone().map(|block| block[0]).collect();
        assert!(
            blocks
                .clone()
                .all(|block| block.iter().all(|node| *node == block[0]))
        );
        first.sort_unstable();
        assert!(first.into_iter().eq(0..members));
    }
}

/// Compares a text with the file that holds it, or writes that.
fn compare(path: &str, found: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::fs::read_to_string(&path).is_ok_and(|old| old == found) {
        return Ok(());
    }
    if std::env::var_os("JURY_BLESS").is_some_and(|value| value == "1") {
        return std::fs::write(&path, found).map_err(|error| error.to_string());
    }
    Err(format!("{} is out of date", path.display()))
}

const INTRODUCTION: &str = "\
# Consistent hashing, measured

On a ring (Karger et al. 1997) each of n nodes has V points, its *virtual nodes*, where a hash function puts them, and
owns the arcs that end at them; a key belongs to the first point that is at its hash or clockwise of it. When a node
joins it takes arcs from the others, when it leaves others take its arcs, and nothing else moves. That is certain, and
tested as such beside `src/protocols/consistent_hashing`. How much moves, and how even the shares are, is a matter of
chance: of where the points come to lie. This page measures it, and the tests keep it true.

How the figures were made: a ring has all 64-bit hashes, by the stated function (FNV-1a with the finalizer of
SplitMix64). Other rings are the same with other names of nodes, so all is the same on every machine. A share is not
estimated by keys: it is the length of a node's arcs, exactly. A *law* is what probability theory says of points that
are thrown at random. Every measured figure that has a law is within 5 % of it, and the deviations are within 1 % of
theirs on the average: with 3,600 shares for each figure chance alone accounts for 1 to 3 %.

![deviation of shares, and what moves when a node joins](ring.svg)
";

const BALANCE: &str = "
## How even are the shares?

The share of a node has the law Beta(V, (n − 1) V): its mean is 1/n, and its standard deviation √((n − 1) / (nV + 1)) of
that mean. The nV points cut the ring into as many arcs, no length of which is more likely for one than for another, and
a node has V of them. *Deviation* is that of all shares, in parts of the mean; *largest* is the largest share of a ring,
on the average, as a multiple of the mean. Whoever plans capacity needs the latter: with one point for each node the law
of it is 1 + 1/2 + … + 1/n.

";

const TAKERS: &str = "
Each time V is doubled the deviation falls by √2: about 1/√V. 100 virtual nodes are good for 10 %, and for 1 % it takes
10,000. A load is no evener than that, and less even where keys are not equally popular.

## Who takes over?

The second use of virtual nodes: with one, all that a node leaves behind falls to its neighbour, whose load doubles on
the average; with many it is shared out. How many nodes get some of it has the law (n − 1) (1 − Π ((n − 2) V + k) / ((n
− 1) V + k)), k from 0 to V − 1: another node goes away empty-handed if none of the V points lies just before one of its
own.

";

const JOINS: &str = "
## What moves when a node joins?

The node that joins has 1/(n + 1) of all keys afterwards, if shares are to be even, and nothing else needs to move. A
ring moves just that: in brackets, what moves among the nodes that were there before. Measured on 60 rings with 64
virtual nodes for each node.

Beside it, by 4,000 keys, what is no consistent hashing:

- `hash % n`. A key stays if its hash leaves the same remainder by n + 1 as by n, and that is one in n + 1: n/(n + 1)
  move.
- *Slots as text*, as some articles build a ring: virtual nodes are named `node-10-3` and so on, sorted as text, and
  numbered; a key has the slot `hash % (n V)`. There are virtual nodes and a sorted list, but sorting puts all slots of
  a node side by side, and their places depend on how many there are, not on a hash. So the node of a key is number
  `(hash / V) % n` in that order: V cancels out, and the law is that of `hash % n`.

Balance does not give them away. Their shares are more even than any ring's: 1/n each, as nearly as all hashes can be
divided by n. What is wrong with them shows only when members change.

";

const FINALIZER: &str = "
## Why the hash has a finalizer

FNV-1a multiplies the last byte only once, so names that differ at their ends lie side by side: in a ring, where the
order is by the highest bits, that is the worst place to be weak. Shares of 10 nodes whose points are the FNV-1a of
`1000#7` and the like, without the finalizer:

";

/// Numbers of virtual nodes.
const WITHOUT_FINALIZER: [u32; 5] = [1, 4, 16, 64, 256];

/// So many nodes, with so many virtual nodes: how far from their mean shares are.
fn without_finalizer(virtual_nodes: u32) -> (u32, u32, f64) {
    let [_, (nodes, rings), _] = RINGS;
    let found = deviation_without_finalizer(nodes, rings, virtual_nodes);
    (nodes, virtual_nodes, found)
}

fn report(balances: &[Balance], joins: &[Join]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut line = |text: std::fmt::Arguments<'_>| {
        writeln!(page, "{text}").expect("a string takes all");
    };
    line(format_args!("{}", BALANCE.trim_end()));
    line(format_args!("\n| n | V | deviation | law | largest |"));
    line(format_args!("|--:|--:|--:|--:|--:|"));
    for b in balances {
        let (nodes, virtual_nodes, law) = (b.nodes, b.virtual_nodes, b.law());
        let (deviation, largest) = (b.deviation, b.largest);
        line(format_args!(
            "| {nodes} | {virtual_nodes} | {deviation:.3} | {law:.3} | {largest:.2} |"
        ));
    }
    line(format_args!("{}", TAKERS.trim_end()));
    line(format_args!("\n| n | V | nodes that take over | law |"));
    line(format_args!("|--:|--:|--:|--:|"));
    for b in balances {
        let (nodes, virtual_nodes, law) = (b.nodes, b.virtual_nodes, b.law_of_takers());
        let Some(takers) = b.takers else {
            continue;
        };
        line(format_args!(
            "| {nodes} | {virtual_nodes} | {takers:.2} | {law:.2} |"
        ));
    }
    line(format_args!("{}", JOINS.trim_end()));
    line(format_args!(
        "\n| n | ring | law | `hash % n` | slots as text | law of these |"
    ));
    line(format_args!("|--:|--:|--:|--:|--:|--:|"));
    for join in joins {
        let moves = |m: Moves| format!("{:.3} ({:.3})", m.all, m.needless);
        let (ring, modulo, slots) = (moves(join.ring), moves(join.modulo), moves(join.slots));
        let (n, law, other) = (join.members, join.law(), join.law_of_modulo());
        line(format_args!(
            "| {n} | {ring} | {law:.3} | {modulo} | {slots} | {other:.3} |"
        ));
    }
    line(format_args!("{}", FINALIZER.trim_end()));
    line(format_args!("\n| V | deviation | law |"));
    line(format_args!("|--:|--:|--:|"));
    for (nodes, virtual_nodes, found) in WITHOUT_FINALIZER.map(without_finalizer) {
        let law = law_of_deviation(nodes, virtual_nodes);
        line(format_args!("| {virtual_nodes} | {found:.3} | {law:.3} |"));
    }
    page
}
