//! A server that sends exactly the bytes it was told to, piece by piece, for answers no library would give.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// One piece of an answer.
#[derive(Clone)]
pub enum Piece {
    Send(Vec<u8>),
    Wait(Duration),
    /// Keeps the connection open and says nothing more.
    Hang,
}

pub struct RawServer {
    pub address: String,
    task: AbortHandle,
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RawServer {
    /// Answers every connection with these pieces and closes it.
    pub async fn start(pieces: Vec<Piece>) -> Self {
        Self::start_with(pieces, None).await
    }

    /// The same, but a request for this path is answered with these bytes.
    #[expect(clippy::disallowed_methods, reason = "a server for a test, stopped when it is dropped")]
    pub async fn start_with(pieces: Vec<Piece>, other: Option<(&'static str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (pieces, other) = (pieces.clone(), other.clone());
                tokio::spawn(async move { answer(stream, pieces, other).await });
            }
        });
        Self { address, task: task.abort_handle() }
    }
}

async fn answer(mut stream: TcpStream, pieces: Vec<Piece>, other: Option<(&str, Vec<u8>)>) {
    let mut request = vec![0; 64 << 10];
    let read = stream.read(&mut request).await.unwrap_or_default();
    let request = String::from_utf8_lossy(&request[..read]);
    let pieces = match other {
        Some((path, bytes)) if request.contains(&format!(" {path} ")) => vec![Piece::Send(bytes)],
        Some(_) | None => pieces,
    };
    for piece in pieces {
        match piece {
            // The client may have gone, which is what some tests are about.
            Piece::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Piece::Wait(length) => tokio::time::sleep(length).await,
            Piece::Hang => std::future::pending().await,
        }
    }
}
