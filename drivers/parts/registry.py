"""A registry of drivers of one kind: the files of a package, and what other packages offer under an entry point."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Generic, TypeVar

from drivers.base import DriverBroken, UnknownDriver

D = TypeVar("D")


class Registry(Generic[D]):
    """Every file of `package` that is not `shared` is a driver and ends with `DRIVER = TheClass`; its name is the
    file's, with hyphens. Others' stand under `group`; ours are not replaced.
    """

    def __init__(
        self, package: str, path: Iterable[str], group: str, base: type[D], shared: frozenset[str] = frozenset()
    ) -> None:
        self._package, self._path, self._group, self._base, self._shared = package, list(path), group, base, shared

    def names(self) -> list[str]:
        """The generic one, which fits most, then the others sorted, those of other packages too, whether they can be
        loaded or not.
        """
        return sorted({*self._own(), *self._others()}, key=lambda name: (not name.startswith("generic"), name))

    def load(self, name: str) -> type[D]:
        """The driver's class. Raises UnknownDriver, naming those that may be meant, or DriverBroken."""
        if name in self._own():
            driver: type[D] = import_module(f"{self._package}.{name.replace('-', '_')}").DRIVER
            return driver
        others = self._others()
        if name in others:
            return self._loaded(name, others[name])
        raise UnknownDriver(f"there is no driver {name[:100]!r}; {self._meant(name)}")

    def _own(self) -> set[str]:
        modules = (module.name for module in iter_modules(self._path) if not module.ispkg)
        return {name.replace("_", "-") for name in modules if name not in self._shared}

    def _others(self) -> dict[str, EntryPoint]:
        own = self._own()
        return {point.name: point for point in entry_points(group=self._group) if point.name not in own}

    def _loaded(self, name: str, point: EntryPoint) -> type[D]:
        try:
            driver = point.load()
        except Exception as broken:
            raise DriverBroken(f"the driver {name!r} ({point.value}) cannot be loaded: {broken!r}") from broken
        if not (isinstance(driver, type) and issubclass(driver, self._base)):
            raise DriverBroken(f"the driver {name!r} ({point.value}) is no {self._package}.{self._base.__name__}")
        return driver

    def _meant(self, name: str) -> str:
        """`keyence` and `keyense-sr` mean `keyence-sr`."""
        names = self.names()
        wanted = name[:100].lower().replace("_", "-")
        near = [one for one in names if wanted and (wanted in one or one in wanted)]
        near += [one for one in get_close_matches(wanted, names, cutoff=0.5) if one not in near]
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        return f"{meant}there are: {', '.join(names)}"
