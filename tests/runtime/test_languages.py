"""Functions in other languages, by our own clients of the Runtime API: results, errors, logs, streams."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from msgspec import structs
from workers_support import PATIENCE_S

from runtime.errors import RuntimeUnavailableError
from runtime.model.function import FunctionSpec, LogFormat, Logging
from runtime.model.invocation import Status
from runtime.runtimes import programs
from runtime.runtimes.check import check_runtime
from runtime.workers.stream import ResponseStream


def needs(*names):
    return pytest.mark.skipif(
        any(shutil.which(name) is None for name in names), reason=f"{', '.join(names)}: not installed"
    )


@pytest.fixture
def written(tmp_path):
    """Writes files into a function's folder; returns its spec."""

    def write(files, handler, runtime, name="f", **settings):
        folder = tmp_path / name
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        settings.setdefault("timeout_ms", 20_000)
        return FunctionSpec(name=name, handler=handler, runtime=runtime, paths=(str(folder),), **settings)

    return write


OTHERS = sorted(Path.home().glob(".pyenv/versions/3.1[0-9]*/bin/python3.1[0-9]")) + sorted(
    Path("/usr/bin").glob("python3.1?")
)


def compiled(*command):
    subprocess.run(command, check=True)


async def outcome_of(pool, spec, event=b"null", **named):
    return await asyncio.wait_for(pool.invoke(spec, event, **named), PATIENCE_S)


# Node.js

NODE_RESULTS = {
    "async": ("exports.h = async (event) => event", '{"a":[1,"ä"]}'),
    "promise": ("exports.h = (event) => Promise.resolve(event)", '{"a":[1,"ä"]}'),
    "callback": ("exports.h = (event, context, done) => setTimeout(() => done(null, event.a), 1)", '[1,"ä"]'),
    "callback at once": ("exports.h = (event, context, done) => done(null, 'now')", '"now"'),
    "no answer": ("exports.h = (event, context, done) => { setTimeout(() => {}, 1) }", "null"),
    "undefined": ("exports.h = async () => {}", "null"),
    "context.succeed": ("exports.h = (event, context) => context.succeed(1)", "1"),
    "does not wait for timers": (
        "exports.h = (event, context, done) => { context.callbackWaitsForEmptyEventLoop = false;"
        " setInterval(() => {}, 1e6); done(null, 2) }",
        "2",
    ),
    "nested export": ("exports.h = async () => typeof globalThis.awslambda.streamifyResponse", '"function"'),
}


@needs("node")
@pytest.mark.parametrize("name", NODE_RESULTS)
async def test_node_results(pool, written, name):
    source, expected = NODE_RESULTS[name]
    outcome = await outcome_of(pool, written({"index.js": source}, "index.h", "nodejs20.x"), '{"a":[1,"ä"]}'.encode())
    assert (outcome.status, outcome.payload.decode()) == (Status.SUCCESS, expected)


@needs("node")
async def test_node_waits_for_an_empty_event_loop_before_a_callbacks_answer(pool, written):
    source = "exports.h = (event, context, done) => { setTimeout(() => console.log('later'), 20); done(null, 1) }"
    outcome = await outcome_of(pool, written({"index.js": source}, "index.h", "nodejs20.x"))
    assert outcome.payload == b"1"
    assert b"INFO\tlater\n" in outcome.log


NODE_MODULES = {
    "mjs": ({"index.mjs": "import os from 'node:os'; export const h = async () => typeof os.cpus;"}, "index.h"),
    "type module": (
        {
            "package.json": '{"type":"module"}',
            "index.js": "export const h = async () => typeof import.meta.url && 'function'",
        },
        "index.h",
    ),
    "folder": ({"src/deep.js": "exports.a = {h: async () => typeof require}"}, "src/deep.a.h"),
    "top-level await": ({"index.mjs": "await null; export async function h() { return typeof h }"}, "index.h"),
}


