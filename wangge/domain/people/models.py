"""Tables of people. Secrets (password, second factor) lie apart from the users, so that no list of users ever reads them.

Level columns ``district``, ``street``, ``community`` are made by the database from the area's or grid's code; ``Scope.sql`` reads them.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce

from wangge.domain.people import rules
from wangge.kernel.ids import uuid7


def _first(digits: int, *columns: str) -> models.GeneratedField:
    """The first ``digits`` digits of the first column that is given; NULL when the code is shorter."""
    source = F(columns[0]) if len(columns) == 1 else Coalesce(*columns)
    return models.GeneratedField(
        expression=Func(source, Value(f"^[0-9]{{{digits}}}"), function="substring"),
        output_field=models.CharField(max_length=12, null=True),
        db_persist=True,
    )


class Unit(models.Model):
    """Who can hold work: a centre, a department, a community workstation, a company, a volunteer team."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=16)
    duty = models.CharField(max_length=24)
    area = models.ForeignKey("places.Area", models.PROTECT, db_column="area", related_name="+")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    phone = models.CharField(max_length=40, blank=True, default="", help_text="of the office")
    supervision_phone = models.CharField(max_length=40, blank=True, default="", help_text="shown on public grid cards")
    active = models.BooleanField(default=True)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField()
    created_hash = models.BinaryField(null=True)
    district, street, community = _first(6, "area"), _first(9, "area"), _first(12, "area")

    class Meta:
        indexes = [
            models.Index(fields=["area", "kind"], name="people_unit_area"),
            models.Index(fields=["duty", "area"], name="people_unit_duty"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(rules.UNIT_KINDS)), name="people_unit_kind_known"),
            models.CheckConstraint(condition=Q(duty__in=list(rules.DUTIES)), name="people_unit_duty_known"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="people_unit_not_its_own_parent"),
            models.CheckConstraint(condition=Q(version__gte=1), name="people_unit_version_counts"),
            models.UniqueConstraint(
                fields=["area", "name"], condition=Q(active=True), name="people_unit_name_once_an_area"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class User(models.Model):
    """A member of staff. Neither a private phone nor an id number is asked for (DESIGN §10)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    login = models.CharField(max_length=64, unique=True, help_text="as rules.normal_login gives it")
    name = models.CharField(max_length=60)
    language = models.CharField(max_length=2, default="zh")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="staff", help_text="where they are employed"
    )
    active = models.BooleanField(default=True)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField()
    created_hash = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="people_user_name")]
        constraints = [
            models.CheckConstraint(condition=Q(language__in=["zh", "en"]), name="people_user_language_known"),
            models.CheckConstraint(condition=Q(version__gte=1), name="people_user_version_counts"),
            models.CheckConstraint(condition=~Q(login="") & ~Q(name=""), name="people_user_named"),
        ]

    def __str__(self) -> str:
        return self.login


class Credential(models.Model):
    """A user's secrets. ``password`` is an argon2 hash, ``factor_sealed`` an encrypted TOTP secret, recovery codes are hashed."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="credential")
    password = models.CharField(max_length=200, blank=True, default="")
    password_at = models.DateTimeField(null=True)
    must_change = models.BooleanField(default=False)
    factor_sealed = models.BinaryField(null=True)
    factor_at = models.DateTimeField(null=True, help_text="when its first code was shown to be right")
    factor_step = models.BigIntegerField(default=0, help_text="time step of the last code used: never accepted again")
    recovery = ArrayField(models.CharField(max_length=64), default=list)
    let_in_until = models.DateTimeField(
        null=True, help_text="until when the password counts although local log-in is switched off"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(factor_at__isnull=True) | Q(factor_sealed__isnull=False), name="people_factor_has_secret"
            ),
        ]


