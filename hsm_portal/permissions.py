"""What a person may do, asked of the database anew for each request, by one prepared statement.

Django's own backend makes two for it, each written by the ORM and planned anew: a sixth of what a live part of Customer Service
took. Nothing is remembered from one request to the next, so whoever loses a right has lost it at once.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from recontact.prepared import Prepared


def _allowed(user: int) -> QuerySet[Permission, tuple[str, str]]:
    his_own, of_his_roles = (
        Permission.objects.filter(**{of: user}).order_by().values_list("content_type__app_label", "codename")
        for of in ("user", "group__user")
    )
    return his_own.union(of_his_roles)


_ALLOWED: Prepared[tuple[str, str]] = Prepared(_allowed)


class PermissionsBackend(BaseBackend):
    """Stands before Django's ModelBackend, which logs people in, and leaves what it read where that one looks first."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """`app.codename` of the user's own permissions and of those of his roles, read once for each user object."""
        if not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = {f"{app}.{codename}" for app, codename in _ALLOWED(user=user_obj.pk)}
        found: set[str] = user_obj._perm_cache
        return found
