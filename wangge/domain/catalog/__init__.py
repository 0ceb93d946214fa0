"""Rules: categories, limits, the work calendar, routes. See docs/rules.md."""
