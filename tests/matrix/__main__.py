"""``python -m tests.matrix`` writes the matrix anew, for review."""

import csv
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wangge.settings")
django.setup()

from tests.matrix.table import FIELDS, FILE, declared  # noqa: E402

with FILE.open("w", encoding="utf-8", newline="") as file:
    writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(declared())
