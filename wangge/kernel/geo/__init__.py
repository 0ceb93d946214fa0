"""Geometry without a database: coordinate systems, coverages, locating, subdividing, files and map tiles.

Everything here is pure (shapely, numpy, pyogrio), takes and gives WGS 84 longitude and latitude in degrees unless a
name says otherwise, and stores vertices on one lattice of 1e-7 degrees (see `lattice`).
"""
