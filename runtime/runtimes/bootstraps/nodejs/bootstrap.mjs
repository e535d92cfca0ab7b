// A client of the Lambda Runtime API for Node.js handlers: CommonJS and ES modules, async, callbacks, streams.
// Texts, types and the shape of errors: AWS's open-source client (aws-lambda-nodejs-runtime-interface-client).

import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import util from "node:util";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const BASE = "/2018-06-01/runtime";
const TASK = process.env.LAMBDA_TASK_ROOT;
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const JSON_LOGS = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const LEVEL = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || "TRACE").toUpperCase());

// One connection, kept, for our own use: a handler's settings of the global agent do not concern it.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const answers = new http.Agent({ keepAlive: true, maxSockets: 1 });

let requestId = "";
let exiting = false;

class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
    // These carry a place in our own code only, which tells nobody anything.
    this.stack = `${type}: ${message}`;
  }
}

// ---------------------------------------------------------------- the API

function call(method, target, headers, body, via) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path: BASE + target, headers, agent: via, timeout: 0 }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => resolve({ headers: response.headers, status: response.statusCode, body: Buffer.concat(pieces) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function post(target, body, headers = {}) {
  const data = Buffer.from(body);
  return call("POST", target, { "Content-Type": "application/json", "Content-Length": data.length, ...headers }, data, answers);
}

function describe(error) {
  try {
    if (error instanceof Error || util.types.isNativeError(error)) {
      return { errorType: String(error.name || "Error"), errorMessage: String(error.message), trace: traceOf(error) };
    }
    return { errorType: typeof error, errorMessage: error?.toString ? error.toString() : String(error), trace: [] };
  } catch {
    return { errorType: "handled", errorMessage: "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack", trace: [] };
  }
}

// Down to the handler; how it was called is ours.
function traceOf(error) {
  const lines = String(error.stack || "").split("\n");
  const ours = lines.findIndex((line) => line.includes(import.meta.url));
  return ours < 0 ? lines : lines.slice(0, ours);
}

// What the log shows of an error: its own fields too, as AWS's client writes them.
function logged(error) {
  const { errorType, errorMessage, trace } = describe(error);
  const own = error instanceof Error ? Object.fromEntries(Object.entries(error).filter(([key]) => key !== "name")) : {};
  try {
    return JSON.stringify({ errorType, errorMessage, ...own, stack: trace });
  } catch {
    return JSON.stringify({ errorType, errorMessage, stack: trace });
  }
}

// ---------------------------------------------------------------- logs

function installConsole() {
  const write = (level, values) => {
    if (LEVELS.indexOf(level) < LEVEL && JSON_LOGS) return;
    const time = new Date().toISOString();
    if (JSON_LOGS) fs.writeSync(1, jsonLine(time, level, values) + "\n");
    else writeAll(`${time}\t${requestId || "undefined"}\t${level}\t${util.format(...values).replace(/\n/g, "\r")}\n`);
  };
  for (const [name, level] of Object.entries({ log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", trace: "TRACE", fatal: "FATAL" })) {
    console[name] = (...values) => write(level, values);
  }
}

function jsonLine(time, level, values) {
  const entry = { timestamp: time, level, requestId: requestId || undefined };
  try {
    const plain = values.length === 1 && !(values[0] instanceof Error);
    return JSON.stringify({ ...entry, message: plain ? values[0] : util.format(...values) });
  } catch {
    return JSON.stringify({ ...entry, message: util.format(...values) });
  }
}

// The pipe may be full for a moment: the broker reads it.
function writeAll(text) {
  let data = Buffer.from(text);
  while (data.length > 0) {
    try {
      data = data.subarray(fs.writeSync(1, data));
    } catch (error) {
      if (error.code !== "EAGAIN") return;
    }
  }
}

// ---------------------------------------------------------------- the handler

async function load() {
  const text = process.env._HANDLER;
  if (text.includes("..")) throw new RuntimeError("Runtime.MalformedHandlerName", `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const folder = path.dirname(text);
  const parts = path.basename(text).match(/^([^.]*)\.(.*)$/);
  if (parts === null || !parts[2]) throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  const module = await importModule(path.resolve(TASK, folder, parts[1]), path.join(folder, parts[1]));
  const handler = parts[2].split(".").reduce((value, name) => value?.[name] ?? value?.default?.[name], module);
  if (handler === undefined || handler === null) throw new RuntimeError("Runtime.HandlerNotFound", `${text} is undefined or not exported`);
  if (typeof handler !== "function") throw new RuntimeError("Runtime.HandlerNotFound", `${text} is not a function`);
  return handler;
}

async function importModule(file, shown) {
  try {
    const extension = ["", ".js", ".mjs", ".cjs"].find((one) => fs.existsSync(file + one) && fs.statSync(file + one).isFile());
    const require = createRequire(pathToFileURL(path.join(TASK, "noop.js")));
    if (extension === undefined) return require(require.resolve(shown.startsWith("/") || shown.startsWith(".") ? shown : `./${shown}`));
    if (extension === ".cjs" || (extension !== ".mjs" && !isModuleFolder(path.dirname(file)))) return require(file + extension);
    return await import(pathToFileURL(file + extension).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw retyped("Runtime.UserCodeSyntaxError", error);
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") throw retyped("Runtime.ImportModuleError", error);
    throw error;
  }
}

function retyped(type, error) {
  const made = new RuntimeError(type, error instanceof SyntaxError ? error.toString() : `Error: ${error.message}`);
  made.stack = [`${type}: ${made.message}`, ...String(error.stack).split("\n").filter((line) => line.startsWith("    at "))].join("\n");
  return made;
}

function isModuleFolder(folder) {
  for (let here = folder; ; here = path.dirname(here)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(here, "package.json"), "utf8")).type === "module";
    } catch (error) {
      if (error.code !== "ENOENT") return false;
    }
    if (here === TASK || here === path.dirname(here)) return false;
  }
}

// ---------------------------------------------------------------- one invocation

function contextOf(headers, state) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    get callbackWaitsForEmptyEventLoop() { return state.waits; },
    set callbackWaitsForEmptyEventLoop(value) { state.waits = value; },
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed("lambda-runtime-client-context"),
    identity: parsed("lambda-runtime-cognito-identity"),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// Resolves when the answer has been given, and nothing more is to be waited for.
function run(handler, event, headers) {
  return new Promise((resolve) => {
    const state = { waits: true, done: false, byPromise: false };
    const target = `/invocation/${headers["lambda-runtime-aws-request-id"]}`;
    const answer = async (error, result, wait) => {
      if (state.done) return;
      state.done = true;
      const send = () => deliver(target, error, result).then(resolve, fatal);
      if (wait && state.waits && error === null) whenIdle(send);
      else await send();
    };
    const succeed = (result, wait) => answer(null, result, wait);
    const fail = (error, wait) => answer({ error }, undefined, wait);
    const callback = (error, result) => (error === null || error === undefined ? succeed(result, true) : fail(error, true));
    let context;
    try {
      context = contextOf(headers, state);
      Object.assign(context, {
        succeed: (result) => { state.waits = false; callback(null, result); },
        fail: (error) => { state.waits = false; callback(error === undefined || error === null ? "handled" : error); },
        done: (error, result) => { state.waits = false; callback(error, result); },
      });
      const returned = handler(JSON.parse(event.toString("utf8")), context, callback);
      if (typeof returned?.then === "function") returned.then((result) => succeed(result, false), (error) => fail(error, false));
      whenIdle(() => succeed(null, false)); // as AWS does, when nothing is left that could give an answer
    } catch (error) {
      fail(error, false);
    }
  });
}

// An empty event loop: nothing is left but us.
const idle = [];
process.on("beforeExit", () => idle.splice(0).forEach((one) => one()));

function whenIdle(action) {
  idle.push(action);
}

async function deliver(target, failure, result) {
  if (failure !== null) return report(`${target}/error`, failure.error);
  let body;
  try {
    body = JSON.stringify(result === undefined ? null : result);
    if (body === undefined) body = "null";
  } catch {
    return report(`${target}/error`, new Error("Unable to stringify response body"));
  }
  return post(`${target}/response`, body);
}

function report(target, error) {
  const shown = describe(error);
  console.error("Invoke Error ", "\t", logged(error));
  return post(target, JSON.stringify(shown), { "Lambda-Runtime-Function-Error-Type": headerText(shown.errorType) });
}

function headerText(text) {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 256);
}

// ---------------------------------------------------------------- streams

async function runStreaming(handler, event, headers) {
  const target = `/invocation/${headers["lambda-runtime-aws-request-id"]}`;
  const sending = http.request({
    host, port, method: "POST", path: `${BASE}${target}/response`, agent: answers,
    headers: {
      "Content-Type": "application/octet-stream",
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Transfer-Encoding": "chunked",
      Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    },
  });
  const answered = new Promise((resolve, reject) => {
    sending.on("response", (response) => response.resume().on("end", resolve));
    sending.on("error", reject);
  });
  sending.setContentType = (type) => sending.setHeader("Content-Type", type);
  // No piece has gone out before the handler fails: then it is an error as any other, without a stream.
  const state = { waits: false };
  try {
    await handler(JSON.parse(event.toString("utf8")), sending, contextOf(headers, state));
  } catch (error) {
    if (!sending.headersSent) {
      answered.catch(() => {});
      sending.destroy();
      return report(`${target}/error`, error);
    }
    console.error("Invoke Error ", "\t", logged(error));
    sending.addTrailers({
      "Lambda-Runtime-Function-Error-Type": headerText(describe(error).errorType),
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(describe(error))).toString("base64"),
    });
    sending.end();
  }
  return answered;
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = "response";
    return handler;
  },
  // What an HTTP front end makes the status and headers of: JSON, eight zero bytes, then the body.
  HttpResponseStream: class {
    static from(stream, prelude) {
      stream.setContentType("application/vnd.awslambda.http-integration-response");
      stream.write(JSON.stringify(prelude));
      stream.write(Buffer.alloc(8));
      return stream;
    }
  },
};

// ---------------------------------------------------------------- life

function fatal(error) {
  console.error(describe(error).errorType, describe(error).errorMessage);
  process.exit(1);
}

// An error that nobody catches ends the process, as on AWS; the answer is given first.
async function uncaught(type, error) {
  if (exiting) return;
  exiting = true;
  const shown = type === null ? error : new RuntimeError(type, error instanceof Error ? String(error) : `${error}`);
  if (type !== null) { shown.reason = error; shown.promise = {}; }
  const label = type === null ? "Uncaught Exception " : "Unhandled Promise Rejection ";
  console.error(label, "\t", logged(shown));
  const target = requestId === "" ? "/init/error" : `/invocation/${requestId}/error`;
  await post(target, JSON.stringify(describe(shown)), { "Lambda-Runtime-Function-Error-Type": headerText(describe(shown).errorType) }).catch(() => {});
  process.exit(type === null ? 129 : 128);
}

process.on("uncaughtException", (error) => uncaught(null, error));
process.on("unhandledRejection", (error) => uncaught("Runtime.UnhandledPromiseRejection", error));

async function main() {
  installConsole();
  let handler;
  try {
    handler = await load();
  } catch (error) {
    console.error("Uncaught Exception ", "\t", logged(error));
    const shown = describe(error);
    await post("/init/error", JSON.stringify(shown), { "Lambda-Runtime-Function-Error-Type": headerText(shown.errorType) });
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await call("GET", "/invocation/next", {}, undefined, agent);
    requestId = headers["lambda-runtime-aws-request-id"];
    if (headers["lambda-runtime-trace-id"]) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    if (handler[STREAMING] === "response") await runStreaming(handler, body, headers);
    else await run(handler, body, headers);
    idle.length = 0;
  }
}

main().catch(fatal);
