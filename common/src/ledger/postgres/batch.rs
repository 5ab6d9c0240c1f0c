//! Many callers, few transactions: what waits while a transaction is under way goes into the next one together.
//!
//! Guarantees: whoever comes when nobody writes is written at once, alone; a job is in a transaction once; what fails
//! together for a reason of its own is tried once more, each alone, so that nobody fails for another; while the server is
//! away, those in line get that answer with those who met it, and wait no longer than they. A caller who leaves
//! before its turn takes its wish along; one who leaves later does not know whether it was written.
//!
//! Leaves to others: what is written, and the order of locks within a transaction.

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::connection::Pool;
use crate::domain::job::JobId;
use crate::ledger::LedgerError;

/// Wishes per transaction: their documents together stay below some hundred kilobytes.
const MOST_TOGETHER: usize = 64;

/// Transactions at once: one is computed while the other waits for the disk. The other connections are for others.
const MOST_AT_ONCE: usize = 2;

/// What became of each wish, in their order.
pub(super) type Answers = Vec<Result<(), LedgerError>>;

/// Writes wishes of different jobs in one transaction, or none of them.
pub(super) type Write<W> =
    for<'a> fn(&'a Pool, &'a [W]) -> Pin<Box<dyn Future<Output = Result<Answers, LedgerError>> + Send + 'a>>;

/// Something to write about a job.
pub(super) trait Wish: Send + Sync + 'static {
    /// The job.
    fn job(&self) -> JobId;
}

/// A line of wishes.
pub(super) struct Batcher<W> {
    pool: Arc<Pool>,
    line: Arc<Mutex<Line<W>>>,
    write: Write<W>,
}

struct Line<W> {
    waiting: VecDeque<Waiting<W>>,
    n_writers: usize,
}

struct Waiting<W> {
    wish: W,
    reply: oneshot::Sender<Result<(), LedgerError>>,
}

impl<W: Wish> Batcher<W> {
    /// A line whose wishes are written by `write`.
    pub(super) fn new(pool: Arc<Pool>, write: Write<W>) -> Self {
        let line = Line { waiting: VecDeque::new(), n_writers: 0 };
        Self { pool, line: Arc::new(Mutex::new(line)), write }
    }

    /// Gets in line, and answers when it is written.
    ///
    /// # Errors
    /// What `write` answers for it; [`LedgerError::NotReachable`].
    pub(super) async fn written(&self, wish: W) -> Result<(), LedgerError> {
        let (reply, answer) = oneshot::channel();
        {
            let mut line = locked(&self.line);
            line.waiting.push_back(Waiting { wish, reply });
            if line.n_writers < MOST_AT_ONCE {
                line.n_writers += 1;
                let writer = Writer { line: Arc::clone(&self.line) };
                // A task of its own: the caller may leave, and others are in the same transaction.
                tokio::spawn(writer.run(Arc::clone(&self.pool), self.write));
            }
        }
        answer.await.unwrap_or_else(|_| {
            Err(LedgerError::NotReachable {
                location: self.pool.location().to_owned(),
                reason: "the write came to no end".to_owned(),
            })
        })
    }
}

/// Counted as long as it lives, also when it panics.
struct Writer<W> {
    line: Arc<Mutex<Line<W>>>,
}

impl<W> Drop for Writer<W> {
    fn drop(&mut self) {
        locked(&self.line).n_writers -= 1;
    }
}

impl<W: Wish> Writer<W> {
    async fn run(self, pool: Arc<Pool>, write: Write<W>) {
        loop {
            let (wishes, replies): (Vec<W>, Vec<_>) = self.next().into_iter().unzip();
            if wishes.is_empty() {
                return;
            }
            let answers = match write(&pool, &wishes).await {
                Err(LedgerError::NotReachable { location, reason }) => {
                    self.turn_away(&location, &reason);
                    wishes.iter().map(|_| Err(away(&location, &reason))).collect()
                }
                Err(_) if wishes.len() > 1 => each_alone(&pool, &wishes, write).await,
                Err(error) => vec![Err(error)],
                Ok(answers) => answers,
            };
            for (reply, answer) in replies.into_iter().zip(answers) {
                // The caller may have left in the meantime.
                let _ = reply.send(answer);
            }
        }
    }

    /// Those at the head of the line that still wait, of each job the first.
    fn next(&self) -> Vec<(W, oneshot::Sender<Result<(), LedgerError>>)> {
        let mut line = locked(&self.line);
        let (mut jobs, mut later, mut next) = (HashSet::new(), VecDeque::new(), Vec::new());
        while next.len() < MOST_TOGETHER {
            let Some(waiting) = line.waiting.pop_front() else { break };
            if waiting.reply.is_closed() {
                continue;
            }
            if jobs.insert(waiting.wish.job()) {
                next.push((waiting.wish, waiting.reply));
            } else {
                later.push_back(waiting);
            }
        }
        later.append(&mut line.waiting);
        line.waiting = later;
        next
    }

    fn turn_away(&self, location: &str, reason: &str) {
        for waiting in std::mem::take(&mut locked(&self.line).waiting) {
            let _ = waiting.reply.send(Err(away(location, reason)));
        }
    }
}

async fn each_alone<W>(pool: &Pool, wishes: &[W], write: Write<W>) -> Answers {
    let mut answers = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let answer = write(pool, std::slice::from_ref(wish)).await;
        answers.push(answer.and_then(|answers| answers.into_iter().next().unwrap_or(Ok(()))));
    }
    answers
}

fn away(location: &str, reason: &str) -> LedgerError {
    LedgerError::NotReachable { location: location.to_owned(), reason: reason.to_owned() }
}

fn locked<W>(line: &Mutex<Line<W>>) -> MutexGuard<'_, Line<W>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}
