"""Folders and templates become functions, streams and what belongs to them, through the endpoint's own AWS APIs."""
