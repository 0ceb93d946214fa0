"""案件: one matter in the loop, from a report through any channel to a closed and answered case (DESIGN §4)."""
