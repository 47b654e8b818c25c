"""The kinds of lines that programs are made of, and how often each is drawn."""
from .indexing import advanced, part, region
from .matrices import matrices, transform
from .rows import (along_axis, cast, dimshuffle, dot, draws, elementwise, function, gradient, join, polygamma, reduction, softmax)

LINES = [(elementwise, 14), (function, 6), (reduction, 4), (part, 4), (region, 4), (advanced, 3), (gradient, 3), (dimshuffle, 2),
         (join, 2), (cast, 2), (dot, 2), (along_axis, 1), (softmax, 1), (draws, 0.5), (matrices, 1),
         (transform, 0.3), (polygamma, 0.3)]


def draw_line(d):
    """Tries to add one line."""
    draw = d.random.choices([line for line, _ in LINES], [weight for _, weight in LINES])[0]
    return draw(d)
