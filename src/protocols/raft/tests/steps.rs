//! What no step of a leader may do to its log, whether it survives the step or not.

use super::*;
use crate::model::{Expectation, Predicate, Step, StepAnswer};

/// What the property says of a step from one node to what a reaction leaves.
fn appends_only(leader: &Lone, reaction: &Reaction<Raft>, after: Option<&State>) -> StepAnswer {
    let mut all = leader.raft.properties().into_iter();
    let property = all.find(|property| property.name == "leader-append-only");
    let Some(Expectation::Always(Predicate::Step(_, predicate))) = property.map(|p| p.expectation)
    else {
        panic!("a property of steps");
    };
    let step = Step::new(
        leader.id,
        &leader.node,
        Input::Timeout(&Timer::Heartbeat),
        reaction,
        after,
    );
    predicate(&leader.raft, &step)
}

#[test]
fn a_leader_only_appends_in_memory_and_on_the_disk() {
    let raft = raft(&Params {
        proposals: 2,
        ..core()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    leader.fires(Timer::Propose);
    let (mut longer, mut shorter) = (leader.server().clone(), leader.server().clone());
    longer.stable.log.append(entries(&[1])[0]);
    shorter.stable.log.truncate(1);
    for (server, allowed) in [(longer, true), (shorter, false)] {
        let record = Storage::Server(server.stable.clone());
        let up = Reaction {
            commands: Vec::new(),
            observations: Vec::new(),
            breaches: Vec::new(),
            changed: true,
            crashed: false,
        };
        let state = State::Server(server);
        assert_eq!(appends_only(&leader, &up, Some(&state)).is_ok(), allowed);
        let down = Reaction {
            commands: vec![Command::Save {
                record,
                forced: true,
            }],
            observations: Vec::new(),
            breaches: Vec::new(),
            changed: true,
            crashed: true,
        };
        assert_eq!(appends_only(&leader, &down, None).is_ok(), allowed);
    }
}
