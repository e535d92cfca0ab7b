"""Named workloads against the broker and its peers: `python -m bench` lists them."""
