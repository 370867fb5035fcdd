#!/usr/bin/env node
// Runs a main_handler(event, context, callback) under SCF's runtime API: node bootstrap.js FILE.main_handler
//
// Nothing but what comes with Node. In SCF the handler is named by _HANDLER, elsewhere by the argument.
"use strict";

const http = require("node:http");
const path = require("node:path");

// One request to the runtime API, on a connection of its own: an instance may be frozen between two events.
function call(method, target, body) {
  const options = {
    host: process.env.SCF_RUNTIME_API,
    port: process.env.SCF_RUNTIME_API_PORT,
    method,
    path: target,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

// What the handler returns, or gives to the callback.
function answer(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    const returned = handler(event, context, callback);
    if (returned !== undefined || handler.length < 3) {
      resolve(returned);
    }
  });
}

async function main() {
  const name = process.argv[2] || process.env._HANDLER;
  const [file, method] = name.split(".");
  const handler = require(path.resolve(__dirname, file))[method];
  await call("POST", "/runtime/init/ready", " ");
  for (;;) {
    const { headers, body } = await call("GET", "/runtime/invocation/next");
    const context = {
      request_id: headers.request_id,
      memory_limit_in_mb: Number(headers.memory_limit_in_mb),
      time_limit_in_ms: Number(headers.time_limit_in_ms),
    };
    try {
      const reply = await answer(handler, JSON.parse(body), context);
      await call("POST", "/runtime/invocation/response", JSON.stringify(reply === undefined ? null : reply));
    } catch (error) {
      console.error(error);
      await call("POST", "/runtime/invocation/error", String(error.stack || error));
    }
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
