"""The promises of the portal under crashes, on real parts: worker processes, simulator process, PostgreSQL, Valkey."""

import pytest

pytest.register_assert_rewrite("tests.faults.stage")
