"""Handlers in real worker processes: what they get, and what comes back."""

import asyncio
import json
import re
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workers_support import PATIENCE_S

from runtime.errors import EventTooLargeError, InvalidParameterError
from runtime.model.invocation import MAX_PAYLOAD_BYTES, Status
from runtime.workers.handler import FaultError, _event

HANDLERS = """
    import asyncio, decimal, logging, os, sys

    count = 0
    loops = set()

    def echo(event, context):
        return event

    def counting(event, context):
        global count
        count += 1
        return count

    async def waiting(event, context):
        loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return [event, len(loops)]

    async def failing_later(event, context):
        await asyncio.sleep(0)
        raise KeyError("later")

    class Service:
        def __call__(self, event, context):
            return "called"
        @staticmethod
        def method(event, context):
            return "method"

    service = Service()

    def raising(event, context):
        inner(event)

    def inner(event):
        raise ValueError("bad " + event)

    def a_set(event, context):
        return {1}

    def raw(event, context):
        return b"not json"

    def numbers(event, context):
        return [decimal.Decimal("5"), decimal.Decimal("1.5"), "ä"]

    def huge(event, context):
        return "x" * event

    def describe(event, context):
        left = context.get_remaining_time_in_millis()
        assert 0 < left <= 20_000, left
        client = context.client_context
        return {
            "names": [context.function_name, context.function_version, context.invoked_function_arn],
            "memory": context.memory_limit_in_mb,
            "request": context.aws_request_id,
            "log": [context.log_group_name, context.log_stream_name],
            "identity": context.identity.cognito_identity_id,
            "client": client and [client.custom, client.client and client.client.app_title],
        }

    def environment(event, context):
        return dict(os.environ)

    def process(event, context):
        status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
        return {
            "fds": sorted(os.listdir("/proc/self/fd")), "stdin": os.readlink("/proc/self/fd/0"),
            "no_new_privs": status["NoNewPrivs"], "leader": os.getpgid(0) == os.getpid(), "cwd": os.getcwd(),
            "modules": [name for name in sys.modules if name.split(".")[0] in ("runtime", "streamcore", "lmdb")],
            "threads": status["Threads"], "argv": sys.path[0],
        }

    def logs(event, context):
        logging.getLogger().warning("careful %s", event)
        logging.getLogger("x").info("not shown")
        print("plain")
        sys.stderr.write("to stderr\\n")

    def odd_error(event, context):
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError("no text")
        raise Odd

    def cancelled(event, context):
        raise asyncio.CancelledError("x")

    def long_error(event, context):
        raise ValueError("y" * 8_000_000)
"""


@pytest.fixture
def run(pool, function):
    """Invokes one of `HANDLERS` with a value; the outcome has the decoded payload beside it."""

    async def invoke(name, event=None, **options):
        spec = function(HANDLERS, handler=f"handler:{name}")
        return await pool.invoke(spec, json.dumps(event).encode(), **options)

    return invoke


SUCCESSES = {
    "sync": ("echo", {"a": [1, 2.5, None, "ü"]}, {"a": [1, 2.5, None, "ü"]}),
    "async": ("waiting", 7, [7, 1]),
    "object": ("service", None, "called"),
    "qualified name": ("Service.method", None, "method"),
    "none": ("logs", "x", None),
    "decimals": ("numbers", None, [5, 1.5, "ä"]),
}


@pytest.mark.parametrize("name", SUCCESSES)
async def test_results(run, name):
    handler, event, expected = SUCCESSES[name]
    outcome = await run(handler, event)
    assert (outcome.status, json.loads(outcome.payload)) == (Status.SUCCESS, expected)
    assert outcome.ok
    assert outcome.function_error is None
    assert outcome.duration_ms > 0
    assert outcome.max_memory_mb > 5


async def test_globals_and_loop_survive_warm_invokes_and_only_the_first_was_cold(run):
    outcomes = [await run("counting") for _ in range(3)]
    assert [json.loads(outcome.payload) for outcome in outcomes] == [1, 2, 3]
    assert [outcome.init_duration_ms is not None for outcome in outcomes] == [True, False, False]
    assert [json.loads((await run("waiting", 1)).payload) for _ in range(3)] == [[1, 1]] * 3


async def test_bytes_are_sent_as_they_are(run):
    assert (await run("raw")).payload == b"not json"


