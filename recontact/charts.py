"""The bar charts of the Manager: what Unfold's chart component (Chart.js) takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

#: Series colours: ours, lost, then one per account or group. Chart.js takes no CSS variables.
OURS, LOST = "#0d9488", "#dc2626"
COLOURS = (
    *("#0d9488", "#2563eb", "#b45309", "#7c3aed", "#64748b", "#be185d"),
    *("#0ea5e9", "#65a30d", "#ea580c", "#a855f7", "#ca8a04", "#475569"),
)


def series(label: str, values: Sequence[float | Decimal], colour: str) -> dict[str, Any]:
    """One colour of the bars. Amounts go over as they are written: no float comes near money."""
    data = [str(value) if isinstance(value, Decimal) else value for value in values]
    return {"label": label, "data": data, "backgroundColor": colour, "borderRadius": 2, "maxBarThickness": 20}


def bar_chart(labels: Sequence[str], datasets: Sequence[dict[str, Any]], *, whole: bool) -> dict[str, str]:
    """Stacked bars. `whole`: the values are counts, so the axis has no fractions."""
    ticks = {"maxTicksLimit": 5, **({"precision": 0} if whole else {})}
    axis = {"stacked": True, "grid": {"display": False}}
    options = {
        "responsive": True,
        "maintainAspectRatio": False,
        "animation": False,
        "scales": {
            "x": axis,
            "y": {"stacked": True, "beginAtZero": True, "ticks": ticks},
        },
        "plugins": {"legend": {"display": len(datasets) > 0, "position": "bottom"}},
    }
    return {"data": json.dumps({"labels": list(labels), "datasets": list(datasets)}), "options": json.dumps(options)}
