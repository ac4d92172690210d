// Runs a Node handler as AWS Lambda does: `node node.mjs FILE.EXPORT`.
//
// Speaks the Lambda Runtime API at AWS_LAMBDA_RUNTIME_API, version 2018-06-01. What the handler
// writes to the console is left as it is: the time and request id that Lambda writes before every
// line differ in every run.

import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HTTP_INTEGRATION = 'application/vnd.awslambda.http-integration-response';

/** What the platform reports about a handler that it cannot use. */
class Fault extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

// --- The Runtime API ---------------------------------------------------------------------------

function request(method, name, headers) {
  const url = `/2018-06-01/runtime/${name}`;
  const call = http.request({ host, port, agent, method, path: url, headers });
  // Where the API is gone, so is our purpose.
  call.on('error', () => process.exit(1));
  return call;
}

function reply(call) {
  return new Promise((resolve) => {
    call.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ response, body: Buffer.concat(chunks) }));
      response.on('error', () => process.exit(1));
    });
  });
}

function post(name, body, headers = {}) {
  const bytes = Buffer.from(body);
  const length = { 'Content-Type': 'application/json', 'Content-Length': bytes.length };
  const call = request('POST', name, { ...length, ...headers });
  call.end(bytes);
  return reply(call);
}

async function next() {
  const call = request('GET', 'invocation/next');
  call.end();
  const { response, body } = await reply(call);
  if (response.statusCode !== 200) {
    console.error(`/invocation/next answered ${response.statusCode}: ${body}`);
    process.exit(1);
  }
  return { headers: response.headers, body };
}

// --- Errors ------------------------------------------------------------------------------------

