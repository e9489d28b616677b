//! Connections of the HTTP door: so many at a time, each with a limit of time for the head of a request, so that nobody
//! takes all file descriptors of the process by opening connections and saying nothing.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{extract::ConnectInfo, Extension, Router};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{watch, Semaphore},
    time::timeout,
};
use tracing::warn;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// At a time; beyond it, the system's queue holds them back.
    connections: usize,
    /// For the head of a request, and between two of them.
    patience: Duration,
    /// For all that is asked over one: who takes no answers off it keeps its place no longer.
    life: Duration,
}

const BOUNDS: Bounds =
    Bounds { connections: 512, patience: Duration::from_secs(15), life: Duration::from_secs(300) };
/// A head has at most so many bytes.
const HEAD_BYTES: usize = 16 << 10;

/// Serves a router until told to stop, then waits for what is being answered.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) {
    serve_within(BOUNDS, listener, router, stop).await;
}

async fn serve_within(
    bounds: Bounds,
    listener: TcpListener,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(bounds.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            place = room.clone().acquire_owned() => place,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (Ok(place), Ok((stream, from))) = (place, accepted) else {
            // Out of file descriptors, say; others are served again when some are free.
            warn!("an HTTP connection was not taken");
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let router = router.clone().layer(Extension(ConnectInfo::<SocketAddr>(from)));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.patience)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // Clients that go away are no event.
            let _ = timeout(bounds.life, connection).await;
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn who_connects_and_says_nothing_keeps_nobody_out() {
        let (short, long) = (Duration::from_millis(300), Duration::from_secs(60));
        for (patience, life) in [(short, long), (long, short)] {
            others_are_served(Bounds { connections: 2, patience, life }).await;
        }
    }

    async fn others_are_served(bounds: Bounds) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here" }));
        let (stop, stopped) = watch::channel(false);
        let served = tokio::spawn(serve_within(bounds, listener, router, stopped));
        let mut silent = Vec::new();
        for said in [&b""[..], b"GET / HT", b"", b"x: y\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said).await.unwrap();
            silent.push(stream);
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(GET).await.unwrap();
        let mut answer = String::new();
        let read = timeout(Duration::from_secs(20), stream.read_to_string(&mut answer));
        read.await.expect("an answer, once the silent ones are cut off").unwrap();
        assert!(answer.ends_with("here"), "{answer}");
        for mut stream in silent {
            let mut rest = Vec::new();
            timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.unwrap().ok();
        }
        stop.send(true).unwrap();
        timeout(Duration::from_secs(20), served).await.unwrap().unwrap();
    }
}
