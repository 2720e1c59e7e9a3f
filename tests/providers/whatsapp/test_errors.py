"""The one table of WhatsApp's codes is Meta's, and what a code means is the same whoever passes it on."""

from __future__ import annotations

import pytest

from providers.errors import Reason
from providers.registry import adapter_class, adapter_paths
from providers.simulator.refusal import CODES as SIMULATED
from providers.whatsapp.errors import CODES, codes_reported, codes_worded


def is_whatsapps(code: str) -> bool:
    return len(code) == 6 and code.isdecimal() and code.startswith("13")


def test_the_table_is_metas() -> None:
    metas = {code: meaning for code, meaning in adapter_class("meta").error_codes.items() if is_whatsapps(code)}
    assert metas == CODES
    assert {str(code) for code in SIMULATED if is_whatsapps(str(code))} <= set(CODES)


@pytest.mark.parametrize("slug", sorted(adapter_paths()))
def test_a_code_means_the_same_whoever_passes_it_on(slug: str) -> None:
    passed_on = {code: row.reason for code, row in adapter_class(slug).error_codes.items() if is_whatsapps(code)}
    assert passed_on == {code: CODES[code].reason for code in passed_on}


def test_a_providers_own_word_changes_no_meaning() -> None:
    row = codes_worded({"131000": "oops"})["131000"]
    assert (row.reason, row.name, row.proven) == (Reason.PROVIDER_ERROR, "oops", False)


def test_a_report_of_a_failure_proves_it() -> None:
    assert codes_reported(["131000"])["131000"].proven
