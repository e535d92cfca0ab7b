"""The S3 API: one registry (app.py), a file per action or per kind of setting, all of them named in actions.py."""
