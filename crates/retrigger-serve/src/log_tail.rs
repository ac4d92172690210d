//! The end of an invocation's log, as `X-Amz-Log-Result` carries it.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};

/// The most bytes of it, before base64. Source: Lambda API Reference, "Invoke" (`LogResult`: the
/// last 4 KB).
const MAX_BYTES: usize = 4096;

/// What an invocation wrote, and what the platform writes around it. Source: Lambda Developer
/// Guide, "Working with Lambda function logs". How much memory was used is not measured, so the
/// REPORT line leaves it out.
#[derive(Clone, Copy, Debug)]
pub struct LogTail<'l> {
    /// The id of the invocation.
    pub request_id: &'l str,
    /// The version that ran.
    pub version: &'l str,
    /// The function's own lines.
    pub lines: &'l [String],
    /// From handing over the event to having the answer.
    pub duration: Duration,
    /// How long the start of the sandbox took, where this invocation started it.
    pub init_duration: Option<Duration>,
    /// The function's memory in MB.
    pub memory_size: u32,
}

impl LogTail<'_> {
    /// The value of the header.
    pub fn encode(&self) -> String {
        let text = self.text();
        let start = text.len().saturating_sub(MAX_BYTES);
        STANDARD.encode(text.as_bytes().get(start..).unwrap_or_default())
    }

    fn text(&self) -> String {
        let Self { request_id, version, lines, memory_size, .. } = self;
        let own = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
        let milliseconds = self.duration.as_secs_f64() * 1e3;
        let billed = milliseconds.ceil();
        let init = self.init_duration.map(|init| init.as_secs_f64() * 1e3);
        let init = init.map(|init| format!("Init Duration: {init:.2} ms\t")).unwrap_or_default();
        format!(
            "START RequestId: {request_id} Version: {version}\n{own}END RequestId: {request_id}\n\
             REPORT RequestId: {request_id}\tDuration: {milliseconds:.2} ms\tBilled Duration: \
             {billed:.0} ms\tMemory Size: {memory_size} MB\t{init}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(lines: &[String]) -> String {
        let tail = LogTail {
            request_id: "8f5c",
            version: "$LATEST",
            lines,
            duration: Duration::from_micros(1_234),
            init_duration: Some(Duration::from_millis(40)),
            memory_size: 128,
        };
        String::from_utf8(STANDARD.decode(tail.encode()).unwrap()).unwrap()
    }

    #[test]
    fn the_platforms_lines_stand_around_the_functions() {
        assert_eq!(
            decoded(&["hello".to_owned()]),
            "START RequestId: 8f5c Version: $LATEST\nhello\nEND RequestId: 8f5c\nREPORT RequestId: \
             8f5c\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tInit Duration: \
             40.00 ms\t\n"
        );
    }

    #[test]
    fn only_the_end_is_kept() {
        let text = decoded(&["x".repeat(10_000)]);
        assert_eq!(text.len(), MAX_BYTES);
        assert!(text.starts_with('x') && text.ends_with("40.00 ms\t\n"));
    }
}
