// A client has left: forget it.
"use strict";

exports.main_handler = (event, context, callback) => {
  console.log("cleanup:", JSON.stringify(event));
  if (!event.websocket) {
    return callback(null, { errNo: 102, errMsg: "not found web socket" });
  }
  console.log("left: " + event.websocket.secConnectionID);
  callback(null, event);
};
