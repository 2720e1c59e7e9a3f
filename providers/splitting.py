"""Halving a bulk request that was refused as a whole, until the message at fault stands alone. In memory, by reference.

A provider that refuses a whole request because of one message, and does not say which, sent none of them: the others must
not be refused with it. What is remembered is only how many may go together; a restart begins again and loses nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

#: So many references are remembered, the newest ones.
REMEMBERED = 20_000


class Splitter:
    """How many messages may go in one request with each of those whose request was refused."""

    def __init__(self) -> None:
        self._limits: OrderedDict[str, int] = OrderedDict()

    def together(self, references: Sequence[str]) -> int:
        """How many of these, from the first on, go in one request. At least one, of any."""
        limit = len(references)
        for count, reference in enumerate(references, start=1):
            limit = min(limit, self._limits.get(reference, limit))
            if count > limit:
                # This one, and those after it, must wait for a request of their own size.
                return max(1, count - 1)
        return len(references)

    def refused(self, references: Sequence[str]) -> None:
        """A request with these was refused as a whole: next time half of them go together."""
        for reference in references:
            self._limits[reference] = max(1, len(references) // 2)
            self._limits.move_to_end(reference)
        while len(self._limits) > REMEMBERED:
            self._limits.popitem(last=False)
