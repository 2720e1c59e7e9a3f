"""What is audited here: who changed users, their roles, and API keys. Passwords and digests never enter the audit."""

from __future__ import annotations

from auditlog.registry import auditlog

from hsm_portal.models import ApiKey, User

auditlog.register(User, exclude_fields=["password", "last_login"], m2m_fields={"groups", "user_permissions"})
auditlog.register(ApiKey, exclude_fields=["digest", "last_used_at"])
