"""Atomic files, parquet tables with schemas, manifests, and records of finished jobs."""
