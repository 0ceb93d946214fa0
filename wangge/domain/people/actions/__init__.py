"""Every write of the people domain, one file for each kind of act."""
