"""Answer templates (答复模板): what is written again and again, by act and category, with the case's own words filled in."""
