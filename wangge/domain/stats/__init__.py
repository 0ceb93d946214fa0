"""How much, how fast, how well: figures for any scope and period, counted from the cases' present rows. See docs/statistics.md."""
