//! The closed lists that files and errors name: what a file holds, where an SRS comes from, which check refused it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};

/// What is in an artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ContainerKind {
    /// Structured reference string: the powers in G1, their folded Lagrange bases, a point of G2 ([`crate::srs`]).
    Srs,
    /// Circuit name and verifying key ([`crate::keys`]).
    VerifyingKey,
}

impl ContainerKind {
    /// The longest file that is read: all that a circuit of k ≤ 20 with hundreds of columns needs.
    pub const fn limit_bytes(self) -> u64 {
        match self {
            ContainerKind::Srs => 1 << 30,
            ContainerKind::VerifyingKey => 1 << 26,
        }
    }
}

impl fmt::Display for ContainerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ContainerKind::Srs => "structured reference string",
            ContainerKind::VerifyingKey => "verifying key",
        })
    }
}

/// Where an SRS comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SrsKind {
    /// Made locally from a public seed. Its secret is known to everybody.
    InsecureDev,
    /// Imported from a ceremony file whose digest is in `params/manifest.toml`.
    Ceremony {
        /// Name of the ceremony.
        name: String,
        /// Name of the published file.
        file: String,
        /// BLAKE2b-512 of the file, in hex.
        blake2b512: String,
    },
    /// Imported from a file that the manifest does not know.
    UnlistedCeremony {
        /// BLAKE2b-512 of the file, in hex.
        blake2b512: String,
        /// SHA-256 of the file, in hex.
        sha256: String,
    },
}

impl SrsKind {
    /// The name of the kind.
    pub const fn label(&self) -> &'static str {
        match self {
            SrsKind::InsecureDev => "insecure-dev",
            SrsKind::Ceremony { .. } => "ceremony",
            SrsKind::UnlistedCeremony { .. } => "unlisted-ceremony",
        }
    }

    /// Whether the secret is public.
    pub const fn is_insecure(&self) -> bool {
        matches!(self, SrsKind::InsecureDev)
    }

    /// Name of the file in the cache; never a production name for the development SRS.
    pub fn file_name(&self, k: u32, fold: usize) -> String {
        format!("{}-k{k}-m{fold}.srs", self.stem())
    }

    /// What stands in the names of files made from the SRS.
    pub fn stem(&self) -> String {
        // A label comes from a file; whatever is in it, the result is one plain file name.
        let clean = |s: &str, len: usize| -> String {
            s.chars().filter(char::is_ascii_alphanumeric).take(len).collect()
        };
        match self {
            SrsKind::InsecureDev => "insecure-dev".into(),
            SrsKind::Ceremony { name, blake2b512, .. } => {
                format!("ceremony-{}-{}", clean(name, 32), clean(blake2b512, 8))
            }
            SrsKind::UnlistedCeremony { blake2b512, .. } => {
                format!("unlisted-{}", clean(blake2b512, 8))
            }
        }
    }
}

impl fmt::Display for SrsKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SrsKind::InsecureDev => f.write_str("insecure development SRS (public secret)"),
            SrsKind::Ceremony { name, file, .. } => write!(f, "ceremony {name} ({file})"),
            SrsKind::UnlistedCeremony { sha256, .. } => {
                write!(f, "unlisted ceremony file (SHA-256 {sha256})")
            }
        }
    }
}

/// The check that an SRS fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SrsCheck {
    /// k out of range, or a number of points that does not fit it.
    Size,
    /// A coordinate that is not canonical, a point off the curve, the point at infinity.
    Curve,
    /// A point of G2 outside the subgroup of prime order.
    Subgroup,
    /// The first power is not the generator.
    Generator,
    /// The secret is 0 or 1, or one that everybody knows.
    KnownSecret,
    /// The points are not the powers of one secret.
    Powers,
    /// The folded Lagrange bases do not belong to the powers.
    Lagrange,
}

impl SrsCheck {
    /// The identifier in errors and JSON, `srs-` and the check in kebab case; it stays the same between versions.
    pub const fn id(self) -> &'static str {
        match self {
            SrsCheck::Size => "srs-size",
            SrsCheck::Curve => "srs-curve",
            SrsCheck::Subgroup => "srs-subgroup",
            SrsCheck::Generator => "srs-generator",
            SrsCheck::KnownSecret => "srs-known-secret",
            SrsCheck::Powers => "srs-powers",
            SrsCheck::Lagrange => "srs-lagrange",
        }
    }
}

impl fmt::Display for SrsCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The check that a `.ptau` file fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PtauCheck {
    /// Not a `.ptau` file.
    Magic,
    /// A version other than 1.
    Version,
    /// The header's prime is not that of the base field of BN254.
    Prime,
    /// A header whose fields contradict each other.
    Header,
    /// The ceremony has fewer powers than are needed.
    Power,
    /// A section of unknown type, twice, missing, or before the header.
    Section,
    /// A section whose length does not fit the power.
    SectionLength,
    /// The file ends too early.
    Truncated,
    /// The file goes on behind its last section.
    TrailingBytes,
    /// The manifest lists the digest with another power.
    Manifest,
}

impl PtauCheck {
    /// The identifier in errors and JSON, `ptau-` and the check in kebab case; it stays the same between versions.
    pub const fn id(self) -> &'static str {
        match self {
            PtauCheck::Magic => "ptau-magic",
            PtauCheck::Version => "ptau-version",
            PtauCheck::Prime => "ptau-prime",
            PtauCheck::Header => "ptau-header",
            PtauCheck::Power => "ptau-power",
            PtauCheck::Section => "ptau-section",
            PtauCheck::SectionLength => "ptau-section-length",
            PtauCheck::Truncated => "ptau-truncated",
            PtauCheck::TrailingBytes => "ptau-trailing-bytes",
            PtauCheck::Manifest => "ptau-manifest",
        }
    }
}

impl fmt::Display for PtauCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
