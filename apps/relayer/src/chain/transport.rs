//! HTTP to a chain's node, which may answer with anything: no more of it is read than an answer can have.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use alloy::{
    rpc::json_rpc::{RequestPacket, ResponsePacket},
    transports::{TransportError, TransportErrorKind, TransportFut},
};
use reqwest::{header::CONTENT_TYPE, redirect::Policy, Client, Url};
use tower_service::Service;

const TIMEOUT: Duration = Duration::from_secs(20);
/// Blocks, receipts, fees and results of views are far shorter.
const ANSWER_BYTES: usize = 4 << 20;

/// Asks one node, over no proxy, and follows no redirect.
#[derive(Clone, Debug)]
pub(super) struct BoundedHttp {
    client: Client,
    url: Url,
}

impl BoundedHttp {
    /// A node at this URL; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// Where the system gives no client.
    pub(super) fn new(url: Url) -> reqwest::Result<BoundedHttp> {
        let client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy();
        Ok(BoundedHttp { client: client.build()?, url })
    }

    async fn ask(self, request: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let body = serde_json::to_vec(&request).map_err(TransportError::ser_err)?;
        let request = self.client.post(self.url).header(CONTENT_TYPE, "application/json");
        let mut response = request.body(body).send().await.map_err(TransportErrorKind::custom)?;
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(TransportErrorKind::custom)? {
            if answer.len() + chunk.len() > ANSWER_BYTES {
                return Err(TransportErrorKind::custom_str("an answer that is too long"));
            }
            answer.extend_from_slice(&chunk);
        }
        // Some nodes send errors with a status of their own; the body decides. It is in no error: it may quote anything.
        serde_json::from_slice(&answer)
            .map_err(|error| TransportError::deser_err(error, String::new()))
    }
}

impl Service<RequestPacket> for BoundedHttp {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        Box::pin(self.clone().ask(request))
    }
}
