"""The index of the search: which grams a case holds. No text is kept here, it stays with the case (docs/search.md)."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Document(models.Model):
    """What is searched of one case: ``grams`` of its words, and marks of its place, units and reporter to narrow by.

    ``version``: of the case when this was made. Never read alone: every answer is joined with the case, whose policy decides.
    """

    pk = models.CompositePrimaryKey("district", "case")
    district = models.CharField(max_length=6)
    case = models.UUIDField()
    version = models.IntegerField()
    reported_at = models.DateTimeField(help_text="the case's, so that common words are walked newest first")
    grams = SearchVectorField()

    class Meta:
        db_table = "search_document"
        indexes = [
            # a search reads all that was put aside for the index: 4 MB of it, as PostgreSQL would have it, cost 8 ms of each
            GinIndex(fields=["grams"], name="search_document_grams", gin_pending_list_limit=512),
            models.Index(fields=["-reported_at", "-case"], name="search_document_newest"),
        ]
