"""Python's websockets against a gateway that echoes: python3 websockets_client.py URL COMPRESSION"""

import asyncio
import sys

import websockets

URL, COMPRESSION = sys.argv[1:]


async def main():
    compression = "deflate" if COMPRESSION == "on" else None
    # A busy machine may be slower than what the library waits for by default.
    patience = {"open_timeout": 60, "ping_timeout": 60, "close_timeout": 60}
    async with websockets.connect(URL, compression=compression, max_size=None, **patience) as client:
        for message in ["hello", "", "ü\U0001f600", "x" * 200000, bytes(range(256)) * 300, b""]:
            await client.send(message)
            assert await client.recv() == message
        await asyncio.wait_for(await client.ping(b"are you there"), 60)
        await client.close(4001, "enough")
        assert client.close_code == 4001
    print("all went well")


asyncio.run(main())
