//! Values of DynamoDB, as its API has them in JSON.

use aws_sdk_dynamodbstreams::{primitives::Blob, types::AttributeValue};
use aws_smithy_types::base64;
use serde_json::{Map, Value, json};

/// A value under the name of its type. Source: Amazon DynamoDB API Reference, "`AttributeValue`".
pub(super) fn json(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": encode(&bytes) }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::Null(is_null) => json!({ "NULL": is_null }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(all) => json!({ "BS": all.iter().map(encode).collect::<Vec<_>>() }),
        AttributeValue::L(values) => {
            json!({ "L": values.into_iter().map(json).collect::<Vec<_>>() })
        }
        AttributeValue::M(members) => {
            let ordered: std::collections::BTreeMap<_, _> = members.into_iter().collect();
            let members: Map<String, Value> =
                ordered.into_iter().map(|(name, value)| (name, json(value))).collect();
            json!({ "M": members })
        }
        // A type that is newer than this: nothing of it is known but that it is there.
        _ => json!({}),
    }
}

fn encode(bytes: &Blob) -> String {
    base64::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_name() {
        let list = vec![AttributeValue::Bool(true), AttributeValue::Null(true)];
        let members = [
            ("s".to_owned(), AttributeValue::S("text".to_owned())),
            ("n".to_owned(), AttributeValue::N("1.50".to_owned())),
            ("b".to_owned(), AttributeValue::B(Blob::new([0, 255]))),
            ("l".to_owned(), AttributeValue::L(list)),
            ("ss".to_owned(), AttributeValue::Ss(vec!["a".to_owned()])),
            ("ns".to_owned(), AttributeValue::Ns(vec!["2".to_owned()])),
            ("bs".to_owned(), AttributeValue::Bs(vec![Blob::new([1])])),
        ];
        let expected = json!({"M": {
            "b": {"B": "AP8="}, "bs": {"BS": ["AQ=="]},
            "l": {"L": [{"BOOL": true}, {"NULL": true}]},
            "n": {"N": "1.50"}, "ns": {"NS": ["2"]}, "s": {"S": "text"}, "ss": {"SS": ["a"]},
        }});
        assert_eq!(json(AttributeValue::M(members.into())), expected);
    }
}
