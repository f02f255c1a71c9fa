//! How large an instance is, as far as parameters say it.

/// A parameter that says how many of something there are, so that a failure can be shown with fewer of them. What
/// decides *how* a protocol works is no size, and neither is a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Its key: a number, or a list with an entry for each. `clients.commands` is a key inside an object.
    pub parameter: &'static str,
    /// If these are nodes, how their names begin: `P` for P1, P2 and so on. Otherwise empty.
    pub nodes: &'static str,
    /// Other parameters that follow: lists with an entry for each of them, or for each but the first; numbers of those
    /// among the first of them.
    pub along: &'static [&'static str],
}

impl Size {
    /// So many nodes whose names begin so.
    pub const fn nodes(parameter: &'static str, nodes: &'static str) -> Self {
        Size {
            parameter,
            nodes,
            along: &[],
        }
    }

    /// So many of something that is no node.
    pub const fn of(parameter: &'static str) -> Self {
        Size::nodes(parameter, "")
    }

    /// The same, where other parameters follow.
    #[must_use]
    pub const fn along(self, along: &'static [&'static str]) -> Self {
        Size { along, ..self }
    }
}