@needs("node")
@pytest.mark.parametrize("name", NODE_MODULES)
async def test_node_modules(pool, written, name):
    files, handler = NODE_MODULES[name]
    assert (await outcome_of(pool, written(files, handler, "nodejs22.x"))).payload == b'"function"'


NODE_ERRORS = {
    "throws": ("exports.h = async () => { throw new TypeError('no') }", Status.FUNCTION_ERROR, "TypeError", "no"),
    "throws at once": ("exports.h = () => { throw new RangeError('no') }", Status.FUNCTION_ERROR, "RangeError", "no"),
    "callback": ("exports.h = (e, c, done) => done(new Error('no'))", Status.FUNCTION_ERROR, "Error", "no"),
    "callback text": ("exports.h = (e, c, done) => done('no')", Status.FUNCTION_ERROR, "string", "no"),
    "unserialisable": (
        "exports.h = async () => { const a = {}; a.a = a; return a }",
        Status.FUNCTION_ERROR,
        "Error",
        "Unable to stringify response body",
    ),
    "unhandled rejection": (
        "exports.h = async () => { Promise.reject(new Error('lost'));"
        " await new Promise(() => setInterval(() => {}, 9)) }",
        Status.FUNCTION_ERROR,
        "Runtime.UnhandledPromiseRejection",
        "Error: lost",
    ),
    "missing": ("exports.x = 1", Status.INIT_ERROR, "Runtime.HandlerNotFound", "index.h is undefined or not exported"),
    "syntax": (
        "exports.h = (",
        Status.INIT_ERROR,
        "Runtime.UserCodeSyntaxError",
        "SyntaxError: Unexpected end of input",
    ),
    "raises while loading": ("throw new EvalError('load')", Status.INIT_ERROR, "EvalError", "load"),
}


@needs("node")
@pytest.mark.parametrize("name", NODE_ERRORS)
async def test_node_errors(pool, written, name):
    source, status, error_type, message = NODE_ERRORS[name]
    spec = written({"index.js": source}, "index.h", "nodejs20.x")
    outcome = await outcome_of(pool, spec)
    payload = json.loads(outcome.payload)
    assert (outcome.status, payload["errorType"], payload["errorMessage"]) == (status, error_type, message)
    assert list(payload) == ["errorType", "errorMessage", "trace"]
    assert not any("bootstrap" in line for line in payload["trace"])
    assert (await outcome_of(pool, written({"ok.js": "exports.h = async () => 1"}, "ok.h", "nodejs20.x", "g"))).ok


@needs("node")
async def test_node_module_that_is_not_there(pool, written):
    outcome = await outcome_of(pool, written({"index.js": "require('nowhere')"}, "index.h", "nodejs20.x"))
    payload = json.loads(outcome.payload)
    assert payload["errorType"] == "Runtime.ImportModuleError"
    assert payload["errorMessage"].startswith("Error: Cannot find module 'nowhere'\nRequire stack:\n- /")


@needs("node")
async def test_node_context_and_console(pool, written):
    source = """
        exports.h = async (event, context) => {
            console.log('one', {two: 2}); console.warn('three');
            return [context.awsRequestId, context.functionName, context.memoryLimitInMB, context.invokedFunctionArn,
                context.getRemainingTimeInMillis() > 1000, context.clientContext, process.env._X_AMZN_TRACE_ID];
        };
    """
    spec = written({"index.js": source}, "index.h", "nodejs20.x")
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f:alias"
    outcome = await outcome_of(
        pool, spec, request_id="R", client_context='{"custom":{"a":1}}', trace_id="Root=1", invoked_arn=arn
    )
    assert json.loads(outcome.payload) == ["R", "f", "128", arn, True, {"custom": {"a": 1}}, "Root=1"]
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(f"{time}\tR\tINFO\tone {{ two: 2 }}\n{time}\tR\tWARN\tthree\n", outcome.log.decode())


