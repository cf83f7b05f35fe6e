"""Policy training: everything that touches verl. Importing this package imports none of it."""
