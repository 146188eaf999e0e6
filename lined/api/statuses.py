"""The HTTP status of each kind of error: the one place where they meet."""

from __future__ import annotations

from lined.vocabulary.errors import (
    CommandError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotKnown,
    NotNow,
    TooLarge,
    TooMany,
    Unreadable,
    Unsupported,
)

STATUS: dict[type[CommandError], int] = {
    Unreadable: 400,
    NotKnown: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Invalid: 422,
    TooMany: 429,
    Unsupported: 501,
    NotNow: 503,
}


def kind_of(status: int) -> type[CommandError]:
    """The kind of error that an answer of this status tells of; of a status that is not ours, by its class."""
    kinds = {number: kind for kind, number in STATUS.items()}
    return kinds.get(status, NotNow if status >= 500 else Conflict)
