"""scan: a step function becomes the body of a loop node (Theano's theano.scan)."""
from .. import _core, tensor
from .._convert import as_tensor_variable
from .._types import TensorType
from .._updates import OrderedUpdates
from .._variable import Constant, Variable, wrap_all
from ..gof.graph import inputs as leaves_of
from ..gof.graph import io_toposort
from ..sharedvalue import SharedVariable
from .scan_utils import until

_MISMATCH = (
    "When compiling the inner function of scan (the function called by scan in each of its iterations) the following error has been "
    "encountered: The initial state (outputs_info in scan nomenclature) of variable %s (argument number %d) has dtype %s and %d "
    "dimension(s), while the result of the inner function for this output has dtype %s and %d dimension(s)%s. This can happen if the "
    "inner function of scan results in an upcast or downcast, or if the initial state is a Python number.")


def scan(fn, sequences=None, outputs_info=None, non_sequences=None, n_steps=None, truncate_gradient=-1, go_backwards=False, mode=None,
         name=None, profile=False, allow_gc=None, strict=False, return_list=False):
    """Calls `fn` once, with variables for what one step sees, and makes a loop of what it returns: (outputs, updates).

    fn(*rows of the sequences by tap, *earlier outputs by tap, *non_sequences) gives outputs, a dict of updates, and until(condition),
    or some of these. `outputs_info` has, for each output, None, the initial value, or dict(initial=, taps=[-2, -1]).
    """
    if isinstance(n_steps, int) and n_steps < 0:
        n_steps, go_backwards = -n_steps, not go_backwards
    loop = _Loop(go_backwards)
    for number, given in enumerate(_listed(sequences)):
        loop.add_sequence(number, given)
    given_outputs = _listed(outputs_info)
    for number, given in enumerate(given_outputs):
        loop.add_output(number, given)
    constants = [as_tensor_variable(x) if not isinstance(x, Variable) else x for x in _listed(non_sequences)]
    outputs, updates, condition = _parts(fn(*(loop.sequence_rows + loop.earlier_values() + constants)))
    if not given_outputs:
        loop.infos = [None] * len(outputs)
    if len(loop.infos) != len(outputs):
        raise ValueError("Please provide None as outputs_info for any output that does not feed back into scan (i.e. it behaves like "
                         "a map): the step has %d outputs, outputs_info %d entries" % (len(outputs), len(loop.infos)))
    steps = loop.number_of_steps(n_steps)
    loop.close(outputs, updates, condition, constants if strict else None, truncate_gradient)
    found, updates = loop.apply(steps)
    if name:
        for number, output in enumerate(found):
            output.name = output.name or ("%s_%d" % (name, number) if len(found) > 1 else name)
    return (found if return_list or len(found) != 1 else found[0]), updates


def _listed(given):
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _fresh(type_, name=None):
    return type_() if name is None else type_(name)


def _row_type(variable):
    return TensorType(variable.type.dtype, variable.type.broadcastable[1:])


# ------------------------------------------------------------------------------------------------ what a step returns

def _is_outputs(given):
    if isinstance(given, until):
        return False
    try:
        return all(_as_output(x) is not None for x in _listed(given))
    except (TypeError, ValueError, NotImplementedError):
        return False


def _as_output(x):
    if isinstance(x, (until, dict, tuple, list)):
        raise TypeError(x)
    return x if isinstance(x, Variable) else as_tensor_variable(x)


def _is_updates(given):
    if isinstance(given, dict):
        return True
    return isinstance(given, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], SharedVariable) for pair in given)


