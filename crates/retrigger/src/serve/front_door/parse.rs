//! Front doors from text: `KIND[:PORT][,OPTION[=VALUE]…]`.

use std::{str::FromStr, time::Duration};

use retrigger_recording::UrlAuthType;
use retrigger_trigger::http::{PayloadFormat, Route, RouteError};

use super::{
    AlbSettings, DoorKind, FrontDoor, HealthCheck, HttpSettings, RestSettings, UrlSettings,
};

/// Text that asks for no front door. Prints what is wrong with it and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FrontDoorError(String);

impl DoorKind {
    /// The options that it has besides `function` and `host`.
    fn options(&self) -> &'static str {
        match self {
            Self::Alb(_) => {
                "`target-group=ARN`, `multi-value-headers`, `health-check=PATH`, \
                 `health-check-interval=SECONDS`"
            }
            Self::Rest(_) => "`api=ID`, `stage=NAME`, `route=METHOD PATH`, `binary=TYPE`",
            Self::Http(_) => "`api=ID`, `stage=NAME`, `route=KEY`, `payload=1.0`",
            Self::Url(_) => "`auth=NONE`, `invoke-mode=RESPONSE_STREAM`",
        }
    }

    /// Sets an option; `None` where the kind has no such one.
    fn set(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), FrontDoorError>> {
        match self {
            Self::Alb(alb) => alb.set(name, value),
            Self::Rest(rest) => rest.set(name, value),
            Self::Http(http) => http.set(name, value),
            Self::Url(url) => url.set(name, value),
        }
    }
}

impl AlbSettings {
    fn set(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), FrontDoorError>> {
        let check = self.health_check.clone().unwrap_or_default();
        Some(match (name, value) {
            ("target-group", Some(arn)) => target_group(arn).map(|arn| {
                self.target_group_arn = Some(arn);
            }),
            ("multi-value-headers", None) => {
                self.multi_value_headers = true;
                Ok(())
            }
            ("health-check", path) => {
                let path = path.unwrap_or("/").to_owned();
                self.health_check = Some(HealthCheck { path, ..check });
                Ok(())
            }
            ("health-check-interval", Some(text)) => seconds(text).map(|interval| {
                self.health_check = Some(HealthCheck { interval, ..check });
            }),
            _ => return None,
        })
    }
}

impl RestSettings {
    fn set(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), FrontDoorError>> {
        match (name, value?) {
            ("api", id) => self.api_id = Some(id.to_owned()),
            ("stage", name) => self.stage = Some(name.to_owned()),
            ("binary", kind) => self.binary_media_types.push(kind.to_owned()),
            ("route", "$default") => {
                let text = "`$default` is a route of an HTTP API: a REST API has resources, such \
                            as `ANY /{proxy+}`";
                return Some(Err(FrontDoorError(text.to_owned())));
            }
            ("route", text) => return Some(route(text).map(|route| self.routes.push(route))),
            _ => return None,
        }
        Some(Ok(()))
    }
}

impl HttpSettings {
    fn set(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), FrontDoorError>> {
        match (name, value?) {
            ("api", id) => self.api_id = Some(id.to_owned()),
            ("stage", name) => self.stage = Some(name.to_owned()),
            ("payload", "1.0") => self.payload_format = PayloadFormat::V1,
            ("payload", "2.0") => self.payload_format = PayloadFormat::V2,
            ("payload", other) => return Some(Err(not_one_of("payload", other, "`1.0`, `2.0`"))),
            ("route", text) => return Some(route(text).map(|route| self.routes.push(route))),
            _ => return None,
        }
        Some(Ok(()))
    }
}

impl UrlSettings {
    fn set(&mut self, name: &str, value: Option<&str>) -> Option<Result<(), FrontDoorError>> {
        match (name, value?) {
            ("auth", "NONE") => self.auth_type = Some(UrlAuthType::None),
            ("auth", "AWS_IAM") => self.auth_type = Some(UrlAuthType::AwsIam),
            ("auth", other) => return Some(Err(not_one_of("auth", other, "`NONE`, `AWS_IAM`"))),
            ("invoke-mode", "BUFFERED") => self.streams = Some(false),
            ("invoke-mode", "RESPONSE_STREAM") => self.streams = Some(true),
            ("invoke-mode", other) => {
                let known = "`BUFFERED`, `RESPONSE_STREAM`";
                return Some(Err(not_one_of("invoke-mode", other, known)));
            }
            _ => return None,
        }
        Some(Ok(()))
    }
}

fn route(text: &str) -> Result<Route, FrontDoorError> {
    text.parse().map_err(|error: RouteError| FrontDoorError(error.to_string()))
}

