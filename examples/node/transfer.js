// A client has sent something: send it back, through the gateway's push address.
"use strict";

const http = require("node:http");

const PUSH_URL = process.env.WSFN_PUSH_URL || "http://127.0.0.1:9002/api-wsfn";

function push(message) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, agent: false };
  return new Promise((resolve, reject) => {
    const request = http.request(PUSH_URL, options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        console.log("push:", response.statusCode, Buffer.concat(parts).toString());
        resolve();
      });
    });
    request.on("error", reject);
    request.end(JSON.stringify({ websocket: message }));
  });
}

exports.main_handler = async (event, context) => {
  console.log("transfer:", JSON.stringify(event));
  if (!event.websocket) {
    return { errNo: 102, errMsg: "not found web socket" };
  }
  for (const name of Object.keys(event.websocket)) {
    console.log(name + ": " + event.websocket[name]);
  }
  await push({ ...event.websocket, action: "data send" });
  return event;
};
