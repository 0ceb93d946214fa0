"""Many cases at once, with all that happened to them: what an import brings and what a demo shows.

A history is told by the table of acts, so that a case that came with its history and one that was led through the loop act by act
have the same rows (tests/domain/cases/test_bulk.py compares them); it is written by one statement a table for a thousand cases.
"""

from wangge.domain.cases.bulk.history import Happened, History, Told, tell
from wangge.domain.cases.bulk.writing import AT_ONCE, alone, insert, known_of, write

__all__ = ["AT_ONCE", "Happened", "History", "Told", "alone", "insert", "known_of", "tell", "write"]
