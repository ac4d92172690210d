//! Who signed a request, as far as the request says.

use std::collections::BTreeMap;

use hyper::HeaderMap;

use crate::ApiError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signed a request. Source: IAM User Guide, "Create a signed AWS API request" (the credential
/// scope of Signature Version 4). The signature is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// Nobody.
    Nobody,
    /// Whoever has the access key with this id.
    AccessKey(String),
}

impl Signer {
    pub(crate) fn read(
        headers: &HeaderMap,
        query: &BTreeMap<String, String>,
    ) -> Result<Self, ApiError> {
        let authorization = headers.get("authorization");
        let authorization = authorization.map(|value| value.to_str().unwrap_or_default());
        Self::of(authorization, query.get("X-Amz-Credential").map(String::as_str))
    }

    /// Reads the `Authorization` header, or else the `X-Amz-Credential` of a presigned request's
    /// query, decoded.
    ///
    /// # Errors
    ///
    /// AWS's, where either is there and no credential scope in it.
    pub fn of(authorization: Option<&str>, presigned: Option<&str>) -> Result<Self, ApiError> {
        let credential = match authorization {
            Some(text) => {
                let scope = text.strip_prefix(ALGORITHM).and_then(credential_of);
                Some(scope.ok_or_else(|| incomplete(text))?)
            }
            None => presigned,
        };
        let Some(credential) = credential else { return Ok(Self::Nobody) };
        access_key(credential).map(Self::AccessKey).ok_or_else(|| incomplete(credential))
    }
}

/// ` Credential=AKID/20260302/us-east-1/lambda/aws4_request, SignedHeaders=…, Signature=…`
fn credential_of(fields: &str) -> Option<&str> {
    fields.split(',').find_map(|field| field.trim().strip_prefix("Credential="))
}

/// The first part of a credential scope of five.
fn access_key(credential: &str) -> Option<String> {
    let parts: Vec<&str> = credential.split('/').collect();
    let is_key = |key: &str| {
        (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match parts.as_slice() {
        [key, _date, _region, _service, "aws4_request"] if is_key(key) => Some((*key).to_owned()),
        _ => None,
    }
}

fn incomplete(text: &str) -> ApiError {
    let shown: String = text.chars().take(40).collect();
    let message = format!(
        "Authorization header requires 'Credential' parameter with a scope of \
         KEY/DATE/REGION/SERVICE/aws4_request. Authorization={shown}"
    );
    ApiError::new("IncompleteSignatureException", message)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(authorization: &str) -> Result<Signer, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", authorization.parse().unwrap());
        Signer::read(&headers, &BTreeMap::new())
    }

    #[test]
    fn the_access_key_is_in_the_credential_scope() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260302/us-east-1/lambda/\
                      aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
        assert_eq!(read(header).unwrap(), Signer::AccessKey("AKIDEXAMPLE".to_owned()));
    }

    #[test]
    fn a_presigned_request_has_it_in_its_query() {
        let credential = "AKIDEXAMPLE/20260302/us-east-1/lambda/aws4_request".to_owned();
        let query = BTreeMap::from([("X-Amz-Credential".to_owned(), credential)]);
        let signer = Signer::read(&HeaderMap::new(), &query).unwrap();
        assert_eq!(signer, Signer::AccessKey("AKIDEXAMPLE".to_owned()));
    }

    #[test]
    fn nobody_signed_an_unsigned_request() {
        let signer = Signer::read(&HeaderMap::new(), &BTreeMap::new());
        assert_eq!(signer.unwrap(), Signer::Nobody);
    }

    #[rstest]
    #[case("Basic dXNlcjpwYXNz")]
    #[case("AWS4-HMAC-SHA256")]
    #[case("AWS4-HMAC-SHA256 Credential=AKID, Signature=0")]
    #[case("AWS4-HMAC-SHA256 Credential=/20260302/us-east-1/lambda/aws4_request")]
    fn another_authorization_is_refused(#[case] header: &str) {
        assert_eq!(read(header).unwrap_err().code(), "IncompleteSignatureException");
    }
}
