"""What of a response is the program, what are helpers beside it, and whether sentences may stand around it."""

import pytest

from reward_memory.verifiers.programs import Program, defines, find_program

F = "def f(x):\n    return x\n"
G = "def g(x):\n    return 2\n"


def block(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}```\n"


@pytest.mark.parametrize(
    ("response", "text", "earlier"),
    [
        # the last block that defines f; helpers follow from those after it, then those before it
        (block(F) + block(G) + block("f(3)\n"), F, (G, "f(3)\n")),
        (block(G) + block(F) + block("f(3)\n"), F, ("f(3)\n", G)),
        (block(F) + block(F.replace("x\n", "1\n")), F.replace("x\n", "1\n"), (F,)),
        # none defines f: the last one
        (block("x = 1\n") + block("x = 2\n"), "x = 2\n", ("x = 1\n",)),
        # a block before what stands outside of blocks
        (f"{F}\n{block(G + F)}{block(G)}", G + F, (G,)),
        # tagged as Python before untagged before other languages, where several define f or none does
        (block(F) + block(F, ""), F, ()),
        (block("x = 1\n") + block(F, "") + block(F, "text"), F, ()),
        (block(G, "text") + block(F, "text") + block("ls\n", "bash"), F, ()),
        (block("x = 1\n", "") + block("ls\n", "bash"), "x = 1\n", ()),
        (block("x = 1\n") + block("x = 2\n", ""), "x = 1\n", ()),
        # sessions and empty blocks are no programs
        (block(F) + block(">>> f(1)\n1\n") + block("In [1]: f(1)\n"), F, ()),
        (block(F) + block("\n  \n"), F, ()),
        # what was thought counts only where no program follows it
        (f"<think>\n{block(F)}</think>\nThat is it.", F, ()),
        (f"<think>\n{block(F)}</think>\n{block(G)}", G, ()),
        (f"<think>\n{block(F)}</think>\n{block(G, 'text')}", F, ()),
        # what follows an end token is another answer, in a thought as well
        (f"{block(F)}<|im_end|>\n{block(G)}", F, ()),
        (f"<think>\n{block(F)}<|im_end|>\n{block(F + G)}</think>\nSo.", F, ()),
        # a fence after one line, after two, on the first line
        (f"So:\n{block(F)}", F, ()),
        (f"So:\n\n{block(F)}It works.\n", F, ()),
        (f"{block(F, '')}It works.\n", F, ()),
        # a block may end where the next begins
        (f"```python\n{G}```python\n{F}```\n", F, (G,)),
        (f"```python\n```python\n{F}```\n", F, ()),
        # a quotation's marks
        ("```python\n> def f(x):\n\n>     return x > 1\n```", "def f(x):\n\n    return x > 1\n", ()),
        ("```python\n> 5\ndef f(x): return x\n```", "> 5\ndef f(x): return x\n", ()),
        # the language in brackets, or on a line of its own
        (block(f"[PYTHON]\n{F}[/PYTHON]\n"), F, ()),
        (block(f"python\n{F}", ""), F, ()),
        (block(f"pythonic\n{F}", ""), f"pythonic\n{F}", ()),
        # blocks within a block of Markdown
        (f"````markdown\n{block(G)}{block(F)}````\n", F, (G,)),
        (f"````md\n{block(F)}````\n", F, ()),
        (f"````markdown\n{F}````\n", F, ()),
        # code on the line of the fence
        ("```python def f(x): return x\n```", "def f(x): return x\n", ()),
        ("So ```python def f(x): return x", "def f(x): return x\n", ()),
        (f"It is ```python def f(x): return x``` indeed.\n{block(G)}", "def f(x): return x\n", (G,)),
        (f"It is ```python def f(x): return x```.\n{block(G)}", "def f(x): return x\n", (G,)),
        (f"```{F}```\n{block(G, '')}", F, (G,)),
        (f"It is ```{F}```\n{block(G, '')}", F, (G,)),
        (f"```import math``` is used.\n{F}", F, ()),
        (f"1. ```@cache\n{F}```\n", f"@cache\n{F}", ()),
        (f"So ```python\n{F}```", F, ()),
        (f"So ```\n{F}```", F, ()),
        (f"```python 3\n{F}```", F, ()),
        # sentences after the code on its last line, and within it
        (f"```python\n{F[:-1]}``` This works.\n{block(G)}", F, (G,)),
        (f"```python\ndef f(x): return x``` This works.\n{block(G)}", "def f(x): return x\n", (G,)),
        (f"````python\n{F[:-1]}``` This works.\n````", F, ()),
        (f"```python\n{F[:-1]}```.\n{block(G)}", F, (G,)),
        ("```python\ndef f(x):\n    '''\n    f``` It\n    '''\n```", "def f(x):\n    '''\n    f``` It\n    '''\n", ()),
        ("```python\nx = '''a```\n'''\ndef f(x): return x\n```", "x = '''a```\n'''\ndef f(x): return x\n", ()),
        # texts in triple quotes that never close hide no block
        (f'```python\n"""open\n```\n{block(F)}', F, ('"""open\n',)),
        (f'So:\n```python\n"""open\n```\n{block(F)}', F, ('"""open\n',)),
        ('```python\nx = """open```\ny = 1\n', 'x = """open\n', ()),
        (f'```python\nx = """open```\n{block(F)}', F, ('x = """open\n',)),
        # a class whose method is asked for
        (
            block("class Solution:\n    def h(self): ...\n\n    def f(self, x): ...\n"),
            "class Solution:\n    def h(self): ...\n\n    def f(self, x): ...\n\nf = Solution().f\n",
            (),
        ),
        (block(f"class Solution:\n    def f(self): ...\n{F}"), f"class Solution:\n    def f(self): ...\n{F}", ()),
        (block("class Solution:\n    def h(self): ...\n"), "class Solution:\n    def h(self): ...\n", ()),
    ],
)
def test_the_block_that_is_the_program_and_those_that_may_help(response, text, earlier):
    assert find_program(response, ("f",)) == Program(text, earlier, False)