@needs("node")
async def test_node_logs_in_json(pool, written):
    source = "exports.h = async () => { console.debug('hidden'); console.info({a: 1}) }"
    logging = Logging(format=LogFormat.JSON)
    outcome = await outcome_of(
        pool, written({"index.js": source}, "index.h", "nodejs20.x", logging=logging), request_id="R"
    )
    (entry,) = [json.loads(line) for line in outcome.log.splitlines()]
    assert entry | {"timestamp": ""} == {"timestamp": "", "level": "INFO", "requestId": "R", "message": {"a": 1}}


@pytest.mark.parametrize("other", [False, True], ids=["ours", "another"])
async def test_python_logs_in_json(pool, written, monkeypatch, other):
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if other:
        found = next((path for path in OTHERS if path.name != runtime), None)
        if found is None:
            pytest.skip("there is no other Python here")
        monkeypatch.setenv("PATH", f"{found.parent}:/usr/bin:/bin")
        runtime = found.name
    source = """
        import logging
        def h(event, context):
            logging.getLogger("mine").info("a %s", 1, extra={"more": 2})
            logging.debug("hidden")
            raise ValueError("no")
    """
    spec = written({"m.py": source}, "m.h", runtime, logging=Logging(format=LogFormat.JSON))
    outcome = await outcome_of(pool, spec, request_id="R")
    logged, error = (json.loads(line) for line in outcome.log.splitlines())
    assert logged | {"timestamp": ""} == {
        "timestamp": "", "level": "INFO", "message": "a 1", "logger": "mine", "requestId": "R", "more": 2,
    }  # fmt: skip
    assert (error["log_level"], error["errorType"], error["errorMessage"], error["requestId"]) == (
        "ERROR",
        "ValueError",
        "no",
        "R",
    )


@needs("node")
async def test_node_streams(pool, written):
    source = """
        exports.h = awslambda.streamifyResponse(async (event, out, context) => {
            if (event === 'http') out = awslambda.HttpResponseStream.from(out, {statusCode: 201});
            if (event === 'early') throw new TypeError('early');
            out.write('one');
            if (event === 'late') throw new TypeError('late');
            out.end('two');
        });
    """
    spec = written({"index.js": source}, "index.h", "nodejs20.x")

    async def read(event):
        stream = ResponseStream()
        running = asyncio.create_task(outcome_of(pool, spec, json.dumps(event).encode(), stream=stream))
        return b"".join([piece async for piece in stream]), await running, stream.content_type

    body, outcome, content_type = await read("plain")
    assert (body, outcome.status, outcome.payload, content_type) == (
        b"onetwo",
        Status.SUCCESS,
        b"",
        "application/octet-stream",
    )
    body, outcome, content_type = await read("http")
    assert body == b'{"statusCode":201}' + bytes(8) + b"onetwo"
    assert content_type == "application/vnd.awslambda.http-integration-response"
    for event, sent in (("early", b""), ("late", b"one")):
        body, outcome, _ = await read(event)
        assert (body, outcome.status) == (sent, Status.FUNCTION_ERROR)
        assert json.loads(outcome.payload)["errorMessage"] == event
    assert (await outcome_of(pool, spec, b'"buffered"')).payload == b"onetwo"


async def test_a_result_in_one_piece_reaches_a_stream_too(pool, function):
    stream = ResponseStream()
    running = asyncio.create_task(pool.invoke(function("def handler(e, c): return 5"), b"null", stream=stream))
    assert [piece async for piece in stream] == [b"5"]
    assert (await running).payload == b""


# Java

