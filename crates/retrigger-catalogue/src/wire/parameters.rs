//! A request's members under the names that the API gives them.

use serde_json::{Map, Value};

use super::bad_body::{BadBody, MOST_BYTES};
use super::body::{cbor, json, xml};
use super::form::{decode, form};
use super::identify::Identified;
use super::operation::{Member, Place};
use super::protocol::Protocol;
use super::request::WireRequest;
use super::route::labels;

impl Identified {
    /// The request's members under the API's own names, whatever the protocol: an object. What
    /// stands in path, query, headers, a form or XML is text (`"true"`, `"7"`), blobs are base64,
    /// and a body that is itself a member, such as an object's content, is left out.
    ///
    /// Names of members are the API's at the first level. Deeper ones are those on the wire, which
    /// are the same in JSON and CBOR.
    ///
    /// # Errors
    ///
    /// A body that is not what the protocol wants, or too large or too deep to be read.
    pub fn parameters(&self, request: &WireRequest<'_>) -> Result<Value, BadBody> {
        let members: Vec<Member> = self.operation.members().collect();
        let mut all = Map::new();
        let is_raw = members.iter().any(|member| member.place == Place::RawPayload);
        if !is_raw && request.body.len() > MOST_BYTES {
            return Err(BadBody::TooLarge { bytes: request.body.len() });
        }
        match self.protocol {
            Protocol::Json10 | Protocol::Json11 => {
                add(&mut all, &members, Place::Body, json(request.body)?);
            }
            Protocol::Cbor => add(&mut all, &members, Place::Body, cbor(request.body)?),
            Protocol::Query | Protocol::Ec2 => {
                let query = request.uri.split_once('?').map_or("", |(_, query)| query);
                let forms = [query.as_bytes(), request.body];
                let members_of_form = Value::Object(form(forms.into_iter())?);
                add(&mut all, &members, Place::Body, members_of_form);
            }
            Protocol::RestJson | Protocol::RestXml => {
                if !is_raw {
                    self.add_body(&mut all, &members, request.body)?;
                }
                add_query(&mut all, &members, request)?;
                add_headers(&mut all, &members, request);
                self.add_labels(&mut all, &members, request)?;
            }
        }
        Ok(Value::Object(all))
    }

    fn add_body(
        &self,
        all: &mut Map<String, Value>,
        members: &[Member],
        body: &[u8],
    ) -> Result<(), BadBody> {
        if body.is_empty() {
            return Ok(());
        }
        let value = if self.protocol == Protocol::RestXml { xml(body)? } else { json(body)? };
        match members.iter().find(|member| member.place == Place::Payload) {
            Some(payload) => {
                all.insert(payload.name.to_string(), value);
            }
            None => add(all, members, Place::Body, value),
        }
        Ok(())
    }

    fn add_labels(
        &self,
        all: &mut Map<String, Value>,
        members: &[Member],
        request: &WireRequest<'_>,
    ) -> Result<(), BadBody> {
        for (wire, value) in labels(self.operation, request, self.bucket.as_deref()) {
            let decoded = percent_encoding::percent_decode_str(&value).decode_utf8();
            let decoded = decoded.map_err(|error| BadBody::malformed("path", &error))?;
            all.insert(named(members, Place::Label, &wire), Value::from(decoded));
        }
        Ok(())
    }
}

/// The API's name of what the wire calls `wire` in a place.
fn named(members: &[Member], place: Place, wire: &str) -> String {
    let found = members.iter().find(|member| member.place == place && member.wire == *wire);
    found.map_or_else(|| wire.to_owned(), |member| member.name.to_string())
}

fn add(all: &mut Map<String, Value>, members: &[Member], place: Place, value: Value) {
    if let Value::Object(values) = value {
        for (wire, value) in values {
            all.insert(named(members, place, &wire), value);
        }
    }
}

fn add_query(
    all: &mut Map<String, Value>,
    members: &[Member],
    request: &WireRequest<'_>,
) -> Result<(), BadBody> {
    for (wire, value) in request.query() {
        let wire = decode(wire)?;
        if wire.starts_with("X-Amz-") || wire == "x-id" {
            continue;
        }
        let value = Value::String(decode(value.unwrap_or_default())?);
        let name = named(members, Place::Query, &wire);
        match all.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                all.insert(name, value);
            }
        }
    }
    Ok(())
}

fn add_headers(all: &mut Map<String, Value>, members: &[Member], request: &WireRequest<'_>) {
    for member in members {
        let wire = member.wire.to_string();
        match member.place {
            Place::Header => {
                if let Some(value) = request.header(&wire) {
                    all.insert(member.name.to_string(), Value::from(value));
                }
            }
            Place::HeaderPrefix => {
                let tail = |name: &str| {
                    let head = name.get(..wire.len())?;
                    head.eq_ignore_ascii_case(&wire).then(|| name[wire.len()..].to_owned())
                };
                let found = request.headers.iter();
                let found =
                    found.filter_map(|(name, value)| Some((tail(name)?, Value::from(*value))));
                let found: Map<_, _> = found.collect();
                if !found.is_empty() {
                    all.insert(member.name.to_string(), Value::Object(found));
                }
            }
            _ => {}
        }
    }
}
