"""SimulatePrincipalPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, Document
from streamcore.api.aws.iam.simulation import Simulated, SimulateOutput, principal_of, read_all, simulate
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp
from streamcore.identity.callers import Callers
from streamcore.model.iam.document import PolicyKind
from streamcore.model.iam.evaluate import NOTHING


class SimulatePrincipalPolicyInput(Simulated, frozen=True, kw_only=True):
    policy_source_arn: Arn
    policy_input_list: list[Document] | None = None


@IAM.action("SimulatePrincipalPolicy")
async def simulate_principal_policy(
    app: IdentityApp, call: Call, input_: SimulatePrincipalPolicyInput
) -> SimulateOutput:
    """What the policies of a user or a role decide, with more of them if some are given."""
    principal, entity = principal_of(app, input_.policy_source_arn)
    policies = NOTHING if entity is None else Callers(app.identities, app.sessions).of_entity(entity)
    more = read_all(input_.policy_input_list or (), PolicyKind.IDENTITY, "PolicyInputList")
    policies = msgspec.structs.replace(policies, identity=(*policies.identity, *more))
    if input_.caller_arn is not None:
        principal, _ = principal_of(app, input_.caller_arn)
    return simulate(input_, principal, policies)
