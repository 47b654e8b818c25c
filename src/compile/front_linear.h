// What users write of linear algebra that needs more than one row. Both faces call these functions, as those in
// front.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ir/expr.h"

namespace croton::front {

/// Solution, sums of the squares of what is left (of no elements unless the rank is full and there are more rows than
/// columns), rank, and singular values.
std::vector<Expr> lstsq(const Expr& a, const Expr& b, const Expr& cutoff);
Expr pinv(const Expr& a);
/// Of a, or of the equations a x = w b x where b is given.
Expr eigvalsh(const Expr& a, const Expr& b, bool lower);
Expr matrix_power(const Expr& a, int64_t exponent);
/// Inverse of a as a matrix of its first `count` axes by the others, and the solution of such equations.
Expr tensorinv(const Expr& a, int64_t count);
Expr tensorsolve(const Expr& a, const Expr& b, std::optional<std::vector<int64_t>> axes);
/// tensordot of each item of a with the item of b at the same place of the leading axis, which axes count and leave
/// out.
Expr batched_tensordot(const Expr& a, const Expr& b, std::vector<int64_t> a_axes, std::vector<int64_t> b_axes);
Expr kron(const Expr& a, const Expr& b);
/// Matrices with this diagonal, in the two axes of the result; the last axis of v is the diagonal.
Expr alloc_diag(const Expr& v, int64_t offset, int64_t axis1, int64_t axis2);

/// Transforms of all axes but the first, cut or filled with zeros to `sizes` where these are given.
Expr rfft(const Expr& x, const std::optional<std::vector<Expr>>& sizes);
/// Without sizes, the last axis of the result has an even or an odd size, as `odd` says: the half fits both.
Expr irfft(const Expr& x, const std::optional<std::vector<Expr>>& sizes, bool odd = false);

}  // namespace croton::front
