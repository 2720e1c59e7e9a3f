"""Why WhatsApp rejects a template, in words."""

from __future__ import annotations

import pytest

from templates_app.rejections import rejection_of
from templates_app.selectors import template_blockers
from tests.factories import template_make

#: The words of Meta's webhook page.
WORDS = ["ABUSIVE_CONTENT", "INCORRECT_CATEGORY", "INVALID_FORMAT", "PROMOTIONAL", "SCAM", "TAG_CONTENT_MISMATCH"]


@pytest.mark.parametrize("word", [*WORDS, "CATEGORY_NOT_AVAILABLE", "promotional"])
def test_each_word_of_the_page_has_a_reason_and_an_advice(word: str) -> None:
    found = rejection_of(word)

    assert word not in str(found.why)
    assert str(found.advice).endswith(".")


def test_a_word_that_is_not_known_is_shown_as_it_is() -> None:
    assert str(rejection_of("Tiene dos variables juntas.").why) == "Tiene dos variables juntas."


def test_no_word_at_all_is_said_too() -> None:
    assert "gave no reason" in str(rejection_of("").why)


@pytest.mark.django_db
def test_the_list_says_why_a_template_was_rejected() -> None:
    template = template_make(status="REJECTED", rejection_reason="SCAM")

    assert "takes the content for a fraud" in str(template_blockers(template)[0].sentence)
