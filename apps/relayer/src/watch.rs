//! What operators look at: `/healthz` and `/metrics`.

use std::sync::OnceLock;

use axum::{extract::State, http::StatusCode, routing::get, Router};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{
    error::{Error, Result},
    job,
    store::Store,
};

/// One recorder to a process.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts counting.
pub(crate) fn recorder() -> Result<PrometheusHandle> {
    let install = || PrometheusBuilder::new().install_recorder().ok();
    RECORDER.get_or_init(install).clone().ok_or_else(|| Error::Ended {
        what: "metrics",
        detail: "the program counts for somebody else already".into(),
    })
}

/// The routes.
pub(crate) fn router(store: Store, recorder: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(figures))
        .with_state((store, recorder))
}

/// Whether work can be taken in.
async fn health(State((store, _)): State<(Store, PrometheusHandle)>) -> (StatusCode, &'static str) {
    match store.ping().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

async fn figures(
    State((store, recorder)): State<(Store, PrometheusHandle)>,
) -> (StatusCode, String) {
    let Ok(counts) = store.counts().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".into());
    };
    for state in job::State::ALL {
        let jobs = counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, jobs)| *jobs);
        metrics::gauge!("relayer_jobs", "state" => state.name()).set(jobs as f64);
    }
    recorder.run_upkeep();
    (StatusCode::OK, recorder.render())
}
