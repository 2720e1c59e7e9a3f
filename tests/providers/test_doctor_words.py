"""The doctor's sentences: one for each check and health, filled with what was found."""

from __future__ import annotations

import pytest
from django.utils import timezone, translation

from providers.abilities import Check, Health
from providers.doctor_words import HEALTH_WORDS, TITLES, WORDS, KeptFinding, finding_shown


def test_every_check_has_a_title_and_every_health_a_word() -> None:
    assert (set(TITLES), set(HEALTH_WORDS)) == (set(Check), set(Health))


@pytest.mark.parametrize("check", Check)
@pytest.mark.parametrize("health", Health)
def test_an_adapter_may_say_anything_and_there_is_a_sentence_for_it(check: Check, health: Health) -> None:
    shown = finding_shown(KeptFinding(check, health, detail="their words").as_json())
    assert shown.found not in ("", "not known")
    assert "%(" not in shown.found + shown.fix


@pytest.mark.parametrize("check", Check)
@pytest.mark.parametrize("health", [Health.BAD, Health.WARNING])
def test_what_is_not_well_comes_with_what_to_do(check: Check, health: Health) -> None:
    assert finding_shown(KeptFinding(check, health).as_json()).fix


def test_a_sentence_is_filled_in_the_readers_words() -> None:
    moment = timezone.now()
    with translation.override("en"):
        missing = KeptFinding(Check.CREDENTIALS, Health.BAD, "missing", params={"fields": ["API key", "Secret"]})
        failed = KeptFinding(Check.TEMPLATES, Health.BAD, params={"reason": "billing"})
        came = KeptFinding(Check.LAST_WEBHOOK, Health.GOOD, params={"at": moment.isoformat()})
        found = [finding_shown(kept.as_json()).found for kept in (missing, failed, came)]
    assert found[0] == "Missing: API key, Secret."
    assert "payment problem" in found[1]
    assert str(timezone.localtime(moment).year) in found[2]


def test_a_finding_of_another_version_is_shown_and_not_broken() -> None:
    shown = finding_shown({"check": "moon", "health": "purple", "note": "x", "params": None})
    assert (shown.title, shown.health) == ("moon", Health.UNKNOWN)


def test_every_row_of_the_table_belongs_to_a_check() -> None:
    assert {key.partition(".")[0] for key in WORDS} == {check.value for check in Check}
