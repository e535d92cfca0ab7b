"""AWS services on top of the runtime: a folder each, a file per action."""