def _parts(returned):
    """(outputs, updates, condition or None) of what a step returned, in any of the combinations that Theano takes."""
    outputs, updates, condition = [], [], None
    if returned is None:
        raise ValueError("Scan cannot parse the return value of your lambda expression, which is: None")
    if _is_outputs(returned):
        return [_as_output(x) for x in _listed(returned)], OrderedUpdates(), None
    parts = [returned] if isinstance(returned, (dict, until)) or _is_updates(returned) else returned
    for part in parts if isinstance(parts, (list, tuple)) else [parts]:
        if isinstance(part, until):
            condition = part.condition
        elif _is_updates(part):
            updates = part
        elif _is_outputs(part):
            outputs = [_as_output(x) for x in _listed(part)]
        else:
            raise ValueError("Scan cannot parse the return value of your lambda expression, which is: %s" % (returned,))
    ordered = OrderedUpdates()
    ordered.update(updates)
    return outputs, ordered, condition


# --------------------------------------------------------------------------------------------------------- the node

class _Output:
    """An output that a step makes from its earlier values: initial rows, lags, and the variables that stand for the values."""

    def __init__(self, number, given):
        if not isinstance(given, dict):
            given = {"initial": given}
        if "initial" not in given or given["initial"] is None:
            raise ValueError("If you are using slices of an output you need to provide a initial state for it", given)
        unknown = set(given) - {"initial", "taps", "return_steps", "inplace", "inplace_arg", "steps"}
        if unknown:
            raise ValueError("Argument %s is not recognized by scan for an output" % sorted(unknown))
        initial, taps = as_tensor_variable(given["initial"]), list(given.get("taps") or [-1])
        if any(tap > -1 for tap in taps):
            raise ValueError("All the tap values must be strictly smaller then 0", taps)
        self.number, self.lags, self.depth = number, [-tap for tap in taps], -min(taps)
        if taps == [-1]:
            self.rows = tensor.shape_padleft(initial)
        elif initial.ndim == 0:
            raise ValueError("the initial state of an output with taps %s needs %d rows" % (taps, self.depth))
        else:
            self.rows = initial[:self.depth]
        self.name = initial.name
        base = "%s[t%d]"
        self.values = [_fresh(_row_type(self.rows), base % (self.name, tap) if self.name else None) for tap in taps]

    def check(self, result):
        mine, made = self.values[0].type, result.type
        same = mine.dtype == made.dtype and mine.ndim == made.ndim
        if same and not any(a and not b for a, b in zip(mine.broadcastable, made.broadcastable)):
            return
        patterns = "" if mine.ndim != made.ndim or mine.dtype != made.dtype else (
            "; their patterns of axes of size one are %s and %s" % (mine.broadcastable, made.broadcastable))
        raise ValueError(_MISMATCH % (self.name, self.number, mine.dtype, mine.ndim, made.dtype, made.ndim, patterns))


