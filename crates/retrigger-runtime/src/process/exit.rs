//! How a process ended, in the words of Lambda.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

/// `exit status 3`, `signal: killed`, or `None` where the process ended as if all were well. A
/// dumped core is not mentioned: that depends on the machine.
pub(super) fn describe(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) | (None, None) => None,
        (Some(code), _) => Some(format!("exit status {code}")),
        (None, Some(signal)) => Some(format!("signal: {}", signal_name(signal))),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0x0000, None)]
    #[case(0x0300, Some("exit status 3"))]
    #[case(0x7f00, Some("exit status 127"))]
    #[case(0x0009, Some("signal: killed"))]
    #[case(0x008b, Some("signal: segmentation fault"))]
    #[case(0x001f, Some("signal: signal 31"))]
    fn ends_are_worded_as_on_aws(#[case] wait_status: i32, #[case] words: Option<&str>) {
        assert_eq!(describe(ExitStatus::from_raw(wait_status)).as_deref(), words);
    }
}
