"""An adapter that goes wrong in the way that its argument names when it is asked for the case dobson.

It answers any other request with zeros, and says so: a failure of checks, but an answer.  Standard library only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

WAY = sys.argv[1]


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def zeros(request: dict[str, object], **more: object) -> str:
    p = len(request["names"])  # type: ignore[arg-type]
    return json.dumps({"coefficients": [0.0] * p, "converged": False, **more}) + "\n"


def go_wrong(request: dict[str, object]) -> None:
    match WAY:
        case "hangs":
            time.sleep(1000)
        case "exits":
            print("\n".join(f"line {i} of the traceback" for i in range(100)), file=sys.stderr)
            sys.exit(3)
        case "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "aborts":
            os.abort()
        case "floods stdout":
            while True:
                say("x" * 100_000)
        case "floods stdout with lines":
            while True:
                say("x\n" * 10_000)
        case "floods stderr":
            while True:
                sys.stderr.write("y" * 10_000 + "\n")
        case "says much on stderr":
            sys.stderr.write("y\n" * 5_000_000)
            say(zeros(request))
        case "answers twice":
            say(zeros(request) * 2)
        case "answers another request":
            say(zeros(request, id="1"))
        case "answers too short":
            say('{"coefficients": []}\n')
        case "answers no JSON":
            print("the reason", file=sys.stderr)
            say("Loading required package: splines\n")
        case "answers a bare NaN":
            say('{"coefficients": [NaN]}\n')
        case "answers nested too deeply":
            say("[" * 100_000 + "]" * 100_000 + "\n")
        case "answers null among numbers":
            say(zeros(request).replace("0.0", "null"))
        case "closes stdout":
            os.close(1)
            time.sleep(1000)
        case "stops in the middle":
            say('{"coefficients": [0.0')
            sys.exit(0)
        case "leaves a child":
            subprocess.Popen(["sleep", "1000"])
            os._exit(0)
        case "leaves a child in a session of its own":
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
            os._exit(0)
        case "eats memory":
            hoard = [bytes(50_000_000) for _ in range(1000)]
            say(zeros(request, iterations=len(hoard)))
        case _:
            say(zeros(request))


if WAY == "does not start":
    sys.exit("there is no package called 'nothing'")
if WAY == "ignores stop":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    line = sys.stdin.readline()
    request = json.loads(line) if line else {"cmd": "stop"}
    if request["cmd"] == "start":
        start = {"name": "misbehaving", "version": "1", "language": "Python", "conventions": {}}
        changes = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
        say(json.dumps({k: v for k, v in {**start, **changes}.items() if v is not None}) + "\n")
    elif request["cmd"] == "stop":
        if WAY != "ignores stop":
            break
        time.sleep(1000)
    elif "outcome2" in request["names"]:  # the case dobson
        go_wrong(request)
    else:
        say(zeros(request))
        if WAY == "speaks unasked":
            time.sleep(0.1)
            say(zeros(request))
