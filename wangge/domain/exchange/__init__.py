"""Exchange with other systems that hand matters to us and take them: the 12345 hotline, the police's 110 (docs/exchange.md)."""
