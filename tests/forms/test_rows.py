from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows_ui.forms.rows import Row, cell, read_rows


def rows(text: str, kind: str = "", id_column: str = "") -> list[tuple[str, object]]:
    found, problems = read_rows(text, kind, id_column)
    assert problems == []
    return [(row.id, row.params) for row in found]


def problems(text: str, kind: str = "", id_column: str = "") -> list[tuple[int | None, str, str]]:
    _, found = read_rows(text, kind, id_column)
    return [(problem.row, problem.place, problem.text) for problem in found]


class TestJson:
    def test_a_row_is_the_params_or_names_them(self):
        text = '[{"a": 1}, {"instance_id": "x", "params": [2]}, {"params": 3}, 4, null]'
        assert rows(text) == [("", {"a": 1}), ("x", [2]), ("", 3), ("", 4), ("", None)]

    def test_other_keys_beside_make_it_params(self):
        whole = {"instance_id": "x", "params": 1, "more": 2}
        assert rows(json.dumps([whole])) == [("", whole)]

    def test_an_id_alone_is_an_id_and_an_empty_object_is_params(self):
        assert rows('[{"instance_id": "x"}, {}]') == [("x", {}), ("", {})]

    @pytest.mark.parametrize(
        ("text", "place", "said"),
        [
            ('[\n {"a": 1},\n {"a" 2}\n]', "line 3, column 7", "delimiter"),
            ("[1,\n2", "line 2, column 2", "comma or ]"),
            ("[1 2]", "line 1, column 4", "comma or ]"),
            ("[1]\n x", "line 2, column 2", "after the array"),
            ("[1,]", "line 1, column 4", "Expecting value"),
            ("[1,\n NaN]", "line 2, column 2", "NaN is not JSON"),
            ('[{"a": 1, "a": 2}]', "line 1, column 2", "twice"),
            ("[" * 100_000, "line 1, column 2", "nested too deeply"),
            ("[" + "[" * 300 + "]" * 300 + "]", "line 1, column 2", "nested too deeply"),
            ("[1\0]", "line 1, column 3", "NUL"),
        ],
    )
    def test_what_is_broken_is_named_where_it_is(self, text, place, said):
        ((_, found, words),) = problems(text, "json")
        assert found == place
        assert said in words

    def test_what_is_not_an_array_is_said(self):
        assert problems('{"a": 1}', "json")[0][2] == "An array of rows begins with [."

    @pytest.mark.parametrize("text", ["", " \n", "[]", "[ ]"])
    def test_no_rows_are_no_batch(self, text):
        assert any("no rows" in words.lower() for _, _, words in problems(text))

    @given(
        st.lists(
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers()
                | st.text('ab{[\n"')
                | st.floats(allow_nan=False, allow_infinity=False),
                lambda inner: st.lists(inner, max_size=3),
                max_leaves=8,
            ),
            min_size=1,
            max_size=6,
        )
    )
    def test_what_json_writes_is_read_back(self, values):
        text = json.dumps(values, indent=1)
        assert [row.params for row in read_rows(text, "json", "")[0]] == values


class TestLines:
    def test_one_row_on_a_line(self):
        text = '{"a": 1}\n\n{"instance_id": "x", "params": 2}\n'
        assert rows(text) == [("", {"a": 1}), ("x", 2)]

    def test_every_broken_line_is_named(self):
        text = '{"a": 1}\n{"a" 1}\n\n{"b": 1, "b": 2}\n3'
        found = problems(text)
        assert [(row, place) for row, place, _ in found] == [
            (2, "line 2, column 6"),
            (3, "line 4"),
        ]

    def test_a_line_that_ends_too_early_is_named_once(self):
        ((row, place, words),) = problems('{"a": 1}\n{"a":\n')
        assert (row, place) == (2, "line 2, column 6")
        assert "ine 2" not in words


