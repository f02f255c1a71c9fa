//! A record first, then time and chance.
//!
//! The simulator follows the record, and goes on from the world and the moment at which it ends.
//! While the record is played nothing else happens: what falls due meanwhile happens right
//! afterwards, except planned faults and strikes of the nemesis, which are past by then. An
//! anchor whose event is in the record has been reached, and does not strike.

use super::Simulator;
use crate::model::{Event, Protocol, StartEffects, System, Time, World};
use crate::run::{Divergence, Moment, Scheduler, Script};

/// Plays a script, then hands over to a simulator if there is one.
pub struct Scripted<P: Protocol> {
    pub script: Script,
    pub then: Option<Simulator<P>>,
}

impl<P: Protocol> Scheduler<P> for Scripted<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, starts: &[StartEffects<P>]) {
        if let Some(then) = &mut self.then {
            then.started(system, world, starts);
        }
    }

    fn next(
        &mut self,
        system: &System<P>,
        world: &mut World<P>,
    ) -> Result<Option<(Option<Time>, Event<P>)>, Divergence> {
        if let Some((at, event)) = self.script.next(system, world)? {
            // A line without a time happens at that of the one before it, once time matters.
            let now = self.then.as_ref().map(|then| match at {
                Some(at) => at.max(then.now()),
                None => then.now(),
            });
            return Ok(Some((now.or(at), event)));
        }
        match &mut self.then {
            Some(then) => then.next(system, world),
            None => Ok(None),
        }
    }

    fn drawn(&mut self) -> Option<String> {
        self.then.as_mut().and_then(Scheduler::<P>::drawn)
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        if let Some(then) = &mut self.then {
            then.happened(moment);
        }
    }
}
