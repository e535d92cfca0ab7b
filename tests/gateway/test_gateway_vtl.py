"""Mapping templates: a table of what each construct writes, AWS's documented examples, errors and bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.model.apigateway.variables import UTIL, Input, Parameters
from runtime.model.apigateway.vtl.bounds import RenderError, TemplateError
from runtime.model.apigateway.vtl.template import Template

BODY = '{"name": "Ann", "n": 3, "ok": true, "list": [1, 2, 3], "map": {"a": 1, "b": "x"}, "null": null, "f": 1.5}'


def render(text: str, body: str = BODY, **variables: Any) -> str:
    parameters = Parameters({"id": "7"}, {"q": "x y", "id": "no"}, {"X-Thing": "h"})
    context = {"requestId": "r1", "identity": {"sourceIp": "1.2.3.4"}, "responseOverride": {"header": {}}}
    given = {"input": Input(body, parameters), "util": UTIL, "context": context, "stageVariables": {"env": "prod"}}
    return Template(text).render(given | variables)


@pytest.mark.parametrize(("text", "result"), [
    # texts and references
    ("plain $ # text 5$", "plain $ # text 5$"),
    ("$missing ${missing} $!missing|$!{missing}|", "$missing ${missing} ||"),
    ("$missing.a.b('c')[0]", "$missing.a.b('c')[0]"),
    ("$context.nothing|$stageVariables.no|", "||"),
    ("$context.requestId-x", ""),
    ("${context.requestId}-x", "r1-x"),
    ("$context.identity.sourceIp.", "1.2.3.4."),
    ("$stageVariables.env $stageVariables['env'] $stageVariables.get('env')", "prod prod prod"),
    (r"\$context.requestId \#if", "$context.requestId #if"),
    ("a ## rest\nb", "a b"),
    ("a#* c\n *#b #[[$x #if]]#", "ab $x #if"),
    # set and expressions
    ('#set($a = "v")$a', "v"),
    ('  #set( $a = 1 )\nx$a\n', "x1\n"),
    ('#set($a = "<$context.requestId>")$a', "<r1>"),
    ("#set($a = '<$context.requestId>')$a", "<$context.requestId>"),
    ("#set($a = 'it''s')$a", "it's"),
    ("#set($a = 7 / 2)$a #set($b = -7 / 2)$b #set($c = 7 % 4)$c", "3 -3 3"),
    ("#set($a = 1 + 2 * 3 - (4 - 1))$a", "4"),
    ("#set($a = 'x' + 1 + 2)$a", "x12"),
    ("#set($a = 1.5 + 1)$a", "2.5"),
    ("#set($a = 1 / 0)$!a|$a", "|$a"),
    ("#set($m = {'a': 1, 'b': [1, 'x']})$m.a $m.b $m", "1 [1, x] {a=1, b=[1, x]}"),
    ("#set($m = {})#set($m.x = 5)#set($m['y z'] = 6)$m.x $m.get('y z') $m.size()", "5 6 2"),
    ("#set($l = [1, 2])#set($l[0] = 9)$l", "[9, 2]"),
    ("#set($r = [1..3])$r #set($d = [3..1])$d", "[1, 2, 3] [3, 2, 1]"),
    ("#set($context.responseOverride.status = 404)$context.responseOverride.status", "404"),
    ("#set($context.responseOverride.header.X-A = 'b')$context.responseOverride.header", "{X-A=b}"),
    # conditions
    ("#if(true)a#{else}b#end", "a"),
    ("#if(false)a#elseif(1 == 1)b#else c#end", "b"),
    ("#if($missing)a#else b#end", " b"),
    ("#if('')a#end#if(0)b#end", "ab"),
    ("#if(1 < 2 && 2 <= 2 && !(3 > 4))a#end", "a"),
    ("#if(1 lt 2 and 2 ge 2 and not false)a#end", "a"),
    ("#if('1' == 1)a#end#if('a' != 'b')c#end#if(1 == 1.0)d#end", "acd"),
    ("#if($missing == $other)a#end", "a"),
    ("#if(true)\n  x\n#end\ny", "  x\ny"),
    # loops
    ("#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end", "1,2,3"),
    ("#foreach($i in ['a','b'])$foreach.index$foreach.count$velocityCount$i #end", "011a 122b "),
    ("#foreach($i in $input.path('$.list'))#if($i == 2)#break#end$i#end.", "1."),
    ("#foreach($k in $input.path('$.map').keySet())$k=$input.path('$.map').get($k);#end", "a=1;b=x;"),
    ("#foreach($e in $input.path('$.map').entrySet())$e.key:$e.value #end", "a:1 b:x "),
    ("#foreach($a in [1..2])#foreach($b in [1..2])$foreach.parent.index$foreach.index #end#end", "00 01 10 11 "),
    ("#foreach($a in $missing)x#end.", "."),
    ("a#stop b", "a"),
    # $input
    ("$input.body", BODY),
    ("$input.json('$.map') $input.json('$.name') $input.json('$.n')", '{"a":1,"b":"x"} "Ann" 3'),
    ("$input.json('$.missing')|$input.path('$.missing')|", '""||'),
    ("$input.path('$.list') $input.path('$.map') $input.path('$.ok')", '[1,2,3] {a=1, b=x} true'),
    ("$input.path('$.list').size() $input.path('$.list[1]') $input.path('$').name", "3 2 Ann"),
    ("$input.params('id') $input.params('q') $input.params('x-thing') $input.params('none')|", "7 x y h |"),
    ("$input.params().path.id $input.params().querystring.get('q') $input.params().header.X-Thing", "7 x y h"),
    # $util
    ("$util.escapeJavaScript('a\"b''c')", 'a\\"b\\\'c'),
    ("$util.base64Encode('hi') $util.base64Decode('aGk=')", "aGk= hi"),
    ("$util.urlEncode('a b&c/d') $util.urlDecode('a+b%26')", "a+b%26c%2Fd a b&"),
    ("#set($o = $util.parseJson('{\"a\":[1]}'))$o.a[0]", "1"),
    # methods
    ("#set($s = 'Hello World')$s.length() $s.toUpperCase() $s.toLowerCase()", "11 HELLO WORLD hello world"),
    ("#set($s = 'a-b-c')$s.replace('-', '+') $s.replaceAll('[ab]', '<$0>') $s.replaceFirst('-', '')",
     "a+b+c <a>-<b>-c ab-c"),
    ("#set($s = 'a,b,,')$s.split(',') $s.split(',').size()", "[a, b] 2"),
    ("#set($s = ' abc ')$s.trim()|$s.substring(1, 3)|$s.substring(2)|$s.indexOf('b')", "abc|ab|bc |2"),
    ("#set($s = 'abc')$s.contains('b') $s.startsWith('a') $s.endsWith('x') $s.matches('[a-c]+') $s.isEmpty()",
     "true true false true false"),
    ("#set($s = 'abc')$s.equals('abc') $s.equalsIgnoreCase('ABC') $s.charAt(1) $s.concat('d')", "true true b abcd"),
    ("#set($s = 'abc')$s.substring(9)|$s.nonsense()|", "$s.substring(9)|$s.nonsense()|"),
    ("#set($l = [])$l.add('x') $!l.add(0, 'y') $l $l.contains('x') $l.indexOf('x')", "true  [y, x] true 1"),
    ("#set($l = ['a','b','c'])#set($x = $l.remove(0))$x $l.get(0) $l.size() $l.isEmpty()", "a b 2 false"),
    ("#set($m = {'a': 1})#set($x = $m.put('b', 2))$m.containsKey('b') $m.values() $m.remove('a') $m.keySet()",
     "true [1, 2] 1 [b]"),
    ("#set($Integer = 0)#set($n = $Integer.parseInt('42') + 1)$n", "43"),
])  # fmt: skip
def test_what_is_written(text: str, result: str) -> None:
    assert render(text) == result


def test_the_documented_photo_album() -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/example-photos.html"""
    body = {"photos": {"page": 1, "pages": "1234", "photo": [
        {"id": "12345678901", "owner": "23456789@A12", "title": "Sample photo 1", "ispublic": 1},
        {"id": "23456789012", "owner": "34567890@B23", "title": "Sample photo 2", "ispublic": 0},
    ]}}  # fmt: skip
    template = """#set($inputRoot = $input.path('$'))
{
  "photos": [
#foreach($elem in $inputRoot.photos.photo)
    {
      "id": "$elem.id",
      "owner": "$elem.owner",
      "title": "$elem.title",
      "ispublic": $elem.ispublic
    }#if($foreach.hasNext),#end

#end
  ]
}"""
    assert json.loads(render(template, json.dumps(body))) == {"photos": body["photos"]["photo"]}


