"""The plain pages outside the web apps: what runs where, how the system is. No script; one style sheet of our own."""