async def test_aws_form_of_the_handler(pool, function):
    spec = function("def f(event, context): return 1", handler="handler.f")
    assert (await pool.invoke(spec, b"null")).payload == b"1"


async def test_error_payload_is_exact(run, tmp_path):
    outcome = await run("raising", "news", request_id="the-id")
    path = tmp_path / "f" / "handler.py"
    lines = path.read_text().splitlines()
    outer, inner = lines.index("    inner(event)") + 1, lines.index('    raise ValueError("bad " + event)') + 1
    assert (
        outcome.payload
        == json.dumps(
            {
                "errorMessage": "bad news",
                "errorType": "ValueError",
                "requestId": "the-id",
                "stackTrace": [
                    f'  File "{path}", line {outer}, in raising\n    inner(event)\n',
                    f'  File "{path}", line {inner}, in inner\n    raise ValueError("bad " + event)\n',
                ],
            },
        ).encode()
    )
    assert (outcome.status, outcome.function_error) == (Status.FUNCTION_ERROR, "Unhandled")
    assert outcome.log.decode() == (
        "[ERROR] ValueError: bad news\nTraceback (most recent call last):\n"
        f'\u00a0\u00a0File "{path}", line {outer}, in raising\n\u00a0\u00a0\u00a0\u00a0inner(event)\n'
        f'\u00a0\u00a0File "{path}", line {inner}, in inner\n'
        '\u00a0\u00a0\u00a0\u00a0raise ValueError("bad " + event)\n'
    )


ERRORS = {
    "raised in a coroutine": ("failing_later", None, "KeyError", "'later'"),
    "not serializable": (
        "a_set", None, "Runtime.MarshalError",
        "Unable to marshal response: Object of type set is not JSON serializable",
    ),
    "without a text": ("odd_error", None, "Odd", "<Odd: its text raised RuntimeError>"),
    "no Exception": ("cancelled", None, "CancelledError", "x"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
async def test_errors(run, name):
    handler, event, error_type, message = ERRORS[name]
    outcome = await run(handler, event)
    payload = json.loads(outcome.payload)
    assert (payload["errorType"], payload["errorMessage"]) == (error_type, message)
    assert list(payload) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert outcome.status is Status.FUNCTION_ERROR
    assert payload["requestId"] == outcome.request_id
    assert not any("runtime/workers" in line for line in payload["stackTrace"])
    assert (await run("echo", 1)).ok


async def test_an_error_text_is_bounded(run):
    outcome = await run("long_error")
    assert len(json.loads(outcome.payload)["errorMessage"]) == 262_144


async def test_the_largest_result_passes_and_one_byte_more_does_not(run):
    assert len((await run("huge", MAX_PAYLOAD_BYTES - 2)).payload) == MAX_PAYLOAD_BYTES
    outcome = await run("huge", MAX_PAYLOAD_BYTES - 1)
    assert outcome.status is Status.FUNCTION_ERROR
    assert outcome.payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"Function.ResponseSizeTooLarge"}'
    )


async def test_the_largest_event_passes_and_one_byte_more_is_refused(run, pool, function):
    spec = function(HANDLERS, handler="handler:echo")
    event = b'"' + b"e" * (MAX_PAYLOAD_BYTES - 2) + b'"'
    assert (await pool.invoke(spec, event)).payload == event
    with pytest.raises(EventTooLargeError):
        await pool.invoke(spec, event + b" ")


async def test_an_event_that_is_no_json(pool, function):
    outcome = await pool.invoke(function(HANDLERS, handler="handler:echo"), b"{")
    payload = json.loads(outcome.payload)
    assert payload["errorType"] == "Runtime.UnmarshalError"
    assert payload["errorMessage"].startswith("Unable to unmarshal input: Expecting property name")


async def test_context(run):
    client = json.dumps({"custom": {"k": 1}, "client": {"app_title": "T"}})
    described = json.loads((await run("describe", request_id="r-1", client_context=client)).payload)
    stream = described["log"].pop()
    assert described == {
        "names": ["f", "$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:f"],
        "memory": "128",
        "request": "r-1",
        "log": ["/aws/lambda/f"],
        "identity": None,
        "client": [{"k": 1}, "T"],
    }
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert json.loads((await run("describe")).payload)["client"] is None
    assert b"Runtime.LambdaContextUnmarshalError" in (await run("describe", client_context="[")).payload


async def test_names_from_the_caller_are_bounded(run):
    for option in ({"request_id": "x" * 129}, {"client_context": "x" * 3584}):
        with pytest.raises(InvalidParameterError):
            await run("echo", **option)


