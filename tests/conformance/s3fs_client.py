"""s3fs: files and folders in a bucket, written in blocks, listed, moved and found."""

import sys

import s3fs

files = s3fs.S3FileSystem(key="test", secret="test", client_kwargs={"endpoint_url": sys.argv[1]})
files.mkdir("lake")
with files.open("lake/year=2024/data.csv", "wb", block_size=5 * 2**20) as file:
    for number in range(120_000):
        file.write(f"{number},{'x' * 90}\n".encode())
with files.open("lake/year=2024/data.csv", "rb") as file:
    file.seek(1000)
    assert len(file.read(5000)) == 5000
    assert sum(1 for _ in files.open("lake/year=2024/data.csv", "rt")) == 120_000
files.pipe({"lake/year=2025/a": b"1", "lake/year=2025/b": b"2"})
assert sorted(files.ls("lake")) == ["lake/year=2024", "lake/year=2025"]
assert files.glob("lake/*/b") == ["lake/year=2025/b"]
files.mv("lake/year=2025/a", "lake/c")
assert files.cat("lake/c") == b"1"
assert files.du("lake") > 10_000_000
files.rm("lake", recursive=True)
assert not files.exists("lake/c")
print("ok")
