"""How many codes a second one core reads, for each template: `python tests/bench/bench_codes.py`.

Processor time of this process, best of several rounds over distinct codes of one product, so that other work on the
machine does not count. The floor that the line relies on is 300,000 a second for each template.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence

from lined.codes import AISTR, ASYM_SHORT, SHORT, TOBACCO, Shape, build, parse, sscc

CODES = 20_000
ROUNDS = 7
FLOOR = 300_000
GTIN = "04899215122371"
SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


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


def main() -> None:
    """Print a line for each template, then for what slows reading down."""
    short = _codes(SHORT, 13, 4)
    lost = [raw.replace(b"\x1d", b"") for raw in short]
    samples = [
        (SHORT, short, Shape(SHORT, 13)),
        (ASYM_SHORT, _codes(ASYM_SHORT, 20, 44, 4), Shape(ASYM_SHORT, 20)),
        ("GS1_AISTR", _codes(AISTR, 20, 88, 4), Shape(AISTR, 20)),
        (TOBACCO, _codes(TOBACCO, 7, 8), Shape(TOBACCO, 7)),
        ("SSCC", [sscc("0307797292", number).encode("ascii") for number in range(CODES)], Shape(SHORT, 13)),
        ("SHORT, identification code", [raw[:31] for raw in short], Shape(SHORT, 13)),
        ("SHORT with ]d2", [b"]d2" + raw for raw in short], Shape(SHORT, 13)),
        ("SHORT, separator restored", lost, Shape(SHORT, 13)),
    ]
    for name, codes, shape in samples:
        rate = _rate(codes, {GTIN: shape})
        print(f"{name:28} {rate:>10,.0f} codes/s{'' if rate >= FLOOR else '   below the floor'}")


if __name__ == "__main__":
    main()
