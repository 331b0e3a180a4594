//! The one task that writes. It takes what queued up while the last commit waited for the disk and
//! commits all of it together: waiting is shared, and the journal has one order.

use crate::batch::Batch;
use crate::connect::Connections;
use crate::error::{Refusal, StoreError};
use crate::journal;
use crate::model::Entry;
use sea_orm::DbBackend;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

/// More wait for the following transaction, so that nobody's answer waits for too many others.
const BATCH: usize = 256;
/// Writes that may queue before callers wait to queue.
const QUEUE: usize = 4_096;
/// How often a replica looks for what others wrote.
const FOLLOW: Duration = Duration::from_millis(250);

pub(crate) type Written<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;
/// A write: repeatable, since a batch that failed is undone and its writes are tried one by one.
/// It refuses before it changes anything.
pub(crate) type Run<I, T, E> = for<'a> fn(&'a mut Batch, &'a I) -> Written<'a, T, E>;

pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    task: Mutex<Option<JoinHandle<Connections>>>,
}

enum Message {
    Write(Box<dyn Job>),
    Stop,
}

trait Job: Send {
    /// Runs within the batch; an error is trouble that undoes the batch.
    fn run<'a>(&'a mut self, batch: &'a mut Batch) -> Written<'a, (), StoreError>;
    /// Answers the caller: what the run said, or the trouble.
    fn answer(self: Box<Self>, trouble: Option<StoreError>);
}

struct Pending<I, T, E> {
    input: I,
    run: Run<I, T, E>,
    said: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<I, T, E> Job for Pending<I, T, E>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: Refusal,
{
    fn run<'a>(&'a mut self, batch: &'a mut Batch) -> Written<'a, (), StoreError> {
        Box::pin(async move {
            let said = match (self.run)(batch, &self.input).await {
                Ok(done) => Ok(done),
                Err(error) => Err(error.refusal()?),
            };
            self.said = Some(said);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, trouble: Option<StoreError>) {
        let said = match (trouble, self.said) {
            (Some(trouble), _) => Err(trouble.into()),
            (None, Some(said)) => said,
            (None, None) => Err(StoreError::Closed.into()),
        };
        // A caller that went away does not mind; what was committed stays.
        drop(self.reply.send(said));
    }
}

impl Writer {
    pub(crate) async fn start(
        connections: Connections,
        entries: broadcast::Sender<Arc<Entry>>,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let published = journal::head(&connections).await?;
        let task = Task {
            connections,
            entries,
            published,
            waiting,
            standing: Standing::Proven,
        };
        let task = Mutex::new(Some(tokio::spawn(task.run())));
        Ok(Self { queue, task })
    }

    /// Queues a write and waits until it is committed or refused.
    pub(crate) async fn write<I, T, E>(&self, input: I, run: Run<I, T, E>) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Refusal,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            input,
            run,
            said: None,
            reply,
        });
        let queued = self.queue.send(Message::Write(job)).await;
        queued.map_err(|_| StoreError::Closed)?;
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Commits what is queued, ends the task, and answers the connections it had in the end.
    pub(crate) async fn stop(&self) -> Option<Connections> {
        drop(self.queue.send(Message::Stop).await);
        let mut task = self.task.lock().await;
        match task.take()?.await {
            Ok(connections) => Some(connections),
            Err(error) => {
                tracing::error!(%error, "the task that writes did not end by itself");
                None
            }
        }
    }
}

struct Task {
    connections: Connections,
    entries: broadcast::Sender<Arc<Entry>>,
    /// The last entry that subscribers were told of.
    published: i64,
    waiting: mpsc::Receiver<Message>,
    standing: Standing,
}

/// How far the connection that writes is trusted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Proven,
    /// Opened after trouble; no commit of it was seen from outside yet.
    Fresh,
    /// Closed after trouble.
    Closed,
}

impl Task {
    async fn run(mut self) -> Connections {
        let shared = self.connections.writer.get_database_backend() == DbBackend::Postgres;
        loop {
            let message = if shared {
                match tokio::time::timeout(FOLLOW, self.waiting.recv()).await {
                    Ok(message) => message,
                    Err(_) => {
                        self.follow().await;
                        continue;
                    }
                }
            } else {
                self.waiting.recv().await
            };
            let mut jobs = Vec::new();
            let mut going = true;
            let mut next = message;
            loop {
                match next {
                    Some(Message::Write(job)) => jobs.push(job),
                    Some(Message::Stop) | None => {
                        going = false;
                        break;
                    }
                }
                if jobs.len() >= BATCH {
                    break;
                }
                match self.waiting.try_recv() {
                    Ok(message) => next = Some(message),
                    Err(_) => break,
                }
            }
            self.write(jobs).await;
            if !going {
                return self.connections;
            }
        }
    }

