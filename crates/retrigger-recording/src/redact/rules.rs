//! What is secret: names of keys and headers, and shapes of text.

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex, RegexSet};

use super::{Redactor, tokens::removed_part};
use crate::mapping::{decode_url, unescape_loosely};

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
    ("signature", &["xamzsignature"]),
    ("credentials", &["artifactcredentials", "secretaccesskey", "awssecretaccesskey"]),
    ("access-key", &["accesskey", "accesskeyid", "awsaccesskeyid"]),
    ("identity-token", &["xamznoidcdata", "xamznoidcaccesstoken", "idtoken"]),
    (
        "token",
        &[
            "accesstoken",
            "refreshtoken",
            "apiaccesstoken",
            "apitoken",
            "authtoken",
            "bearertoken",
            "consenttoken",
            "xauthtoken",
            "xcsrftoken",
            "xxsrftoken",
        ],
    ),
    ("output-token", &["outputtoken"]),
    (
        "secret",
        &[
            "secret",
            "clientsecret",
            "signingsecret",
            "webhooksecret",
            "secretstring",
            "secretbinary",
            "secretkey",
            "challengeanswer",
        ],
    ),
    ("private-key", &["privatekey"]),
    (
        "password",
        &[
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "newpassword",
            "oldpassword",
            "currentpassword",
            "previouspassword",
            "proposedpassword",
        ],
    ),
];

/// Rules and ends of names, such as `DB_PASSWORD`, whose values they remove.
const KEY_ENDS: &[(&str, &[&str])] = &[
    ("api-key", &["apikey"]),
    ("credentials", &["secretaccesskey"]),
    ("security-token", &["sessiontoken"]),
    ("token", &["accesstoken", "refreshtoken", "authtoken"]),
    ("secret", &["clientsecret", "secretkey"]),
    ("private-key", &["privatekey"]),
    ("password", &["password", "passwd", "passphrase"]),
];

/// Rules and the shapes of text they remove. Boundaries are those of ASCII: with those of Unicode
/// text beyond ASCII takes a hundred times as long. The first group of each is what is removed; without a
/// group, it is the whole match.
const SHAPES: &[(&str, &str)] = &[
    ("jwt", JWT),
    ("access-key", r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)"),
    ("security-token", r"(?-u:\b)(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/_-]{80,}={0,2}"),
    (
        "private-key",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    ("signature", r"(?i)[?&](?:X-Amz-)?Signature=([^&\s\x22'<>\\]+)"),
    ("security-token", r"(?i)[?&]X-Amz-Security-Token=([^&\s\x22'<>\\]+)"),
    ("access-key", r"(?i)[?&](?:X-Amz-Credential|AWSAccessKeyId)=([^&\s\x22'<>\\]+)"),
    ("authorization", r"(?i)(?-u:\b)Signature=([0-9a-f]{64})(?-u:\b)"),
    ("authorization", r"(?i)(?-u:\b)bearer\s+([A-Za-z0-9._~+/-]{16,}=*)"),
    (
        "authorization",
        r"(?im)(?-u:\b)authorization\x22?'?\s*[:=]\s*\x22?'?(?:basic|bearer|digest|token|negotiate)\s+([^\x22'\s,;]+)",
    ),
    ("password", r"(?-u:\b)[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@\x22'<>]*:([^\s/@\x22'<>]+)@"),
    ("api-key", r"(?-u:\b)(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}(?-u:\b)"),
    ("api-key", r"(?-u:\b)AIza[A-Za-z0-9_-]{35}(?-u:\b)"),
    (
        "token",
        r"(?-u:\b)(?:gh[opsur]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{36})(?-u:\b)",
    ),
];

/// A JSON Web Token.
const JWT: &str = r"(?-u:\b)eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*";

/// Texts in which a name, the first group, has a value, the other groups: a string in quotes, a
/// field of a form, a line, an element of XML.
const NAMED: &[(&str, Named)] = &[
    (
        r#"([A-Za-z][A-Za-z0-9_.-]*)["']?\s*(?::|=>?)\s*\[?\s*(?:"((?:[^"\\\r\n]|\\.)+)"|'((?:[^'\\\r\n]|\\.)+)')"#,
        Named::Quoted,
    ),
    (
        r#"(?:^|[?&;,\s{(])([A-Za-z][A-Za-z0-9_.-]*)=([^&;\s"'<>\\]*[^&;\s"'<>\\,.)\]}])"#,
        Named::Field,
    ),
    (r"(?m)^[ \t]*([A-Za-z][A-Za-z0-9_.-]*)[ \t]*[:=][ \t]*(\S[^\r\n]*?)[ \t]*\r?$", Named::Line),
    (
        r"<(?:[A-Za-z_][A-Za-z0-9_.-]*:)?([A-Za-z][A-Za-z0-9_.-]*)(?:\s[^<>]*)?>([^<>]+)</",
        Named::Element,
    ),
];

/// Where a name and its value stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Quoted,
    Field,
    Line,
    Element,
}

