#!/usr/bin/env python3
"""Runs a main_handler(event, context) under SCF's runtime API: python3 bootstrap.py FILE.main_handler

Nothing but the standard library. In SCF the handler is named by _HANDLER, elsewhere by the argument.
"""

import http.client
import importlib
import json
import os
import sys
import traceback

API = os.environ["SCF_RUNTIME_API"], int(os.environ["SCF_RUNTIME_API_PORT"])


def call(method, path, body=None):
    """One request to the runtime API, on a connection of its own: an instance may be frozen between two events."""
    connection = http.client.HTTPConnection(*API)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.headers, response.read()
    finally:
        connection.close()


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else os.environ["_HANDLER"]
    module, _, function = name.rpartition(".")
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    handler = getattr(importlib.import_module(module), function)
    # A line that is printed is a line of the log now, not when a buffer is full.
    sys.stdout.reconfigure(line_buffering=True)
    call("POST", "/runtime/init/ready", " ")
    while True:
        headers, body = call("GET", "/runtime/invocation/next")
        context = {
            "request_id": headers.get("request_id"),
            "memory_limit_in_mb": int(headers.get("memory_limit_in_mb") or 0),
            "time_limit_in_ms": int(headers.get("time_limit_in_ms") or 0),
        }
        try:
            reply = json.dumps(handler(json.loads(body), context))
        except Exception:
            text = traceback.format_exc()
            print(text, file=sys.stderr, flush=True)
            call("POST", "/runtime/invocation/error", text.encode())
        else:
            call("POST", "/runtime/invocation/response", reply.encode())


if __name__ == "__main__":
    main()
