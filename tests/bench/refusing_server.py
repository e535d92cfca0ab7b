"""The null server, refusing three records of every PutRecords."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import null_server

null_server.ANSWERS[b"PutRecords"] = null_server.ANSWERS[b"PutRecords"].replace(b'Count":0', b'Count":3')
null_server.main()
