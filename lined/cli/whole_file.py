"""A file that appears under its name once it is whole and on disk, and never takes another one's place.

Until then it has no name at all where the file system can do so (`O_TMPFILE`), so that nothing of it is left behind by
a process that was killed; elsewhere (FAT, NFS) it is `.NAME.part` beside it, which the next try begins anew.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lined.vocabulary.errors import LinedError

NOT_THERE = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT})  # what O_TMPFILE ends with


class NotWritten(LinedError):
    """The file is not there, and nothing of it is left."""


class NameUnsure(LinedError):
    """The file is there, whole and under its name; whether the name outlasts a loss of power is not known."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """What is written appears as `path`, readable by its owner alone, where the block ends well; else nothing does.
    Durable when it returns. Raises FileExistsError where something has the name, also since the beginning; OSError;
    NameUnsure, and then the file is there.
    """
    from lined.journal.files import sync_folder

    if path.is_symlink() or path.exists():
        raise FileExistsError(errno.EEXIST, "there is something of this name already", str(path))
    descriptor, part = _opened(path)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            yield file
        os.fsync(descriptor)
        _name(descriptor, part, path)
        try:
            sync_folder(path.parent)
        except OSError as error:
            raise NameUnsure(f"{path.parent}: {error.strerror or error}") from None
    except BaseException:
        if part is not None:
            part.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _opened(path: Path) -> tuple[int, Path | None]:
    """The file that is being written, and its name where it has one."""
    flags = os.O_WRONLY | os.O_CLOEXEC
    try:
        return os.open(path.parent, flags | os.O_TMPFILE, 0o600), None
    except OSError as error:
        if error.errno not in NOT_THERE or not path.parent.is_dir():
            raise
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    return os.open(part, flags | os.O_CREAT | os.O_EXCL, 0o600), part


def _name(descriptor: int, part: Path | None, path: Path) -> None:
    if part is None:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:  # with a folder's descriptor it is linkat(2), which follows the link in /proc
            os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder)
        finally:
            os.close(folder)
    elif path.exists():
        raise FileExistsError(errno.EEXIST, "there is something of this name already", str(path))
    else:
        part.rename(path)