class TestCsv:
    def test_the_first_line_names_the_columns(self):
        text = "instance_id,n,name,ok,none\nx,1,007,true,null\n,2.5,a b,no,\n"
        assert rows(text) == [
            ("x", {"n": 1, "name": "007", "ok": True, "none": None}),
            ("", {"n": 2.5, "name": "a b", "ok": "no", "none": ""}),
        ]

    def test_a_column_is_chosen_for_the_id(self):
        assert rows("order;n\nx;1\n", id_column="order") == [("x", {"n": 1})]

    def test_spaces_around_the_names_of_columns_are_none(self):
        assert rows(" instance_id , n \nx,1\n") == [("x", {"n": 1})]
        assert [words for _, _, words in problems("n, n\n1,2\n")] == [
            "The column “n” is there twice."
        ]

    def test_lines_without_a_value_are_no_rows(self):
        text = "instance_id;n\n\nx;1\n;\n ; \ny;2\n;\n"
        assert rows(text) == [("x", {"n": 1}), ("y", {"n": 2})]
        assert problems("instance_id,n\nx,1\n,\n-y,2\n")[0][:2] == (2, "line 4")

    def test_a_column_that_is_not_there_names_those_that_are(self):
        ((_, place, words),) = problems("a,b\n1,2", id_column="c")
        assert (place, "“a”, “b”" in words) == ("line 1", True)

    @pytest.mark.parametrize("between", [",", ";", "\t"])
    def test_quotes_hold_what_stands_between_columns(self, between):
        text = f'"a{between}b"{between}c\n"1{between}2\n3"{between}"say ""hi"""\n'
        assert rows(text, "csv") == [("", {f"a{between}b": f"1{between}2\n3", "c": 'say "hi"'})]

    def test_every_line_with_too_few_or_many_is_named(self):
        found = problems("a,b\n1\n1,2\n1,2,3\n")
        assert [(row, place) for row, place, _ in found] == [(1, "line 2"), (3, "line 4")]

    @pytest.mark.parametrize(
        ("text", "place", "said"),
        [
            ('a,b\n1,"2\n', "line 2", "quotes"),
            ('a,b\n1,"2"x\n', "line 2", "quotes"),
            ("a,a\n1,2\n", "line 1", "twice"),
            ("a,\n1,2\n", "line 1", "no name"),
            ("a,b\n1,\0\n", "line 2, column 3", "NUL"),
        ],
    )
    def test_hostile_ones_are_refused_in_words(self, text, place, said):
        ((_, found, words),) = problems(text, "csv")
        assert found == place
        assert said in words

    def test_a_formula_is_text_like_any_other(self):
        assert rows("a\n=cmd()\n") == [("", {"a": "=cmd()"})]

    def test_a_cell_of_half_a_megabyte_is_read(self):
        assert rows(f"a\n{'x' * 500_000}\n") == [("", {"a": "x" * 500_000})]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-1.5e3", -1500.0), ("true", True), ("null", None),
        ("01", "01"), ("1.", "1."), ("+1", "+1"), ("True", "True"), ("NaN", "NaN"), ("", ""),
        ("9007199254740991", 9007199254740991), ("9007199254740993", "9007199254740993"),
        ("4111111111111111111", "4111111111111111111"), ("1e999", "1e999"), ("١", "١"),
        ('{"a":1}', '{"a":1}'),
    ],
)  # fmt: skip
def test_a_cell_is_json_where_nothing_is_lost(text, value):
    assert cell(text) == value
    assert type(cell(text)) is type(value)


class TestEveryRow:
    def test_ids_are_checked_and_none_is_there_twice(self):
        text = "instance_id,n\nx,1\n-x,2\nx,3\nbatch,4\n" + "y" * 101 + ",5\n"
        found = problems(text)
        assert [row for row, _, _ in found] == [2, 3, 4, 5]
        assert found[1][2] == "The id is that of row 1 too."
        assert "reserved" in found[2][2]

    def test_an_id_is_a_text(self):
        text = '[{"instance_id": 5, "params": 1}, {"instance_id": null, "params": 1}]'
        assert [words for _, _, words in problems(text)] == ["An instance_id is a text."] * 2

    def test_params_the_api_does_not_take(self):
        text = json.dumps(["x" * (1024 * 1024), "\ud800"])
        assert [(row, words) for row, _, words in problems(text)] == [
            (1, "The API takes at most 1 MiB of params."),
            (2, "The params hold half a character."),
        ]

    def test_10_000_rows_are_too_many_and_the_first_are_read(self):
        found, said = read_rows("n\n" + "1\n" * 10_000, "csv", "")
        assert len(found) == 1000
        assert said[0].text.startswith("There are more than 1,000 rows.")
        assert isinstance(found[0], Row)
        assert len(rows("n\n" + "1\n" * 1000)) == 1000
