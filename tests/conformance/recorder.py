"""A plugin of pytest for the process that runs the suite: writes the outcome of every test to a file."""

import json
import os

outcomes: dict[str, str] = {}
messages: dict[str, str] = {}


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        before = outcomes.get(report.nodeid)
        outcomes[report.nodeid] = "failed" if "failed" in (before, report.outcome) else report.outcome
        if report.outcome == "failed":
            crash = getattr(report.longrepr, "reprcrash", None)
            messages[report.nodeid] = (crash.message if crash else str(report.longrepr)).strip().partition("\n")[0]


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):  # of several processes the one that hears of all
        with open(os.environ["INTERP_CONFORMANCE_REPORT"], "w") as file:
            json.dump([outcomes, messages], file)
