"""How many invocations may run at once: the account's 1000, what functions reserve of it, what is provisioned.

100 of the account's 1000 always stay unreserved (AWS Lambda quotas).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from runtime.errors import InvalidValueError, ThrottledError

ACCOUNT_MAX: Final = 1000
UNRESERVED_MIN: Final = 100


def unreserved(reserved: Iterable[int]) -> int:
    """What is left for functions without a reservation."""
    return ACCOUNT_MAX - sum(reserved)


def check_reservation(wanted: int, others: Iterable[int]) -> None:
    """Raises InvalidValueError when too little would be left."""
    if unreserved(others) - wanted < UNRESERVED_MIN:
        raise InvalidValueError(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED_MIN}]."
        )


def check_provisioned(wanted: int, reserved: int | None, others: Iterable[int]) -> None:
    """`others` are the reservations of the account. Raises InvalidValueError."""
    if reserved is not None:
        if wanted > reserved:
            raise InvalidValueError(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution "
                "for function"
            )
        return
    most = unreserved(others) - UNRESERVED_MIN
    if wanted > most:
        raise InvalidValueError(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{most}]."
        )


def admit(running: int, reserved: int | None, running_unreserved: int, left_unreserved: int) -> None:
    """Whether one more invocation may begin: `running` are the function's, the others the account's.

    Raises ThrottledError.
    """
    if reserved is not None:
        if running >= reserved:
            raise ThrottledError("ReservedFunctionConcurrentInvocationLimitExceeded")
    elif running_unreserved >= left_unreserved:
        raise ThrottledError("ConcurrentInvocationLimitExceeded")
