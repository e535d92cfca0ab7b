"""What is imported ahead of all functions, and what a function brings along instead."""

from __future__ import annotations

from typing import Any

WHERE = (
    "import boto3, jmespath\ndef handler(event, context): return [boto3.__file__, jmespath.__file__, boto3.__name__]"
)


def test_boto3_is_there_before_the_handler(endpoint: Any) -> None:
    source = "import sys\nBEFORE = 'boto3' in sys.modules\ndef handler(event, context): return BEFORE"
    endpoint.create("f", {"app.py": source})
    assert endpoint.invoke("f") is True


def test_a_package_of_its_own_is_the_one_it_gets(endpoint: Any) -> None:
    own = {"app.py": WHERE, "jmespath/__init__.py": "OWN = 1\nclass exceptions: pass\ndef search(*a): pass\n"}
    endpoint.create("f", {**own, "app.py": "import jmespath\ndef handler(event, context): return jmespath.OWN"})
    assert endpoint.invoke("f") == 1
    endpoint.create("g", {"app.py": WHERE})
    assert "/site-packages/" in endpoint.invoke("g")[1]
