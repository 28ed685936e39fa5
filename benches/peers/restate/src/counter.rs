//! How many payouts are through, for whoever waits for them: one answer to every request.

use crate::Shared;
use std::{
    io,
    sync::{Arc, atomic::Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Answers until the process ends.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            // Whoever hangs up has heard enough.
            let _ = answer(stream, &shared).await;
        });
    }
}

async fn answer(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut request = [0; 2048];
    while stream.read(&mut request).await? > 0 {
        let finished = shared.finished.load(Ordering::Relaxed);
        let body = format!("payouts_finished_total {finished}\n");
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await?;
    }
    Ok(())
}
