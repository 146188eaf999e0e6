"""How many codes a second one core reads, template by template, and what slows reading down.

Processor time of this process, best of several rounds over distinct codes of one product, so that other work on the
machine does not count.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lined.codes import AISTR, ASYM_SHORT, SHORT, TOBACCO, Shape, build, parse, sscc
from tests.bench.figures import Figure, Sizes

CODES = 20_000
ROUNDS = 5
GTIN = "04899215122371"
SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


async def parsing(_folder: Path, _sizes: Sizes) -> list[Figure]:
    short = _codes(SHORT, 13, 4)
    lost = [raw.replace(b"\x1d", b"") for raw in short]
    samples = [
        (SHORT, short, Shape(SHORT, 13), True),
        (ASYM_SHORT, _codes(ASYM_SHORT, 20, 44, 4), Shape(ASYM_SHORT, 20), True),
        (AISTR, _codes(AISTR, 20, 88, 4), Shape(AISTR, 20), True),
        (TOBACCO, _codes(TOBACCO, 7, 8), Shape(TOBACCO, 7), True),
        ("SSCC", [sscc("0307797292", number).encode("ascii") for number in range(CODES)], Shape(SHORT, 13), False),
        ("an identification code", [raw[:31] for raw in short], Shape(SHORT, 13), False),
        (f"{SHORT} with ]d2", [b"]d2" + raw for raw in short], Shape(SHORT, 13), False),
        (f"{SHORT}, separator restored", lost, Shape(SHORT, 13), False),
    ]
    return [
        Figure(f"parsing {name}", round(_rate(codes, {GTIN: shape})), "codes/s", "≥ 300,000" if template else "-")
        for name, codes, shape, template in samples
    ]


def _codes(template: str, serial: int, check: int, key: int = 0) -> list[bytes]:
    chance = random.Random(template)

    def text(length: int) -> str:
        return "".join(chance.choices(SET_82, k=length))

    return [build(template, GTIN, text(serial), check=text(check), key=text(key)).encode("ascii") for _ in range(CODES)]


def _rate(codes: Sequence[bytes], shapes: Mapping[str, Shape]) -> float:
    best_s = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for raw in codes:
            parse(raw, shapes)
        best_s = min(best_s, time.process_time() - started)
    return len(codes) / best_s
