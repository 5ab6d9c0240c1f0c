//! The protocol of jobs, leases, locks and outbox as a small model, explored exhaustively.
//!
//! # The protocol in words
//!
//! A wish becomes a *job*, available at once; at most one job per device is not terminal, and that is the device's
//! *lock*. With the job an *outbox* row is written, its wake-up. A *relay* takes free rows under a name of its
//! own, publishes them, and settles what the broker said: confirmed rows are deleted, others come free. The broker
//! hands a wake-up to a *worker*, which *claims* the job in the ledger: available becomes running, the *lease
//! token* grows by one, and only then is the delivery acked. Every write of the attempt carries the token. The
//! worker renews; where it cannot, it stops touching the device at a deadline on its own clock, which lies
//! before the end of its lease on the ledger's clock. What was lost comes back by the *rescuer*: leases that ran out, jobs that were
//! dispatched and never claimed, jobs that a *hold* refused.
//!
//! [`ledger`] holds the rules of the ledger, one pure method per method of the real traits; [`protocol`] everything
//! around it; [`properties`] what must hold; [`explorer`] tries all of it in every order.
//!
//! | who | may at any moment |
//! |---|---|
//! | a person | enqueue; cancel a job; hold the fleet, let it go on |
//! | a relay | take rows, publish, settle; die, be refused, lose the confirms, outlast its hold |
//! | the broker | deliver any wake-up to anybody; deliver it twice; bury it; lose its disk |
//! | a worker | claim, ack, look, note, ask, wait, end, retry, release, beat; die; miss its deadline; stand still |
//! | a device | finish what it was asked for |
//! | the ledger's clock | let a lease, a hold or a rest run out; bring a due time |
//! | the rescuer | bring back one of each kind of what was lost |
//!
//! Whatever is not the normal course costs one of the *misfortunes* that a [`protocol::Scope`] has to bear; within
//! them everything may happen at any moment. `./test` explores these, in a debug build:
//!
//! | scope | misfortunes | worlds |
//! |---|---|---|
//! | two jobs, two devices, two workers | 2 | 633,046 |
//! | one job, two workers | 3 | 310,352 |
//! | two wishes of two kinds for one device, two workers | 2 | 125,000 |
//! | two relays, and each event of one job | 2 | 354,865 |
//!
//! "Every job ends" is checked as: from every one of those worlds the continuation in which nothing more goes wrong
//! comes to rest, with every job terminal, the outbox empty and every worker idle.
//!
//! # Every rule is needed
//!
//! A model in which nothing can go wrong proves nothing. Each [`flaw::Flaw`] switches one rule off, and the explorer
//! has to find what it was good for; `cargo test -p model every_rule -- --nocapture` prints each shortest way in full.
//!
//! | without the rule | there is a way to | like this |
//! |---|---|---|
//! | `NoTokenInTheWrite` | I14: believe in a lease that somebody else ended | claim, look, wait; its lease runs out and another claims; the first one's `completed` ends the second one's attempt |
//! | `TokenStaysTheSame` | I14: the same | the old claim's token is as good as the new one's |
//! | `AckBeforeClaim` | I8: forget a job | the worker acks, and dies before it claims |
//! | `DeleteBeforeConfirm` | I6: tell events out of order, or never | one relay took the first event and has not published it, another takes and publishes the second |
//! | `SettleWithoutToken` | I7: have one row in two relays' hands | the first one's hold runs out, a second takes the row, the first settles it as unknown |
//! | `NoSelfFencing` | I2: ask a device twice | cut off after its look, rescued, another asks, the first one asks as well |
//! | `CheckedTooEarly` | I2: the same | its deadline passes between the last check and the command |
//! | `DriftBeyondTheMargin` | I14: believe in a lease that has run out | the ledger's clock is faster than the margin allows |
//! | `RescueByElapsedTime` | I14: have a job taken away that is being worked on | any job that runs for long |
//! | `EnqueueWithoutLock` | I3: have two jobs for one device | two people, one device |
//! | `NoLookBeforeTheAct` | I2: ask a device twice | asked, released by a shutdown, claimed by another |
//! | `ReleaseForgetsCancel` | I9: begin what somebody wanted to stop | cancelled and released at the same time |
//! | `NobodyWakesTheUnclaimed` | I1: have a job that never ends | the broker loses its disk |
//! | `NobodyWakesTheHeldUp` | I1: the same | a hold begins between delivery and claim |
//! | `RefusedInTheMiddle` | I6: tell events out of order | see below |
//!
//! # What cannot be had
//!
//! Three of these are no rules that code can keep, but bounds within which it keeps the others:
//!
//! - `CheckedTooEarly`: a device cannot check a token. A process that is stopped between its last look at the
//!   deadline and the system call that sends the command, for longer than the margin, sends it late; so does a kernel that
//!   goes on retransmitting what the process had written before a partition. The margin has to cover both.
//! - `DriftBeyondTheMargin`: the two clocks may run apart by the margin within the length of a lease, not more.
//! - `RefusedInTheMiddle`: a window is written before its confirms are read. If the broker refuses one event and
//!   takes a later one of the same job, the later is told first. No event is lost, and the numbers show it:
//!   a reader who minds puts them in order.
//!
//! # The real ledgers against the pure one
//!
//! `tests/ledgers` runs random schedules of everything that can be asked of a `Ledger` on SQLite, on PostgreSQL and on
//! [`ledger::Ledger`]: stale leases, stale rounds of relays, buried wake-ups, clocks set by hand. Every answer is compared, the refusals
//! too, and after each operation every row of jobs and outbox. `MODEL_SCHEDULES` and `MODEL_SEED` ask for more and
//! for others. So what was explored is what runs.
//!
//! # Leaves to others
//! Pairs (the contract suite of `common`), texts, documents and the trail; the broker's and the device's real
//! manners (the fault suite).

pub mod explorer;
pub mod flaw;
pub mod ledger;
pub mod properties;
pub mod protocol;
pub mod scopes;
