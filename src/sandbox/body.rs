//! An answer's body: whole, or ending before its announced length.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The answer ends here, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Abandoned;

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("abandoned on purpose")
    }
}

impl std::error::Error for Abandoned {}

impl From<Infallible> for Abandoned {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// An answer's body.
#[derive(Debug)]
pub(super) struct AnswerBody {
    rest: Bytes,
    announced: u64,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// All of it will be sent.
    Whole,
    /// A part will be sent.
    Cut,
    /// The part is sent, but perhaps not flushed yet.
    Flushing,
    /// Nothing more will come.
    Broken,
}

impl AnswerBody {
    /// All of it.
    pub(super) const fn whole(content: Bytes) -> Self {
        Self { announced: content.len() as u64, rest: content, stage: Stage::Whole }
    }

    /// Its first half, under the length of the whole.
    pub(super) fn cut(content: &Bytes) -> Self {
        Self { announced: content.len() as u64, rest: content.slice(..content.len() / 2), stage: Stage::Cut }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Abandoned;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Abandoned>>> {
        match self.stage {
            Stage::Whole if self.rest.is_empty() => Poll::Ready(None),
            Stage::Whole => Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest))))),
            Stage::Cut => {
                self.stage = Stage::Flushing;
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))))
            }
            // The connection writes out what it has while its body keeps it waiting.
            Stage::Flushing => {
                self.stage = Stage::Broken;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Stage::Broken => Poll::Ready(Some(Err(Abandoned))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stage == Stage::Whole && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.stage {
            Stage::Whole => SizeHint::with_exact(self.rest.len() as u64),
            Stage::Cut | Stage::Flushing | Stage::Broken => SizeHint::with_exact(self.announced),
        }
    }
}
