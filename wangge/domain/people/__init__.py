"""Who works here and what they may do: units, users, dated posts, sessions, tokens. See docs/people.md."""
