"""Python's own HTTP client at the control endpoint of a local DSQL, which MIZZLE_CONTROL names."""
import json
import os
import urllib.error
import urllib.request

CONTROL = os.environ["MIZZLE_CONTROL"]


def ask(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **headers}
    request = urllib.request.Request(CONTROL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


status, cluster = ask("GET", "/status")
assert (status, cluster["endpoint"]) == (200, os.environ["CLUSTER_ENDPOINT"]), cluster
assert ask("GET", "/")[1]["routes"]
print("ok the cluster tells what it is")

status, added = ask("POST", "/faults", {"faults": ["oc000%20:public.pet", "delay-connect=5ms%100"]})
assert status == 201 and [rule["fault"] for rule in added["faults"]][0] == "oc000%20:public.pet", added
assert len(ask("GET", "/faults")[1]["faults"]) == 2
assert ask("DELETE", "/faults") == (200, {"lifted": 2})
assert ask("PUT", "/job-delay", {"delay": "2s"}) == (200, {"job_delay": "2000ms"})
assert ask("POST", "/sessions/cut") == (200, {"cut": 0})
print("ok faults come and go, jobs slow down, sessions are cut")

status, no = ask("POST", "/faults", {"fault": "rain"})
assert status == 400 and no["error"] == 'there is no fault "rain"' and "oc000" in no["hint"], no
assert ask("GET", "/rain")[0] == 404 and ask("PUT", "/faults")[0] == 405
assert ask("GET", "/status", origin="http://localhost")[0] == 403
assert ask("GET", "/status", host="rebound.example")[0] == 403
print("ok what is wrong is explained")
