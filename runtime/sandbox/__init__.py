"""What keeps a worker process in: Landlock, a view of its own, cgroups. Linux only, each where the kernel gives it.

Runs in the zygote and in the workers, so it is light: no loop, no third-party package.
"""
