"""Where records about invocations go: one file per kind of target."""
