"""Identities and permissions, decided without IO: policy documents, their evaluation, and Signature Version 4."""
