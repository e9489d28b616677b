//! Sockets: a bounded number of connections, TLS, a limit of time for each step, and an end that lets answers out.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use rustls::{
    pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer},
    ServerConfig,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{watch, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::handlers::Peer;
use crate::{
    config::Tls,
    error::{Fault, Result},
    files,
};

/// For a TLS handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection may send so many bytes of a head.
const HEAD_BYTES: usize = 16 << 10;

/// Reads certificate and key.
pub fn tls(tls: &Tls) -> Result<TlsAcceptor> {
    let bytes = files::read(&tls.certificate, files::SMALL)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.map_err(Fault::content(&tls.certificate))?;
    let key = files::read_secret(&tls.key)?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| Fault::content(&tls.key)("no private key in PEM"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let config = config.map_err(Fault::content(&tls.certificate))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts connections until `stopped`, then waits for those that are being answered.
pub async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    connections: usize,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(connections));
    let graceful = GracefulShutdown::new();
    loop {
        // Beyond the limit, the system's queue holds connections back.
        let place = tokio::select! {
            place = places.clone().acquire_owned() => place,
            _ = stopped.changed() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        let (Ok(place), Ok((stream, from))) = (place, accepted) else {
            // Too many open files, say: they come back.
            warn!("a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let router = router.clone().layer(Extension(Peer(from.ip())));
        let watcher = graceful.watcher();
        let tls = tls.clone();
        tokio::spawn(async move {
            match tls {
                None => answer(stream, router, watcher, place).await,
                Some(tls) => match timeout(PATIENCE, handshake(tls, stream)).await {
                    Ok(Some(stream)) => answer(stream, router, watcher, place).await,
                    _ => debug!("no TLS"),
                },
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn handshake(
    tls: TlsAcceptor,
    stream: TcpStream,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    tls.accept(stream).await.ok()
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    watcher: Watcher,
    place: OwnedSemaphorePermit,
) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // Clients that go away are no event.
    let _ = watcher.watch(connection).await;
    drop(place);
}
