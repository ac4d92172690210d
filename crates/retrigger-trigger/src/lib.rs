//! What triggers a Lambda function: payload to trigger to authorization request, and batch semantics.
