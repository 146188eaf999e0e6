"""Values that no surface may choke on: one table for everything that comes from outside.

Each stands for its kind. `JSON` are values as they stand in a JSON text (written by hand, since Python's encoder would
not write some of them); `TEXTS` are texts for everything that is no JSON: a header, a field of a form, a line of a
file.
"""

from __future__ import annotations

LONG = 5 * 1024 * 1024

TEXTS: dict[str, str] = {
    "empty": "",
    "blank": " ",
    "nul": "a\x00b",
    "controls": "\x01\x1b[2J\x7f\x85",
    "lines": "one\r\ntwo\nthree\u2028four",
    "turned": "\u202eabc\u2066",
    "unlike digits": "٣٤٥",
    "letters": "Недопустимое значение ŝ ß İ",
    "long": "x" * LONG,
    "2^63": str(2**63),
    "-2^63-1": str(-(2**63) - 1),
    "1e400": "1e400",
    "nan": "NaN",
    "year 1": "0001-01-01T00:00:00+23:59",
    "year 9999": "9999-12-31T23:59:59-23:59",
    "date of year 1": "Mon, 01 Jan 0001 00:00:00 +2359",
    "date of year 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
    "path": "../../x?y=%00",
    "markup": "<script>alert(1)</script>",
}


def _quoted(text: str) -> str:
    """A JSON string, ASCII, by hand: lone surrogates too."""
    units = text.encode("utf-16-be", "surrogatepass")
    pairs = (units[at] << 8 | units[at + 1] for at in range(0, len(units), 2))
    return '"' + "".join(chr(u) if 0x20 <= u < 0x7F and u not in b'"\\' else f"\\u{u:04x}" for u in pairs) + '"'


JSON: dict[str, str] = {
    **{name: _quoted(text) for name, text in TEXTS.items() if name != "long"},
    "long": f'"{TEXTS["long"]}"',
    "half a pair": r'"bad \ud800"',
    "the other half": r'"\udc00 bad \ud83d"',
    "null": "null",
    "true": "true",
    "zero": "0",
    "minus one": "-1",
    "number 2^63": str(2**63),
    "number -2^63-1": str(-(2**63) - 1),
    "number of 4,000 digits": "9" * 4_000,
    "number of 5,000 digits": "9" * 5_000,
    "number 1e400": "1e400",
    "number -1e400": "-1e400",
    "number 0.5": "0.5",
    "number NaN": "NaN",
    "number Infinity": "Infinity",
    "empty list": "[]",
    "empty object": "{}",
    "list": '["\\ud800", 1, null, {"\\ud800": "\\ud800"}]',
    "object": '{"\\ud800": ["\\ud800"]}',
    "deep list": "[" * 900 + "]" * 900,
    "deeper list": "[" * 200_000 + "]" * 200_000,
    "deep object": '{"a":' * 900 + "1" + "}" * 900,
    "long list": "[" + ",".join(["1"] * 100_000) + "]",
    "twice": '{"a": 1, "a": "\\ud800"}',
}
