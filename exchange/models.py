"""The 1C side in the database: bases, sessions, files, runs, the state of every object, and problems for people."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Now

from b24app.models import Portal
from exchange.working import Bases


class OneCBase(models.Model):
    """One 1C infobase connected to a portal. The login is unique over all portals: some clients ignore the set path."""

    portal = models.ForeignKey(Portal, models.CASCADE, related_name="bases")
    name = models.CharField(max_length=100)
    configuration = models.CharField(max_length=20, default="other")
    key = models.CharField(max_length=40, unique=True)
    login = models.CharField(max_length=40, unique=True)
    password = models.CharField(max_length=255)
    paused_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_contact_at = models.DateTimeField(null=True)
    # What the client really does, learnt from its requests (see dialects.py).
    observed = models.JSONField(default=dict)

    objects = Bases["OneCBase"]()

    def __str__(self) -> str:
        return self.name


class ExchangeSession(models.Model):
    """From one checkauth to the next: 1C opens a new one for every portion of files and for each direction."""

    base = models.ForeignKey(OneCBase, models.CASCADE)
    type = models.CharField(max_length=20)
    token_digest = models.CharField(max_length=64, unique=True)
    form_token = models.CharField(max_length=64)
    version = models.CharField(max_length=10, blank=True)
    cml_version = models.CharField(max_length=10, blank=True)
    zip = models.BooleanField(default=False)
    started_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField(auto_now=True)


class UploadedFile(models.Model):
    """A file that 1C sent (in pieces, under one name), on disk under DATA_DIR; zip archives are unpacked beside it."""

    session = models.ForeignKey(ExchangeSession, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=500)
    size = models.BigIntegerField(default=0)
    pieces = models.PositiveIntegerField(default=0)
    unpacked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)
    # Of the last piece: the same piece again is a client that missed our answer.
    piece_digest = models.CharField(max_length=64, blank=True)
    # Taken by an import or left behind by a new init: the next piece begins a new file.
    closed_at = models.DateTimeField(null=True)
    # Of a picture that is kept (pictures.py): its content.
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "name"], name="one_file_per_name")]


class ImportRun(models.Model):
    """One 1C file on its way: waiting → reading → read (all remembered; 1C has its `success`) or failed."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READING = "reading"
        READ = "read"
        FAILED = "failed"

    base = models.ForeignKey(OneCBase, models.CASCADE, related_name="runs")
    session = models.ForeignKey(ExchangeSession, models.SET_NULL, null=True)
    type = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    path = models.CharField(max_length=500)
    size = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # Progress of reading, in bytes of the file; counts are of 1C objects.
    bytes_read = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)  # {"products": n, "offers": n, "new": n, "changed": n, "unchanged": n, "failed": n}
    oddities = models.JSONField(default=list)  # what the reader met and did not understand, each once, with counts
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["base", "-id"], name="runs_of_base"),
            models.Index(fields=["state"], condition=Q(state__in=["waiting", "reading"]), name="runs_to_read"),
        ]


class StateRow(models.Model):
    """What 1C wants of one object, and what the portal has of it.

    `main`, `prices` and `stock` are facets that different files set independently (null = never told); their shape is
    planning/desired.py's. `version` grows with every change; the row is due while `pushed_version < version`.
    """

    base = models.ForeignKey(OneCBase, models.CASCADE)
    kind = models.CharField(max_length=12)  # group category property price_type warehouse unit product offer
    onec_id = models.CharField(max_length=255)
    # The product of an offer, the parent of a group: what is planned together.
    parent_id = models.CharField(max_length=255, db_default="")
    main = models.JSONField(null=True)
    prices = models.JSONField(null=True)
    stock = models.JSONField(null=True)
    version = models.BigIntegerField(db_default=1)
    pushed_version = models.BigIntegerField(db_default=0)
    # What the portal has, as we last wrote or read it (null = nothing known); its shape is planning/changes.py's.
    known = models.JSONField(null=True)
    # Set before an `add` leaves us, cleared with its answer: an `add` whose answer was lost is looked up first.
    adding_since = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(db_default=0)
    not_before = models.DateTimeField(null=True)
    run = models.ForeignKey(ImportRun, models.SET_NULL, null=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["base", "kind", "onec_id"], name="one_state_row_per_object")]
        indexes = [
            models.Index(fields=["base", "kind", "id"], condition=Q(pushed_version__lt=F("version")), name="state_rows_due"),
            models.Index(fields=["base", "kind", "parent_id"], name="state_rows_by_parent"),
        ]