def test_the_documented_passthrough_of_parameters() -> None:
    """The template "Method Request passthrough" of the console."""
    template = """#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : { "request-id" : "$context.requestId", "user" : "$context.identity.user" }
}"""
    told = json.loads(render(template))
    assert told["body-json"] == json.loads(BODY)
    assert told["params"] == {
        "path": {"id": "7"}, "querystring": {"q": "x y", "id": "no"}, "header": {"X-Thing": "h"}
    }  # fmt: skip
    assert told["stage-variables"] == {"env": "prod"}
    assert told["context"] == {"request-id": "r1", "user": ""}


def test_a_kinesis_producer() -> None:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html"""
    template = """{
    "StreamName": "$input.params('stream-name')",
    "Records": [
       #foreach($elem in $input.path('$.records'))
          {
            "Data": "$util.base64Encode($elem.data)",
            "PartitionKey": "$elem.partition-key"
          }#if($foreach.hasNext),#end
        #end
    ]
}"""
    body = {"records": [{"data": "one", "partition-key": "k1"}, {"data": "two", "partition-key": "k2"}]}
    told = json.loads(render(template, json.dumps(body)))
    assert told["Records"] == [
        {"Data": "b25l", "PartitionKey": "k1"}, {"Data": "dHdv", "PartitionKey": "k2"}
    ]  # fmt: skip


def test_an_empty_body_is_an_empty_object() -> None:
    assert render("$input.body $input.json('$')", "") == "{} {}"


@pytest.mark.parametrize(("text", "line", "words"), [
    ("a\n#if(true)", 2, "no #end for #if"),
    ("#end", 1, "without an #if"),
    ("\n\n#macro(x)#end", 3, "#macro is not offered"),
    ("#define($x)#end", 1, "#define is not offered"),
    ("#set($a 1)", 1, "= is missing"),
    ("#set(a = 1)", 1, "needs a reference"),
    ("#set($a = )", 1, "no value can begin"),
    ("#set($a = 'x)", 1, "ends the text"),
    ("#foreach($a of [1])#end", 1, "needs `in`"),
    ("#if(true)#else#elseif(true)#end", 1, "behind #else"),
    ("${a", 1, "no } behind"),
    ("#if(true)" * 50, 1, "inside one another"),
    ("#set($a = " + "(" * 100 + "1", 1, "inside one another"),
    ("x" * 400_000, 1, "at most"),
])  # fmt: skip
def test_what_cannot_be_parsed(text: str, line: int, words: str) -> None:
    with pytest.raises(TemplateError, match=words) as raised:
        Template(text)
    assert raised.value.line == line


@pytest.mark.parametrize("text", [
    "#set($a = 'xxxxxxxxxx')#foreach($i in [1..100])#set($a = \"$a$a\")#end",
    "#set($a = 'xxxxxxxxxx')#foreach($i in [1..100])#set($a = $a + $a)#end",
    "#set($a = 'xxxxxxxxxx')#foreach($i in [1..100])#set($a = $a.replace('x', 'xxxxxxxxxx'))#end",
    "#set($a = 'xxxxxxxxxx')#foreach($i in [1..100])#set($a = $a.replaceAll('x', 'xxxxxxxxxx'))#end",
    "#foreach($a in [1..999])#foreach($b in [1..999])#end#end",
    "#set($r = [1..100000])",
    "#set($l = $input.path('$..*'))#foreach($x in [1..1000])#set($z = $l.addAll($l))#end",
    "$input.json('nonsense')",
])  # fmt: skip
def test_a_rendering_has_bounds(text: str) -> None:
    with pytest.raises(RenderError):
        render(text)


PIECES = st.lists(
    st.sampled_from([
        "#set(", "#if(", "#foreach(", "#else", "#elseif(", "#end", "#{else}", "$", "$!", "${", "}", "a", "$a", "$input",
        ".", "path('$.list')", "(", ")", "[", "]", "{", ":", ",", " ", "'", '"', "1", "..", "=", "==", "&&", "!", "-",
        " in ", "\n", "##", "#*", "*#", "\\", "$foreach.index", ".size()", "+", "/", "0",
    ]),
    max_size=30,
)  # fmt: skip


@given(PIECES)
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_template_or_an_error(pieces: list[str]) -> None:
    try:
        render("".join(pieces))
    except (TemplateError, RenderError):
        pass
