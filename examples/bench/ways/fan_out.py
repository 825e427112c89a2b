"""aiohttp without a limit: so many POST requests, so many at a time; prints the seconds they took."""
import asyncio, sys, time

import aiohttp


async def main(url, count, at_once):
    connector = aiohttp.TCPConnector(limit=at_once)
    numbers = iter(range(count))
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work():
            for number in numbers:
                path = f"/api/v1/devices/0b1b7c5e-3b0c-4a92-9ad2-{number:012x}/action/blankpush"
                async with session.post(url + path) as reply:
                    await reply.read()

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        print(time.perf_counter() - began)


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
