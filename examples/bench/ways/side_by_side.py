"""aiohttp: 16 requests at a time, then polls of all devices that have not ended."""
import asyncio, os, sys

import aiohttp

URL, TOKEN = os.environ["SORTIE_BASE_URL"], os.environ["SORTIE_TOKEN"]


async def main(devices):
    gate = asyncio.Semaphore(16)
    headers = {"Authorization": "Bearer " + TOKEN}
    async with aiohttp.ClientSession(URL, headers=headers) as session:

        async def call(method, path):
            for attempt in range(8):
                async with gate, session.request(method, path) as reply:
                    if reply.status == 400 and "already running" in await reply.text():
                        return None
                    if reply.status != 429:
                        reply.raise_for_status()
                        return await reply.json(content_type=None)
                    pause = float(reply.headers.get("Retry-After") or 2**attempt)
                await asyncio.sleep(pause)
            sys.exit("the rate limit does not end")

        async def has_ended(device):
            page = await call("GET", f"/api/v1/devices/{device}/commands?limit=300")
            rows = page["commands"]["results"]
            return any(row["request_type"] == "RestartDevice" and row["status"] in (3, 4) for row in rows)

        await asyncio.gather(*(call("POST", f"/api/v1/devices/{device}/action/restart") for device in devices))
        for _ in range(60):
            ended = await asyncio.gather(*(has_ended(device) for device in devices))
            devices = [device for device, is_over in zip(devices, ended) if not is_over]
            if not devices:
                return
            await asyncio.sleep(5)
    sys.exit("some devices did not end")


asyncio.run(main(open(sys.argv[1]).read().split()))