function describe(error) {
  if (types.isNativeError(error) || (error && error.name && error.message && error.stack)) {
    const trace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
    const { name: errorType, message: errorMessage, rejected } = error;
    return { errorType, errorMessage, ...rejected, trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function errorBody(error) {
  try {
    return JSON.stringify(describe(error));
  } catch {
    const errorMessage = 'the error cannot be described';
    return JSON.stringify({ errorType: 'handled', errorMessage, trace: [] });
  }
}

function report(name, error) {
  const type = error instanceof Fault ? error.name : undefined;
  return post(name, errorBody(error), type ? { 'Lambda-Runtime-Function-Error-Type': type } : {});
}

// --- Loading the handler -----------------------------------------------------------------------

function isModulePackage(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    const file = path.join(at, 'package.json');
    if (existsSync(file)) {
      return JSON.parse(readFileSync(file, 'utf8')).type === 'module';
    }
    if (at === path.dirname(at) || path.basename(at) === 'node_modules') {
      return false;
    }
  }
}

async function loadFile(file) {
  const isModule =
    file.endsWith('.mjs') || (file.endsWith('.js') && isModulePackage(path.dirname(file)));
  return isModule ? import(pathToFileURL(file).href) : createRequire(file)(file);
}

async function loadModule(root, name) {
  const base = path.resolve(root, name);
  const file = ['.js', '.mjs', '.cjs'].map((end) => base + end).find((each) => existsSync(each));
  if (file) {
    return loadFile(file);
  }
  // A handler may live in a package, as `node_modules` has it.
  const require = createRequire(path.join(root, 'index.js'));
  return require(existsSync(base) ? base : name);
}

function explain(error) {
  switch (error?.code) {
    case 'MODULE_NOT_FOUND':
    case 'ERR_MODULE_NOT_FOUND':
      return new Fault('Runtime.ImportModuleError', String(error));
    default:
      return error instanceof SyntaxError
        ? new Fault('Runtime.UserCodeSyntaxError', String(error))
        : error;
  }
}

/** The function that `folder/file.export` names; the export may be nested, as in `file.a.b`. */
async function load(root, handler) {
  if (handler.includes('..')) {
    const message = `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`;
    throw new Fault('Runtime.MalformedHandlerName', message);
  }
  const [, folder, file, name] = /^(.*\/)?([^./]+)\.([^/]+)$/.exec(handler) ?? [];
  if (!name) {
    throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
  }
  let exported;
  try {
    exported = await loadModule(root, (folder ?? '') + file);
  } catch (error) {
    throw explain(error);
  }
  const find = (from) => name.split('.').reduce((value, key) => value?.[key], from);
  const found = find(exported);
  if (found === undefined || found === null) {
    throw new Fault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new Fault('Runtime.HandlerNotFound', `${handler} is not a function`);
  }
  return found;
}

// --- Calls of SQS ------------------------------------------------------------------------------

/**
 * AWS's SDK sends a call that names a queue to the host in the queue's URL, even where
 * AWS_ENDPOINT_URL names another for all calls. Here it goes where all go, for the host that it is
 * signed for.
 */
function keepQueuesAt(endpoint) {
  const ofQueues = /^(sqs\.[\w-]+|([\w-]+\.)?queue)\.amazonaws\.com(\.cn)?$/;
  const { hostname, port, protocol } = new URL(endpoint);
  const { request } = https;
  https.request = (options, ...rest) => {
    const host = options?.hostname ?? options?.host;
    if (!ofQueues.test(host)) {
      return request(options, ...rest);
    }
    const send = protocol === 'https:' ? request : http.request;
    const headers = { host, ...options.headers };
    return send({ ...options, hostname, host: hostname, port, headers, agent: undefined }, ...rest);
  };
  syncBuiltinESMExports();
}

if (URL.canParse(process.env.AWS_ENDPOINT_URL ?? '')) {
  keepQueuesAt(process.env.AWS_ENDPOINT_URL);
}

// --- Calling the handler -----------------------------------------------------------------------

function headerJson(value) {
  // Node reads headers as Latin-1; the API sends UTF-8.
  return value ? JSON.parse(Buffer.from(value, 'latin1').toString('utf8')) : undefined;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: headerJson(headers['lambda-runtime-client-context']),
    identity: headerJson(headers['lambda-runtime-cognito-identity']),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/**
 * The result of a handler of either style: a promise, or a call of `callback`. What a handler
 * returns otherwise counts for nothing; as on Lambda, the answer is null when its event loop runs
 * dry without one.
 */
function call(handler, event, context) {
  let runDry;
  const answer = new Promise((resolve, reject) => {
    runDry = () => resolve(null);
    const callback = (error, result) => {
      const settle = () => (error === undefined || error === null ? resolve(result) : reject(error));
      if (context.callbackWaitsForEmptyEventLoop) {
        runDry = settle;
      } else {
        settle();
      }
    };
    context.done = callback;
    context.succeed = (result) => callback(null, result);
    context.fail = (error) => callback(error ?? 'handled');
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') {
      returned.then(resolve, reject);
    }
  });
  const onBeforeExit = () => runDry();
  process.once('beforeExit', onBeforeExit);
  return answer.finally(() => process.removeListener('beforeExit', onBeforeExit));
}

async function respond(id, handler, event, context) {
  const result = await call(handler, event, context);
  const body = JSON.stringify(result === undefined ? null : result) ?? 'null';
  await post(`invocation/${id}/response`, body);
}

async function stream(id, handler, event, context) {
  const outgoing = request('POST', `invocation/${id}/response`, {
    'Content-Type': 'application/octet-stream',
    'Lambda-Runtime-Function-Response-Mode': 'streaming',
    'Transfer-Encoding': 'chunked',
    Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
  });
  const answered = reply(outgoing);
  const body = new PassThrough();
  body.setContentType = (type) => outgoing.setHeader('Content-Type', type);
  body.pipe(outgoing, { end: false });
  const written = new Promise((resolve) => body.once('end', resolve));
  try {
    await handler(event, body, context);
    body.end();
    await written;
  } catch (error) {
    body.unpipe(outgoing);
    outgoing.addTrailers({
      'Lambda-Runtime-Function-Error-Type': error?.name ?? 'Runtime.Unknown',
      'Lambda-Runtime-Function-Error-Body': Buffer.from(errorBody(error)).toString('base64'),
    });
  }
  outgoing.end();
  await answered;
}

globalThis.awslambda = {
  streamifyResponse(handler) {
    handler[STREAMING] = true;
    return handler;
  },
  HttpResponseStream: {
    from(body, metadata) {
      body.setContentType(HTTP_INTEGRATION);
      body.write(JSON.stringify(metadata));
      body.write(Buffer.alloc(8));
      return body;
    },
  },
};

// --- One invocation after another --------------------------------------------------------------

let current;

/** Reports what nobody caught, and ends: the process is in an unknown state. */
async function die(error, code) {
  await report(current ? `invocation/${current}/error` : 'init/error', error);
  process.exit(code);
}

process.on('uncaughtException', (error) => die(error, 129));
process.on('unhandledRejection', (reason) => {
  const error = new Fault('Runtime.UnhandledPromiseRejection', String(reason));
  error.rejected = { reason: describe(reason), promise: {} };
  die(error, 128);
});

async function serve(handler) {
  const run = handler[STREAMING] ? stream : respond;
  for (;;) {
    const { headers, body } = await next();
    current = encodeURIComponent(headers['lambda-runtime-aws-request-id']);
    const trace = headers['lambda-runtime-trace-id'];
    if (trace) {
      process.env._X_AMZN_TRACE_ID = trace;
    } else {
      delete process.env._X_AMZN_TRACE_ID;
    }
    try {
      await run(current, handler, JSON.parse(body), contextOf(headers));
    } catch (error) {
      await report(`invocation/${current}/error`, error);
    }
    current = undefined;
  }
}

// The handler is the main program: our own arguments are none of its business.
const handlerName = process.argv.pop();
try {
  serve(await load(process.env.LAMBDA_TASK_ROOT, handlerName));
} catch (error) {
  await die(error, 129);
}
