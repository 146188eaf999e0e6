"""A regulator that answers at once: every report is a document, every document is SUCCESS. Run as a process of its own.

python -m tests.bench.instant      prints its port
"""

from __future__ import annotations

import asyncio
import itertools
import json
from email.utils import formatdate

numbers = itertools.count(1)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            method, target, _ = head.split(b" ", 2)
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    await reader.readexactly(int(line.split(b":")[1]))
            body = json.dumps(answer(method.decode(), target.decode())).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: " + formatdate(usegmt=True).encode()
                + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
            )  # fmt: skip
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def answer(method: str, target: str) -> object:
    path = target.partition("?")[0]
    if method == "POST" and path.endswith("utilisation"):
        return {"reportId": f"instant-{next(numbers)}"}
    if method == "POST":
        return {"documentId": f"instant-{next(numbers)}"}
    if path.endswith("/check"):
        return {"isTinCorrect": True, "expiresOn": "2030-01-01T00:00:00Z"}
    if path.endswith("/search"):
        return {"documentInfos": []}
    return {
        "documentId": path.rsplit("/", 1)[-1],
        "type": "UTILISATION",
        "status": "SUCCESS",
        "createDate": "2026-01-01T00:00:00Z",
        "productGroup": "vegetableoil",
    }


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=4 * 1024 * 1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
