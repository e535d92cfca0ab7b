"""Snapshots: consistent copies of everything a broker has on disk, taken while it works, and put back by command."""
