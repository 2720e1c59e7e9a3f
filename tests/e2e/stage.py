"""The parts that stand around the browser: Celery workers on the tests' database, and people who open the portal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Page, ViewportSize

from hsm_portal.models import User
from hsm_portal.processes import Child, spawn
from hsm_portal.roles import Role
from hsm_portal.users import user_create

PROJECT = Path(__file__).parents[2]
START_SECONDS = 60.0
DESKTOP: ViewportSize = {"width": 1400, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PASSWORD = "clave-segura-1"


def tests_database_url() -> str:
    """DATABASE_URL with the name of the database that the tests use."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


@contextmanager
def celery_workers(simulator_url: str, folder: Path) -> Iterator[None]:
    """The workers of production, the one that fetches files in the ordinary one, until the block ends."""
    environment = os.environ | {
        "DATABASE_URL": tests_database_url(),
        "PROVIDER_BASE_URLS": f"meta={simulator_url}",
        # Where the portal of the tests looks for the files that the workers fetch.
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }
    children = [_worker(queue, environment, folder) for queue in ("dispatch", "default,media")]
    try:
        for child in children:
            _wait_until_ready(child)
        yield
    finally:
        for child in children:
            child.request_stop()
        for child in children:
            child.stop(grace_seconds=10)


def _worker(queue: str, environment: dict[str, str], folder: Path) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "hsm_portal", "worker", "-l", "info", "-Q", queue, "-c", "1"]
    name = queue.partition(",")[0]
    command += ["-n", f"{name}-of-the-tests-{os.getpid()}@%h", "--without-gossip", "--without-mingle"]
    return spawn(name, command, log=folder / f"{name}.log", environment=environment, directory=PROJECT)


def _wait_until_ready(child: Child) -> None:
    end = time.monotonic() + START_SECONDS
    while " ready." not in child.log_tail(lines=200):
        assert child.exit_code is None, child.log_tail()
        assert time.monotonic() < end, child.log_tail()
        time.sleep(0.05)


def person_make(role: Role, *, language: str, first_name: str = "Ana", last_name: str = "Ríos") -> User:
    """Somebody with one role, who reads the portal in `language`."""
    return user_create(
        username=first_name.lower(),
        password=PASSWORD,
        roles=[role],
        first_name=first_name,
        last_name=last_name,
        language=language,
    )


@dataclass
class Visitor:
    """Opens pages of the portal, each person in a browser window of its own, and keeps what the browser complains about."""

    browser: Browser
    base_url: str
    troubles: list[str] = field(default_factory=list)
    _open: list[Page] = field(default_factory=list)

    def page(self, *, viewport: ViewportSize = DESKTOP, locale: str = "es-AR", dark: bool = False) -> Page:
        """A new window of somebody who has not logged in."""
        context = self.browser.new_context(
            base_url=self.base_url,
            viewport=viewport,
            locale=locale,
            timezone_id="America/Argentina/Buenos_Aires",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(45_000)
        page = context.new_page()
        self._open.append(page)
        page.on("console", lambda line: self.troubles.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        return page

    def log_in(self, user: User, *, viewport: ViewportSize = DESKTOP, dark: bool = False) -> Page:
        """A new window in which the user has just logged in, by the form."""
        page = self.page(viewport=viewport, locale=f"{user.language or 'es'}-AR", dark=dark)
        page.goto("/login/")
        page.fill("#id_username", user.username)
        page.fill("#id_password", PASSWORD)
        page.click("#login-form button[type=submit]")
        page.wait_for_url(lambda url: "/login/" not in url)
        return page

    def enter(self, user: User, *, viewport: ViewportSize = DESKTOP, dark: bool = False) -> Page:
        """A new window of a user who has been logged in for long: for tests of what comes after."""
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        page = self.page(viewport=viewport, locale=f"{user.language or 'es'}-AR", dark=dark)
        session = client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.base_url}])
        return page

    def leave(self) -> None:
        """Close every window, so that none asks for news of a database that is being emptied."""
        for page in self._open:
            page.context.close()
        self._open.clear()