JAVA = """
    package app;
    import java.io.*;
    import java.util.*;
    public class H {
        public enum Kind { A, B }
        public static class In { private String name; public int n; public Kind kind; public List<Long> many;
            public void setName(String v) { name = v; } public String getName() { return name; } }
        public record Out(String greeting, List<Long> many, Kind kind) {}
        public Out pojo(In in) { return new Out("hi " + in.getName() + in.n, in.many, in.kind); }
        public Map<String, Object> map(Map<String, Object> e) { System.out.println("hello"); return e; }
        public static String text(String s) { return s + "!"; }
        public int number(int n) { return n + 1; }
        public void nothing() {}
        public void copy(InputStream in, OutputStream out) throws IOException { in.transferTo(out); }
        public void fail(Object o) { throw new IllegalStateException("bad", new RuntimeException("inner")); }
        public Object same(Object o) { return o; }
        public void exit(Object o) { System.exit(3); }
        public void hog(Object o) { var all = new ArrayList<byte[]>(); for (;;) all.add(new byte[1 << 20]); }
        public void hang(Object o) throws Exception { new ProcessBuilder("sleep", "1000").start().waitFor(); }
    }
"""
JAVA_RESULTS = {
    "pojo": (b'{"name":"x","n":3,"kind":"B","many":[1,2]}', {"greeting": "hi x3", "kind": "B", "many": [1, 2]}),
    "map": ('{"a":[1,2.5,"ä\\"\\n",null,true]}'.encode(), {"a": [1, 2.5, 'ä"\n', None, True]}),
    "text": (b'"x"', "x!"),
    "number": (b"41", 42),
    "nothing": (b"{}", None),
    "copy": (b'{"raw": 1}', {"raw": 1}),
    "same": (
        b'[12345678901234567890, -1.5e3, "\\ud83d\\ude00"]',
        [12345678901234567890, -1500.0, "\U0001f600"],
    ),
}


@pytest.fixture(scope="session")
def java_classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("java")
    (folder / "H.java").write_text(textwrap.dedent(JAVA))
    compiled("javac", "-d", folder, folder / "H.java")
    return str(folder)


def java(folder, method):
    return FunctionSpec(name=method, handler=f"app.H::{method}", runtime="java17", paths=(folder,), timeout_ms=20_000)


@needs("java", "javac")
async def test_java_results(pool, java_classes):
    for method, (event, expected) in JAVA_RESULTS.items():
        outcome = await outcome_of(pool, java(java_classes, method), event)
        assert (outcome.status, json.loads(outcome.payload)) == (Status.SUCCESS, expected), method


@needs("java", "javac")
async def test_java_errors(pool, java_classes):
    outcome = await outcome_of(pool, java(java_classes, "fail"), b"1")
    assert outcome.status is Status.FUNCTION_ERROR
    payload = json.loads(outcome.payload)
    assert payload["stackTrace"] == ["app.H.fail(H.java:16)"]
    assert (payload["errorType"], payload["errorMessage"]) == ("java.lang.IllegalStateException", "bad")
    assert payload["cause"]["errorMessage"] == "inner"
    outcome = await outcome_of(pool, java(java_classes, "nowhere"))
    assert outcome.status is Status.INIT_ERROR
    assert json.loads(outcome.payload)["errorType"] == "Runtime.HandlerNotFound"
    outcome = await outcome_of(pool, java(java_classes, "number"), b'"no"')
    assert json.loads(outcome.payload)["errorType"] == "Runtime.UnmarshalError"


@needs("java", "javac")
async def test_java_faults(pool, java_classes):
    outcome = await outcome_of(pool, java(java_classes, "exit"), b"1")
    assert outcome.status is Status.EXITED
    assert b"Runtime exited with error: exit status 3" in outcome.payload
    outcome = await outcome_of(pool, java(java_classes, "hog"), b"1")
    assert outcome.status is Status.FUNCTION_ERROR
    assert json.loads(outcome.payload)["errorType"] == "java.lang.OutOfMemoryError"
    outcome = await outcome_of(pool, structs.replace(java(java_classes, "hang"), timeout_ms=500), b"1")
    assert outcome.status is Status.TIMED_OUT
    assert (await outcome_of(pool, java(java_classes, "number"), b"41")).payload == b"42"


