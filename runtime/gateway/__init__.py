"""API Gateway at work: REST APIs as they are kept, deployed and served. What it needs of the rest of the house comes in
by ports.py; nothing here knows HTTP servers or the wire of the management API."""
