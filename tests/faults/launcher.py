"""A process that launches a campaign and stands still at a step until it is killed: `python -m tests.faults.launcher STEP FILE`.

STEP is a function of recontact.campaigns.launch and where to stop: `_store:before`, `_store:after`...; FILE appears there. With
a third argument, `again`, it tries lost messages again, and the step is one of recontact.campaigns.again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import django


def main() -> None:
    """Launch with a stop at the step."""
    django.setup()
    step, mark = sys.argv[1], Path(sys.argv[2])
    name, when = step.split(":")
    of_retries = sys.argv[3:] == ["again"]
    module: Any = import_module(f"recontact.campaigns.{'again' if of_retries else 'launch'}")
    setattr(module, name, _stopping(getattr(module, name), when, mark))
    module.retries_make() if of_retries else module.campaigns_launch()


def _stopping(function: Callable[..., Any], when: str, mark: Path) -> Callable[..., Any]:
    def stopping(*args: Any, **named: Any) -> Any:
        found = function(*args, **named) if when == "after" else None
        mark.touch()
        time.sleep(3600)
        return found

    return stopping


if __name__ == "__main__":
    main()
