"""A store of objects: contents as files, what is known of them in an index."""