class PieceDigest(models.Model):
    """Digest of the bytes that last set some facets of an object: the same bytes again need no parsing.

    Valid only while no other piece has set the same facets since (piece_digests.py deletes the overtaken ones).
    """

    base = models.ForeignKey(OneCBase, models.CASCADE)
    scope = models.SmallIntegerField()
    onec_id = models.CharField(max_length=255)
    digest = models.BinaryField()
    # The PieceBlock it is in, if any.
    block = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["base", "scope", "onec_id"], name="one_digest_per_piece")]


class PieceBlock(models.Model):
    """Some hundreds of pieces as they follow one another in a file: `digest` is that of theirs, null once one of them is another."""

    base = models.ForeignKey(OneCBase, models.CASCADE)
    digest = models.BinaryField(null=True)
    size = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["base", "digest"], name="blocks_by_digest", condition=models.Q(digest__isnull=False))]


class Problem(models.Model):
    """Something for a person: a cause (code), the object, the facts for the text, and when it was last met."""

    portal = models.ForeignKey(Portal, models.CASCADE)
    base = models.ForeignKey(OneCBase, models.CASCADE, null=True)
    run = models.ForeignKey(ImportRun, models.SET_NULL, null=True)
    cause = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, blank=True)
    onec_id = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=255, blank=True)
    facts = models.JSONField(default=dict)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField(auto_now=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "base", "cause", "kind", "onec_id"],
                condition=Q(closed_at__isnull=True),
                name="one_open_problem_per_object",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["portal", "cause"], condition=Q(closed_at__isnull=True), name="open_problems")]


class ExchangeRequest(models.Model):
    """One request of 1C and our answer, masked: with RestCall, all the evidence a support case needs."""

    base = models.ForeignKey(OneCBase, models.CASCADE, null=True)
    at = models.DateTimeField(db_default=Now(), db_index=True)
    method = models.CharField(max_length=4)
    type = models.CharField(max_length=20, blank=True)
    mode = models.CharField(max_length=20, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    size = models.BigIntegerField(default=0)
    answer = models.CharField(max_length=1000, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)


class HeardObject(models.Model):
    """A CRM object that the portal says may have changed (or that is to be looked at anew): read when `read_version < version`.

    One row per object however often it is told, so doubled, late and reordered events all end in one reading of its present state.
    """

    portal = models.ForeignKey(Portal, models.CASCADE)
    entity_type_id = models.IntegerField()
    b24_id = models.BigIntegerField()
    version = models.BigIntegerField(db_default=1)
    read_version = models.BigIntegerField(db_default=0)
    heard_at = models.DateTimeField(db_default=Now())
    failures = models.PositiveSmallIntegerField(db_default=0)
    not_before = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "entity_type_id", "b24_id"], name="one_row_per_heard_object")]
        indexes = [
            models.Index(fields=["portal", "heard_at"], condition=Q(read_version__lt=F("version")), name="objects_to_read")
        ]


class TradeSide(models.Model):
    """What both kinds of two-sided objects share: each side as last read, what both agreed on, and what is still to be settled.

    `portal_side`, `onec_side` and `agreed` are planning/stored.py's data of a Trade or a Party. A row is due while
    `settled_version < version`: the portal or 1C said something that has not been brought to the other side yet.
    """

    base = models.ForeignKey(OneCBase, models.CASCADE)
    entity_type_id = models.IntegerField()
    b24_id = models.BigIntegerField(null=True)
    onec_id = models.CharField(max_length=255, db_default="")
    portal_side = models.JSONField(null=True)
    onec_side = models.JSONField(null=True)
    agreed = models.JSONField(null=True)
    # What we made in the portal for this object (ids of activities, requisites, bank details, …): settling's own notes.
    known = models.JSONField(default=dict)
    version = models.BigIntegerField(db_default=1)
    settled_version = models.BigIntegerField(db_default=0)
    # Set before an `add` leaves us, cleared with its answer: an `add` whose answer was lost is looked up first.
    adding_since = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(db_default=0)
    not_before = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    # When 1C said what is not settled yet (null = all is).
    told_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


# What Бухгалтерия makes of a number, and more loosely what people do: "1-5" and "0015" are both 15.
_DIGITS = Func(F("number"), Value(r"[^0-9]"), Value(""), Value("g"), function="regexp_replace")


