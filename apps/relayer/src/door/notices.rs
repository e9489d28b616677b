//! An account says whom to tell when its recovery starts.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{extract::State as Extracted, http::StatusCode, Json};

use super::{
    api::{Notify, Problem},
    http::{Door, Failure},
};
use crate::{
    job::Errand,
    notice::{Wanted, MAX_ADDRESSES},
};

/// Names the addresses that are told when a recovery of an account starts, in place of those before; none to be told no more.
#[utoipa::path(post, path = "/v1/notices", request_body = Notify, responses(
    (status = 204), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn notify(
    Extracted(door): Extracted<Door>,
    Json(notify): Json<Notify>,
) -> Result<StatusCode, Failure> {
    if !door.notices {
        let detail = "this relayer tells nobody";
        return Err(Failure::unusable("notices-off", detail, "ask another relayer"));
    }
    let Notify { chain, account, addresses, at: signed, signature } = notify;
    let wanted = Wanted { chain, account, addresses, signed };
    if !wanted.has_addresses() {
        let detail = format!("not up to {MAX_ADDRESSES} different mail addresses in ASCII");
        return Err(Failure::unusable("addresses", detail, "name them without anything around"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    if !wanted.is_fresh(i64::try_from(now).unwrap_or(i64::MAX)) {
        let detail = "it was not signed in the last hour";
        return Err(Failure::unusable("at", detail, "sign it again, with the time of now"));
    }
    door.find(chain, account, Errand::Accept).await?;
    let signed_by_account = match door.chains.get(&chain) {
        Some(chain) => wanted.is_signed(&door.send_to, &signature, &*chain.ledger).await?,
        None => false,
    };
    if !signed_by_account {
        let detail = "the account did not sign this";
        let hint = "sign the text that docs/integrators.md shows by personal_sign, or by ERC-1271";
        return Err(Failure::unusable("signature", detail, hint));
    }
    let Wanted { chain, account, addresses, signed } = wanted;
    if !door.desk.store.watch(chain, account, &addresses, signed).await? {
        let detail = "the account signed something as late before";
        return Err(Failure::unusable("at", detail, "sign it again, with the time of now"));
    }
    tracing::info!(chain, addresses = addresses.len(), "an account said whom to tell");
    Ok(StatusCode::NO_CONTENT)
}
