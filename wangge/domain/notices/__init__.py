"""通知: who is told of what, and by which way. See docs/notices.md."""