class TradeDocument(TradeSide):
    """One document of both sides: a deal or smart invoice here, an order there; and how it goes to 1C.

    `number` is the one 1C knows it by: given once (exports/numbering.py alone writes it), unique in the base by its digits alone,
    the same for ever. `outgoing` is the whole document as 1C gets it (planning/outgoing.py's data), `outgoing_version` grows when
    it changes, `acknowledged_version` is the newest that 1C confirmed by `success`.
    """

    number = models.CharField(max_length=50, db_default="")
    outgoing = models.JSONField(null=True)
    outgoing_version = models.BigIntegerField(db_default=0)
    acknowledged_version = models.BigIntegerField(db_default=0)
    acknowledged_at = models.DateTimeField(null=True)
    # How often it went out unconfirmed, how often of these alone, and since when it is left out because 1C never confirms it.
    served_times = models.PositiveSmallIntegerField(db_default=0)
    served_alone = models.PositiveSmallIntegerField(db_default=0)
    set_aside_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base", "entity_type_id", "b24_id"],
                condition=Q(b24_id__isnull=False),
                name="one_document_per_b24_object",
            ),
            models.UniqueConstraint(fields=["base", "onec_id"], condition=~Q(onec_id=""), name="one_document_per_onec_id"),
            models.UniqueConstraint(fields=["base", "number"], condition=~Q(number=""), name="one_document_per_number"),
            models.UniqueConstraint(
                "base", Func(_DIGITS, Value("0"), function="ltrim"), condition=~Q(number=""), name="one_document_per_number_key"
            ),
        ]
        indexes = [
            models.Index(fields=["base", "id"], condition=Q(settled_version__lt=F("version")), name="documents_due"),
            models.Index(
                fields=["base", "ready_at"],
                condition=Q(acknowledged_version__lt=F("outgoing_version"), set_aside_at__isnull=True),
                name="documents_for_onec",
            ),
            models.Index(fields=["base"], condition=Q(set_aside_at__isnull=False), name="documents_set_aside"),
            models.Index(KeyTransform("buyer", "portal_side"), name="documents_by_buyer"),
            models.Index(KeyTransform("party", "onec_side"), name="documents_by_counterparty"),
        ]


class TradeParty(TradeSide):
    """One buyer of both sides: a company (4) or contact (3) here, a counterparty there.

    `given_id` is the id under which 1C got it from us before we knew its own.
    """

    given_id = models.CharField(max_length=64, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base", "entity_type_id", "b24_id"],
                condition=Q(b24_id__isnull=False),
                name="one_party_per_b24_object",
            ),
            models.UniqueConstraint(fields=["base", "onec_id"], condition=~Q(onec_id=""), name="one_party_per_onec_id"),
            models.UniqueConstraint(fields=["base", "given_id"], condition=~Q(given_id=""), name="one_party_per_given_id"),
        ]
        indexes = [
            models.Index(fields=["base", "id"], condition=Q(settled_version__lt=F("version")), name="parties_due"),
            models.Index(KeyTransform("requisite_id", "known"), name="parties_by_requisite"),
            # Contacts that are somebody's contact persons: known["people"] is 1C's id → contact.
            GinIndex(Func(F("known"), Value("$.people.*"), function="jsonb_path_query_array"), name="parties_by_people"),
        ]


class LoosePart(models.Model):
    """A payment or shipment that 1C told of before the order it belongs to: laid on the order when that comes.

    `basis` is what 1C calls the order (its id or number), `key` is the payment's or shipment's own, `said` planning/stored.py's data of
    a Trade that has nothing but it. `reported_at`: since when people know that its order is missing.
    """

    base = models.ForeignKey(OneCBase, models.CASCADE)
    basis = models.CharField(max_length=255)
    key = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True)
    said = models.JSONField(default=dict)
    told_at = models.DateTimeField(db_default=Now())
    reported_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["base", "basis", "key"], name="one_row_per_loose_part")]
        indexes = [models.Index(fields=["told_at"], condition=Q(reported_at__isnull=True), name="loose_parts_unreported")]


class ServedDocument(models.Model):
    """Which version of which document went out in a session: what its `success` confirms, no more and no less."""

    session = models.ForeignKey(ExchangeSession, models.CASCADE)
    document = models.ForeignKey(TradeDocument, models.CASCADE)
    version = models.BigIntegerField()
    served_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "document"], name="one_served_row_per_session_and_document")]


class ExchangeDay(models.Model):
    """What was carried one way on one day of the portal, and how long it took (tally.py: ways, and buckets of `waits`)."""

    base = models.ForeignKey(OneCBase, models.CASCADE)
    day = models.DateField()
    way = models.CharField(max_length=10)
    count = models.PositiveIntegerField(default=0)
    waits = ArrayField(models.PositiveIntegerField(), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["base", "day", "way"], name="one_row_per_day_and_way")]
