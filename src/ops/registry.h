// The list of row families: the only place that knows which families exist.
#pragma once

#include <span>

#include "ir/op.h"

namespace croton {

std::span<const Op> leaf_ops();           // leaf.cpp
std::span<const Op> arithmetic_ops();     // arithmetic.cpp: add .. mod, pow, maximum ...
std::span<const Op> math_ops();           // math.cpp: exp, log, tanh ...
std::span<const Op> trigonometry_ops();   // trigonometry.cpp: sin, arctan2, sinh ...
std::span<const Op> special_ops();        // special.cpp: erf, gammaln, exp2 ...
std::span<const Op> complex_ops();        // complex.cpp: real, imag, angle, conj, complex ...
std::span<const Op> logic_ops();          // logic.cpp: comparisons, bits, switch, clip, cast
std::span<const Op> reduce_ops();         // reduce.cpp
std::span<const Op> shape_ops();          // shape.cpp
std::span<const Op> index_ops();          // index.cpp
std::span<const Op> order_ops();          // order.cpp: nonzero, sort, cumsum ...
std::span<const Op> linear_ops();         // linear.cpp: dot, gemm
std::span<const Op> square_matrix_ops();  // square_matrices.cpp: matrix_inverse, det, cholesky ...
std::span<const Op> solving_ops();        // solving.cpp: solve, solve_triangular
std::span<const Op> least_squares_ops();  // least_squares.cpp: pinv, lstsq
std::span<const Op> spectral_ops();       // spectral.cpp: eigh, eigvalsh, eig, svd
std::span<const Op> qr_ops();             // qr.cpp
std::span<const Op> fourier_ops();        // fourier.cpp: rfft, irfft
std::span<const Op> network_ops();        // network.cpp: softmax and its kin
std::span<const Op> random_ops();         // random_rows.cpp: random_uniform, mrg_uniform ...
std::span<const Op> control_ops();        // control.cpp: identity rows, ifelse, op_from_graph, host_op

}  // namespace croton
