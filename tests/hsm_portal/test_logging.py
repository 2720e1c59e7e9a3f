"""Logs hold no personal data, also where the database quotes a row."""

from __future__ import annotations

import json
import logging

import pytest
from django.db import IntegrityError, transaction
from structlog.stdlib import ProcessorFormatter

from hsm_portal.logging_config import LOGGING_CONFIG_DICT
from recontact.models import Customer

NAME = "Lucía\nFernández"

pytestmark = pytest.mark.django_db


def _logged(error: Exception, words: str) -> str:
    settings = LOGGING_CONFIG_DICT["formatters"]["json"]
    formatter = ProcessorFormatter(foreign_pre_chain=settings["foreign_pre_chain"], processors=settings["processors"])
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, words, (), info)
    line: str = formatter.format(record)
    json.loads(line)
    return line


def _error() -> IntegrityError:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Customer.objects.create(name=NAME, country="AR")
    return caught.value


def test_a_traceback_keeps_the_error_and_leaves_out_the_row() -> None:
    line = _logged(_error(), "it failed")
    assert "customer_has_an_identity" in line
    assert "test_logging.py" in line
    assert "Luc" not in line
    assert "Fern" not in line


def test_an_error_quoted_in_the_message_leaves_out_the_row_too() -> None:
    error = _error()
    line = _logged(error, f"Task raised unexpected: {error!r}")
    assert "Task raised unexpected" in line
    assert "Luc" not in line
