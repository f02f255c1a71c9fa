//! What is asked of a protocol's types, and not of its handlers.

use std::marker::PhantomData;

use super::arms::{Arm, Told, meant};
use super::bytes::from_bytes;
use super::kinds::kinds;
use super::network::Channel;
use super::node::Node;
use super::protocol::Protocol;
use super::size::Size;
use super::world::Past;

/// What is asked of a protocol's types, and not of its handlers: names, first values, kinds of messages, values that
/// were written down. Nearly always the types themselves answer ([`Own`]). A protocol that stands for another,
/// whose types it does not know, has that one answer.
pub trait Types<P: Protocol>: Send + Sync {
    fn name(&self) -> &'static str;

    fn sizes(&self) -> &'static [Size];

    /// The past of a run of which nothing was observed.
    fn nothing_yet(&self) -> Past<P>;

    /// The kinds of messages; empty if their type does not tell.
    fn messages(&self) -> Vec<&'static str>;

    /// The same of timers.
    fn timers(&self) -> Vec<&'static str>;

    /// What messages and timers declare and a role is meant to get.
    fn heard(&self, protocol: &P, role: &str) -> Vec<Arm>;

    /// A part of a world that was written down as bytes.
    fn node(&self, bytes: &[u8]) -> postcard::Result<Node<P>>;
    fn channel(&self, bytes: &[u8]) -> postcard::Result<Channel<P::Msg>>;
    fn past(&self, bytes: &[u8]) -> postcard::Result<Past<P>>;
}

/// The types of a protocol, which answer for themselves.
pub struct Own<P>(PhantomData<fn() -> P>);

impl<P> Own<P> {
    pub const TYPES: Own<P> = Own(PhantomData);
}

impl<P: Protocol> Types<P> for Own<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn sizes(&self) -> &'static [Size] {
        P::SIZES
    }

    fn nothing_yet(&self) -> Past<P> {
        Past::default()
    }

    fn messages(&self) -> Vec<&'static str> {
        kinds::<P::Msg>()
    }

    fn timers(&self) -> Vec<&'static str> {
        kinds::<P::Timer>()
    }

    fn heard(&self, protocol: &P, role: &str) -> Vec<Arm> {
        let messages = meant(|msg: &P::Msg| protocol.hears(role, Told::Message(msg)));
        let timers = meant(|timer: &P::Timer| protocol.hears(role, Told::Timer(timer)));
        let messages = messages.into_iter().map(Arm::Message);
        messages.chain(timers.into_iter().map(Arm::Timer)).collect()
    }

    fn node(&self, bytes: &[u8]) -> postcard::Result<Node<P>> {
        from_bytes(bytes)
    }

    fn channel(&self, bytes: &[u8]) -> postcard::Result<Channel<P::Msg>> {
        from_bytes(bytes)
    }

    fn past(&self, bytes: &[u8]) -> postcard::Result<Past<P>> {
        from_bytes(bytes)
    }
}
