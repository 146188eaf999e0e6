"""Items that pass a simulated scanner: good codes, and what a real line mixes among them."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from random import Random
from typing import NamedTuple

from lined.codes import GS

READ, DUPLICATE, WRONG_PRODUCT = "read", "duplicate", "wrong-product"
NO_READ, GARBAGE, SEPARATORS_LOST, SPOILED = "no-read", "garbage", "separators-lost", "spoiled"
BAD_GRADE = "bad-grade"

RECENT = 50  # duplicates repeat one of the last so many items: the same item under the scanner twice, or a copied label
GARBAGE_MAX_CHARS = 60
_GARBAGE = (string.printable.strip() + "€я\x00\x1d").encode()


class Item(NamedTuple):
    """One passage under the scanner. `payload` is what it sends, without prefix and suffix; `code` is the full code on
    the item, by which results are kept. `pull`: all before it are answered, then the cable is pulled in the middle of
    its frame, and it passes again. `twice`: the frame is sent once more before anything is heard, as by a device that
    waits for an acknowledgement and gets none in time.
    """

    payload: bytes
    code: bytes
    kind: str = READ
    pull: bool = False
    twice: bool = False


@dataclass(frozen=True)
class LineFaults:
    """How often what goes wrong, as shares of the items (0 to 1). `wrong`: codes of other products. `spoiled`: sent as
    by a reader with a wrong set-up, but so that the code is certain. `bad_grades`: badly printed, for who sends grades.
    """

    duplicates: float = 0.0
    wrong_products: float = 0.0
    no_reads: float = 0.0
    garbage: float = 0.0
    separators_lost: float = 0.0
    spoiled: float = 0.0
    pulls: float = 0.0
    bad_grades: float = 0.0
    twice: float = 0.0
    wrong: Sequence[bytes] = ()
    no_read: bytes = b"NOREAD"

    def __post_init__(self) -> None:
        shares = [field.name for field in fields(self) if isinstance(getattr(self, field.name), float)]
        if any(not 0 <= getattr(self, name) <= 1 for name in shares):
            raise ValueError(f"shares lie between 0 and 1: {', '.join(shares)}")
        if self.wrong_products and not self.wrong:
            raise ValueError("wrong_products needs codes in `wrong`")


def good(codes: Iterable[str | bytes]) -> Iterator[Item]:
    """Each code read well, once."""
    for code in codes:
        payload = code.encode("ascii") if isinstance(code, str) else code
        yield Item(payload, payload)


def faulty(codes: Iterable[str | bytes], faults: LineFaults, rng: Random) -> Iterator[Item]:
    """The codes with faults among them. An item that was not read well passes again at once, so that every code is read
    well in the end; memory stays bounded whatever the number of codes.
    """
    recent: list[bytes] = []
    wrong = itertools.cycle(faults.wrong)
    for item in good(codes):
        if rng.random() < faults.wrong_products:
            strange = next(wrong)
            yield Item(strange, strange, WRONG_PRODUCT)
        if rng.random() < faults.no_reads:
            yield Item(faults.no_read, item.code, NO_READ)
        if rng.random() < faults.garbage:
            yield Item(_noise(rng), item.code, GARBAGE)
        if rng.random() < faults.separators_lost and GS.encode() in item.payload:
            yield item._replace(payload=item.payload.replace(GS.encode(), b""), kind=SEPARATORS_LOST)
        if rng.random() < faults.spoiled:
            yield item._replace(payload=spoiled(item.payload, rng), kind=SPOILED)
        if faults.bad_grades and rng.random() < faults.bad_grades:
            yield item._replace(kind=BAD_GRADE)
        yield item._replace(pull=rng.random() < faults.pulls, twice=faults.twice > 0 and rng.random() < faults.twice)
        if rng.random() < faults.duplicates and recent:
            again = rng.choice(recent)
            yield Item(again, again, DUPLICATE)
        recent.append(item.code)
        del recent[:-RECENT]


def spoiled(payload: bytes, rng: Random) -> bytes:
    """In one of the ways of readers that are set up wrongly."""
    gs, before = GS.encode(), rng.choice((b"", b"\x00\x00", b"\xff\xfd\x01", b"]d2"))
    ways = [payload + gs]
    if gs in payload:
        ways.append(payload[:16] + gs + payload[16:])
        ways += [
            payload.replace(gs, other) for other in (gs + gs, b"<GS>", b"_x001D_", b"~d029", b"&#29;", b"_1", b"^]")
        ]
    return before + rng.choice(ways)


def _noise(rng: Random) -> bytes:
    """Anything but an empty frame or the end of one."""
    return bytes(rng.choice(_GARBAGE) for _ in range(rng.randint(1, GARBAGE_MAX_CHARS)))
