//! Bodies in both directions, passed on frame by frame.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::client::Client;
use crate::meter::{Epoch, Trip};
use crate::pool::Line;

/// What goes to the backend.
pub(crate) enum RequestBody {
    Empty,
    Stream {
        incoming: Incoming,
        moved: Arc<Moved>,
    },
}

/// When a body last moved; the response timeout starts anew from there.
pub(crate) struct Moved {
    epoch: Epoch,
    at_ms: AtomicU64,
}

impl Moved {
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            at_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn at_ms(&self) -> u64 {
        self.at_ms.load(Relaxed)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Stream { incoming, moved } => {
                let polled = Pin::new(incoming).poll_frame(cx);
                if polled.is_ready() {
                    moved.at_ms.store(moved.epoch.ms(Instant::now()), Relaxed);
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Stream { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Stream { incoming, .. } => incoming.size_hint(),
        }
    }
}

/// What goes back to the client.
pub(crate) struct ResponseBody {
    source: Source,
    client: Arc<Client>,
}

enum Source {
    /// A short text of the gateway's own; `None` once sent.
    Text(Option<Bytes>),
    Backend(Answer),
}

/// A backend's answer with the connection it arrives on.
pub(crate) struct Answer {
    incoming: Incoming,
    line: Option<Line>,
    trip: Trip,
    idle_max: usize,
}

impl Answer {
    pub(crate) fn new(incoming: Incoming, line: Line, trip: Trip, idle_max: usize) -> Self {
        let mut answer = Self {
            incoming,
            line: Some(line),
            trip,
            idle_max,
        };
        if answer.incoming.is_end_stream() {
            answer.release();
        }
        answer
    }

    fn release(&mut self) {
        if let Some(line) = self.line.take() {
            self.trip.upstream.check_in(line, self.idle_max);
        }
    }
}

impl ResponseBody {
    pub(crate) fn text(text: impl Into<Bytes>, client: &Arc<Client>) -> Self {
        Self {
            source: Source::Text(Some(text.into())),
            client: Arc::clone(client),
        }
    }

    pub(crate) fn answer(answer: Answer, client: &Arc<Client>) -> Self {
        Self {
            source: Source::Backend(answer),
            client: Arc::clone(client),
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        self.client.request_done();
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let answer = match &mut self.source {
            Source::Text(text) => {
                return Poll::Ready(text.take().map(|text| Ok(Frame::data(text))));
            }
            Source::Backend(answer) => answer,
        };
        if let Some(line) = &mut answer.line {
            line.drive(cx);
        }
        // Frames come from the driver polled above and from nowhere else, so no waker is needed.
        let mut cx = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut answer.incoming).poll_frame(&mut cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    answer.trip.group.count_bytes(data.len());
                }
                if answer.incoming.is_end_stream() {
                    answer.release();
                }
            }
            Poll::Ready(Some(Err(_))) => {
                answer.trip.fail();
                answer.line = None;
            }
            Poll::Ready(None) => answer.release(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Text(text) => text.is_none(),
            Source::Backend(answer) => answer.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
            Source::Backend(answer) => answer.incoming.size_hint(),
        }
    }
}
