"""Lists and tables taken away as CSV or XLSX (docs/exports.md)."""
