"""Templates as texts in, plans out: tables of what holds and what is refused before anything is made."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import streamcore
from streamcore.deploy.errors import TemplateError
from streamcore.deploy.model import document, parameters, schema
from streamcore.deploy.model.coerce import coerced, tags_of
from streamcore.deploy.model.identity import Made, Place, identify, name_of, stack_name
from streamcore.deploy.model.intrinsics import FUNCTIONS, NO_VALUE, decided, references, resolve
from streamcore.deploy.model.template import Names, Plan, plan
from streamcore.deploy.resources import MAKERS

PLACE = Place("shop", "123456789012", "eu-west-1")


def planned(text: str, **given: str) -> Plan:
    return plan(document.load(textwrap.dedent(text)), given, PLACE)


def names(**sections: Any) -> Names:
    found = Names(sections, {}, PLACE)
    found.made["Orders"] = Made("orders", {"Arn": "arn:orders"})
    return found


def value(text: str) -> Any:
    return document.load(f"x: {text}")["x"]


KNOWN = {
    "Parameters": {
        "Env": {"Type": "String", "Default": "dev"},
        "Ids": {"Type": "CommaDelimitedList", "Default": "a, b"},
    },
    "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}, "Dev": {"Fn::Not": [{"Condition": "Prod"}]}},
    "Mappings": {"Sizes": {"dev": {"memory": 128}}},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Env", "dev"),
        ("!Ref Ids", ["a", "b"]),
        ("!Ref Orders", "orders"),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::NoValue", NO_VALUE),
        ("{a: !Ref AWS::NoValue, b: 1}", {"b": 1}),
        ("[!Ref AWS::NoValue, 1]", [1]),
        ("!GetAtt Orders.Arn", "arn:orders"),
        ("{Fn::GetAtt: [Orders, Arn]}", "arn:orders"),
        ('!Sub "${Orders}/${Orders.Arn}/${AWS::StackName}/${!Kept}"', "orders/arn:orders/shop/${Kept}"),
        ('!Sub ["${A}-${Env}", {A: !Ref Orders}]', "orders-dev"),
        ("!Join ['-', [a, !Ref Env, 1, true]]", "a-dev-1-true"),
        ("!Join ['', !Split [':', 'a:b:c']]", "abc"),
        ("!Select [1, !Ref Ids]", "b"),
        ("!Select ['0', !Split ['/', 'x/y']]", "x"),
        ("!If [Prod, 1, 2]", 2),
        ("!If [Dev, [1, !Ref Env], 2]", [1, "dev"]),
        ("!FindInMap [Sizes, !Ref Env, memory]", 128),
        ("!Equals [1, '1']", True),
        ("!And [!Condition Dev, !Equals [a, a]]", True),
        ("!Or [!Condition Prod, !Equals [a, b]]", False),
        ("!Base64 hello", "aGVsbG8="),
        ("!ToJsonString {a: !Ref Env}", '{"a": "dev"}'),
        ("!Length [1, 2, 3]", 3),
        ("{Ref: 1, b: 2}", {"Ref": 1, "b": 2}),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
    ],
)
def test_functions(text: str, expected: Any) -> None:
    assert resolve(value(text), names(**KNOWN)) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("!Ref Nothing", "there is no Nothing"),
        ("!GetAtt Orders.Size", "Orders has no attribute Size; it has Arn"),
        ("!GetAtt Orders", "takes a resource and an attribute"),
        ("!Sub {a: b}", "Fn::Sub takes a text"),
        ("!Sub '${Ids}'", "Fn::Sub takes texts and numbers"),
        ("!Join [a, b]", "Fn::Join takes a text and a list"),
        ("!Split ['', a]", "Fn::Split takes"),
        ("!Select [2, [a]]", "an index and a list that has it"),
        ("!Select [-1, [a]]", "an index and a list that has it"),
        ("!If [Prod, 1]", "Fn::If takes"),
        ("!If [Nothing, 1, 2]", "there is no condition Nothing"),
        ("!FindInMap [Sizes, prod, memory]", "no Sizes.prod.memory"),
        ("!FindInMap [Sizes]", "takes a mapping and two keys"),
        ("!And [!Condition Prod]", "from 2 to 10"),
        ("!Not [1]", "from 1 to 1 conditions"),
        ("{Fn::ImportValue: x}", "Fn::ImportValue is not offered"),
        ("{Fn::Transform: {Name: AWS::Include}}", "is not offered"),
    ],
)
def test_functions_that_are_wrong(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        resolve(value(text), names(**KNOWN))


def test_a_condition_in_a_circle() -> None:
    with pytest.raises(TemplateError, match="A depends on itself"):
        names(Conditions={"A": {"Condition": "B"}, "B": {"Condition": "A"}}).condition("A")


def test_what_a_value_refers_to() -> None:
    found = value("{a: !Ref A, b: [!GetAtt B.Arn, !Sub '${C.Arn} ${D} ${!E}'], c: !Sub ['${F}${G}', {F: !Ref H}]}")
    assert sorted(references(found)) == ["A", "B", "C", "D", "G", "H"]


def test_branches_that_are_not_taken_refer_to_nothing() -> None:
    found = decided(
        value("{a: !If [Prod, !Ref Gone, !Ref Orders], b: !If [Dev, !Ref AWS::NoValue, 1]}"), names(**KNOWN)
    )
    assert found == {"a": {"Ref": "Orders"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "no YAML"),
        ("- a", "a mapping with Resources"),
        ("x: !Ref\n y: [", "no YAML"),
        ("x: !ImportValue a", "!ImportValue is not offered"),
        ("x: !!python/object/apply:os.system [ls]", "no YAML"),
        ("x: " + "[" * 200 + "]" * 200, "nested"),
        ("x: " + "a" * 1_000_001, "at most 1000000 bytes"),
        (
            "\n".join(["a0: &a0 [1, 1]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30))]),
            "at most 100000 values",
        ),
    ],
)
def test_texts_that_are_no_templates(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        document.load(text)


def test_json_and_dates_are_taken() -> None:
    assert document.load('{"AWSTemplateFormatVersion": "2010-09-09", "1": true}') == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "1": True,
    }
    assert document.load("AWSTemplateFormatVersion: 2010-09-09") == {"AWSTemplateFormatVersion": "2010-09-09"}


@pytest.mark.parametrize(
    ("about", "given", "expected"),
    [
        ({"Type": "String", "Default": "x"}, None, "x"),
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "b", "b"),
        ({"Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 5}, "4", "4"),
        ({"Type": "String", "Default": True}, None, "true"),
        ({"Type": "CommaDelimitedList"}, "a, b", ["a", "b"]),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
        ({"Type": "CommaDelimitedList", "Default": ""}, None, []),
    ],
)
def test_parameters(about: Mapping[str, Any], given: str | None, expected: Any) -> None:
    assert parameters.values({"P": about}, {} if given is None else {"P": given}) == {"P": expected}


@pytest.mark.parametrize(
    ("about", "given", "words"),
    [
        ({"Type": "String"}, None, "parameter P needs a value"),
        ({"Type": "String", "AllowedValues": ["a"]}, "b", "must be one of a; got 'b'"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A", r"must match \[a-z\]\+"),
        ({"Type": "String", "AllowedPattern": "a", "ConstraintDescription": "only a"}, "b", "only a"),
        ({"Type": "String", "MinLength": 2}, "a", "its length must be from 2"),
        ({"Type": "Number"}, "many", "must be a number"),
        ({"Type": "Number", "MaxValue": 3}, "4", "its value must be from - to 3"),
        ({"Type": "List<Number>"}, "1,x", "must be a number"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "x", "is not offered"),
        ({"Type": "String", "Secret": 1}, "x", "there is no Secret"),
    ],
)
def test_parameters_that_are_wrong(about: Mapping[str, Any], given: str | None, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        parameters.values({"P": about}, {} if given is None else {"P": given})
    with pytest.raises(TemplateError, match="no parameter Q; it has P"):
        parameters.values({"P": {"Type": "String"}}, {"Q": "x"})


SHOP = """
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Runtime: python3.12
        Layers: [!Ref Lib]
        Environment: {Variables: {A: 1, B: x}}
    Resources:
      Lib: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: lib}}
      Orders: {Type: AWS::Kinesis::Stream}
      Files: {Type: AWS::S3::Bucket}
      Count:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src
          Handler: app.handler
          AutoPublishAlias: live
          Environment: {Variables: {B: !Ref Files}}
          FunctionUrlConfig: {AuthType: NONE}
          DeadLetterQueue: {Type: SQS, TargetArn: arn:dead}
          EventInvokeConfig:
            MaximumRetryAttempts: 1
            DestinationConfig: {OnFailure: {Type: SQS, Destination: arn:failed}}
          Events:
            Stream:
              Type: Kinesis
              Properties:
                Stream: !GetAtt Orders.Arn
                StartingPosition: LATEST
                DestinationConfig: {OnFailure: {Type: SQS, Destination: arn:x}}
            Tick: {Type: Schedule, Properties: {Schedule: rate(1 minute), Enabled: false}}
            Later: {Type: ScheduleV2, Properties: {ScheduleExpression: at(2030-01-01T00:00:00)}}
            Put:
              Type: S3
              Properties:
                Bucket: !Ref Files
                Events: [s3:ObjectCreated:*, s3:ObjectRemoved:*]
                Filter: {S3Key: {Rules: [{Name: suffix, Value: .png}]}}
            Get: {Type: Api, Properties: {Path: '/orders/{id}', Method: get}}
            Web: {Type: HttpApi}
    Outputs:
      Alias: {Value: !Ref Count.Alias}
