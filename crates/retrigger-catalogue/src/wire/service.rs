//! Services.

use std::fmt;

use super::blob::{Reader, SERVICES, TARGETS};
use super::operation::Operation;
use super::protocol::Protocol;

/// A service as its requests show it: a few bytes of the catalogue.
#[derive(Clone, Copy)]
pub struct Service {
    number: usize,
    /// Each of the texts that begin the record, in its order.
    texts: [&'static str; 8],
    /// After the texts.
    facts: Reader,
}

/// Every service, sorted by signing name.
pub fn services() -> impl ExactSizeIterator<Item = Service> + Clone {
    (0..SERVICES.count).map(Service::new)
}

/// The service with an id of botocore's, such as `dynamodb` or `s3control`.
pub fn service(id: &str) -> Option<Service> {
    services().find(|service| service.id() == id)
}

/// The services that sign with a name.
pub(super) fn signed_as(name: &str) -> impl Iterator<Item = Service> + Clone {
    let name = name.to_owned();
    let first = first(SERVICES.count, |at| Service::new(at).signing_name() < name.as_str());
    (first..SERVICES.count)
        .map(Service::new)
        .take_while(move |service| service.signing_name() == name)
}

/// The services whose operations an `X-Amz-Target` or a CBOR path names after a prefix.
pub(super) fn targeted_as(prefix: &str) -> impl Iterator<Item = Service> + Clone {
    let prefix = prefix.to_owned();
    let first = first(TARGETS.count, |at| target(at).target_prefix() < prefix.as_str());
    (first..TARGETS.count).map(target).take_while(move |service| service.target_prefix() == prefix)
}

fn target(at: usize) -> Service {
    Service::new(TARGETS.reader(2 * at).u16())
}

/// The first of `count` numbers that is not less.
fn first(count: usize, is_less: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_less(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl Service {
    fn new(number: usize) -> Self {
        let at = SERVICES.reader(4 * number).u32();
        let mut facts = SERVICES.reader(at);
        let texts = std::array::from_fn(|_| facts.text());
        Self { number, texts, facts }
    }

    /// The name that botocore gives the service, such as `dynamodb`, `sesv2` or `s3control`.
    pub fn id(self) -> &'static str {
        self.texts[0]
    }

    /// The service in a signature's credential scope, such as `dynamodb`, `ses` or `s3`.
    pub fn signing_name(self) -> &'static str {
        self.texts[1]
    }

    /// What its hosts begin with, such as `dynamodb` or `email`.
    pub fn endpoint_prefix(self) -> &'static str {
        self.texts[2]
    }

    /// AWS's name of the service in SDKs, such as `DynamoDB` or `S3 Control`.
    pub fn sdk_id(self) -> &'static str {
        self.texts[3]
    }

    /// What `X-Amz-Target` says before the operation, such as `DynamoDB_20120810`; may be empty.
    pub fn target_prefix(self) -> &'static str {
        self.texts[4]
    }

    /// The version of the API, such as `2012-08-10`.
    pub fn api_version(self) -> &'static str {
        self.texts[5]
    }

    /// The code of the error by which the service refuses what is not permitted, and its HTTP
    /// status, where its model says both; either may be missing.
    pub fn access_denied(self) -> (Option<&'static str>, Option<u16>) {
        let (code, status) = (self.texts[6], { self.facts }.u16());
        let status = u16::try_from(status).ok().filter(|status| *status != 0);
        (Some(code).filter(|code| !code.is_empty()), status)
    }

    /// The XML namespace, where the service has one.
    pub fn xml_namespace(self) -> Option<&'static str> {
        Some(self.texts[7]).filter(|uri| !uri.is_empty())
    }

    /// Whether it spoke the query protocol before, and its errors still carry that one's codes
    /// (Smithy, "AWS protocols": `awsQueryCompatible`).
    pub fn is_query_compatible(self) -> bool {
        { self.facts.skip(3) }.u8() & 2 != 0
    }

    /// The protocols that the service speaks.
    pub fn protocols(self) -> impl Iterator<Item = Protocol> + Clone {
        let mut facts = self.facts.skip(2);
        let (bits, others) = (facts.u8(), facts.u8());
        let json = if others & 1 == 1 { Protocol::Json11 } else { Protocol::Json10 };
        let all = [
            json,
            Protocol::Cbor,
            Protocol::Query,
            Protocol::Ec2,
            Protocol::RestJson,
            Protocol::RestXml,
        ];
        all.into_iter().enumerate().filter(move |(bit, _)| bits >> bit & 1 == 1).map(|(_, p)| p)
    }

    /// Every operation, sorted by name.
    pub fn operations(self) -> impl ExactSizeIterator<Item = Operation> + Clone {
        (0..self.counts().0).map(move |number| self.operation_at(number))
    }

    /// The operation with a name, such as `GetItem`.
    pub fn operation(self, name: &str) -> Option<Operation> {
        let count = self.counts().0;
        let name = name.as_bytes();
        let at = first(count, |at| self.operation_at(at).name().compare(name).is_lt());
        let found = (at < count).then(|| self.operation_at(at))?;
        found.name().compare(name).is_eq().then_some(found)
    }

    /// The numbers of operations and routes.
    fn counts(self) -> (usize, usize) {
        let mut facts = self.facts.skip(4);
        (facts.u16(), facts.u16())
    }

    fn operation_at(self, number: usize) -> Operation {
        let (operations, routes) = self.counts();
        let tables = self.facts.skip(8);
        let offset = tables.skip(2 * number).u16();
        Operation::new(tables.skip(2 * (operations + routes) + offset))
    }

    /// The operations that have a method and a number of segments; with `0x80`, of which one is
    /// greedy and stands for more.
    pub(super) fn routes(self, method: u8, segments: u8) -> impl Iterator<Item = Operation> {
        let count = self.counts().1;
        let start = first(count, |at| self.route(at).route_key() < (method, segments));
        (start..count)
            .map(move |at| self.route(at))
            .take_while(move |route| route.route_key() == (method, segments))
    }

    /// Those of a method with a greedy segment.
    pub(super) fn greedy_routes(self, method: u8) -> impl Iterator<Item = Operation> {
        let count = self.counts().1;
        let start = first(count, |at| self.route(at).route_key() < (method, 0x80));
        (start..count)
            .map(move |at| self.route(at))
            .take_while(move |route| route.route_key().0 == method)
    }

    fn route(self, at: usize) -> Operation {
        let operations = self.counts().0;
        self.operation_at(self.facts.skip(8 + 2 * (operations + at)).u16())
    }
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Service {}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.id())
    }
}
