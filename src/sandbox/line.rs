//! One connection's socket, which can be told to end with a reset instead of a goodbye.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How a connection will end; shared between its socket and its service.
#[derive(Debug, Default)]
pub(super) struct Ending(Cell<bool>);

impl Ending {
    /// Ends it with a reset.
    pub(super) fn reset(&self) {
        self.0.set(true);
    }
}

/// A connection's socket.
#[derive(Debug)]
pub(super) struct Line {
    io: TokioIo<TcpStream>,
    ending: Rc<Ending>,
}

impl Line {
    pub(super) fn new(stream: TcpStream, ending: Rc<Ending>) -> Self {
        Self { io: TokioIo::new(stream), ending }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.ending.0.get() {
            // A failure means that the connection is gone already, which is what is wanted.
            drop(self.io.inner().set_zero_linger());
        }
    }
}

impl Read for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
