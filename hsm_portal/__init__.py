"""The project package: settings, URLs, Celery, the shell of both sides."""

from hsm_portal.celery import app as celery_app

__all__ = ["celery_app"]
