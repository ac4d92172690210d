"""Runs a Python handler as AWS Lambda does: `python3 python.py FILE.FUNCTION`.

Speaks the Lambda Runtime API at AWS_LAMBDA_RUNTIME_API, version 2018-06-01.
"""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
import urllib.parse

API = "/2018-06-01/runtime"
OWN_FILE = os.path.abspath(__file__)


class Fault(Exception):
    """What the platform reports about a handler that it cannot use."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


class Connection:
    """One kept-alive connection to the Runtime API. Where that is gone, so is our purpose."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    def call(self, method, path, body=None, headers=None):
        try:
            self.connection.request(method, API + path, body, headers or {})
            response = self.connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):
            os._exit(1)


class Identity:
    def __init__(self, fields):
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")


class Client:
    def __init__(self, fields):
        for name in (
            "installation_id",
            "app_title",
            "app_version_name",
            "app_version_code",
            "app_package_name",
        ):
            setattr(self, name, fields.get(name))


class ClientContext:
    def __init__(self, fields):
        self.client = Client(fields["client"]) if fields.get("client") else None
        self.custom = fields.get("custom")
        self.env = fields.get("env")


class Context:
    """The second argument of a handler."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity(header_json(headers, "Lambda-Runtime-Cognito-Identity") or {})
        client_context = header_json(headers, "Lambda-Runtime-Client-Context")
        self.client_context = ClientContext(client_context) if client_context else None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


def header_json(headers, name):
    # http.client reads headers as Latin-1; the API sends UTF-8.
    value = headers[name]
    return json.loads(value.encode("latin-1").decode("utf-8")) if value else None


def load(handler):
    """The function that `folder/file.function` names."""
    module_name, dot, function_name = handler.rpartition(".")
    if not dot or not module_name or not function_name:
        message = f"Bad handler '{handler}': expected FILE.FUNCTION"
        raise Fault("Runtime.MalformedHandlerName", message)
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    module = load_module(module_name.replace("/", "."), module_name)
    function = getattr(module, function_name, None)
    if not callable(function):
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message)
    return function


def load_module(dotted, written):
    try:
        return importlib.import_module(dotted)
    except ImportError as error:
        message = f"Unable to import module '{written}': {error}"
        raise Fault("Runtime.ImportModuleError", message, user_trace(error)) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{written}': {error}"
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from error


def user_trace(error):
    """The frames of the handler, without ours and those of the import machinery."""
    frames = traceback.extract_tb(error.__traceback__)
    shown = [
        frame
        for frame in frames
        if frame.filename != OWN_FILE and not frame.filename.startswith("<frozen importlib")
    ]
    shown = [frame for frame in shown if os.path.basename(os.path.dirname(frame.filename)) != "importlib"]
    return traceback.format_list(shown)


def describe(error, request_id):
    """An error in the words of Lambda."""
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        error_type, trace = type(error).__name__, user_trace(error)
    body = {
        "errorMessage": str(error),
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": trace,
    }
    return json.dumps(body).encode()


def report(connection, path, error, request_id):
    headers = {"Content-Type": "application/json"}
    if isinstance(error, Fault):
        headers["Lambda-Runtime-Function-Error-Type"] = error.error_type
    connection.call("POST", path, describe(error, request_id), headers)


def answer(function, body, context):
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
    result = function(event, context)
    try:
        return json.dumps(result, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        raise Fault("Runtime.MarshalError", message) from error


def serve(connection, function):
    while True:
        response, body = connection.call("GET", "/invocation/next")
        if response.status != 200:
            sys.exit(f"/invocation/next answered {response.status}: {body.decode(errors='replace')}")
        trace_id = response.headers["Lambda-Runtime-Trace-Id"]
        if trace_id:
            os.environ["_X_AMZN_TRACE_ID"] = trace_id
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        path = "/invocation/" + urllib.parse.quote(request_id, safe="")
        try:
            result = answer(function, body, Context(response.headers))
        except Exception as error:
            flush()
            report(connection, path + "/error", error, request_id)
        else:
            flush()
            headers = {"Content-Type": "application/json"}
            connection.call("POST", path + "/response", result, headers)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # the handler closed or replaced it


def prepare_logs():
    """Lines leave as they are written. The root logger has a handler, as on Lambda, with the
    level and the message: what else Lambda writes before them differs in every run."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(message)s"))
    logging.getLogger().addHandler(handler)


def main():
    prepare_logs()
    connection = Connection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    # The handler is the main program: our own folder and arguments are none of its business.
    handler = sys.argv.pop()
    sys.path.pop(0)
    try:
        function = load(handler)
    except Exception as error:
        flush()
        report(connection, "/init/error", error, "")
        os._exit(1)
    serve(connection, function)


if __name__ == "__main__":
    main()
