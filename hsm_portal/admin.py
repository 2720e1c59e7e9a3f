"""Users with their roles, and API keys, in the Manager."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from hsm_portal.api_keys import SCOPES, api_key_create, api_key_revoke
from hsm_portal.models import ApiKey, User
from hsm_portal.roles import ROLE_LABELS, Role, role_name
from hsm_portal.users import user_staff_sync

admin.site.unregister(Group)


class RolesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    """The groups of the roles, each with what it is for."""

    def label_from_instance(self, obj: Any) -> str:
        return str(ROLE_LABELS.get(Role(obj.name), obj.name)) if obj.name in set(Role) else str(obj.name)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """People and their roles. Roles are all the permissions there are: nobody is given one by one."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "whole_name", "email", "roles", "is_active", "last_login")
    list_filter = (("groups", RelatedDropdownFilter), "is_active")
    list_filter_submit = True
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    actions = None
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language", "time_zone")}),
        (_("Roles"), {"fields": ("groups", "is_active")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email", "groups", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People who did something stay in the books; who leaves is made inactive."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "groups":
            return super().formfield_for_manytomany(db_field, request, **kwargs)
        groups = Group.objects.filter(name__in=[role.value for role in Role])
        return RolesField(
            queryset=groups, required=False, label=_("Roles"), widget=UnfoldAdminCheckboxSelectMultipleWidget
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        user_staff_sync(user=form.instance)

    @display(description=_("Name"))
    def whole_name(self, user: User) -> str:
        return user.get_full_name()

    @display(description=_("Roles"))
    def roles(self, user: User) -> str:
        return ", ".join(sorted(role_name(group.name) for group in user.groups.all())) or "—"


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in the stubs
    """A new key: whose, what for, and what it may do."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(scope, scope) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("A key never does more than its user may."),
    )

    class Meta:
        model = ApiKey
        fields = ("user", "name", "scopes")


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Keys for machines. The secret is shown once, when the key is made."""

    form = ApiKeyForm
    list_display = ("name", "user", "prefix", "scope_words", "state", "last_used_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    actions = ("revoke_selected",)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("hsm_portal.change_apikey")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        filled = form.cleaned_data
        key, secret = api_key_create(user=filled["user"], name=filled["name"], scopes=filled["scopes"])
        obj.__dict__.update(key.__dict__)
        text = gettext("Copy the key now, it is never shown again: %(secret)s")
        messages.warning(request, text % {"secret": secret})

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        answer: HttpResponse = self.response_post_save_add(request, obj)
        return answer

    @action(description=_("Revoke the selected keys"), permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = sum(api_key_revoke(key=key) for key in queryset)
        self.message_user(request, gettext("Keys revoked: %(count)s. They work no more.") % {"count": count})

    @display(description=_("Scopes"))
    def scope_words(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description=_("State"), label={"standing": "success", "revoked": "danger"})
    def state(self, key: ApiKey) -> tuple[str, str]:
        return ("revoked", gettext("revoked")) if key.revoked_at else ("standing", gettext("in use"))
