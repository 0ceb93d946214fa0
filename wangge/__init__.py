"""Wangge (网格): community grid service management."""

__version__ = "0.1.0"
