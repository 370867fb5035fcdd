"""A client connects: accept it, with the sub-protocols that it offers."""


def main_handler(event, context):
    print("register:", event)
    if "requestContext" not in event:
        return {"errNo": 101, "errMsg": "not found request context"}
    if "websocket" not in event:
        return {"errNo": 102, "errMsg": "not found websocket"}
    offered = event["websocket"]
    accepted = {
        "action": "connecting",
        "secConnectionID": offered["secConnectionID"],
    }
    if "secWebSocketProtocol" in offered:
        accepted["secWebSocketProtocol"] = offered["secWebSocketProtocol"]
    if "secWebSocketExtensions" in offered:
        # Compression is the gateway's business.
        accepted["secWebSocketExtensions"] = ""
    return {"errNo": 0, "errMsg": "ok", "websocket": accepted}