class _Loop:
    def __init__(self, go_backwards):
        self.go_backwards = go_backwards
        self.sequences, self.sequence_rows = [], []
        self.infos = []  # by output: an _Output, or None

    def add_sequence(self, number, given):
        if not isinstance(given, dict):
            given = {"input": given}
        if given.get("input") is None:
            raise ValueError("sequence %d has no input" % number)
        sequence, taps = as_tensor_variable(given["input"]), given.get("taps")
        taps = [0] if taps is None else list(taps) if isinstance(taps, (list, tuple)) else [taps]
        if sequence.ndim == 0:
            raise ValueError("scan goes over the first axis of its sequences; %s is a scalar" % sequence)
        # Row t of tap k is sequence[t + k], counted so that no tap reaches out of the sequence.
        highest, lowest = max(max(taps), 0), min(min(taps), 0)
        for tap in taps:
            stop = tap - highest
            rows = sequence[tap - lowest:stop] if stop < 0 else sequence[tap - lowest:] if tap != lowest else sequence
            if self.go_backwards:
                rows = rows[::-1]
            self.sequences.append(rows)
            name = None if not sequence.name else "%s[t%s]" % (sequence.name, "" if tap == 0 else "%+d" % tap)
            self.sequence_rows.append(_fresh(_row_type(sequence), name))

    def add_output(self, number, given):
        empty = given is None or isinstance(given, dict) and not any(given.get(key) is not None for key in ("initial", "taps"))
        self.infos.append(None if empty else _Output(number, given))

    def earlier_values(self):
        return [value for info in self.infos if info for value in info.values]

    def number_of_steps(self, n_steps):
        if n_steps is not None:
            steps = as_tensor_variable(n_steps)
            if steps.ndim != 0 or steps.dtype not in tensor.discrete_dtypes:
                raise ValueError("n_steps must be an integer scalar, not %s" % steps.type)
            return tensor.cast(steps, "int64")
        if not self.sequences:
            raise ValueError("Scan has no sequences and no number of steps (n_steps): how often should it run?")
        steps = self.sequences[0].shape[0]
        for rows in self.sequences[1:]:
            steps = tensor.minimum(steps, rows.shape[0])
        return steps

    def close(self, outputs, updates, condition, allowed, truncate_gradient):
        """Makes a closed body: what does not depend on the step is computed before the loop and given to it."""
        self.recurrent = [k for k, info in enumerate(self.infos) if info]
        self.stacked = [k for k, info in enumerate(self.infos) if not info]
        for k in self.recurrent:
            self.infos[k].check(outputs[k])
        self._add_default_updates(outputs, updates, condition)
        self.shared = list(updates)
        new = [shared.type.filter_variable(value) if isinstance(value, Variable) else shared.type.filter_variable(as_tensor_variable(value))
               for shared, value in updates.items()]
        self.results = [outputs[k] for k in self.recurrent] + new + [outputs[k] for k in self.stacked]
        if condition is not None:
            self.results.append(tensor.neq(condition, 0))
        self.inner = self.sequence_rows + self.earlier_values() + self.shared
        self.constants = self._outer_values()
        if allowed is not None:
            self._check_strict(allowed)
        self.layout = [len(self.sequences), len(self.recurrent) + len(self.shared), len(self.stacked), int(condition is not None),
                       -1 if truncate_gradient is None else int(truncate_gradient)]
        for k in self.recurrent:
            self.layout += [1, len(self.infos[k].lags)] + self.infos[k].lags
        self.layout += [0, 1, 1] * len(self.shared)

    def _add_default_updates(self, outputs, updates, condition):
        todo = outputs + [v for v in updates.values() if isinstance(v, Variable)] + ([condition] if condition is not None else [])
        while todo:
            found = [v for v in leaves_of(todo) if isinstance(v, SharedVariable) and v not in updates
                     and getattr(v, "default_update", None) is not None]
            for shared in found:
                updates[shared] = shared.default_update
            todo = [shared.default_update for shared in found]

    def _outer_values(self):
        """What the body needs of outside: the first variables on each way that do not depend on the step."""
        inside, found = set(self.inner), {}
        for node in io_toposort([], self.results):
            if any(x in inside for x in node.inputs):
                inside.update(node.outputs)
                found.update((x, None) for x in node.inputs if x not in inside and not isinstance(x, Constant))
        found.update((x, None) for x in self.results if x not in inside and not isinstance(x, Constant))
        return list(found)

    def _check_strict(self, allowed):
        known = set(leaves_of(allowed)) | set(self.inner)
        for leaf in leaves_of(self.results):
            if leaf not in known and not isinstance(leaf, Constant):
                raise _core.MissingInputError("scan(strict=True): %s is used in the step, but is not among the non_sequences" % leaf)

    def apply(self, steps):
        initial = [self.infos[k].rows for k in self.recurrent] + [tensor.shape_padleft(shared) for shared in self.shared]
        arguments = [steps] + self.sequences + initial + self.constants
        made = wrap_all(_core.scan([v._var for v in self.inner + self.constants], [v._var for v in self.results],
                                   [v._var for v in arguments], self.layout))
        outputs = [None] * len(self.infos)
        for place, k in enumerate(self.recurrent):
            outputs[k] = made[place][self.infos[k].depth:]
        states = len(self.recurrent) + len(self.shared)
        for place, k in enumerate(self.stacked):
            outputs[k] = made[states + place]
        updates = OrderedUpdates()
        for place, shared in enumerate(self.shared):
            updates[shared] = made[len(self.recurrent) + place]
        return outputs, updates
