r"""The codec: how our reports are written as the regulator's documents, and read back out of what it gives
(API 1.18.2 §5.1 to §5.5). Everybody else speaks of them in our words.

    utilisation     {"businessPlaceId": 27, …, "sntins": ["01…21…\u001d93…", …]}
    validation      {…, "codes": [{"code": "01…21…", "printQualityClass": "A"}], "packageType": "UNIT", …}
    aggregation     {"aggregationUnits": [{"codes": ["01…21…", …], "unitSerialNumber": "00…", …}, …], …}
    disaggregation  {"businessDatetime": "…", "codes": ["00…", …]}
    correction      {"businessDatetime": "…", "codes": ["01…21…", …], "updatedFields": {"seriesNumber": "…", …}}

All but utilisation stand in an envelope, {"documentBody": "<base64 of the JSON>"}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lined.vocabulary.errors import Place
from lined.vocabulary.reports import ReportKind

ENVELOPE_BEGINS, ENVELOPE_ENDS = '{"documentBody":"', '"}'
UPDATED = "updated"
_UPDATED = {
    "production_date": "productionDatetime",
    "expiration_date": "expirationDatetime",
    "series": "seriesNumber",
    "country": "manufacturerCountry",
}
_OURS = {theirs: ours for ours, theirs in _UPDATED.items()}


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of document. `codes_in`: its member that holds the codes; `names`: our word for each other member, and
    theirs.
    """

    codes_in: str
    names: Mapping[str, str]
    envelope: bool = True

    def written(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What a document says besides its codes, in the regulator's words."""
        found = {self.names[name]: value for name, value in told.items() if value is not None}
        if told.get(UPDATED) is not None:
            found[self.names[UPDATED]] = written_update(told[UPDATED])
        return found

    def told(self, content: Mapping[str, object]) -> dict[str, Any]:
        """The same in our words; what we have none for is left out."""
        found: dict[str, Any] = {ours: content[theirs] for ours, theirs in self.names.items() if theirs in content}
        if UPDATED in found:
            updated = found[UPDATED]
            found[UPDATED] = told_update(updated) if isinstance(updated, Mapping) else {}
        return found

    def listed(self, content: Mapping[str, object]) -> list[str] | None:
        """The codes of a document's content, separators as they came; None where they cannot be read."""
        return _strings(content.get(self.codes_in))

    def code_at(self, element: object, rest: Place) -> str | None:  # noqa: ARG002  a code has no parts
        """The code of one element of the list, or of what lies in it at the rest of a path."""
        return str(element)


class _Graded(Format):
    def listed(self, content: Mapping[str, object]) -> list[str] | None:
        rows = content.get(self.codes_in)
        if not isinstance(rows, list):
            return None
        return _strings([row.get("code") if isinstance(row, dict) else None for row in rows])

    def code_at(self, element: object, rest: Place) -> str | None:  # noqa: ARG002  whatever of its row is wrong
        return graded_code(element) if isinstance(element, dict) else None


class _Units(Format):
    def listed(self, content: Mapping[str, object]) -> list[str] | None:
        units = content.get(self.codes_in)
        if not isinstance(units, list):
            return None
        found: dict[str, None] = {}
        for unit in units:
            codes = unit.get("codes") if isinstance(unit, dict) else None
            parent = unit.get("unitSerialNumber") if isinstance(unit, dict) else None
            if not isinstance(codes, list) or not all(isinstance(code, str) for code in [*codes, parent]):
                return None
            found.update(dict.fromkeys([*codes, str(parent)]))
        return list(found)

    def code_at(self, element: object, rest: Place) -> str | None:
        """A child where the path names one, else the package."""
        if not isinstance(element, dict):
            return None
        parent, children = unit_codes(element)
        index = rest[1] if len(rest) > 1 and rest[0] == "codes" else None
        if not isinstance(index, int):
            return parent
        return children[index] if index < len(children) else None


class _Listing(Format):
    def listed(self, content: Mapping[str, object]) -> list[str] | None:
        """[] for any other document: all come up in a search where the dictionary has no type (API 1.21.1 §13.12)."""
        if ("updatedFields" in content) != (UPDATED in self.names):
            return []
        return _strings(content.get(self.codes_in)) or []


FORMATS: Mapping[str, Format] = {
    ReportKind.UTILISATION: Format(
        "sntins",
        {
            "business_place_id": "businessPlaceId",
            "country": "manufacturerCountry",
            "expiration_date": "expirationDate",
            "order": "productionOrderId",
            "production_date": "productionDate",
            "release_type": "releaseType",
            "series": "seriesNumber",
        },
        envelope=False,
    ),
    ReportKind.VALIDATION: _Graded(
        "codes",
        {
            "business_place_id": "businessPlaceId",
            "document_date": "documentDate",
            "group": "productGroup",
            "order": "productionOrderId",
            "package_type": "packageType",
        },
    ),
    ReportKind.AGGREGATION: _Units(
        "aggregationUnits",
        {"business_place_id": "businessPlaceId", "document_date": "documentDate", "order": "productionOrderId"},
    ),
    ReportKind.DISAGGREGATION: _Listing("codes", {"document_date": "businessDatetime"}),
    ReportKind.CORRECTION: _Listing("codes", {"document_date": "businessDatetime", UPDATED: "updatedFields"}),
}


def graded(code: str, class_: str) -> dict[str, str]:
    """One row of a validation."""
    return {"code": code, "printQualityClass": class_}


def graded_code(row: Mapping[str, object]) -> str:
    return str(row["code"])


def unit(parent: str, children: Sequence[str], capacity: int) -> dict[str, Any]:
    """One package of an aggregation. `shouldBeUnbundled` is never set: a unit leaves its own parent by a
    disaggregation, which is the only thing the text says to free children.
    """
    return {
        "aggregationItemsCount": len(children),
        "aggregationUnitCapacity": max(capacity, len(children)),
        "codes": children,
        "unitSerialNumber": parent,
    }


def unit_codes(element: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The parent and its children."""
    return str(element["unitSerialNumber"]), [str(code) for code in element["codes"]]


def written_update(updated: Mapping[str, str]) -> dict[str, str]:
    """The new values of a correction in the regulator's words. Journals of 0.1.0 hold them so already."""
    return {_UPDATED.get(name, name): value for name, value in updated.items()}


def told_update(updated: Mapping[str, Any]) -> dict[str, Any]:
    return {_OURS.get(name, name): value for name, value in updated.items()}


def _strings(listed: object) -> list[str] | None:
    """A list of strings, or None for anything else."""
    if not isinstance(listed, list) or not all(isinstance(code, str) for code in listed):
        return None
    return listed
