"""居民端: what residents do without an account, and what everybody may see. See docs/portal.md."""
