//! Consistent hashing: which node has a key, so that a node that joins or leaves moves few keys.
//!
//! - D. Karger, E. Lehman, T. Leighton, R. Panigrahy, M. Levine, D. Lewin, *Consistent Hashing and Random Trees*,
//!   STOC 1997, section 4: the ring, with several points for each bucket; *balance* and *monotonicity*.
//! - *Dynamo: Amazon's Highly Available Key-value Store*, SOSP 2007, 4.2 and 4.3: the points as *virtual nodes*, as many
//!   as a node can bear; and the *preference list* of a key, which skips points so that its nodes are distinct.
//!
//! ```text
//!                  0 = 2^bits
//!              .----+----.            a point of the ring: (h(node, v), node, v)
//!         A#1 o           o B#0
//!            /             \          owner(k): the node of the first point at h(k) or
//!           |               * k         clockwise of it, here C; past zero if need be
//!            \             /          replicas(k, 2): the first two distinct nodes
//!         B#1 o           o C#0         from there on, here C and A
//!              '----o----'
//!                  A#0                the arc of a point ends with it, and begins
//!                                       behind the point before: C#0 has (B#0, C#0]
//! ```
//!
//! | property | says |
//! |---|---|
//! | total | Every key has an owner, if there is a node. |
//! | independent of order | Who has what depends on the set of members, not on who came when. |
//! | consistent | All who know the same members say the same; the owner is the first of the replicas. |
//! | monotone | When a node joins, keys move to it and to nobody else (Karger et al., *monotonicity*). |
//! | minimal | When a node leaves, its keys move and no others. |
//! | inverse | Who joins and leaves again has changed nothing. |
//! | distinct | Replicas are distinct nodes, as many as are asked for or there are. |
//! | monotone replicas | Who joins is put in somewhere in a list of replicas, and the others keep their order. |
//!
//! Points are in a total order by hash, node and number. So where two points collide, the lesser has the arc and the
//! other waits behind it: both are there, in whatever order they came, and each goes with its own node.
//!
//! On purpose more definite than the papers:
//!
//! - The hash function is one, and stated ([`Space`]). (Karger et al. draw it from a family; their bounds are about that
//!   draw.) A key that is hashed to a point belongs to it.
//! - Nodes may have different numbers of virtual nodes.
//!
//! `reports/ring.md` measures what is a matter of chance: how even the shares are, and how much moves.
//!
//! None of this is a protocol. It knows no message, no copy of any data and nobody who holds one: whoever moves data
//! when members change asks [`moved`] which arcs, from whom and to whom.

mod hash;
mod ranges;
mod ring;
#[cfg(test)]
mod tests;

pub use hash::{Space, fnv1a, mix};
pub use ranges::{HashRange, Moved, moved};
pub use ring::{Point, Ring};