fn target_group(arn: &str) -> Result<String, FrontDoorError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "elasticloadbalancing", region, account, resource]
            if !region.is_empty()
                && !account.is_empty()
                && resource.starts_with("targetgroup/")
                && !arn.contains('*') =>
        {
            Ok(arn.to_owned())
        }
        _ => Err(FrontDoorError(format!(
            "`{arn}` is not the ARN of a target group: expected \
             `arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID`"
        ))),
    }
}

/// Source: Elastic Load Balancing, "Health checks for Application Load Balancer target groups".
fn seconds(text: &str) -> Result<Duration, FrontDoorError> {
    let seconds = text.parse().ok().filter(|seconds| (5..=300).contains(seconds));
    let expected = "a number of seconds from 5 to 300";
    let invalid = || not_one_of("health-check-interval", text, expected);
    seconds.map(Duration::from_secs).ok_or_else(invalid)
}

fn not_one_of(name: &str, value: &str, known: &str) -> FrontDoorError {
    FrontDoorError(format!("`{name}` is `{value}`, expected {known}"))
}

impl FromStr for FrontDoor {
    type Err = FrontDoorError;

    fn from_str(text: &str) -> Result<Self, FrontDoorError> {
        let mut options = text.split(',');
        let head = options.next().unwrap_or_default();
        let (name, port) = head.split_once(':').map_or((head, None), |(a, b)| (a, Some(b)));
        let kind = match name {
            "alb" => DoorKind::Alb(AlbSettings::default()),
            "rest" => DoorKind::Rest(RestSettings::default()),
            "http" => DoorKind::Http(HttpSettings::default()),
            "url" => DoorKind::Url(UrlSettings::default()),
            other => {
                let text = format!(
                    "`{other}` is no front door: expected `alb`, `rest`, `http` or `url`, such \
                     as `alb:8080`"
                );
                return Err(FrontDoorError(text));
            }
        };
        let mut door = Self::new(kind);
        if let Some(port) = port {
            let invalid = |_| FrontDoorError(format!("`{port}` is no port: expected 0 to 65535"));
            door.port = port.parse().map_err(invalid)?;
        }
        for option in options {
            let (name, value) =
                option.split_once('=').map_or((option, None), |(a, b)| (a, Some(b)));
            door = door.with(name, value)?;
        }
        Ok(door)
    }
}

impl FrontDoor {
    fn with(mut self, name: &str, value: Option<&str>) -> Result<Self, FrontDoorError> {
        match (name, value) {
            ("function", Some(function)) => Ok(self.function(function)),
            ("host", Some(host)) => Ok(self.host(host)),
            _ => match self.kind.set(name, value) {
                Some(set) => set.map(|()| self),
                None => Err(FrontDoorError(format!(
                    "`{name}{}` is no option of `{}`: it has `function=NAME`, `host=NAME`, {}",
                    value.map(|value| format!("={value}")).unwrap_or_default(),
                    self.kind.name(),
                    self.kind.options()
                ))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("gateway", "`gateway` is no front door: expected `alb`, `rest`, `http` or `url`")]
    #[case("alb:x", "`x` is no port: expected 0 to 65535")]
    #[case("alb,route=GET /", "`route=GET /` is no option of `alb`: it has `function=NAME`")]
    #[case("alb,multi-value-headers=yes", "`multi-value-headers=yes` is no option of `alb`")]
    #[case("alb,target-group=my-tg", "`my-tg` is not the ARN of a target group: expected")]
    #[case("alb,health-check-interval=1", "`health-check-interval` is `1`, expected a number")]
    #[case("rest,route=$default", "`$default` is a route of an HTTP API")]
    #[case("http,route=pets", "`pets` is no route: expected such as `GET /pets/{id}`")]
    #[case("http,payload=3", "`payload` is `3`, expected `1.0`, `2.0`")]
    #[case("url,auth=iam", "`auth` is `iam`, expected `NONE`, `AWS_IAM`")]
    #[case("url,invoke-mode=x", "`invoke-mode` is `x`, expected `BUFFERED`")]
    fn what_asks_for_no_front_door_is_said(#[case] text: &str, #[case] start: &str) {
        let error = text.parse::<FrontDoor>().unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }

    #[test]
    fn options_may_be_repeated() {
        let door: FrontDoor =
            "http:0,api=a1,stage=prod,route=GET /pets,route=$default,payload=1.0".parse().unwrap();
        let DoorKind::Http(settings) = door.kind else { panic!("{door:?}") };
        assert_eq!(settings.routes.len(), 2);
        assert_eq!(settings.payload_format, PayloadFormat::V1);
        let door: FrontDoor = "alb,health-check=/up,health-check-interval=5".parse().unwrap();
        let DoorKind::Alb(settings) = door.kind else { panic!("{door:?}") };
        let check = HealthCheck { path: "/up".to_owned(), interval: Duration::from_secs(5) };
        assert_eq!(settings.health_check, Some(check));
    }
}