@pytest.mark.parametrize(
    "inside",
    [
        '"""Doc\n```\n"""\n',
        "'''Doc\n```\n'''\n",
        'a = """\n```\n    """\n',
        'a = """\n```\n""" + "\'\'\'"\n',
        'a = """\n```\n"""\'"""\'\n',
        'a = """b"""; c = """\n```\n"""\n',
        'a = "#"; c = """\n```\n"""\n',
        'a = 1  # it\'s """\n',
        'a = \'"""\'\n',
        "a = 'it\\'s' + '''\n```\n'''\n",
    ],
)
@pytest.mark.parametrize("end", ["```\n", ""])
def test_fences_within_texts_in_triple_quotes_are_text(inside, end):
    code = f"{inside}{F}"
    assert find_program(f"```python\n{code}{end}", ("f",)) == Program(code, (), False)
    if end:
        assert find_program(f"```python\n{code}{end}{block(G)}", ("f",)) == Program(code, (G,), False)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        # a fence that ends what no fence began
        (f"{F}```\nIt returns x.", F),
        (f"{F}```\n{block('f(1)')}", F),
        ("It is x.\n```", "It is x."),
        # fences in the docstring of a program without fences
        (f'def f(x):\n    """\n    ```\n    f(1)\n    ```\n    """\n{F}', None),
        # no fence at all, or none with a program in it
        (F, F),
        (f"import math\n{block('ls', 'bash')}", "import math"),
        (f"It is so.\n{block('ls', 'bash')}", f"It is so.\n{block('ls', 'bash')}"),
        # three quotes that fence nothing
        (f"'''\nText\n'''\n{F}'''py'''\n", None),
        # marks in a sentence
        (f"Call ```f(1)```\n{F}", None),
        (f"Use ``` for code.\n{F}", None),
        (f"Use ```import math``` for it.\n{F}", None),
        (f"Use ```python for code.\n{F}", None),
        (f"Use ```python 5\n{F}```", None),
        (f"Use ```text\n{F}```", None),
        # tags: the last that define f, else the complete text
        (f"<code>{F}</code><code>{F.replace('x', 'y')}</code>", F.replace("x", "y")),
        (f"<code>{F}</code><code>{G}</code>", F),
        (f"<code>{G}</code>", f"<code>{G}</code>"),
        (f"<code>\n  </code>{F}", None),
        (f"<pre>\n<code class='python'>{F}</code>\n</pre>", F),
        (f"\\begin{{minted}}{{python}}\n{F}\\end{{minted}}\nSo.", F),
        ("<code>def f(x): return x &gt; 1 &amp; 2</code>", "def f(x): return x > 1 & 2"),
        ("<code>def f(x): return x > 1, '&lt;'</code>", "def f(x): return x > 1, '&lt;'"),
        ("<code>def f(x): return x < 1, '&lt;'</code>", "def f(x): return x < 1, '&lt;'"),
        # on one line: in backticks or after a label
        ("It is `f = abs`", "f = abs"),
        ("**Answer:** def f(x): return x", "def f(x): return x"),
        ("Answer:\n\n    f = abs\n", "f = abs"),
        ("Answer:\n\n    f = abs\n\nor\n\n\tf = min\nThat is it.", "f = min"),
        ("So `g = abs`\n\n    g = abs\n", None),
        (f"First\n\n    def f(x):\n        return 1\n\n{F}", None),
        # a label or a heading before a definition
        (f"Answer: {F}", F),
        (f"Sure.\n#### {F}", f"Sure.\n{F}"),
        (f"Sure.\n####\n{F}", F),
        (f"Sure.\n{F}", None),
        (f"python\n{F}", F),
        (f"ruby\n{F}", None),
    ],
)
def test_without_fences_sentences_may_stand_around_the_program(response, text):
    found = find_program(response, ("f",))
    assert found == Program((response if text is None else text).strip("\n"), (), True)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        # the keys of an object, the most telling first
        ('{"answer": "f = 1", "code": "f = 2"}', "f = 2"),
        ('{"answer": "f = 1", "program": "f = 2"}', "f = 2"),
        ('{"code": 5, "solution": "f = 2"}', "f = 2"),
        ('```json\n{"answer": "f = 1"}\n```', "f = 1"),
        ('{"code": "f = 1"', '{"code": "f = 1"'),
        ('{"other": "f = 1"}', '{"other": "f = 1"}'),
        ('So {"code": "f = 1"}', 'So {"code": "f = 1"}'),
    ],
)
def test_the_program_of_a_json_object(response, text):
    assert find_program(response, ("f",)).text.strip() == text


