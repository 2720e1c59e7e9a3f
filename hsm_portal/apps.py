from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HsmPortalConfig(AppConfig):
    name = "hsm_portal"
    verbose_name = _("Users and access")