    async fn write(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        if jobs.is_empty() {
            return;
        }
        let committed = self.commit(&mut jobs).await;
        if committed.is_err() {
            self.distrust().await;
        }
        match committed {
            Ok(entries) => {
                // Not tried again: it may be there all the same.
                let trouble = self.prove(&entries).await.err();
                if trouble.is_some() {
                    self.distrust().await;
                } else {
                    self.publish(entries).await;
                }
                for job in jobs {
                    job.answer(trouble.clone());
                }
            }
            Err(trouble) if jobs.len() == 1 || concerns_all(&trouble) => {
                for job in jobs {
                    job.answer(Some(trouble.clone()));
                }
            }
            // One of them may be to blame; the others are not to suffer for it.
            Err(_) => {
                for job in jobs {
                    Box::pin(self.write(vec![job])).await;
                }
            }
        }
    }

    async fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Arc<Entry>>, StoreError> {
        if self.standing == Standing::Closed {
            self.connections.reopen_writer().await?;
            self.standing = Standing::Fresh;
        }
        let mut batch = Batch::begin(&self.connections).await?;
        for job in jobs {
            if let Err(trouble) = job.run(&mut batch).await {
                batch.undo().await;
                return Err(trouble);
            }
        }
        batch.commit().await
    }

    /// After any trouble the connection is not used again, whatever the driver says of its state.
    async fn distrust(&mut self) {
        if self.standing != Standing::Closed {
            self.connections.retire_writer().await;
            self.standing = Standing::Closed;
        }
    }

    /// The first entries after trouble are acknowledged once another connection sees them.
    async fn prove(&mut self, entries: &[Arc<Entry>]) -> Result<(), StoreError> {
        let Some(last) = entries.last() else {
            return Ok(());
        };
        if self.standing == Standing::Proven {
            return Ok(());
        }
        let head = journal::head(&self.connections).await?;
        if head < last.seq {
            let cause = format!(
                "entry {} was committed, and the journal still ends at {head}",
                last.seq
            );
            return Err(StoreError::Database {
                place: self.connections.place.0.clone(),
                cause: Arc::new(std::io::Error::other(cause)),
            });
        }
        self.standing = Standing::Proven;
        Ok(())
    }

    /// Tells subscribers, with what other replicas wrote in between, in the journal's order.
    async fn publish(&mut self, entries: Vec<Arc<Entry>>) {
        let Some(first) = entries.first() else { return };
        if first.seq > self.published + 1 {
            self.catch_up(first.seq - 1).await;
        }
        for entry in entries {
            self.published = entry.seq;
            // Nobody listening is fine.
            drop(self.entries.send(entry));
        }
    }

    async fn follow(&mut self) {
        match journal::head(&self.connections).await {
            Ok(head) if self.entries.receiver_count() == 0 => self.published = head,
            Ok(head) if head > self.published => self.catch_up(head).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "what other replicas wrote could not be looked up")
            }
        }
    }

    async fn catch_up(&mut self, to: i64) {
        while self.published < to {
            match journal::after(&self.connections, None, self.published, 1_000).await {
                Ok(entries) if entries.is_empty() => return,
                Ok(entries) => {
                    for entry in entries.into_iter().filter(|entry| entry.seq <= to) {
                        self.published = entry.seq;
                        drop(self.entries.send(Arc::new(entry)));
                    }
                }
                Err(error) => {
                    // Subscribers see the gap in the numbers and read the journal.
                    tracing::warn!(%error, "what other replicas wrote could not be read");
                    return;
                }
            }
        }
    }
}

/// Whether trying one by one is of no use.
fn concerns_all(trouble: &StoreError) -> bool {
    matches!(
        trouble,
        StoreError::Full { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::Unreachable { .. }
            | StoreError::Closed
            | StoreError::Corrupt { .. }
            | StoreError::Busy { .. }
    )
}

#[cfg(test)]
mod tests;