async def test_environment_is_clean(make_pool, function, monkeypatch):
    monkeypatch.setenv("BROKER_SECRET", "not for functions")
    pool = await make_pool(environment={"AWS_ACCESS_KEY_ID": "key"})
    spec = function(
        HANDLERS, handler="handler:environment", environment={"MINE": "1"}, memory_mb=256, region="eu-west-3"
    )
    seen = json.loads((await pool.invoke(spec, b"null", trace_id="Root=1")).payload)
    stream = seen.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert "[$LATEST]" in stream
    assert seen.pop("LAMBDA_RUNTIME_DIR").endswith("runtime/workers")
    for name in ("PATH", "LD_LIBRARY_PATH"):
        seen.pop(name, None)
    assert seen == {
        "_HANDLER": "handler:environment",
        "_X_AMZN_TRACE_ID": "Root=1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "AWS_REGION": "eu-west-3",
        "LAMBDA_TASK_ROOT": spec.paths[0],
        "LANG": "en_US.UTF-8",
        "MINE": "1",
        "TZ": ":UTC",
    }


async def test_a_worker_is_confined_and_inherits_nothing(run, tmp_path):
    await run("echo")
    seen = {}
    async with asyncio.timeout(PATIENCE_S):  # a worker joins its cgroup beside its first work
        while seen.get("threads") != "1":
            seen = json.loads((await run("process")).payload)
    # 0 to 2, the socket, and the folder that is being listed
    assert len(seen.pop("fds")) == 5
    assert seen == {
        "stdin": "/dev/null",
        "no_new_privs": "1",
        "leader": True,
        "cwd": str(tmp_path / "f"),
        "modules": [],
        "threads": "1",
        "argv": str(tmp_path / "f"),
    }


async def test_output_and_logging_come_with_the_answer(run, printed):
    outcome = await run("logs", "now", request_id="r-9")
    shape = r"\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\tr-9\tcareful now\nplain\nto stderr\n"
    assert re.fullmatch(shape, outcome.log.decode())
    assert printed.text("f") == outcome.log.decode()


