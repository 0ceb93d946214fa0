"""实时: what happens to the cases that somebody may see, told as it happens. See docs/live.md."""
