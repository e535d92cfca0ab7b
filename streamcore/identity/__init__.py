"""Who there is and what they may do: kept durably, looked up in memory, asked by the doors.

`Identities` is the store, `Guard` what the doors ask. Nothing here knows HTTP or the services.
"""
