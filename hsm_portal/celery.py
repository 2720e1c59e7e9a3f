"""The Celery application. Workers are only woken by it: the work itself waits in the database."""

import os
import sys
from typing import Any

from celery import Celery, Task
from celery.signals import task_postrun, task_prerun, worker_process_init
from django.db import close_old_connections

from hsm_portal.garbage import collect_less
from hsm_portal.schedule import BEAT_SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hsm_portal.settings")

app = Celery("hsm_portal", task_cls="hsm_portal.periodic:PortalTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
# Celery would close the connection to the database after each task, whatever CONN_MAX_AGE says: most ticks of beat find nothing
# to do, and a new connection costs more than they do.
app.conf.update(CELERY_DB_REUSE_MAX=sys.maxsize)
app.autodiscover_tasks()


@worker_process_init.connect
def _collect_less(**_kwargs: Any) -> None:
    collect_less()


@task_prerun.connect
@task_postrun.connect
def _connections_renew(sender: Task[Any, Any], **_kwargs: Any) -> None:
    """As around a request: a connection that is too old, or in which something failed and that is dead, is replaced."""
    if not sender.request.is_eager:
        close_old_connections()
