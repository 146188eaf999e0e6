"""The operator's page, for now: what the line is doing, without a script, without anything from the internet."""

from __future__ import annotations

from html import escape
from typing import Any

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>{line}: {state}</title><style>
body {{ font: 18px/1.5 system-ui, sans-serif; margin: 1.5rem; max-width: 60rem; color: #111; background: #fff; }}
h1 span {{ padding: .1em .5em; color: #fff; border-radius: .2em; }}
.running {{ background: #17692f; }} .degraded {{ background: #8a5a00; }} .stopped {{ background: #b3121d; }}
.test {{ background: #5b2a86; color: #fff; padding: .3em .6em; }}
table {{ border-collapse: collapse; margin: 1rem 0; }} caption {{ text-align: left; font-weight: bold; }}
td, th {{ text-align: left; padding: .1em 1em .1em 0; }}
td.n {{ text-align: right; font-variant-numeric: tabular-nums; }}
</style></head><body>
"""


def page(document: dict[str, Any]) -> str:
    """The `/status` document as HTML, read again every 5 s."""
    line, state = escape(document["line"]), escape(document["state"])
    parts = [
        _HEAD.format(line=line, state=state),
        f'<h1>{line} <span class="{state}">{state}</span></h1>',
        _job(document["job"]),
        _problems(document["problems"]),
        _table("Reads", {key: n for key, n in document["reads"].items() if key != "by_reason"}),
        _table("Rejected because", {key: n for key, n in document["reads"]["by_reason"].items() if n}),
        _table("Codes", document["codes"]),
        _table("Reports", {key: n for key, n in document["reports"].items() if n}),
        _table("Devices", {device["id"]: _device(device) for device in document["devices"]}),
        _table("Regulator", {"reachable": "yes" if document["regulator"]["reachable"] else "no"}),
        "</body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _job(job: dict[str, Any] | None) -> str:
    if job is None:
        return "<p>No job is running.</p>"
    test = '<p class="test">TEST: nothing is reported.</p>' if job["mode"] == "test" else ""
    name = f"{escape(str(job['product'] or ''))} {escape(job['gtin'])}"
    order = f", order {escape(job['order'])}" if job["order"] else ""
    return f"{test}<p>Job {escape(job['id'])}: {name}{order}, since {escape(job['started_at'])}</p>"


def _problems(problems: list[dict[str, Any]]) -> str:
    return "".join(f"<p><strong>{escape(one['text'])}</strong></p>" for one in problems)


def _device(device: dict[str, Any]) -> str:
    state = "connected" if device["connected"] else f"not connected: {device['problem'] or 'no reason known'}"
    return f"{state}, last read {device['last_read_at'] or 'never'}"


def _table(title: str, rows: dict[str, Any]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<tr><th>{escape(str(key))}</th>{_cell(value)}</tr>" for key, value in rows.items())
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"


def _cell(value: object) -> str:
    return f'<td class="n">{value:,}</td>' if isinstance(value, int) else f"<td>{escape(str(value))}</td>"
