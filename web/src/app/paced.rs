//! A socket that is read a little at a time, and not at all while its client takes none of its answers. Apart
//! because actix bounds only the bytes that it has not looked at yet: out of one such load, 128 KiB, it makes all
//! the requests that there are, thousands that fill 14 MiB.

use actix_web::rt::net::TcpStream;
use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is read before the reader has to look at it: a request as most are, or a few dozen of the smallest.
const AT_ONCE: usize = 2_048;

/// A connection's socket.
pub(super) struct Paced {
    socket: TcpStream,
    /// What was read since the reader looked at it.
    read: usize,
    /// Its client takes nothing at present.
    stuck: bool,
    /// Nothing is read any more: a socket that is shut down still gives what its client goes on sending.
    over: Rc<Cell<bool>>,
}

impl Paced {
    pub fn new(socket: TcpStream) -> Paced {
        Paced { socket, read: 0, stuck: false, over: Rc::default() }
    }

    /// The socket itself.
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// What ends the reading for good.
    pub fn over(&self) -> Rc<Cell<bool>> {
        self.over.clone()
    }

    /// What became of a write. Whoever was not read meanwhile is read again when writing goes on.
    fn wrote<T>(&mut self, written: Poll<T>, context: &Context<'_>) -> Poll<T> {
        let was_stuck = std::mem::replace(&mut self.stuck, written.is_pending());
        if was_stuck && !self.stuck {
            context.waker().wake_by_ref();
        }
        written
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.over.get() {
            return Poll::Ready(Ok(()));
        }
        if self.stuck {
            return Poll::Pending;
        }
        if self.read >= AT_ONCE {
            self.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most = into.remaining().min(AT_ONCE - self.read);
        let mut piece = [MaybeUninit::uninit(); AT_ONCE];
        let mut piece = ReadBuf::uninit(&mut piece[..most]);
        let read = Pin::new(&mut self.socket).poll_read(context, &mut piece);
        if read.is_pending() {
            self.read = 0;
        }
        ready!(read)?;
        self.read += piece.filled().len();
        into.put_slice(piece.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.wrote(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn pair() -> (TcpStream, Paced) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, Paced::new(listener.accept().await.unwrap().0))
    }

    /// As actix reads: until there is nothing more.
    async fn gulp(paced: &mut Paced) -> usize {
        let mut bytes = [0; 8_192];
        let mut read = 0;
        poll_fn(|context| {
            loop {
                let mut into = ReadBuf::new(&mut bytes);
                match Pin::new(&mut *paced).poll_read(context, &mut into) {
                    Poll::Ready(Ok(())) if into.filled().is_empty() => return Poll::Ready(read),
                    Poll::Ready(Ok(())) => read += into.filled().len(),
                    _ if read > 0 => return Poll::Ready(read),
                    _ => return Poll::Pending,
                }
            }
        })
        .await
    }

    #[actix_web::test]
    async fn a_flood_is_read_in_small_pieces_and_whole() {
        let (mut client, mut paced) = pair().await;
        client.write_all(&[7; 100_000]).await.unwrap();
        let mut all = 0;
        while all < 100_000 {
            let piece = gulp(&mut paced).await;
            assert!(piece <= AT_ONCE, "{piece}");
            all += piece;
        }
        assert_eq!(all, 100_000);
        client.write_all(b"more").await.unwrap();
        paced.over().set(true);
        assert_eq!(gulp(&mut paced).await, 0, "read behind the end");
    }

    #[actix_web::test]
    async fn who_takes_nothing_is_not_read_and_is_read_again_once_it_does() {
        let (mut client, mut paced) = pair().await;
        client.write_all(b"more").await.unwrap();
        let answer = vec![7; 1 << 20];
        let mut sent = 0;
        poll_fn(|context| {
            while let Poll::Ready(count) = Pin::new(&mut paced).poll_write(context, &answer) {
                sent += count.unwrap();
            }
            Poll::Ready(())
        })
        .await;
        let mut bytes = [0; 16];
        let mut into = ReadBuf::new(&mut bytes);
        let read = poll_fn(|context| {
            Poll::Ready(Pin::new(&mut paced).poll_read(context, &mut into).is_ready())
        });
        assert!(!read.await, "it was read while it took nothing");
        let mut taken = vec![0; 1 << 20];
        while sent > 0 {
            let most = sent.min(taken.len());
            sent -= client.read(&mut taken[..most]).await.unwrap();
        }
        // The write that goes on is what wakes the reader.
        let mut written = false;
        let mut woken = 0;
        let read = poll_fn(|context| {
            woken += 1;
            let mut into = ReadBuf::new(&mut bytes);
            match Pin::new(&mut paced).poll_read(context, &mut into) {
                Poll::Ready(_) => return Poll::Ready(into.filled().to_vec()),
                Poll::Pending if written => return Poll::Pending,
                Poll::Pending => {}
            }
            written = Pin::new(&mut paced).poll_write(context, b"rest").is_ready();
            Poll::Pending
        });
        assert_eq!(read.await, b"more");
        assert!(woken > 1);
    }
}
