"""Log groups, streams and events on disk, and the sink that writes functions' logs into them."""
