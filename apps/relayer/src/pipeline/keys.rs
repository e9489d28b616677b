//! Whose keys sign: the registry whose root the accounts accept.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use tokio::sync::Mutex;
use tracing::{info, warn};
use zkdkim_relation::KeyRegistry;
use zkdkim_store::documents::read_registry;

use crate::error::{Error, Result};

/// Where the keys of mail providers come from.
#[async_trait::async_trait]
pub trait KeySource: Send + Sync {
    /// The registry as it is now.
    async fn registry(&self) -> Result<Arc<KeyRegistry>>;
}

/// A registry file, as `zkdkim registry` writes it. Read again when it was replaced; one that can't be read leaves the old
/// one in use.
#[derive(Debug)]
pub struct RegistryFile {
    path: PathBuf,
    last: Mutex<(Option<SystemTime>, Arc<KeyRegistry>)>,
}

impl RegistryFile {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`Error::Files`].
    pub fn open(path: PathBuf) -> Result<RegistryFile> {
        let changed = changed(&path);
        let registry = Arc::new(read_registry(&path)?);
        Ok(RegistryFile { path, last: Mutex::new((changed, registry)) })
    }
}

fn changed(path: &std::path::Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

#[async_trait::async_trait]
impl KeySource for RegistryFile {
    async fn registry(&self) -> Result<Arc<KeyRegistry>> {
        let mut last = self.last.lock().await;
        let now = changed(&self.path);
        if now.is_some() && now != last.0 {
            let path = self.path.clone();
            let read = tokio::task::spawn_blocking(move || read_registry(&path)).await;
            let read = read.map_err(|e| Error::Ended { what: "reading", detail: e.to_string() })?;
            match read {
                Ok(registry) => {
                    info!(keys = registry.used_slots(), "the key registry was read again");
                    last.1 = Arc::new(registry);
                }
                Err(error) => warn!(%error, "the old key registry stays in use"),
            }
            last.0 = now;
        }
        Ok(last.1.clone())
    }
}
