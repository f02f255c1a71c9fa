/* TwoPhase of Gray and Lamport, "Consensus on Transaction Commit" (2006), by message passing:
 * what `tests/engines/common/two_phase.rs` is over links that deliver each message once.
 *
 * Every step is a d_step, and nobody keeps anything but the variables below, so SPIN should store
 * one state for each of our worlds. On no link is there ever more than one message: a channel of
 * one place is the whole link, and the order of delivery on it makes no difference.
 *
 *     spin -a -DN=7 two_phase.pml
 *     cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c
 *     ./pan -w21
 */

#ifndef N
#define N 7	/* resource managers: 3 to 8 */
#endif

#define ALL ((1 << N) - 1)
#define ME (_pid - 1)	/* the manager is process 0 */

mtype = { undecided, working, prepared, committed, aborted, commit, abort };

chan to_manager[N] = [1] of { bit };	/* Prepared */
chan to_resource[N] = [1] of { mtype };	/* commit or abort */

mtype tm_state = undecided;
byte tm_prepared = 0;	/* a set, as bits */
mtype rm_state[N] = working;

hidden byte k;	/* counts inside a step, and is no part of the state */

inline decide(outcome, msg) {
	tm_state = outcome;
	k = 0;
	do
	:: k < N -> to_resource[k] ! msg; k++
	:: else -> break
	od;
	k = 0	/* a d_step may not end with a loop */
}

/* TCConsistent, asked wherever somebody commits or aborts. */
inline nobody(opposite) {
	k = 0;
	do
	:: k < N -> assert(rm_state[k] != opposite); k++
	:: else -> break
	od;
	k = 0
}

/* TMRcvPrepared; a manager that has decided takes no notice. */
#define RECEIVE(rm) \
	:: d_step { \
		to_manager[rm] ? 1 -> \
		if \
		:: tm_state == undecided -> tm_prepared = tm_prepared | (1 << rm) \
		:: else -> skip \
		fi \
	}

active proctype Manager() {
end:	do
	:: d_step { tm_state == undecided && tm_prepared == ALL -> decide(committed, commit) }
	:: d_step { tm_state == undecided -> decide(aborted, abort) }
	RECEIVE(0)
	RECEIVE(1)
	RECEIVE(2)
#if N > 3
	RECEIVE(3)
#endif
#if N > 4
	RECEIVE(4)
#endif
#if N > 5
	RECEIVE(5)
#endif
#if N > 6
	RECEIVE(6)
#endif
#if N > 7
	RECEIVE(7)
#endif
	od
}

active [N] proctype Resource() {
end:	do
	/* RMPrepare */
	:: d_step { rm_state[ME] == working -> rm_state[ME] = prepared; to_manager[ME] ! 1 }
	/* RMChooseToAbort */
	:: d_step { rm_state[ME] == working -> rm_state[ME] = aborted; nobody(committed) }
	/* RMRcvCommitMsg */
	:: d_step { to_resource[ME] ? commit -> rm_state[ME] = committed; nobody(aborted) }
	/* RMRcvAbortMsg */
	:: d_step { to_resource[ME] ? abort -> rm_state[ME] = aborted; nobody(committed) }
	od
}
