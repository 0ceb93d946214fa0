"""Places: the tree of areas, layers of grids with versioned borders, locating, coverage."""
