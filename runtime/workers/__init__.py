"""Functions in warm worker processes: `pool.WorkerPool` is the door.

Nothing is imported here: the zygote and its workers live in this package too, and must stay light.
"""
