"""A process that posts ready-made HTTP requests over kept connections as fast as they are answered.

`python -m bench.load PORT CONNECTIONS FILE...` sends the requests of each file, one file after the other, and prints a JSON
line for each: seconds taken, processor seconds used, and the milliseconds of every answer. Anything but 200 is an error.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import uvloop

_LENGTH = struct.Struct("!I")
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def requests_write(path: Path, requests: Iterable[bytes]) -> None:
    """Keep the requests for `main`."""
    with path.open("wb") as file:
        for request in requests:
            file.write(_LENGTH.pack(len(request)) + request)


def _requests(path: Path) -> list[bytes]:
    data, position, found = path.read_bytes(), 0, []
    while position < len(data):
        (length,) = _LENGTH.unpack_from(data, position)
        position += _LENGTH.size
        found.append(data[position : position + length])
        position += length
    return found


async def _connection(port: int, requests: Iterator[bytes], taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(head.partition(b"\r\n")[0].decode())
        length = _CONTENT_LENGTH.search(head)
        if length is None:
            raise RuntimeError("An answer without a length.")
        await reader.readexactly(int(length[1]))
        taken.append((time.perf_counter() - began) * 1000)
        if b"\r\nConnection: close" in head:
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def _post(port: int, connections: int, requests: list[bytes]) -> dict[str, object]:
    waiting = iter(requests)
    taken: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(_connection(port, waiting, taken) for _ in range(connections)))
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "taken": taken}


def main() -> None:
    """Post each file."""
    port, connections = int(sys.argv[1]), int(sys.argv[2])
    for path in sys.argv[3:]:
        print(json.dumps(uvloop.run(_post(port, connections, _requests(Path(path))))), flush=True)


if __name__ == "__main__":
    main()
