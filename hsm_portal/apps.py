from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class HsmPortalConfig(AppConfig):
    name = "hsm_portal"
    verbose_name = _("Users and access")

    def ready(self) -> None:
        from hsm_portal import audit  # noqa: F401  # registers what is audited
        from hsm_portal.roles import roles_sync

        # This app is the last one installed, so every permission exists by the time its own signal is sent.
        post_migrate.connect(roles_sync, sender=self, dispatch_uid="hsm_portal.roles_sync")
