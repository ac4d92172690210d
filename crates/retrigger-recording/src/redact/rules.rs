//! What is secret: names of keys and headers, and shapes of text.

use std::sync::LazyLock;

use regex::Regex;

/// Rules and the names of keys whose values they remove. Names are compared without regard to
/// case, `-` and `_`.
///
/// Headers: authorization, cookies, API keys and session tokens as load balancers, API Gateway and
/// function URLs pass them on. Fields of payloads: AWS Lambda Developer Guide and the guides of the
/// services for `CodePipeline` (`artifactCredentials`), Cognito (`password`, `challengeAnswer`), API
/// Gateway (`apiKey`, `authorizationToken`), S3 Object Lambda (`outputToken`), Alexa
/// (`accessToken`, `apiAccessToken`).
const KEYS: &[(&str, &[&str])] = &[
    ("authorization", &["authorization", "proxyauthorization", "authorizationtoken"]),
    ("cookie", &["cookie", "cookies", "setcookie"]),
    ("api-key", &["xapikey", "apikey"]),
    ("security-token", &["xamzsecuritytoken", "sessiontoken", "awssessiontoken", "securitytoken"]),
    ("credentials", &["artifactcredentials", "secretaccesskey", "awssecretaccesskey"]),
    ("access-key", &["accesskey", "accesskeyid", "awsaccesskeyid"]),
    ("identity-token", &["xamznoidcdata", "xamznoidcaccesstoken", "idtoken"]),
    (
        "token",
        &[
            "accesstoken",
            "refreshtoken",
            "apiaccesstoken",
            "consenttoken",
            "xauthtoken",
            "xcsrftoken",
            "xxsrftoken",
        ],
    ),
    ("output-token", &["outputtoken"]),
    (
        "secret",
        &["secret", "clientsecret", "secretstring", "secretbinary", "secretkey", "challengeanswer"],
    ),
    ("private-key", &["privatekey"]),
    (
        "password",
        &[
            "password",
            "passwd",
            "passphrase",
            "newpassword",
            "oldpassword",
            "currentpassword",
            "previouspassword",
            "proposedpassword",
        ],
    ),
];

/// Rules and the shapes of text they remove. The first group of each is what is removed; without a
/// group, it is the whole match.
const SHAPES: &[(&str, &str)] = &[
    ("jwt", r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"),
    ("access-key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    (
        "private-key",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
    ),
    ("signature", r"(?i)[?&](?:X-Amz-)?Signature=([^&\s\x22'<>\\]+)"),
    ("security-token", r"(?i)[?&]X-Amz-Security-Token=([^&\s\x22'<>\\]+)"),
    ("access-key", r"(?i)[?&](?:X-Amz-Credential|AWSAccessKeyId)=([^&\s\x22'<>\\]+)"),
    ("authorization", r"(?i)\bSignature=([0-9a-f]{64})\b"),
    ("authorization", r"(?i)\bbearer\s+([A-Za-z0-9._~+/-]{16,}=*)"),
    (
        "authorization",
        r"(?im)\bauthorization\x22?'?\s*[:=]\s*\x22?'?((?:basic|bearer|digest|token|negotiate)\s+[^\x22'\s,;]+)",
    ),
    ("cookie", r"(?im)^\s*(?:set-)?cookie:\s*(\S[^\r\n]*)"),
    ("api-key", r"(?im)^\s*x-api-key:\s*(\S[^\r\n]*)"),
    ("security-token", r"(?im)^\s*x-amz-security-token:\s*(\S[^\r\n]*)"),
    (
        "secret-in-text",
        r"(?i)(?:^|[^A-Za-z0-9])(?:password|passwd|passphrase|(?:aws[_-]?)?secret[_-]?access[_-]?key|(?:aws[_-]?)?session[_-]?token|client[_-]?secret|api[_-]?key|x-api-key|x-amz-security-token|(?:access|refresh|id)[_-]?token|authorization|cookie|set-cookie)[\x22']?\s*[:=]\s*[\x22']([^\x22'\r\n]+)[\x22']",
    ),
    (
        "secret-in-text",
        r"(?i)(?:^|[?&;\s])(?:password|passwd|passphrase|aws_secret_access_key|aws_session_token|client_secret|api_?key|access_token|refresh_token|id_token)=([^&;\s\x22']+)",
    ),
];

/// The shapes, compiled once.
static COMPILED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    // INVARIANT: every shape compiles; the test below would fail before anything else could.
    SHAPES.iter().filter_map(|(rule, shape)| Some((*rule, Regex::new(shape).ok()?))).collect()
});

/// The name by which keys are compared.
pub(super) fn comparable(key: &str) -> String {
    key.chars().filter(|c| *c != '-' && *c != '_').flat_map(char::to_lowercase).collect()
}

/// The rule that removes the value of a key with this comparable name.
pub(super) fn rule_for_key(comparable: &str) -> Option<&'static str> {
    KEYS.iter().find(|(_, names)| names.contains(&comparable)).map(|(rule, _)| *rule)
}

/// What the shapes find in a text, in order, none overlapping another.
pub(super) fn shapes_in(text: &str) -> Vec<(std::ops::Range<usize>, &'static str)> {
    let mut found: Vec<_> = COMPILED
        .iter()
        .flat_map(|(rule, shape)| {
            shape.captures_iter(text).filter_map(|captures| {
                let secret = captures.get(1).or_else(|| captures.get(0))?;
                Some((secret.range(), *rule))
            })
        })
        .filter(|(range, _)| {
            text.get(range.clone()).is_some_and(|secret| !super::is_marked(secret))
        })
        .collect();
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|(range, _)| {
        let is_apart = range.start >= end;
        end = end.max(range.end);
        is_apart
    });
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_shape_compiles() {
        assert_eq!(COMPILED.len(), SHAPES.len());
    }

    #[test]
    fn key_names_are_in_comparable_form() {
        for name in KEYS.iter().flat_map(|(_, names)| *names) {
            assert_eq!(comparable(name), *name);
        }
    }

    #[rstest]
    #[case(
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    )]
    #[case("id AKIAIOSFODNN7EXAMPLE.", "AKIAIOSFODNN7EXAMPLE")]
    #[case("https://b.s3.amazonaws.com/k?X-Amz-Expires=9&X-Amz-Signature=0badc0de&x=1", "0badc0de")]
    #[case("https://b.s3.amazonaws.com/k?Signature=a%2Fb%3D&Expires=1", "a%2Fb%3D")]
    #[case("Authorization: Bearer abcdefghijklmnop", "Bearer abcdefghijklmnop")]
    #[case("authorization: 'Basic dTpw'", "Basic dTpw")]
    #[case("{ password: 'hunter2' }", "hunter2")]
    #[case("user=a&password=hunter2&x=1", "hunter2")]
    #[case("Cookie: session=1; theme=dark", "session=1; theme=dark")]
    #[case(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
    )]
    fn secrets_are_found_by_their_shape(#[case] text: &str, #[case] secret: &str) {
        let found = shapes_in(text);
        let texts: Vec<_> =
            found.iter().map(|(range, _)| text.get(range.clone()).unwrap()).collect();
        assert_eq!(texts, [secret]);
    }

    #[rstest]
    #[case("the basic idea of a cookie is simple")]
    #[case("arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo")]
    #[case("password=REDACTED:password&X-Amz-Signature=REDACTED:signature")]
    #[case("?&Signature=REDACTED:signature")]
    #[case("")]
    fn other_text_is_left_alone(#[case] text: &str) {
        assert_eq!(shapes_in(text), []);
    }
}