@needs("java", "javac")
async def test_java_interfaces_that_a_function_brings_along(pool, tmp_path):
    core = "package com.amazonaws.services.lambda.runtime; public interface "
    sources = {
        "RequestHandler": core + "RequestHandler<I, O> { O handleRequest(I input, Context context); }",
        "LambdaLogger": core + "LambdaLogger { void log(String text); }",
        "Context": core + "Context { String getAwsRequestId(); int getMemoryLimitInMB(); LambdaLogger getLogger(); }",
        "Mine": """
            import com.amazonaws.services.lambda.runtime.*;
            public class Mine implements RequestHandler<Mine.In, Object> {
                public static class In { public String name; }
                public Object handleRequest(In input, Context context) {
                    context.getLogger().log("logged");
                    return java.util.List.of(input.name, context.getAwsRequestId(), context.getMemoryLimitInMB());
                }
            }
        """,
    }
    for name, text in sources.items():
        (tmp_path / f"{name}.java").write_text(text)
    compiled("javac", "-d", tmp_path / "out", *tmp_path.glob("*.java"))
    spec = FunctionSpec(name="m", handler="Mine", runtime="java21", paths=(str(tmp_path / "out"),), timeout_ms=20_000)
    outcome = await outcome_of(pool, spec, b'{"name":"x"}', request_id="R")
    assert json.loads(outcome.payload) == ["x", "R", 128]
    assert outcome.log == b"logged\n"


# C#

CSHARP = """
    using System; using System.IO; using System.Threading.Tasks; using System.Collections.Generic;
    namespace App {
        public class In { public string Name { get; set; } public int N { get; set; } }
        public class H {
            public async Task<Dictionary<string, object>> Run(In i) {
                await Task.Delay(1); Console.WriteLine("hello");
                return new Dictionary<string, object> { { "hi", i.Name + i.N } };
            }
            public Stream Echo(Stream s) { return s; }
            public string Text(string s) { return s + "!"; }
            public void Fail(string s) { throw new ArgumentException("bad"); }
        }
    }
"""


@needs("mono", "mcs")
async def test_csharp(pool, tmp_path):
    (tmp_path / "H.cs").write_text(CSHARP)
    folder = tmp_path / "code"
    folder.mkdir()
    compiled("mcs", "-nologo", "-target:library", f"-out:{folder / 'App.dll'}", tmp_path / "H.cs")

    async def run(method, event):
        spec = FunctionSpec(
            name=method, handler=f"App::App.H::{method}", runtime="dotnet8", paths=(str(folder),), timeout_ms=20_000
        )
        return await outcome_of(pool, spec, event)

    outcome = await run("Run", b'{"Name":"x","N":3}')
    assert (json.loads(outcome.payload), outcome.log) == ({"hi": "x3"}, b"hello\n")
    assert (await run("Echo", b'{"raw":1}')).payload == b'{"raw":1}'
    assert json.loads((await run("Text", b'"x"')).payload) == "x!"
    outcome = await run("Fail", b'"x"')
    payload = json.loads(outcome.payload)
    assert (outcome.status, payload["errorType"], payload["errorMessage"]) == (
        Status.FUNCTION_ERROR,
        "ArgumentException",
        "bad",
    )
    outcome = await run("Nowhere", b'"x"')
    assert outcome.status is Status.INIT_ERROR
    assert "Unable to find method 'Nowhere'" in json.loads(outcome.payload)["errorMessage"]


# Python of another release, and programs of any kind


