"""PostgreSQL's advisory locks that the portal takes: each with its number, so that no two things share one by chance.

Those of one account's statements have a class of their own (recontact.reconciliation.locks).
"""

from __future__ import annotations

from enum import IntEnum


class AdvisoryLock(IntEnum):
    """What is done by one at a time. The numbers say nothing."""

    COSTS = 7_310_419_002
    WORK = 7_310_419_003
    LAUNCH = 7_310_419_004
    ASSIGNMENT = 7_310_419_005