"""


def test_what_sam_makes_of_a_function() -> None:
    found = planned(SHOP)
    kinds = {each.logical_id: each.kind.removeprefix("AWS::") for each in found.resources}
    assert kinds == {
        "Lib": "Lambda::LayerVersion",
        "Orders": "Kinesis::Stream",
        "Files": "S3::Bucket",
        "Count": "Lambda::Function",
        "CountVersion": "Lambda::Version",
        "CountAliaslive": "Lambda::Alias",
        "CountUrl": "Lambda::Url",
        "CountUrlPublicPermissions": "Lambda::Permission",
        "CountEventInvokeConfig": "Lambda::EventInvokeConfig",
        "CountStream": "Lambda::EventSourceMapping",
        "CountTick": "Events::Rule",
        "CountTickPermission": "Lambda::Permission",
        "CountLater": "Scheduler::Schedule",
        "CountPutPermission": "Lambda::Permission",
        "FilesNotifications": "Streamcore::BucketNotifications",
        "CountGetPermission": "Lambda::Permission",
        "ServerlessRestApi": "Streamcore::RestApi",
        "CountWebPermission": "Lambda::Permission",
        "ServerlessHttpApi": "Streamcore::HttpApi",
    }
    order = [each.logical_id for each in found.resources]
    assert order.index("Lib") < order.index("Count") < order.index("CountAliaslive") < order.index("CountStream")
    assert order.index("CountPutPermission") < order.index("FilesNotifications")
    by_id = {each.logical_id: each.properties for each in found.resources}
    alias = {"Ref": "CountAliaslive"}
    assert by_id["Count"] == {
        "Code": "src",
        "Handler": "app.handler",
        "Runtime": "python3.12",
        "Layers": [{"Ref": "Lib"}],
        "Environment": {"Variables": {"A": 1, "B": {"Ref": "Files"}}},
        "DeadLetterConfig": {"TargetArn": "arn:dead"},
    }
    assert by_id["CountStream"] == {
        "EventSourceArn": {"Fn::GetAtt": ["Orders", "Arn"]},
        "FunctionName": alias,
        "StartingPosition": "LATEST",
        "DestinationConfig": {"OnFailure": {"Destination": "arn:x"}},
    }
    assert by_id["CountTick"]["State"] == "DISABLED"
    assert by_id["CountTick"]["Targets"] == [{"Id": "CountTickTarget", "Arn": alias}]
    assert by_id["CountLater"]["Target"]["Arn"] == alias
    assert by_id["CountEventInvokeConfig"]["DestinationConfig"] == {"OnFailure": {"Destination": "arn:failed"}}
    assert [each["Event"] for each in by_id["FilesNotifications"]["LambdaConfigurations"]] == [
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
    ]
    assert by_id["ServerlessRestApi"]["Routes"] == [{"Path": "/orders/{id}", "Method": "GET", "Function": alias}]
    assert by_id["ServerlessHttpApi"]["Routes"] == [{"Path": None, "Method": "ANY", "Function": alias}]
    assert found.outputs == {"Alias": alias}
    assert found.notes == []


def test_http_apis_of_a_template() -> None:
    text = f"""
    Resources:
      Front: {{Type: AWS::Serverless::HttpApi, Properties: {{StageName: s, CorsConfiguration: true}}}}
      Idle: {{Type: AWS::Serverless::HttpApi}}
      F: {FUNCTION % "Events: {E: {Type: HttpApi, Properties: {ApiId: !Ref Front, Path: /x, Method: get}}}"}
    """
    found = {each.logical_id: each for each in planned(text).resources}
    assert found["Front"].kind == found["Idle"].kind == "Streamcore::HttpApi"
    routes = [{"Path": "/x", "Method": "GET", "Function": {"Fn::GetAtt": ["F", "Arn"]}}]
    assert found["Front"].properties == {"StageName": "s", "CorsConfiguration": True, "Routes": routes}
    assert found["Idle"].properties == {"StageName": "$default", "Routes": []}
    assert "ServerlessHttpApi" not in found


def test_conditions_and_notes() -> None:
    text = """
        Parameters: {Env: {Type: String}}
        Conditions: {Prod: !Equals [!Ref Env, prod]}
        Resources:
          A: {Type: AWS::Kinesis::Stream, Condition: Prod, DeletionPolicy: Retain}
          B: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !If [Prod, !Ref A, b]}}
          F:
            Type: AWS::Serverless::Function
            Properties: {InlineCode: x, Handler: index.h, Runtime: python3.12, Policies: AdministratorAccess}
        Outputs:
          A: {Condition: Prod, Value: !GetAtt A.Arn}
    """
    dev, prod = planned(text, Env="dev"), planned(text, Env="prod")
    assert [each.logical_id for each in dev.resources] == ["B", "F"]
    assert [(each.logical_id, each.is_kept) for each in prod.resources] == [("A", True), ("F", False), ("B", False)]
    assert (list(dev.outputs), list(prod.outputs)) == ([], ["A"])
    assert dev.notes == [f"F: Policies has no effect: {schema.NO_IAM}"]


FUNCTION = "{Type: AWS::Serverless::Function, Properties: {CodeUri: src, %s}}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Resources: {}", "the template has no Resources"),
        ("Resources: {A: {Type: AWS::SQS::Queue}}", "A: the type AWS::SQS::Queue is not offered; there are"),
        ("Resources: {A: 1}", "A needs a Type"),
        ("Resources: {A: {Type: AWS::Kinesis::Stream, Properties: {Shards: 1}}}", "AWS::Kinesis::Stream has no Shards"),
        ("Resources: {A: {Type: AWS::Lambda::Alias}}", "AWS::Lambda::Alias needs FunctionName, FunctionVersion, Name"),
        ("Resources: {A: {Type: AWS::S3::Bucket, CreationPolicy: 1}}", "a resource has no CreationPolicy"),
        ("Resources: {A: {Type: AWS::S3::Bucket, DeletionPolicy: Snapshot}}", "Snapshot is not offered"),
        ("Resources: {A: {Type: AWS::S3::Bucket, Condition: C}}", "there is no condition C"),
        (
            "Resources: {A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref B}}}",
            "A refers to B, which there is not",
        ),
        ("{Resources: {A: {Type: AWS::S3::Bucket}}, Outputs: {O: {Value: !Ref B}}}", "output O refers to B"),
        ("{Resources: {A: {Type: AWS::S3::Bucket}}, Outputs: {O: 1}}", "the output O needs a Value"),
        ("{Resources: {A: {Type: AWS::S3::Bucket}}, Transform: AWS::Include}", "transform AWS::Include is not offered"),
        ("{Resources: {A: {Type: AWS::S3::Bucket}}, Rules: {}}", "a template has no Rules here"),
        ("{Resources: {A: {Type: AWS::S3::Bucket}}, Globals: {Api: {}}}", "Globals: Api is not offered"),
        (
            "{Resources: {A: {Type: AWS::S3::Bucket}}, Globals: {Function: {Event: 1}}}",
            "Globals: AWS::Serverless::Function has no Event",
        ),
        (
            "Resources: {A: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Ref B}}, "
            "B: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Ref A}}}",
            "in a circle",
        ),
        (f"Resources: {{F: {FUNCTION % 'InlineCode: x'}}}", "one of CodeUri and InlineCode"),
        (f"Resources: {{F: {FUNCTION % 'ImageUri: x'}}}", "has no ImageUri"),
        (f"Resources: {{F: {FUNCTION % 'Events: {E: {Type: SQS}}'}}}", "F.Events.E: the type SQS is not offered"),
        (f"Resources: {{F: {FUNCTION % 'Events: {E: {Type: Kinesis}}'}}}", "needs StartingPosition, Stream"),
        (f"Resources: {{F: {FUNCTION % 'Events: [1]'}}}", "Events is a mapping"),
        (
            f"Resources: {{F: {FUNCTION % 'Events: {E: {Type: S3, Properties: {Bucket: b, Events: x}}}'}}}",
            "Bucket is a !Ref to a bucket",
        ),
        (
            f"Resources: {{F: {FUNCTION % 'Events: {E: {Type: S3, Properties: {Bucket: !Ref F, Events: x}}}'}}}",
            "F is none",
        ),
        (
            f"Resources: {{F: {FUNCTION % 'Events: {E: {Type: HttpApi, Properties: {ApiId: !Ref Other}}}'}}}",
            "ApiId is a !Ref to an AWS::Serverless::HttpApi of the same template; Other is none",
        ),
        (
            f"Resources: {{F: {FUNCTION % 'Events: {E: {Type: HttpApi, Properties: {ApiId: abc}}}'}}}",
            "ApiId is a !Ref",
        ),
        (
            f"Resources: {{F: {FUNCTION % 'Events: {E: {Type: Api, Properties: {Path: x, Method: get}}}'}}}",
            "Path begins with /",
        ),
        (
            f"Resources: {{F: {FUNCTION % 'ProvisionedConcurrencyConfig: {}'}}}",
            "ProvisionedConcurrencyConfig needs an AutoPublishAlias",
        ),
        (f"Resources: {{F: {FUNCTION % 'FunctionUrlConfig: {}'}}}", "FunctionUrlConfig has an AuthType"),
        (
            f"Resources: {{F: {FUNCTION % 'DeadLetterQueue: {Type: SQS}'}}}",
            "has a Type and a TargetArn",
        ),
        (
            f"Resources: {{F: {FUNCTION % 'AutoPublishAlias: live'}, FVersion: {{Type: AWS::S3::Bucket}}}}",
            "FVersion would be made twice",
        ),
    ],
)
def test_what_is_refused_before_anything_is_made(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        planned(text)


def test_every_type_of_a_plan_can_be_made() -> None:
    plain = {kind for kind in schema.TYPES if not kind.startswith("AWS::Serverless::")}
    own = {"Streamcore::BucketNotifications", "Streamcore::RestApi", "Streamcore::HttpApi"}
    assert set(MAKERS) == plain | own


@pytest.mark.parametrize(
    ("kind", "logical_id", "properties", "name"),
    [
        ("AWS::Lambda::Function", "Count", {}, "shop-Count"),
        ("AWS::Lambda::Function", "Count", {"FunctionName": "f"}, "f"),
        ("AWS::Lambda::Function", "C" * 80, {}, "shop-" + "C" * 50 + "-" + "C" * 8),
        ("AWS::S3::Bucket", "My_Files", {}, "shop-my-files"),
        ("AWS::Lambda::Permission", "P", {}, "P"),
    ],
)
def test_names(kind: str, logical_id: str, properties: dict[str, Any], name: str) -> None:
    assert name_of(kind, logical_id, properties, PLACE) == name


@pytest.mark.parametrize(
    ("kind", "properties", "ref", "attribute"),
    [
        ("AWS::Lambda::Function", {}, "shop-X", ("Arn", "arn:aws:lambda:eu-west-1:123456789012:function:shop-X")),
        ("AWS::Kinesis::Stream", {}, "shop-X", ("Arn", "arn:aws:kinesis:eu-west-1:123456789012:stream/shop-X")),
        ("AWS::S3::Bucket", {}, "shop-x", ("Arn", "arn:aws:s3:::shop-x")),
        ("AWS::Logs::LogGroup", {}, "shop-X", ("Arn", "arn:aws:logs:eu-west-1:123456789012:log-group:shop-X:*")),
        ("AWS::Events::Rule", {}, "shop-X", ("Arn", "arn:aws:events:eu-west-1:123456789012:rule/shop-X")),
    ],
)
def test_identities(kind: str, properties: dict[str, Any], ref: str, attribute: tuple[str, str]) -> None:
    made = identify(kind, "X", properties, PLACE)
    assert (made.ref, made.attributes[attribute[0]]) == (ref, attribute[1])


@pytest.mark.parametrize(
    ("text", "name"), [("shop", "shop"), ("my shop.v2", "my-shop-v2"), ("2nd", "stack-2nd"), ("é", "stack")]
)
def test_stack_names(text: str, name: str) -> None:
    assert stack_name(text) == name


def test_types_of_values() -> None:
    found = coerced({"MemorySize": "256", "Enabled": "True", "Environment": {"Variables": {"A": 1, "Size": True}}})
    assert found == {"MemorySize": 256, "Enabled": True, "Environment": {"Variables": {"A": "1", "Size": "true"}}}
    assert coerced({"BatchSize": 5, "X": ["1"]}) == {"BatchSize": 5, "X": ["1"]}
    assert tags_of([{"Key": "a", "Value": 1}]) == tags_of({"a": 1}) == {"a": "1"}
    for wrong in ({"Timeout": "soon"}, {"Enabled": "perhaps"}):
        with pytest.raises(TemplateError):
            coerced(wrong)
    with pytest.raises(TemplateError, match="a list of Key and Value"):
        tags_of(["a"])


def test_the_page_names_what_there_is() -> None:
    text = (Path(streamcore.__file__).parent.parent / "docs" / "deploy.md").read_text()
    types = re.search(r"Types: (.*?)\. Any", text, re.DOTALL)
    events = re.search(r"Events of a serverless function: (.*?)\. ", text, re.DOTALL)
    functions = re.search(r"Functions: (.*?);", text, re.DOTALL)
    assert types
    assert events
    assert functions
    assert set(re.split(r",\s+", types[1])) == set(schema.TYPES)
    assert set(re.split(r",\s+", events[1])) == set(schema.EVENTS)
    assert set(re.split(r",\s+", functions[1])) == set(FUNCTIONS)
    ignored = {name for rules in (*schema.TYPES.values(), *schema.EVENTS.values()) for name in rules.ignored}
    without_effect = text.partition("Without effect")[2].partition("## Saved")[0]
    assert {name for name in ignored if name not in without_effect} == set()