/// What stands where a value will be: `${NAME}`, `{{name}}`, `****`, a type, a word for nothing.
const PLACEHOLDER: &str = r"(?i)^(?:\$\{[^}]*\}|\{\{.*\}\}|[*.]+|true|false|null|none|nil|undefined|string|number|boolean|required|optional|redacted)$";

/// Code that gives a value, such as `config.password`.
const CODE: &str = r"^[A-Za-z_]\w*(?:(?:\.|::)[A-Za-z_]\w*)+$";

/// The shapes, compiled once.
static COMPILED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    // INVARIANT: every shape compiles; the test below would fail before anything else could.
    SHAPES.iter().filter_map(|(rule, shape)| Some((*rule, Regex::new(shape).ok()?))).collect()
});
static COMPILED_NAMED: LazyLock<Vec<(Regex, Named)>> = LazyLock::new(|| {
    NAMED.iter().filter_map(|(shape, named)| Some((Regex::new(shape).ok()?, *named))).collect()
});
static COMPILED_PLACEHOLDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(PLACEHOLDER).ok());
static COMPILED_CODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CODE).ok());

/// All shapes and names at once, in the order in which they stand above.
static ALL: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let shapes = SHAPES.iter().map(|(_, shape)| shape);
    RegexSet::new(shapes.chain(NAMED.iter().map(|(shape, _)| shape))).ok()
});

/// The name by which keys are compared.
pub(super) fn comparable(key: &str) -> String {
    key.chars().filter(|c| *c != '-' && *c != '_').flat_map(char::to_lowercase).collect()
}

/// The rule that removes the value of a key with this comparable name.
pub(super) fn rule_for_key(comparable: &str) -> Option<&'static str> {
    let whole = KEYS.iter().find(|(_, names)| names.contains(&comparable));
    let by_end =
        || KEY_ENDS.iter().find(|(_, ends)| ends.iter().any(|end| comparable.ends_with(end)));
    whole.or_else(by_end).map(|(rule, _)| *rule)
}

/// Whether a key with this comparable name may have an account id.
pub(super) fn names_an_account(comparable: &str) -> bool {
    ["account", "accountid", "sourceaccount"].iter().any(|end| comparable.ends_with(end))
}

/// Whether the whole of a text is a JSON Web Token.
pub(super) fn is_jwt(text: &str) -> bool {
    let jwt = COMPILED.first().and_then(|(_, jwt)| jwt.find(text));
    jwt.is_some_and(|found| found.range() == (0..text.len()))
}

/// What shapes and names give away in a text, each with its rule.
pub(super) fn secrets_in(redactor: &Redactor, text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    // Most texts have nothing; one look for all shapes is faster than one for each.
    for index in ALL.iter().flat_map(|all| all.matches(text)) {
        if let Some((rule, shape)) = COMPILED.get(index) {
            for captures in shape.captures_iter(text) {
                let secret = captures.get(1).or_else(|| captures.get(0));
                found.extend(secret.map(|secret| (secret.range(), (*rule).to_owned())));
            }
        } else if let Some((shape, named)) = COMPILED_NAMED.get(index - COMPILED.len()) {
            let secret = |captures| named.secret(redactor, &captures);
            found.extend(shape.captures_iter(text).filter_map(secret));
        }
    }
    found
}

impl Named {
    /// The value of a name that a rule is for.
    fn secret(
        self,
        redactor: &Redactor,
        captures: &Captures<'_>,
    ) -> Option<(Range<usize>, String)> {
        let name = captures.get(1)?.as_str();
        let value = captures.get(2).or_else(|| captures.get(3))?;
        let last = name.rsplit('.').next().unwrap_or(name);
        let rule = redactor.rule_for_key(last)?;
        let is_header = ["authorization", "cookie", "api-key", "security-token"].contains(&rule);
        let is_value = match self {
            Self::Quoted | Self::Field | Self::Element => true,
            Self::Line if is_header => !value.as_str().starts_with(['"', '\'']),
            Self::Line => is_one_value(value.as_str()),
        };
        if !is_value || is_nothing(value.as_str()) {
            return None;
        }
        let part = removed_part(value.as_str(), rule);
        Some((value.start() + part.start..value.start() + part.end, rule.to_owned()))
    }
}

