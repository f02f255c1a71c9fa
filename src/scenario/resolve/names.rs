//! The names that a scenario may use: nodes, roles, kinds of messages and timers, properties.

use crate::model::{Cluster, Cut, CutFamily, Expectation, Id, Link, NodeSet, Property, Protocol};
use crate::scenario::error::{Flaw, Span};
use crate::scenario::faults::CutPart;
use crate::scenario::spanned::Text;

/// Everything that can be named.
pub struct Names<'a> {
    pub cluster: &'a Cluster,
    /// Empty if the type of messages does not tell.
    pub messages: Vec<&'static str>,
    pub timers: Vec<&'static str>,
    /// Each with the word for its expectation.
    pub properties: Vec<(&'static str, &'static str)>,
}

impl<'a> Names<'a> {
    pub fn of<P: Protocol>(protocol: &P, cluster: &'a Cluster, properties: &[Property<P>]) -> Self {
        let property = |p: &Property<P>| (p.name, Expectation::name(&p.expectation));
        Names {
            cluster,
            messages: protocol.types().messages(),
            timers: protocol.types().timers(),
            properties: properties.iter().map(property).collect(),
        }
    }

    fn nodes(&self) -> Vec<&'a str> {
        let members = self.cluster.members().iter();
        members.map(|member| member.name.as_str()).collect()
    }

    pub fn node_at(&self, name: &str, span: Span) -> Result<Id, Flaw> {
        let id = self.cluster.find(name);
        id.ok_or_else(|| Flaw::unknown(span, "node", name, &self.nodes()))
    }

    pub fn node(&self, name: &Text) -> Result<Id, Flaw> {
        self.node_at(name, name.span())
    }

    /// The node with this name, or the nodes with this role.
    pub fn nodes_or_role(&self, name: &Text) -> Result<NodeSet, Flaw> {
        if let Some(id) = self.cluster.find(name) {
            return Ok(NodeSet::only(id));
        }
        let nodes = self.cluster.with_role(name);
        if !nodes.is_empty() {
            return Ok(nodes);
        }
        let mut allowed = self.nodes();
        allowed.extend(self.cluster.roles());
        Err(Flaw::unknown(name.span(), "node or role", name, &allowed))
    }

    pub fn message(&self, kind: &str, span: Span) -> Result<(), Flaw> {
        known(kind, span, "kind of message", &self.messages)
    }

    pub fn timer(&self, name: &str, span: Span) -> Result<(), Flaw> {
        known(name, span, "timer", &self.timers)
    }

    /// A property, with the word for its expectation.
    pub fn property(&self, name: &Text) -> Result<(&'static str, &'static str), Flaw> {
        let found = self.properties.iter().find(|(known, _)| *known == **name);
        found.copied().ok_or_else(|| {
            let allowed: Vec<&str> = self.properties.iter().map(|(name, _)| *name).collect();
            Flaw::unknown(name.span(), "property", name, &allowed)
        })
    }

    /// These properties, each once; all if none are named.
    pub fn wanted(&self, wanted: Option<&[Text]>) -> Result<Vec<&'static str>, Flaw> {
        let Some(wanted) = wanted else {
            return Ok(self.properties.iter().map(|(name, _)| *name).collect());
        };
        let mut properties = Vec::new();
        for name in wanted {
            let (property, _) = self.property(name)?;
            if properties.contains(&property) {
                let message = format!("the property `{property}` is named twice");
                return Err(Flaw::at(name.span(), message).label("again here"));
            }
            properties.push(property);
        }
        Ok(properties)
    }

    /// `A -> B`
    pub fn link(&self, text: &Text) -> Result<Link, Flaw> {
        let Some((src, dst)) = text.split_once("->") else {
            return Err(Flaw::at(text.span(), format!("`{}` is no link", **text))
                .label("not a link")
                .advice("write \"A -> B\" for messages from A to B"));
        };
        let find = |name: &str| {
            let name = name.trim();
            self.node_at(name, text.part(name))
        };
        let link = Link::new(find(src)?, find(dst)?);
        if link.is_loop() {
            return Err(Flaw::at(
                text.span(),
                "a node's link to itself is perfect: nothing can be set or cut there",
            ));
        }
        Ok(link)
    }

    pub fn cut(&self, part: &CutPart, span: Span) -> Result<Cut, Flaw> {
        let nodes = self.cluster.len();
        let cut = match part {
            CutPart::Links(links) => {
                let links: Result<Vec<_>, _> = links.iter().map(|link| self.link(link)).collect();
                Cut::links(nodes, links?)
            }
            CutPart::Groups(groups) => {
                let mut taken = NodeSet::EMPTY;
                let mut sets = Vec::new();
                for group in groups {
                    let mut set = NodeSet::EMPTY;
                    for name in group {
                        let id = self.node(name)?;
                        if taken.contains(id) {
                            let message = format!("{} is in this cut twice", **name);
                            return Err(Flaw::at(name.span(), message).label("again here"));
                        }
                        taken.insert(id);
                        set.insert(id);
                    }
                    sets.push(set);
                }
                Cut::groups(nodes, &sets)
            }
        };
        if cut.is_empty() {
            return Err(Flaw::at(span, "this cut separates nobody")
                .advice("name at least two groups, each with a node: [[\"A\"], [\"B\", \"C\"]]"));
        }
        Ok(cut)
    }

    /// Refuses families with more members than anyone can try.
    pub fn family(&self, family: CutFamily, span: Span) -> Result<(), Flaw> {
        let nodes = self.cluster.len();
        let doubles = matches!(family, CutFamily::Halves | CutFamily::Bridge);
        if doubles && nodes > super::FAMILY_NODES_MAX {
            let most = super::FAMILY_NODES_MAX;
            let message = format!("a cluster of {nodes} nodes has too many cuts of this family");
            return Err(Flaw::at(span, message)
                .label(format!("for at most {most} nodes"))
                .advice("name the cuts that matter, or use `isolate-one`"));
        }
        if family.cuts(nodes).is_empty() {
            let message = format!("a cluster of {nodes} nodes has no cut of this family");
            return Err(Flaw::at(span, message));
        }
        Ok(())
    }
}

fn known(name: &str, span: Span, what: &str, allowed: &[&str]) -> Result<(), Flaw> {
    if allowed.is_empty() || allowed.contains(&name) {
        return Ok(());
    }
    Err(Flaw::unknown(span, what, name, allowed))
}
