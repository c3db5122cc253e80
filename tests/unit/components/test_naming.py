"""Names: fixed where somebody has to type them, and never the same twice."""

import pytest

from tests.support.stack_builders import a_naming


def test_a_name_says_project_stack_and_role():
    assert "fluxa-test-database" == a_naming().physical("database", max_length=63)


def test_a_long_name_is_cut_to_the_limit():
    name = a_naming("a-stack-with-a-long-name").physical("database", max_length=30)

    assert len(name) <= 30
    assert name.startswith("fluxa-a-stack-with-a")


def test_names_that_are_cut_at_the_same_place_stay_distinct():
    naming = a_naming("a-stack-with-a-long-name")

    assert naming.physical("database-1", max_length=30) != naming.physical("database-2", max_length=30)


def test_a_limit_without_room_for_a_name_is_refused():
    with pytest.raises(ValueError, match=r"max_length must exceed 9, got 9"):
        a_naming().physical("database", max_length=9)


def test_log_groups_and_parameters_lie_under_the_stack():
    assert "/fluxa/test/ingest" == a_naming().log_group("ingest")
    assert "/fluxa/test/database/password" == a_naming().parameter("database/password")


@pytest.mark.parametrize("stack", ["PR-12", "pr_12", "12", "", "s" * 25, "pr.12", "pr-", "pr--12"])
def test_a_stack_whose_name_no_bucket_or_role_could_carry_is_refused(stack: str):
    with pytest.raises(ValueError, match=r"1 to 24 lower-case letters, digits or single hyphens"):
        a_naming(stack)


def test_tags_tell_stacks_apart():
    assert {"project": "fluxa", "stack": "test", "managed-by": "pulumi"} == a_naming().tags()
