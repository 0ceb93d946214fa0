"""Saved views of the work queue (docs/queue.md)."""
