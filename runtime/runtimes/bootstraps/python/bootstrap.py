"""A client of the Lambda Runtime API for Python handlers, for interpreters other than the one that runs the broker.

The standard library alone, Python 3.8 or newer. Results, texts and logs: AWS's open-source client (awslambdaric).
"""

import asyncio
import decimal
import http.client
import importlib
import inspect
import json
import logging
import os
import re
import sys
import time
import traceback

BASE = "/2018-06-01/runtime"
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"
KNOWN_FIELDS = {"message", "asctime", "aws_request_id", *vars(logging.makeLogRecord({}))}
LOOP = asyncio.new_event_loop()  # kept from one invocation to the next


class Fault(Exception):
    """A failure of the runtime's own making."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


class Values:
    """Attributes from a dictionary; what is not there is None."""

    def __init__(self, values):
        self.__dict__.update(values)

    def __getattr__(self, name):
        return None


class Context:
    """What a handler is told of its invocation."""

    def __init__(self, headers):
        find = os.environ.get
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.function_name = find("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = find("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = find("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = find("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = find("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Values({})
        self.client_context = _client_context(headers.get("Lambda-Runtime-Client-Context"))
        self.tenant_id = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        print(message, end="", flush=True)


class RequestFilter(logging.Filter):
    """Puts the present invocation's id into every record."""

    request_id = ""

    def filter(self, record):
        record.aws_request_id = self.request_id
        return True


class JsonFormatter(logging.Formatter):
    """One object a line, with what was given as `extra`."""

    def format(self, record):
        entry = {
            "timestamp": time.strftime(JSON_TIME, time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            entry["stackTrace"] = self.formatException(record.exc_info).splitlines()
            entry["errorType"] = record.exc_info[0].__name__
            entry["errorMessage"] = str(record.exc_info[1])
        entry["requestId"] = getattr(record, "aws_request_id", "")
        entry.update((name, value) for name, value in vars(record).items() if name not in KNOWN_FIELDS)
        return json.dumps({name: value for name, value in entry.items() if value is not None}, default=str)


class Api:
    """One connection to the Runtime API."""

    def __init__(self):
        self._connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def next(self):
        self._connection.request("GET", BASE + "/invocation/next")
        response = self._connection.getresponse()
        return response.headers, response.read()

    def post(self, path, body, error_type=None):
        headers = {"Content-Type": "application/json"}
        if error_type is not None:
            headers["Lambda-Runtime-Function-Error-Type"] = error_type
        self._connection.request("POST", BASE + path, body, headers)
        self._connection.getresponse().read()


def _client_context(text):
    if text is None:
        return None
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("the client context is not an object")
    client = values.get("client")
    named = {"custom": values.get("custom"), "env": values.get("env")}
    return Values({**named, "client": Values(client) if isinstance(client, dict) else None})


def load(text):
    module_name, separator, attribute = text.rpartition(".")
    module_name = module_name.replace("/", ".")
    if not (separator and module_name and attribute):
        message = "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % text
        raise Fault("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name)
    try:
        found = importlib.import_module(module_name)
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from error
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        message = "Syntax error in module '%s': %s" % (module_name, error)
        raise Fault("Runtime.UserCodeSyntaxError", message, trace) from error
    found = getattr(found, attribute, None)
    if not callable(found):
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (attribute, module_name))
    return found


def report(error, request_id=""):
    """The error payload; the same is written to the log."""
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        error_type = type(error).__name__
        frames = [tuple(frame)[:4] for frame in traceback.extract_tb(error.__traceback__)]
        ours = (__file__, asyncio.base_events.__file__)
        start = next((index for index, frame in enumerate(frames) if frame[0] not in ours), 0)
        trace = traceback.format_list(frames[start:])
    message = str(error)
    payload = {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": trace}
    if JSON_LOGS:
        now = time.strftime(JSON_TIME, time.gmtime())
        print(json.dumps({"timestamp": now, "log_level": "ERROR", **payload}), flush=True)
        return write(payload), error_type
    lines = ["[ERROR] " + error_type + (": " + message if message else ""), "Traceback (most recent call last):"]
    for line in (line for entry in trace for line in entry.splitlines()):
        text = line.lstrip(" ")
        lines.append("\u00a0" * (len(line) - len(text)) + text)
    print("\n".join(lines), flush=True)
    return write(payload), error_type


def write(value):
    mark = os.urandom(16).hex()

    def number(one):  # decimals digit by digit, which the standard library cannot: marks stand for them meanwhile
        if not isinstance(one, decimal.Decimal):
            raise TypeError("Object of type %s is not JSON serializable" % type(one).__name__)
        return float("nan") if one.is_nan() else mark + str(one)

    text = json.dumps(value, default=number, ensure_ascii=sys.version_info < (3, 12))
    return re.sub('"' + mark + '([^"]*)"', r"\1", text).encode()


def run(handler, body, headers):
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from error
    try:
        context = Context(headers)
    except ValueError as error:
        text = "Unable to parse Client Context JSON: %s" % error
        raise Fault("Runtime.LambdaContextUnmarshalError", text) from error
    result = handler(event, context)
    if inspect.isawaitable(result):
        result = LOOP.run_until_complete(settle(result))
    if isinstance(result, bytes):
        return result
    try:
        return write(result)
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from error


async def settle(awaitable):
    return await awaitable


def install_logging():
    requests = RequestFilter()
    handler = logging.StreamHandler(sys.stdout)
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s"
    formatter = JsonFormatter() if JSON_LOGS else logging.Formatter(text, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(requests)
    logging.getLogger().addHandler(handler)
    if JSON_LOGS:
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
        logging.getLogger().setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))
    return requests


def main():
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    if sys.path[1:2] == [os.path.dirname(os.path.abspath(__file__))]:
        del sys.path[1]
    asyncio.set_event_loop(LOOP)
    requests = install_logging()
    api = Api()
    try:
        handler = load(os.environ["_HANDLER"])
    except SystemExit:
        raise
    except BaseException as error:
        api.post("/init/error", *report(error))
        sys.exit(1)
    while True:
        headers, body = api.next()
        request_id = requests.request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        if headers.get("Lambda-Runtime-Trace-Id"):
            os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        try:
            api.post("/invocation/%s/response" % request_id, run(handler, body, headers))
        except SystemExit:
            raise
        except BaseException as error:
            api.post("/invocation/%s/error" % request_id, *report(error, request_id))


if __name__ == "__main__":
    main()
