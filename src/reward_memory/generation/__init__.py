"""Sample responses from a policy: one interface, one engine per backend."""
