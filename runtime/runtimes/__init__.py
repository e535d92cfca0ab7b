"""Languages: AWS's runtime identifiers, what on this machine runs them, and our own lean clients of the Runtime API.

`programs.program_of(spec)` says what to start, `check.check_runtime(...)` whether it could be started at all.
"""
