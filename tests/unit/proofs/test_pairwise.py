"""Rows that hold every pair, as far as pairs may stand together."""

import itertools

from tests.support.pairwise import Row, covering, pairs_of, pairs_of_parameters

PARAMETERS = {"size": ("s", "m", "l"), "colour": ("red", "blue"), "cut": ("a", "b", "c"), "warm": ("yes", "no")}


def anything(row: Row, _fixed: frozenset[str]) -> Row:
    return row


def nothing_large_is_red(row: Row, fixed: frozenset[str]) -> Row | None:
    if (row["size"], row["colour"]) != ("l", "red"):
        return row
    if "colour" not in fixed:
        return {**row, "colour": "blue"}
    return {**row, "size": "m"} if "size" not in fixed else None


def held(rows) -> set:
    return {pair for row in rows for pair in pairs_of(row)}


def test_every_pair_is_in_some_row():
    assert set(pairs_of_parameters(PARAMETERS)) == held(covering(PARAMETERS, anything, rows=1, seed=1).rows)


def test_rows_are_far_fewer_than_combinations():
    everything = len(list(itertools.product(*PARAMETERS.values())))

    assert 36 == everything
    assert len(covering(PARAMETERS, anything, rows=1, seed=1).rows) <= 12


def test_a_pair_that_no_row_may_hold_is_named_and_all_others_are_held():
    found = covering(PARAMETERS, nothing_large_is_red, rows=1, seed=1)

    impossible = frozenset({("size", "l"), ("colour", "red")})
    assert {impossible} == found.impossible
    assert set(pairs_of_parameters(PARAMETERS)) - {impossible} == held(found.rows)
    assert not [row for row in found.rows if (row["size"], row["colour"]) == ("l", "red")]


def test_there_are_as_many_rows_as_were_asked_for():
    assert 30 == len(covering(PARAMETERS, anything, rows=30, seed=1).rows)


def test_the_same_seed_gives_the_same_rows():
    first, second = (covering(PARAMETERS, nothing_large_is_red, rows=20, seed=7) for _ in range(2))

    assert first == second
