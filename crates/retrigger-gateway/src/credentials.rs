//! The credentials that a handler signs its calls with.

use std::fmt;

use sha2::{Digest, Sha256};

/// Credentials of a session of the execution role, in the form AWS gives them.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCredentials {
    /// `AWS_ACCESS_KEY_ID`: `ASIA` and 16 characters.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`: 40 characters.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`; empty for credentials that are no session's.
    pub session_token: String,
}

impl SessionCredentials {
    /// Credentials that nobody can guess.
    pub fn random() -> Self {
        let seed = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        Self::from_seed(&seed.map(uuid::Uuid::into_bytes).concat())
    }

    /// The credentials of a seed, the same each time: whoever knows the seed has them.
    pub fn from_seed(seed: &[u8]) -> Self {
        Self {
            access_key_id: format!("ASIA{}", base32(&derive(seed, "id"), 16)),
            secret_access_key: base64_text(&derive(seed, "secret"), 40),
            session_token: base64_text(&derive(seed, "token"), 43),
        }
    }
}

/// Shows the id only.
impl fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.access_key_id;
        f.debug_struct("SessionCredentials").field("access_key_id", id).finish_non_exhaustive()
    }
}

fn derive(seed: &[u8], what: &str) -> [u8; 32] {
    Sha256::new().chain_update(what).chain_update([0]).chain_update(seed).finalize().into()
}

/// Five bits a character, as access key ids are written.
fn base32(bytes: &[u8], length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    bytes.iter().map(letter).take(length).collect()
}

fn base64_text(bytes: &[u8], length: usize) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode([bytes, bytes].concat()).chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_have_the_form_of_aws_and_stay_hidden() {
        let credentials = SessionCredentials::from_seed(b"a");
        assert_eq!(credentials, SessionCredentials::from_seed(b"a"));
        assert_ne!(credentials, SessionCredentials::from_seed(b"b"));
        assert_eq!(credentials.access_key_id.len(), 20);
        assert_eq!(credentials.secret_access_key.len(), 40);
        assert!(!format!("{credentials:?}").contains(&credentials.secret_access_key));
        assert_ne!(SessionCredentials::random(), SessionCredentials::random());
    }
}
