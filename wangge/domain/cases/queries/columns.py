"""What lists show of a case ``c``."""

from __future__ import annotations

MARKS = """c.assisting, c.overdue_at, c.review_at, c.returns, c.rework, c.reopened, c.extensions, c.urges, c.demands_open,
                   c.supervision, c.designated, c.self_resolved, c.tags, c.merged_into, c.follow_up, c.rating"""
NAMES = """
    (SELECT k.name FROM catalog_category k WHERE k.id = c.category) AS category_name,
    (SELECT k.name_en FROM catalog_category k WHERE k.id = c.category) AS category_name_en,
    (SELECT u.name FROM people_unit u WHERE u.id = c.lead) AS lead_name,
    (SELECT u.name_en FROM people_unit u WHERE u.id = c.lead) AS lead_name_en,
    (SELECT u.name FROM people_unit u WHERE u.id = c.holder) AS holder_name,
    (SELECT u.name_en FROM people_unit u WHERE u.id = c.holder) AS holder_name_en"""


ROW = f"""c.id, c.number, c.status, c.version, c.urgency, c.channel, c.category, c.title, c.address, c.district, c.street,
                   c.community, c.grid, c.lon, c.lat, c.confidential, c.lead, c.holder, c.stage, c.due_at, c.reported_at, c.changed_at,
                   c.closed_at, {MARKS}, {NAMES}"""
"""What a list shows of a case: the fields of ``schemas.CaseRow``."""
