"""How the pages write what went over the wire."""

from __future__ import annotations

import json
from typing import Any

from django import template

register = template.Library()


@register.filter
def pretty_json(value: Any) -> str:
    """JSON for reading; "" for nothing."""
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False)
