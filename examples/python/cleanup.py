"""A client has left: forget it."""


def main_handler(event, context):
    print("cleanup:", event)
    if "websocket" not in event:
        return {"errNo": 102, "errMsg": "not found web socket"}
    print("left: " + event["websocket"]["secConnectionID"])
    return event
