"""What a template is to an agent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from templates_app.models import Template


class AgentTemplate(models.Model):
    """What a template is to an agent: whether he has it among his favourites, and when he sent it last."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, verbose_name=_("agent")
    )
    template = models.ForeignKey(Template, models.CASCADE, related_name="+", verbose_name=_("template"))
    is_favourite = models.BooleanField(_("favourite"), default=False)
    used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("template of an agent")
        verbose_name_plural = _("templates of agents")
        constraints = [models.UniqueConstraint(fields=["user", "template"], name="one_row_per_agent_and_template")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.template_id}"
