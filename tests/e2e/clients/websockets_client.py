"""Python's websockets against a gateway that echoes: python3 websockets_client.py URL COMPRESSION"""

import asyncio
import sys

import websockets

URL, COMPRESSION = sys.argv[1:]


async def main():
    compression = "deflate" if COMPRESSION == "on" else None
    async with websockets.connect(URL, compression=compression, max_size=None) as client:
        for message in ["hello", "", "ü\U0001f600", "x" * 200000, bytes(range(256)) * 300, b""]:
            await client.send(message)
            assert await client.recv() == message
        await asyncio.wait_for(await client.ping(b"are you there"), 10)
        await client.close(4001, "enough")
        assert client.close_code == 4001
    print("all went well")


asyncio.run(main())