LOADING = {
    "no such module": (
        "", "nowhere:f", "Runtime.ImportModuleError",
        "Unable to import module 'nowhere': No module named 'nowhere'",
    ),
    "its import fails": (
        "import nowhere", "handler:f", "Runtime.ImportModuleError",
        "Unable to import module 'handler': No module named 'nowhere'",
    ),
    "no such function": ("", "handler:f", "Runtime.HandlerNotFound", "Handler 'f' missing on module 'handler'"),
    "not callable": ("f = 1", "handler:f", "Runtime.HandlerNotFound", "Handler 'f' missing on module 'handler'"),
    "syntax": (
        "def f(:\n", "handler:f", "Runtime.UserCodeSyntaxError",
        "Syntax error in module 'handler': invalid syntax (handler.py, line 1)",
    ),
    "malformed": (
        "", "handler", "Runtime.MalformedHandlerName",
        "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
    ),
    "built in": ("", "sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
    "raises": ("1 / 0", "handler:f", "ZeroDivisionError", "division by zero"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOADING)
async def test_loading_errors(pool, function, name):
    source, handler, error_type, message = LOADING[name]
    outcome = await pool.invoke(function(source, handler=handler), b"null", request_id="r")
    payload = json.loads(outcome.payload)
    assert (outcome.status, outcome.function_error, outcome.request_id) == (Status.INIT_ERROR, "Unhandled", "r")
    assert (payload["errorType"], payload["errorMessage"], payload["requestId"]) == (error_type, message, "")
    assert f"[ERROR] {error_type}: {message}" in outcome.log.decode()


async def test_a_syntax_error_shows_its_line(pool, function, tmp_path):
    outcome = await pool.invoke(function("x = 1\ndef f(:\n"), b"null")
    expected = [f'  File "{tmp_path}/f/handler.py" Line 2\n    def f(:\n']
    assert json.loads(outcome.payload)["stackTrace"] == expected


async def test_a_repaired_function_works_at_the_next_invoke(pool, function):
    assert not (await pool.invoke(function("1 / 0"), b"null")).ok
    assert (await pool.invoke(function("def handler(event, context): return 2"), b"null")).payload == b"2"


async def test_modules_of_one_function_are_not_visible_to_another(pool, function, tmp_path):
    source = """
        import helper, sys
        def handler(event, context):
            return [helper.name, [name for name in sys.modules if "only" in name]]
    """
    specs = [function(source, name=name) for name in "ab"]
    for name in "ab":
        (tmp_path / name / "helper.py").write_text(f"import only_{name}\nname = {name!r}")
        (tmp_path / name / f"only_{name}.py").write_text("")
    results = [json.loads((await pool.invoke(spec, b"null")).payload) for spec in [*specs, *specs]]
    assert results == [["a", ["only_a"]], ["b", ["only_b"]]] * 2
    assert not list(tmp_path.rglob("__pycache__"))


async def test_a_function_may_have_a_package_named_like_ours(pool, function, tmp_path):
    spec = function("import runtime\ndef handler(event, context): return runtime.mine")
    (tmp_path / "f" / "runtime.py").write_text("mine = True")
    assert (await pool.invoke(spec, b"null")).payload == b"true"


async def test_preloaded_modules_are_imported_once_and_only_for_their_function(pool, function, tmp_path):
    source = "import os, sys\ndef handler(event, context):\n  import big\n  return [big.pid, os.getpid(), os.getppid()]"
    spec, other = (function(source, name=name, preload=("big",) if name == "a" else ()) for name in "ab")
    for name in "ab":
        (tmp_path / name / "big.py").write_text("import os\npid = os.getpid()")
    imported_in, own_pid, parent = json.loads((await pool.invoke(spec, b"null")).payload)
    assert imported_in == parent != own_pid
    imported_in, own_pid, other_parent = json.loads((await pool.invoke(other, b"null")).payload)
    assert imported_in == own_pid
    assert parent != other_parent
    assert pool.stats().zygotes == 2


async def test_preloaded_code_that_changed_is_loaded_again(pool, function, tmp_path):
    source = "def handler(event, context):\n  import big\n  return big.value"
    module = tmp_path / "f" / "big.py"
    results = []
    for value, sha in enumerate(["", "", "1"]):
        spec = function(source, preload=("big",), code_sha256=sha)
        module.write_text(f"value = {value}")
        results.append((await pool.invoke(spec, b"null")).payload)
    pool.retire(spec.qualified_arn)
    module.write_text("value = 30")
    results.append((await pool.invoke(spec, b"null")).payload)
    assert results == [b"0", b"0", b"2", b"30"]


PRELOADING = {
    "missing": ("", "nowhere", "Runtime.ImportModuleError", "Unable to preload: No module named 'nowhere'"),
    "raises": ("1 / 0", "big", "ZeroDivisionError", "division by zero"),
    "thread": (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "big",
        "RuntimeError", "a preloaded module has started a thread; threads do not survive a fork",
    ),
    "ends the process": ("import os; os._exit(3)", "big", "Runtime.ExitError", None),
}  # fmt: skip


@pytest.mark.parametrize("name", PRELOADING)
async def test_preloading_errors_are_outcomes_and_hurt_nobody_else(pool, function, tmp_path, name):
    source, module, error_type, message = PRELOADING[name]
    spec = function("def handler(event, context): return 1", preload=(module,))
    (tmp_path / "f" / "big.py").write_text(source)
    outcome = await asyncio.wait_for(pool.invoke(spec, b"null"), 20)
    payload = json.loads(outcome.payload)
    assert not outcome.ok
    assert payload["errorType"] == error_type
    assert message in (None, payload["errorMessage"])
    assert (await pool.invoke(function(HANDLERS, name="g", handler="handler:echo"), b"1")).ok


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON_VALUES, st.booleans())
def test_events_are_read_as_the_standard_library_reads_them(value: object, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    assert repr(_event(text)) == repr(json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        b"NaN",
        b"[Infinity,-Infinity,-0,-0.0,1e400,1E5,0.1e-7]",
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'{"a":1,"a":2}',
        b"123456789012345678901234567890",
        b"123456789.12345678901234567890",
        b"\xef\xbb\xbf[1]",
        b"[\x001\x00]\x00"[1:],
        b' \t\r\n[ 1 , "\\u0000\x7f" ] ',
    ],
)
def test_unusual_events_are_read_as_the_standard_library_reads_them(text: bytes) -> None:
    def outcome(read: Callable[[bytes], object]) -> str:
        try:
            return repr(read(text))
        except (ValueError, FaultError):
            return "refused"

    assert outcome(_event) == outcome(json.loads)
