"""The report as one HTML page that needs nothing else: no script, no font, no network."""

from collections.abc import Iterable
from html import escape
from typing import Any

from mockserver.report.table import as_text

Report = dict[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #f4f5f8; --dim: #626a78; --bad: #b3261e;
  --bad-soft: #fdecea; --good: #1a7f4b; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a3f49; --soft: #22262e; --dim: #9aa3b2; --bad: #ff8a80; --bad-soft: #3b2222;
    --good: #6fd6a1; }
  body { background: #181b20; color: #e6e8ec; }
}
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem;
  padding: 2rem 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; overflow-wrap: anywhere; }
h3 { font-size: .95rem; margin: 1.5rem 0 .5rem; }
code { font: .875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; }
.figure { background: var(--soft); border-radius: .5rem; padding: .75rem 1rem; }
.figure b { display: block; font-size: 1.6rem; line-height: 1.2; }
.figure span { color: var(--dim); font-size: .85rem; }
.figure.bad b { color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 44rem; width: 100%; }
th { color: var(--dim); font-size: .8rem; font-weight: 600; white-space: nowrap; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .75rem .4rem 0; text-align: left;
  vertical-align: top; }
td.number, th.number { padding-right: 1.5rem; text-align: right; }
.status { border-radius: .25rem; display: inline-block; margin-right: .4rem; white-space: nowrap; }
.never { color: var(--dim); }
.note { color: var(--dim); font-size: .85rem; }
.breach { background: var(--bad-soft); border-left: 3px solid var(--bad); border-radius: .25rem;
  margin: .5rem 0; padding: .6rem .9rem; }
.breach p { margin: 0; }
.breach dl { display: grid; gap: .1rem .75rem; grid-template-columns: max-content 1fr;
  margin: .35rem 0 0; font-size: .9rem; }
.breach dt { color: var(--dim); }
.breach dd { margin: 0; overflow-wrap: anywhere; }
.clean { color: var(--good); }
details { margin-top: 2.5rem; }
summary { cursor: pointer; font-weight: 600; }
"""


def as_page(report: Report) -> str:
    """The whole page."""
    summary = report["summary"]
    figures = [
        (f"{summary['exercised']} / {summary['operations']}", "operations called", False),
        (summary["violations"], "violations", bool(summary["violations"])),
        (summary["unmatched"], "calls that matched nothing", bool(summary["unmatched"])),
        (summary["deprecated"], "deprecated operations used", False),
    ]
    body = [
        "<h1>Contract report</h1>",
        '<div class="figures">',
        *(_figure(*figure) for figure in figures),
        "</div>",
        *(_client(client) for client in sorted(report["clients"], key=_is_clean)),
        _uncovered(report["uncovered"]),
    ]
    if not report["clients"]:
        body.append("<p>No call reached any of the services.</p>")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Contract report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, body))
        + "\n</body>\n</html>\n"
    )


def _figure(number: object, words: str, bad: bool) -> str:
    return (
        f'<div class="figure{" bad" if bad else ""}"><b>{escape(str(number))}</b>'
        f"<span>{escape(words)}</span></div>"
    )


def _is_clean(client: Report) -> bool:
    return not client["violations"] and not client["unmatched"]


def _client(client: Report) -> str:
    parts = [f"<h2>{escape(client['client'])}</h2>"]
    for each in client["violations"]:
        parts.append(_violation(each))
    for each in client["unmatched"]:
        parts.append(_unmatched(each))
    if _is_clean(client):
        parts.append('<p class="clean">Kept to the contract.</p>')
    if client["operations"]:
        head = (
            '<tr><th>Operation</th><th>Call</th><th class="number">Calls</th>'
            "<th>Answers met</th><th>Never met</th></tr>"
        )
        rows = (_operation(each) for each in client["operations"])
        parts.append(_table(head, rows))
    return "\n".join(parts)


def _operation(each: Report) -> str:
    statuses = "".join(
        f'<span class="status"><code>{escape(status)}</code> &times; {count}</span>'
        for status, count in each["statuses"].items()
    )
    note = ' <span class="note">deprecated</span>' if each["deprecated"] else ""
    never = f"<code>{escape(' '.join(each['never']))}</code>" if each["never"] else "&ndash;"
    return (
        f'<tr><td>{escape(each["operation"])} <span class="note">{escape(each["service"])}</span>'
        f"{note}</td><td><code>{escape(each['method'])} {escape(each['path'])}</code></td>"
        f'<td class="number">{each["calls"]}</td><td>{statuses}</td><td class="never">{never}</td>'
        "</tr>"
    )


def _violation(each: Report) -> str:
    facts = [
        ("Where", f"{each['side']} <code>{escape(each['pointer'] or '/')}</code>"),
        ("Rule", f"<code>{escape(each['rule'])}</code>"),
        ("Call", f"<code>{escape(each['method'])} {escape(each['path'])}</code>"),
    ]
    if each["value"] is not None:
        facts.append(("Value", f"<code>{escape(as_text(each['value']))}</code>"))
    if each["count"] > 1:
        facts.append(("Times", str(each["count"])))
    operation = escape(each["operation"] or each["service"])
    return _breach(f"<b>{operation}</b>: {escape(each['message'])}", facts)


def _unmatched(each: Report) -> str:
    call = f"<code>{escape(each['method'])} {escape(each['path'])}</code>"
    nearest = escape(each["nearest"]) if each["nearest"] else "nothing is like it"
    facts = [("Nearest", f"<code>{nearest}</code>")]
    if each["count"] > 1:
        facts.append(("Times", str(each["count"])))
    return _breach(f"{call} matches no operation", facts)


def _breach(title: str, facts: Iterable[tuple[str, str]]) -> str:
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    return f'<div class="breach"><p>{title}</p><dl>{listed}</dl></div>'


def _uncovered(operations: list[Report]) -> str:
    if not operations:
        return ""
    head = "<tr><th>Operation</th><th>Call</th></tr>"
    rows = (
        f'<tr><td>{escape(each["operation"])} <span class="note">{escape(each["service"])}</span>'
        f"</td><td><code>{escape(each['method'])} {escape(each['path'])}</code></td></tr>"
        for each in operations
    )
    return (
        f"<details><summary>{len(operations)} operations of these services that nobody called"
        f"</summary>{_table(head, rows)}</details>"
    )


def _table(head: str, rows: Iterable[str]) -> str:
    body = "\n".join(rows)
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'
