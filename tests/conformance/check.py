"""Says which cases Autobahn runs, and judges its report. For Python 2.7, which the suite needs anyway."""
from __future__ import print_function

import json
import os
import sys

# All cases of autobahntestsuite 0.8.2.
ALL = 517
# Those that --quick leaves: groups 1 to 10, and one size of each kind of group 12 and 13.
QUICK = 313
# These look at what a server chooses to do where the RFC leaves it free; any answer is INFORMATIONAL.
INFORMATIONAL = ["7.1.6", "7.13.1", "7.13.2"]
# In each of these a broken frame follows close behind a message. The gateway answers it with its close at once, without
# waiting for the function, so that the message is delivered and its echo may not be sent: guarantees.md, Draining. The
# suite takes that for NON-STRICT. Only a server whose echo comes from a function may do so.
OVERTAKEN = ["3.2", "3.3", "3.4", "4.1.3", "4.1.4", "4.1.5", "4.2.3", "4.2.4", "4.2.5", "5.15"]
# The size of a compression case that --quick runs, of 18.
QUICK_SIZE = 5


def spec(quick, url, reports):
    cases = ["*"]
    if quick:
        cases = ["%d.*" % group for group in range(1, 11)]
        cases += ["12.%d.%d" % (kind, QUICK_SIZE) for kind in range(1, 6)]
        cases += ["13.%d.%d" % (kind, QUICK_SIZE) for kind in range(1, 8)]
    server = {"agent": "wsfn", "url": url}
    options = {"outdir": reports, "servers": [server], "cases": cases}
    options.update({"exclude-cases": [], "exclude-agent-cases": {}})
    print(json.dumps(options))


def judge(quick, reports, target):
    with open(os.path.join(reports, "index.json")) as index:
        (cases,) = json.load(index).values()
    wrong = []
    groups = {}
    for name, case in cases.items():
        counts = groups.setdefault(int(name.split(".")[0]), {})
        counts[case["behavior"]] = counts.get(case["behavior"], 0) + 1
    for group, counts in sorted(groups.items()):
        print("group %2d: %s" % (group, ", ".join("%d %s" % (n, word) for word, n in sorted(counts.items()))))
    for name, case in sorted(cases.items()):
        allowed = ["OK"]
        if name in INFORMATIONAL:
            allowed.append("INFORMATIONAL")
        if target in ("echo", "tls") and name in OVERTAKEN:
            allowed.append("NON-STRICT")
        if case["behavior"] not in allowed:
            wrong.append("%s: %s" % (name, case["behavior"]))
        if case["behaviorClose"] not in ("OK", "INFORMATIONAL"):
            wrong.append("%s: close %s" % (name, case["behaviorClose"]))
    expected = QUICK if quick else ALL
    if len(cases) != expected:
        wrong.append("%d cases ran, not %d" % (len(cases), expected))
    ok = sum(case["behavior"] == "OK" for case in cases.values())
    informational = sum(case["behavior"] == "INFORMATIONAL" for case in cases.values())
    non_strict = sum(case["behavior"] == "NON-STRICT" for case in cases.values())
    counts = (len(cases), ok, informational, non_strict, len(wrong))
    print("%d cases: %d OK, %d informational, %d non-strict; %d problems" % counts)
    for line in wrong:
        print(line)
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    if sys.argv[1] == "spec":
        spec(sys.argv[2] == "yes", sys.argv[3], sys.argv[4])
    else:
        sys.exit(judge(sys.argv[2] == "yes", sys.argv[3], sys.argv[4]))
