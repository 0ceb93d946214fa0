"""证据: photos, recordings, videos and documents. See docs/evidence.md."""
