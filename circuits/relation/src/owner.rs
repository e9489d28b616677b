//! An account's owner as the contracts know it (`OwnerBytes.sol`): an address, or longer bytes, such as an ERC-7913 signer's,
//! that a Subject names by their keccak256.

use crate::recovery_subject::Address;
use sha3::{Digest, Keccak256};
use std::fmt;
use std::str::FromStr;

/// keccak256 of an owner's bytes that are more than an address: an ERC-7913 signer, several owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OwnerHash(pub [u8; 32]);

impl fmt::Display for OwnerHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl FromStr for OwnerHash {
    type Err = String;

    /// `0x` and 64 hexadecimal digits, in any case.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or("not 0x and 64 hexadecimal digits")?;
        let mut hash = [0; 32];
        hex::decode_to_slice(digits, &mut hash).map_err(|_| "not 0x and 64 hexadecimal digits")?;
        Ok(OwnerHash(hash))
    }
}

/// An account's owner as the contracts know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Twenty bytes.
    Key(Address),
    /// More, by their hash.
    Bytes(OwnerHash),
}

/// The longest owner, in bytes (`OwnerBytes.sol`).
pub const MAX_OWNER_BYTES: usize = 1024;

impl Owner {
    /// The owner that these bytes are.
    ///
    /// # Errors
    ///
    /// Where they are fewer than an address has, more than [`MAX_OWNER_BYTES`], or an address as the ABI encodes it, in 32
    /// bytes: an account would read it as that address, whose own bytes are another owner.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if let Ok(key) = bytes.try_into() {
            return Ok(Owner::Key(Address(key)));
        }
        if !(20..=MAX_OWNER_BYTES).contains(&bytes.len()) {
            let length = bytes.len();
            return Err(format!("{length} bytes; an owner has 20 to {MAX_OWNER_BYTES}"));
        }
        if bytes.len() == 32 && bytes.starts_with(&[0; 12]) {
            return Err("an address in 32 bytes; give its own 20".into());
        }
        Ok(Owner::Bytes(OwnerHash(Keccak256::digest(bytes).into())))
    }
}

impl FromStr for Owner {
    type Err = String;

    /// `0x` and the owner's bytes in hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or("not 0x and hexadecimal digits")?;
        let bytes = hex::decode(digits).map_err(|error| format!("not 0x and bytes: {error}"))?;
        Owner::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_20_to_1024_bytes() {
        for bad in ["", "0x", "22", "0x2", "0xzz"] {
            assert!(bad.parse::<Owner>().is_err(), "{bad}");
            assert!(bad.parse::<OwnerHash>().is_err(), "{bad}");
        }
        assert!(Owner::from_bytes(&[1; 19]).is_err());
        assert!(Owner::from_bytes(&[1; MAX_OWNER_BYTES]).is_ok());
        assert!(Owner::from_bytes(&[1; MAX_OWNER_BYTES + 1]).is_err());
    }

    #[test]
    fn an_encoded_address_is_no_owner() {
        let mut bytes = [0; 33];
        bytes[12..].fill(0x11);
        assert!(Owner::from_bytes(&bytes[..32]).is_err());
        assert!(Owner::from_bytes(&bytes).is_ok());
        bytes[11] = 1;
        assert!(Owner::from_bytes(&bytes[..32]).is_ok());
    }
}