@pytest.mark.parametrize(
    ("response", "text"),
    [
        # three quotes with "python" fence a program, three quotes alone end it
        (f"'''python\n{F}'''\nIt works.", F),
        (f"'''py\n{F}'''\nx = 1\n'''python\nf(3)\n'''", F),
        (f"'''PYTHON\n{F}'''", F),
        # without "python" they are a text
        (f"'''\nText\n'''\n{F}", f"'''\nText\n'''\n{F}".strip()),
        (f"'''\nText\n'''\n'''py\n{F}'''\n", F),
    ],
)
def test_a_program_between_three_quotes(response, text):
    assert find_program(response, ("f",)).text == text


@pytest.mark.parametrize(
    ("code", "whether"),
    [
        ("def f(x): ...", True),
        ("async def f(x): ...", True),
        ("class f: ...", True),
        ("x = 1\nf = abs", True),
        ("f: int = 1", True),
        ("def ff(x): ...", False),
        ("def g(x): ...", False),
        ("    def f(x): ...", False),
        ("f(1)", False),
        ("", False),
    ],
)
def test_a_program_defines_what_it_binds_at_its_top_level(code, whether):
    assert defines(code, "f") is whether


def test_a_program_for_several_names_defines_one_of_them():
    response = block(G) + block("x = 1\n")
    assert find_program(response, ("f", "g")) == Program(G, ("x = 1\n",), False)
    assert find_program(response, ("f", "h")) == Program("x = 1\n", (G,), False)
    method = "class Solution:\n    def g(self): ...\n    def f(self): ...\n"
    text = f"{method.rstrip()}\n\nf = Solution().f\n\n\ng = Solution().g\n"
    assert find_program(block(method), ("f", "g")).text == text


def test_only_the_last_200_000_characters_of_a_response_are_read():
    fenced = block(F)
    assert find_program(fenced + "x" * (200_000 - len(fenced)), ("f",)) == Program(F, (), False)
    assert find_program("`" + fenced[1:] + "x" * (200_001 - len(fenced)), ("f",)).prose


@pytest.mark.parametrize("size", [100_000, 100_001])
def test_a_program_is_cut_after_100_000_characters(size):
    long = F + "#" * (size - len(F))
    cut = long[:100_000]
    assert find_program(f"```python\n{long}", ("f",)).text == cut
    assert find_program(f"{block(F)}```python\n{G}{long[len(F) :]}", ("f",)).earlier == (
        (G + long[len(F) :])[:100_000],
    )
    assert find_program(long, ("f",)).text == cut
    assert find_program(f"{long}\n```\n", ("f",)).text == cut
    assert find_program(f"<code>{long}</code>", ("f",)).text == cut
    assert find_program(f'{long[:-4]}\n"""\n```', ("f",)).text == f'{long[:-4]}\n"""\n```'[:100_000]


def test_the_last_200_blocks_are_read():
    assert find_program(block(F) + block("f(1)\n") * 199, ("f",)).text == F
    assert find_program(block(F) + block("f(1)\n") * 200, ("f",)).text == "f(1)\n"
