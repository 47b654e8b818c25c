"""What a step of scan may return besides its outputs: a condition to stop."""
from .._convert import as_tensor_variable


class until:
    """The loop ends behind the step in which the condition is true."""

    def __init__(self, condition):
        self.condition = as_tensor_variable(condition)
        if self.condition.ndim != 0:
            raise ValueError("the condition of until must be a scalar", condition)
