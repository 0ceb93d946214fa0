"""Cases on a map: any view as a few hundred cells, each with its counts."""
