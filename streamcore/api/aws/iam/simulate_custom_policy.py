"""SimulateCustomPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Document
from streamcore.api.aws.iam.simulation import Simulated, SimulateOutput, principal_of, read_all, simulate
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp
from streamcore.model.iam.document import PolicyKind
from streamcore.model.iam.evaluate import Policies
from streamcore.model.iam.principals import Kind, Principal


class SimulateCustomPolicyInput(Simulated, frozen=True, kw_only=True):
    policy_input_list: list[Document]


@IAM.action("SimulateCustomPolicy")
async def simulate_custom_policy(app: IdentityApp, call: Call, input_: SimulateCustomPolicyInput) -> SimulateOutput:
    """What policies would decide that nobody has yet."""
    account = call.scope.account
    principal = Principal(kind=Kind.USER, arn=f"arn:aws:iam::{account}:user/simulated", account=account)
    if input_.caller_arn is not None:
        principal, _ = principal_of(app, input_.caller_arn)
    found = read_all(input_.policy_input_list, PolicyKind.IDENTITY, "PolicyInputList")
    return simulate(input_, principal, Policies(identity=found))
