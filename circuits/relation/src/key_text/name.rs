//! Names as users give them: a final dot, capitals, a selector's name where a domain is meant.

use super::Unreadable;

/// Lower case, without the final dot.
pub fn plain_name(name: &str) -> String {
    let name = name.trim();
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The signing domain that a user means: `example.org`, `example.org.` or the name of one of its
/// selectors, `s1._domainkey.example.org`.
///
/// # Errors
///
/// An address, a URL or a name with other letters than DNS has, each by its name. Whether a domain
/// can occur in an address is for [`crate::registry`] to say.
pub fn signing_domain(given: &str) -> Result<String, Unreadable> {
    let name = plain_name(given);
    if let Some((_, domain)) = name.rsplit_once('@') {
        return Err(Unreadable::new("an e-mail address", format!("give its domain, {domain}")));
    }
    if name.contains('/') {
        return Err(Unreadable::new("a URL", "give the domain behind the @ of the addresses"));
    }
    if !name.is_ascii() {
        let hint = "give the domain in its ASCII form, xn--…, as the mail's d= has it";
        return Err(Unreadable::new("a domain with other letters than DNS has", hint));
    }
    Ok(key_owner(&name).map_or(name.as_str(), |(_, domain)| domain).to_owned())
}

/// Selector and domain of a key's name, `selector._domainkey.domain`; the selector may be left out.
pub fn key_owner(name: &str) -> Option<(Option<&str>, &str)> {
    match name.split_once("._domainkey.") {
        Some((selector, domain)) => Some((Some(selector), domain)),
        None => name.strip_prefix("_domainkey.").map(|domain| (None, domain)),
    }
}
