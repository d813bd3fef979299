"""The report as lines for a terminal."""

from typing import Any

Report = dict[str, Any]


def as_table(report: Report) -> str:
    """What was called by whom, then what was wrong with it, worst last."""
    summary = report["summary"]
    lines: list[str] = []
    for client in sorted(report["clients"], key=_is_broken):
        lines += _client(client)
    lines.append(
        f"contract: {summary['exercised']} of {summary['operations']} operations called, "
        f"{_many(summary['violations'], 'violation')}, "
        f"{_many(summary['unmatched'], 'call')} that matched nothing"
        + (f", {_many(summary['deprecated'], 'deprecated operation')}" if summary["deprecated"]
           else "")
    )  # fmt: skip
    if summary["dropped"]:
        lines.append(f"  (and {summary['dropped']} more that there was no room to tell apart)")
    return "\n".join(lines)


def _is_broken(client: Report) -> bool:
    return bool(client["violations"] or client["unmatched"])


def _client(client: Report) -> list[str]:
    lines = [client["client"], ""]
    rows = [
        (
            each["service"],
            each["operation"] + (" (deprecated)" if each["deprecated"] else ""),
            str(each["calls"]),
            ", ".join(f"{status}: {count}" for status, count in each["statuses"].items()),
            " ".join(each["never"]) or "-",
        )
        for each in client["operations"]
    ]
    if rows:
        lines += _columns([("service", "operation", "calls", "answers", "never met"), *rows])
        lines.append("")
    for each in client["violations"]:
        lines += _violation(each)
    for each in client["unmatched"]:
        nearest = each["nearest"] or "nothing is like it"
        lines += [
            f"  ✗ {each['method']} {each['path']} matches nothing{_times(each['count'])}",
            f"      nearest: {nearest}",
        ]
    if _is_broken(client):
        lines.append("")
    return lines


def _violation(each: Report) -> list[str]:
    said = {"request": "sent", "response": "answered", "delivery": "delivered"}[each["side"]]
    lines = [
        f"  ✗ {each['operation'] or each['path']} {said} {each['pointer'] or '/'}: "
        f"{each['message']}{_times(each['count'])}",
        f"      rule: {each['rule']}, in {each['method']} {each['path']}",
    ]
    if each["value"] is not None:
        lines.append(f"      value: {as_text(each['value'])}")
    return lines


def as_text(value: Any) -> str:
    """A violation's value as JSON, on one line."""
    import orjson

    return orjson.dumps(value, default=str).decode()


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
