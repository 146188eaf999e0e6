"""The members of a report, as a list of its document's codes tells of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Members(NamedTuple):
    """Keys of members with what was said of them. `unlisted`: those of which nothing was. `remarks`: what was said of
    parts of a member that changes nothing about it.
    """

    accepted: Mapping[str, str]
    refused: Mapping[str, str]
    unlisted: set[str]
    remarks: Mapping[str, str]


def each_by_its_row(ours: Collection[str], accepted: Mapping[str, str], refused: Mapping[str, str]) -> Members:
    """Every member has a row of its own."""
    return Members(accepted, refused, set(ours) - accepted.keys() - refused.keys(), {})
