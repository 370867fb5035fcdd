// A client connects: accept it, with the sub-protocols that it offers.
"use strict";

exports.main_handler = async (event, context) => {
  console.log("register:", JSON.stringify(event));
  if (!event.requestContext) {
    return { errNo: 101, errMsg: "not found request context" };
  }
  if (!event.websocket) {
    return { errNo: 102, errMsg: "not found websocket" };
  }
  const offered = event.websocket;
  const accepted = { action: "connecting", secConnectionID: offered.secConnectionID };
  if ("secWebSocketProtocol" in offered) {
    accepted.secWebSocketProtocol = offered.secWebSocketProtocol;
  }
  if ("secWebSocketExtensions" in offered) {
    // Compression is the gateway's business.
    accepted.secWebSocketExtensions = "";
  }
  return { errNo: 0, errMsg: "ok", websocket: accepted };
};
