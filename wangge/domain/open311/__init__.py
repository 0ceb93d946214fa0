"""Open311 GeoReport v2: the doors to the portal for programs that know this standard and not ours. See docs/open311.md."""
