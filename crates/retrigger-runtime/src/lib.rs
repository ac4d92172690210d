//! Hosts a Lambda handler: in process, or as a process that speaks the Lambda Runtime API.