/// Whether what stands for a value is none.
fn is_nothing(text: &str) -> bool {
    COMPILED_PLACEHOLDER.as_ref().is_some_and(|shape| shape.is_match(text))
}

/// Whether the rest of a line is one value, and neither prose nor code.
fn is_one_value(text: &str) -> bool {
    let has_other = |c: char| c.is_whitespace() || "()[]{};$\"'`<>,".contains(c);
    let is_code = COMPILED_CODE.as_ref().is_some_and(|shape| shape.is_match(text));
    text.len() > 1 && !text.contains(has_other) && !is_code
}

/// A value as it is meant: without the encoding of URLs, or the escapes of strings.
pub(super) fn decoded(value: &str) -> String {
    let decoded = decode_url(value, false).or_else(|| unescape_loosely(value));
    decoded.map_or_else(|| value.to_owned(), |(decoded, _)| decoded)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_shape_compiles() {
        assert_eq!(COMPILED.len(), SHAPES.len());
        assert_eq!(COMPILED_NAMED.len(), NAMED.len());
        assert_eq!(ALL.as_ref().map(RegexSet::len), Some(SHAPES.len() + NAMED.len()));
        assert!(COMPILED_PLACEHOLDER.is_some() && COMPILED_CODE.is_some());
    }

    #[test]
    fn key_names_are_in_comparable_form() {
        for name in KEYS.iter().chain(KEY_ENDS).flat_map(|(_, names)| *names) {
            assert_eq!(comparable(name), *name);
        }
    }

    /// The secrets that are found, without those that stand in others.
    fn found(text: &str) -> Vec<&str> {
        let mut found = secrets_in(&Redactor::default(), text);
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        found.dedup_by(|inner, outer| outer.0.end >= inner.0.end);
        found.into_iter().filter_map(|(range, _)| text.get(range)).collect()
    }

    #[rstest]
    #[case(
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    )]
    #[case("id AKIAIOSFODNN7EXAMPLE.", "AKIAIOSFODNN7EXAMPLE")]
    #[case("https://b.s3.amazonaws.com/k?X-Amz-Expires=9&X-Amz-Signature=0badc0de&x=1", "0badc0de")]
    #[case("https://b.s3.amazonaws.com/k?Signature=a%2Fb%3D&Expires=1", "a%2Fb%3D")]
    #[case("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop")]
    #[case("authorization: 'Basic dTpw'", "dTpw")]
    #[case("{ password: 'hunter2' }", "hunter2")]
    #[case(r#"{"password":"a\"b","n":"c"}"#, r#"a\"b"#)]
    #[case("user=a&password=hunter2&x=1", "hunter2")]
    #[case("Map {DB_PASSWORD=hunter2, user=a}", "hunter2")]
    #[case("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI/K7MDENG")]
    #[case("password: hunter2", "hunter2")]
    #[case("Cookie: session=1; theme=dark", "session=1; theme=dark")]
    #[case("<a:SecretAccessKey>wJalrXUtnFEMI/K7</a:SecretAccessKey>", "wJalrXUtnFEMI/K7")]
    #[case("<Credentials><Password kind=\"x\">hunter2</Password></Credentials>", "hunter2")]
    #[case("postgres://app:hunter2@db:5432/x", "hunter2")]
    #[case(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
    )]
    fn secrets_are_found_by_shape_and_name(#[case] text: &str, #[case] secret: &str) {
        assert_eq!(found(text), [secret]);
    }

    #[rstest]
    #[case("the basic idea of a cookie is simple")]
    #[case("arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo")]
    #[case("password = config.password")]
    #[case("password: must have eight characters")]
    #[case("password: string, secret: \"${SECRET}\"")]
    #[case("password: '********'")]
    #[case("<Password></Password><Password><Length>8</Length></Password>")]
    #[case("")]
    fn other_text_is_left_alone(#[case] text: &str) {
        assert_eq!(found(text), [""; 0]);
    }
}
