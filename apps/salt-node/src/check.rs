//! `check-config`: everything that `serve` would need, asked once.

use std::path::Path;

use zkdkim_dns::Error as DnsError;

use crate::{config::Config, error::Result, home::Home, server};

/// What was found.
pub struct Report {
    /// Lines for the operator.
    pub lines: Vec<String>,
    /// Whether all of it works.
    pub good: bool,
}

/// Reads the configuration and all files, asks each chain for its number and DNS for a record.
///
/// # Errors
///
/// What would keep `serve` from starting. What would only keep it from answering is in the report.
pub fn check(path: &Path) -> Result<Report> {
    let config = Config::read(path)?;
    let prepared = server::prepare(&config)?;
    if let Some(tls) = &config.tls {
        server::check_tls(tls)?;
    }
    let committee = prepared.node.record().committee();
    let (index, epoch) = (prepared.node.share().index(), committee.epoch);
    let mut lines = vec![format!(
        "node {index} of {} in network {}, epoch {epoch}, threshold {}; record {}",
        committee.nodes.len(),
        committee.network,
        committee.threshold,
        hex::encode(committee.digest())
    )];
    let mut faults = prepared.chains.check();
    let old = Home::new(&config.home).old_shares(epoch)?;
    faults.extend(old.iter().map(|epoch| format!("the share of epoch {epoch} is not erased")));
    prepared.keys.refresh(&prepared.chains);
    if prepared.keys.registry_counts() == Some(false) {
        faults.push("no chain accepts the registry's root: it is not used".into());
    }
    // A name that nobody has (RFC 6761): that it is absent is the right answer.
    match prepared.keys.look_up("check._domainkey.zkdkim.invalid") {
        None | Some(Err(DnsError::Absent { .. })) => {}
        Some(Ok(_)) => {
            faults.push("DNS has a record under .invalid: it is not to be trusted".into())
        }
        Some(Err(error)) => faults.push(format!("DNS: {error}")),
    }
    let good = faults.is_empty();
    lines.extend(faults.into_iter().map(|fault| format!("does not work: {fault}")));
    if good {
        lines.push("all of it works".into());
    }
    Ok(Report { lines, good })
}
