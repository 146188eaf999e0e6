"""Rules of products and reports, judged by the regulator's profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from lined.codes import TOBACCO
from lined.config.models import LEVELS, SSCC_DIGITS, SSCC_LAST, Package, Product
from lined.config.repair import Repaired
from lined.config.texts import Place, path_of
from lined.config.values import shown
from lined.regulator.profile import Profile
from lined.vocabulary.errors import Problem
from lined.vocabulary.packages import Level

TOBACCO_SERIAL = 7
PREFIX_DIGITS = range(5, SSCC_DIGITS)  # extension digit and at least four of company prefix; a serial number remains


def at(place: Place, message: str) -> Problem:
    return Problem(path_of(place), message)


def product_problems(found: Repaired, profile: Profile | None) -> Iterator[Problem]:
    yield from _gtins(found)
    for number, product in enumerate(found.config.products):
        place: Place = ("product", number)
        if profile is not None:
            yield from _by_the_profile(found, place, product, profile)
        yield from _serial_length(place, product)
        yield from _reorder(found, place, product, profile)
        yield from _packages(found, place, product, profile)


def _gtins(found: Repaired) -> Iterator[Problem]:
    """A GTIN names one thing: an item of one product, or its group package."""
    first: dict[str, str] = {}
    for number, product in enumerate(found.config.products):
        places: list[tuple[Place, str | None]] = [(("product", number, "gtin"), product.gtin)]
        packages = [(index, package) for index, package in enumerate(product.packages) if package.level == Level.GROUP]
        places += [(("product", number, "package", index, "gtin"), package.gtin) for index, package in packages]
        for place, gtin in places:
            if gtin is None or not found.sure(*place):
                continue
            if gtin in first:
                yield at(place, f"{gtin} is already the GTIN at {first[gtin]}: each product and group has its own")
            else:
                first[gtin] = path_of(place)


def _by_the_profile(found: Repaired, place: Place, product: Product, profile: Profile) -> Iterator[Problem]:
    if found.sure(*place, "group") and product.group not in profile.groups:
        known = f"it has: {', '.join(sorted(profile.groups))}"
        yield at((*place, "group"), f"{profile.about.name} has no product group {shown(product.group)}; {known}")
    country = product.country or profile.release.home_country
    release_type = product.release_type or profile.release.home
    known_country = country in profile.countries.codes
    if found.sure(*place, "country") and not known_country:
        message = f"{shown(country)} is in no list of countries that {profile.about.name} has"
        yield at(
            (*place, "country"), f"{message}: write that of the product's card, such as {profile.release.home_country}"
        )
    if not found.sure(*place, "release_type"):
        pass
    elif release_type not in profile.release.types:
        known = " or ".join(profile.release.types)
        yield at((*place, "release_type"), f"must be {known}, not {shown(release_type)}")
    elif found.sure(*place, "country") and known_country:
        wrong = profile.release.problem(release_type, country)
        if wrong is not None:
            yield at((*place, "release_type"), f"{wrong}: change release_type or country, as in the product's card")
    if product.template is None or not found.sure(*place, "template"):
        return
    usable = profile.codes.templates
    if product.template not in usable:
        yield at((*place, "template"), f"must be one of {', '.join(usable)}, not {shown(product.template)}")


def _serial_length(place: Place, product: Product) -> Iterator[Problem]:
    if product.template == TOBACCO and product.serial_length not in {None, TOBACCO_SERIAL}:
        yield at((*place, "serial_length"), f"a {TOBACCO} code has {TOBACCO_SERIAL} characters here: leave it out")


def _reorder(found: Repaired, place: Place, product: Product, profile: Profile | None) -> Iterator[Problem]:
    """Both or none; no more than an order of codes may hold of a product."""
    if not found.sure(*place, "reorder_below") or not found.sure(*place, "reorder_quantity"):
        return
    below, quantity = product.reorder_below, product.reorder_quantity
    most = profile.limits.order_codes if profile is not None and found.sure("regulator", "limits") else None
    if below and not quantity:
        yield at((*place, "reorder_quantity"), "is required with reorder_below: how many codes are ordered by itself")
    elif quantity and not below:
        yield at((*place, "reorder_below"), "is required with reorder_quantity: below how many codes it is ordered")
    elif most is not None and quantity > most:
        yield at((*place, "reorder_quantity"), f"an order holds at most {most} codes of a product, not {quantity}")


def _packages(found: Repaired, place: Place, product: Product, profile: Profile | None) -> Iterator[Problem]:
    levels = {package.level for package in product.packages}
    seen: set[str] = set()
    for index, package in enumerate(product.packages):
        here: Place = (*place, "package", index)
        if not found.sure(*here, "level"):
            continue
        if package.level in seen:
            yield at((*here, "level"), f"this product has a {package.level} already: one package a level")
        seen.add(package.level)
        yield from _group_gtin(found, here, package)
        yield from _child_level(found, here, package, levels)
        limit = _capacity_limit(found, profile, package.level)
        if limit is not None and found.sure(*here, "capacity") and package.capacity > limit:
            yield at((*here, "capacity"), f"a {package.level} may hold at most {limit}, not {package.capacity}")


def _group_gtin(found: Repaired, here: Place, package: Package) -> Iterator[Problem]:
    if package.level == Level.GROUP and package.gtin is None and found.sure(*here, "gtin"):
        yield at((*here, "gtin"), "is required for a GROUP, which has marking codes of its own: add the group's GTIN")


def _child_level(found: Repaired, here: Place, package: Package, levels: AbstractSet[str]) -> Iterator[Problem]:
    child = package.child_level
    if child is None or not found.sure(*here, "child_level"):
        return
    if LEVELS.index(child) >= LEVELS.index(package.level):
        yield at((*here, "child_level"), f"{child} does not go into {package.level}: it must be a lower level")
    elif child != Level.UNIT and child not in levels and all(found.sure(*here[:-1], n, "level") for n in range(3)):
        yield at((*here, "child_level"), f"this product has no {child}: add a [[product.package]] of that level")


def _capacity_limit(found: Repaired, profile: Profile | None, level: str) -> int | None:
    return profile.limits.children(level) if profile is not None and found.sure("regulator", "limits") else None


def report_problems(found: Repaired, profile: Profile | None) -> Iterator[Problem]:
    limit = profile.limits.codes_per_report if profile is not None else None
    if limit is None or not found.sure("regulator", "limits"):
        return
    for kind, report in found.config.report.kinds().items():
        place: Place = ("report", kind, "max_codes")
        written = "max_codes" in report.model_fields_set  # the default follows a lower limit by itself
        if found.sure(*place) and written and report.max_codes > limit:
            yield at(place, f"the regulator takes at most {limit} codes a report, not {report.max_codes}")


def sscc_problems(found: Repaired) -> Iterator[Problem]:
    sscc = found.config.sscc
    if sscc is None or not found.sure("sscc", "prefix"):
        return
    if not re.fullmatch(r"[0-9]+", sscc.prefix) or len(sscc.prefix) not in PREFIX_DIGITS:
        wanted = f"{PREFIX_DIGITS.start} to {PREFIX_DIGITS.stop - 1} digits in quotes"
        yield at(("sscc", "prefix"), f"must be the extension digit and GS1's company prefix, {wanted}")
        return
    if not sscc.prefix[1:].strip("0"):
        yield at(("sscc", "prefix"), "no company has a prefix of zeros: write your own extension digit and GS1 prefix")
        return
    most = 10**sscc.serial_digits - 1
    for key, value in (("first", sscc.first), ("last", sscc.last)):
        is_default = key == "last" and value == SSCC_LAST and key not in sscc.model_fields_set
        if value > most and not is_default and found.sure("sscc", key):
            message = f"after the prefix {sscc.prefix} there is room for {sscc.serial_digits} digits: at most {most}"
            yield at(("sscc", key), message)
    if sscc.last < sscc.first <= most and found.sure("sscc", "first") and found.sure("sscc", "last"):
        yield at(("sscc", "last"), f"must not be less than first, {sscc.first}")
