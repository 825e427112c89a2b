"""The vendor's way: one request after the other, then one poll after the other."""
import json, os, sys, time, urllib.error, urllib.request

URL, TOKEN = os.environ["SORTIE_BASE_URL"], os.environ["SORTIE_TOKEN"]


def call(method, path):
    request = urllib.request.Request(URL + path, method=method, headers={"Authorization": "Bearer " + TOKEN})
    for pause in (0, 1, 2, 4, 8):
        time.sleep(pause)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.read()
        except urllib.error.HTTPError as error:
            if error.code != 429:
                raise
    sys.exit("the rate limit does not end")


def has_ended(device):
    page = json.loads(call("GET", f"/api/v1/devices/{device}/commands?limit=300"))
    rows = page["commands"]["results"]
    return any(row["request_type"] == "RestartDevice" and row["status"] in (3, 4) for row in rows)


devices = open(sys.argv[1]).read().split()
for device in devices:
    call("POST", f"/api/v1/devices/{device}/action/restart")
for _ in range(60):
    devices = [device for device in devices if not has_ended(device)]
    if not devices:
        sys.exit(0)
    time.sleep(5)
sys.exit("some devices did not end")
