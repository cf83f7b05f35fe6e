"""Files that appear complete or not at all, parquet tables with their columns, manifests and records."""
