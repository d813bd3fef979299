"""The report as JUnit XML, for whatever shows test results."""

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from mockserver.report.table import as_text

Report = dict[str, Any]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold."""


def as_junit(report: Report) -> bytes:
    """A suite for each client, in it a case for each operation and for each call to nowhere."""
    root = Element("testsuites", name="mockserver contract")
    totals = [0, 0]
    for client in report["clients"]:
        cases = [*_operations(client), *_unmatched(client)]
        failures = sum(case.find("failure") is not None for case in cases)
        suite = SubElement(
            root,
            "testsuite",
            name=_clean(client["client"]),
            tests=str(len(cases)),
            failures=str(failures),
            errors="0",
        )
        suite.extend(cases)
        totals = [totals[0] + len(cases), totals[1] + failures]
    root.set("tests", str(totals[0]))
    root.set("failures", str(totals[1]))
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _operations(client: Report) -> list[Element]:
    cases = []
    broken: dict[tuple[str, str | None], list[Report]] = {}
    for each in client["violations"]:
        broken.setdefault((each["service"], each["operation"]), []).append(each)
    known = {(each["service"], each["operation"]) for each in client["operations"]}
    for service, operation in [*sorted(known), *(key for key in broken if key not in known)]:
        case = Element("testcase", classname=service, name=operation or "(no operation)")
        for each in broken.get((service, operation), ()):
            message = f"{each['pointer'] or '/'}: {each['message']}"
            failure = SubElement(case, "failure", type=each["rule"], message=_clean(message))
            failure.text = _clean(
                f"{each['method']} {each['path']}\n{each['side']}, {each['count']} times\n"
                f"value: {as_text(each['value'])}"
            )
        cases.append(case)
    return cases


def _unmatched(client: Report) -> list[Element]:
    cases = []
    for each in client["unmatched"]:
        call = _clean(f"{each['method']} {each['path']}")
        case = Element("testcase", classname=each["service"], name=call)
        message = f"matches no operation; nearest: {each['nearest'] or 'nothing is like it'}"
        SubElement(case, "failure", type="unmatched", message=_clean(message))
        cases.append(case)
    return cases


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
