"""Commands that speak to a running endpoint: `invoke`, `events`, `deploy`, `delete`.

Whatever is heavy is imported when a command runs, so that `streamcore --help` stays quick.
"""