class Post(models.Model):
    """A dated appointment: a person × a role × one scope (an area and all below it, a grid, a unit, or everywhere)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="posts")
    role = models.CharField(max_length=20)
    title = models.CharField(max_length=40)
    title_en = models.CharField(max_length=60, blank=True, default="")
    area = models.ForeignKey("places.Area", models.PROTECT, null=True, blank=True, db_column="area", related_name="+")
    grid = models.ForeignKey(
        "places.Grid", models.PROTECT, null=True, blank=True, db_column="grid", to_field="code", related_name="+"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="posts")
    everywhere = models.BooleanField(default=False)
    starts = models.DateTimeField()
    ends = models.DateTimeField(null=True, blank=True)
    phone = models.CharField(max_length=40, blank=True, default="", help_text="of the post, never a private one")
    public = models.BooleanField(default=False, help_text="whether the grid's public card shows it")
    sso_rule = models.UUIDField(null=True, help_text="the rule of single sign-on that gave it, and will end it")
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField()
    created_hash = models.BinaryField(null=True)
    district, street, community = _first(6, "area", "grid"), _first(9, "area", "grid"), _first(12, "area", "grid")

    class Meta:
        indexes = [
            models.Index(fields=["user", "starts"], name="people_post_user"),
            models.Index(fields=["grid", "starts"], name="people_post_grid", condition=Q(grid__isnull=False)),
            models.Index(fields=["unit", "starts"], name="people_post_unit", condition=Q(unit__isnull=False)),
            models.Index(fields=["area", "starts"], name="people_post_area", condition=Q(area__isnull=False)),
            models.Index(fields=["district", "starts"], name="people_post_district"),
            models.Index(fields=["street", "starts"], name="people_post_street"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gt=F("starts")), name="people_post_ends_after_start"
            ),
            models.CheckConstraint(
                condition=(
                    Q(area__isnull=False, grid__isnull=True, unit__isnull=True, everywhere=False)
                    | Q(area__isnull=True, grid__isnull=False, unit__isnull=True, everywhere=False)
                    | Q(area__isnull=True, grid__isnull=True, unit__isnull=False, everywhere=False)
                    | Q(area__isnull=True, grid__isnull=True, unit__isnull=True, everywhere=True)
                ),
                name="people_post_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(
                    *[
                        Q(role__in=sorted(r.value for r, kinds in rules.ROLE_SCOPES.items() if kind in kinds), **given)
                        for kind, given in (
                            ("area", {"area__isnull": False}),
                            ("grid", {"grid__isnull": False}),
                            ("unit", {"unit__isnull": False}),
                            ("everywhere", {"everywhere": True}),
                        )
                    ],
                    _connector=Q.OR,
                ),
                name="people_post_scope_fits_role",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="people_post_version_counts"),
            models.CheckConstraint(condition=~Q(title=""), name="people_post_titled"),
        ]

    @property
    def span(self) -> rules.Span:
        return rules.Span(self.starts, self.ends)


class Absence(models.Model):
    """From ``starts`` to ``ends`` the deputy holds the rights of this person's posts, and the person does not. No reason is
    asked for: it is nobody's business and would be health data as often as not."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="absences")
    deputy = models.ForeignKey(User, models.PROTECT, related_name="deputising")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_hash = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "ends"], name="people_absence_user", condition=Q(cancelled_at__isnull=True)),
            models.Index(
                fields=["deputy", "ends"], name="people_absence_deputy", condition=Q(cancelled_at__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="people_absence_ends_after_start"),
            models.CheckConstraint(condition=~Q(deputy=F("user")), name="people_absence_deputy_is_another"),
        ]


class Session(models.Model):
    """A log-in on one device. The token is known to the device alone; here is its SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.BinaryField(unique=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField()
    last_seen = models.DateTimeField()
    idle = models.DurationField()
    expires_at = models.DateTimeField()
    factor_at = models.DateTimeField(null=True, help_text="when the second factor was shown")
    address = models.GenericIPAddressField(null=True)
    device = models.CharField(max_length=80, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=16, blank=True, default="")
    provider_session = models.CharField(
        max_length=255, null=True, help_text="of a log-in by single sign-on: the provider's `sid`, empty without one"
    )

    class Meta:
        indexes = [
            models.Index(fields=["user", "created_at"], name="people_session_open", condition=Q(ended_at__isnull=True)),
            models.Index(
                fields=["provider_session"], name="people_session_provider", condition=Q(ended_at__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="people_session_has_a_life"),
        ]


class Throttle(models.Model):
    """Failures in a row of one person's log-in or of one network. ``key`` is a keyed hash: a mistyped password in the log-in
    field does not end up here in clear."""

    key = models.BinaryField(primary_key=True)
    failures = models.IntegerField()
    last_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)
    attempt = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["last_at"], name="people_throttle_age")]


class Token(models.Model):
    """An integration client: a set of permissions within a scope until a date, from the networks it is allowed from."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.BinaryField(unique=True)
    hint = models.CharField(max_length=12, help_text="its first characters, to recognise it in a list")
    name = models.CharField(max_length=80)
    permissions = ArrayField(models.CharField(max_length=60))
    areas = ArrayField(models.CharField(max_length=12), default=list)
    grids = ArrayField(models.CharField(max_length=15), default=list)
    units = ArrayField(models.UUIDField(), default=list)
    everywhere = models.BooleanField(default=False)
    networks = ArrayField(models.CharField(max_length=43), default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    last_used = models.DateTimeField(null=True)
    last_address = models.GenericIPAddressField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="people_token_has_a_life"),
            models.CheckConstraint(condition=~Q(permissions=[]), name="people_token_may_something"),
        ]


class Identity(models.Model):
    """Who a person is at the provider of single sign-on: its issuer and the subject, which it never gives to anybody else."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="people_identity_one_person"),
            models.UniqueConstraint(fields=["user", "issuer"], name="people_identity_once_a_person"),
        ]


class SsoMapping(models.Model):
    """What the provider's claims mean here: one row, replaced as a whole. ``rules`` are ``sso.claims.Rule`` as objects."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField(default=1)
    login_claim = models.CharField(max_length=100, default="preferred_username")
    name_claim = models.CharField(max_length=100, default="name")
    link_by_login = models.BooleanField(default=False)
    create_accounts = models.BooleanField(default=False)
    rules = models.JSONField(default=list)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="people_ssomapping_one_row")]
