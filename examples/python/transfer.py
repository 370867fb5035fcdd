"""A client has sent something: send it back, through the gateway's push address."""

import json
import os
import urllib.request

PUSH_URL = os.environ.get("WSFN_PUSH_URL", "http://127.0.0.1:9002/api-wsfn")


def push(message):
    body = json.dumps({"websocket": message}).encode()
    request = urllib.request.Request(PUSH_URL, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        print("push:", response.status, response.read())


def main_handler(event, context):
    print("transfer:", event)
    if "websocket" not in event:
        return {"errNo": 102, "errMsg": "not found web socket"}
    for name, value in event["websocket"].items():
        print(name + ": " + value)
    message = dict(event["websocket"])
    message["action"] = "data send"
    push(message)
    return event
