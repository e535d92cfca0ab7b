"""SNS as a service of the query protocol."""

from __future__ import annotations

from typing import Final

from runtime.api.sns.shapes import SNS
from runtime.topics.service import Topics
from streamcore.api.aws.query import QueryService
from streamcore.api.aws.query_form import Spelling
from streamcore.api.aws.service import Service

NAMESPACE: Final = "http://sns.amazonaws.com/doc/2010-03-31/"
SPELLING: Final = Spelling(halves={"MessageAttributes": ("Name", "Value")})


def sns_service(topics: Topics) -> Service:
    return SNS.bind(topics)


def sns_query_service(topics: Topics) -> QueryService:
    return QueryService(sns_service(topics), "2010-03-31", NAMESPACE, SPELLING, dialect="sns")
