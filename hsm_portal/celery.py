"""The Celery application. Workers are only woken by it: the work itself waits in the database."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from hsm_portal.garbage import collect_less
from hsm_portal.schedule import BEAT_SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hsm_portal.settings")

app = Celery("hsm_portal", task_cls="hsm_portal.periodic:PortalTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
app.autodiscover_tasks()


@worker_process_init.connect
def _collect_less(**_kwargs: Any) -> None:
    collect_less()