async def test_python_of_another_release(pool, written, monkeypatch):
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    other = next((path for path in OTHERS if path.name != own), None)
    if other is None:
        pytest.skip("there is no other Python here")
    monkeypatch.setenv("PATH", f"{other.parent}:/usr/bin:/bin")
    source = """
        import sys, logging
        async def ok(event, context):
            logging.warning("logged")
            return [event, "python%d.%d" % sys.version_info[:2], context.memory_limit_in_mb]
        def bad(event, context): 1 / 0
    """
    outcome = await outcome_of(pool, written({"m.py": source}, "m.ok", other.name), b'{"a":1}', request_id="R")
    assert json.loads(outcome.payload) == [{"a": 1}, other.name, "128"]
    assert re.fullmatch(rb"\[WARNING\]\t[\dT:.-]+Z\tR\tlogged\n", outcome.log)
    outcome = await outcome_of(pool, written({"m.py": source}, "m.bad", other.name), request_id="R")
    assert outcome.status is Status.FUNCTION_ERROR
    assert json.loads(outcome.payload)["errorType"] == "ZeroDivisionError"
    outcome = await outcome_of(pool, written({"m.py": "import nowhere"}, "m.bad", other.name, "g"))
    assert json.loads(outcome.payload)["errorType"] == "Runtime.ImportModuleError"


async def test_our_own_interpreter_stands_in_for_a_release_that_is_not_there(pool, written, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    source = """
        import os, sys
        def h(event, context): return [os.environ["AWS_EXECUTION_ENV"], sys.version_info[:2]]
    """
    spec = written({"m.py": source}, "m.h", "python3.8")
    assert programs.program_of(spec) is None
    environment, release = json.loads((await outcome_of(pool, spec)).payload)
    assert (environment, release) == ("AWS_Lambda_python3.8", list(sys.version_info[:2]))


PROVIDED = """\
#!/bin/sh
echo "from the shell"
exec /usr/bin/python3 -c '
import http.client, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse()
    body, id = answer.read(), answer.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", "/2018-06-01/runtime/invocation/" + id + "/response", body[::-1])
    api.getresponse().read()
'
"""


@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="there is no /usr/bin/python3")
@pytest.mark.parametrize("where", ["code", "layer"])
async def test_any_program(pool, written, tmp_path, where):
    spec = written({"other.txt": ""}, "any", "provided.al2023")
    layer = tmp_path / "layer"
    layer.mkdir()
    file = (Path(spec.paths[0]) if where == "code" else layer) / "bootstrap"
    file.write_text(PROVIDED)
    file.chmod(0o755)
    spec = structs.replace(spec, layers=(str(layer),))
    outcome = await outcome_of(pool, spec, b"[1,2]")
    assert outcome.payload == b"]2,1["
    assert (await outcome_of(pool, spec, b"[3]")).payload == b"]3["


async def test_a_program_that_is_not_there(pool, written):
    outcome = await outcome_of(pool, written({"x": ""}, "any", "provided.al2"), request_id="R")
    assert outcome.status is Status.EXITED
    assert b"Runtime exited with error: exit status 127" in outcome.payload
    assert b"bootstrap" in outcome.log


# What cannot be had is said

REFUSED = {
    "cobol1": "no runtime identifier",
    "ruby3.4": "Ruby is not offered",
    "go1.x": "use provided.al2023",
    "nodejs20.x": "no program node",
    "java21": "no program java",
    "dotnet8": "no program mono",
}


@pytest.mark.parametrize("runtime", REFUSED)
async def test_runtimes_that_cannot_be_had(pool, written, monkeypatch, tmp_path, runtime):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeUnavailableError, match=REFUSED[runtime]):
        check_runtime(runtime, "A::B::C")
    with pytest.raises(RuntimeUnavailableError, match=REFUSED[runtime]):
        await pool.invoke(written({"x": ""}, "A::B::C", runtime), b"null")


def test_programs_are_for_an_architecture():
    check_runtime("provided.al2023", "x", ["x86_64", "arm64"])
    with pytest.raises(RuntimeUnavailableError, match="the function is for riscv"):
        check_runtime("provided.al2023", "x", ["riscv"])
