"""What all sections of a stack's settings have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One key of the stack file, e.g. `fluxa:queue`. Unknown keys are refused; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
