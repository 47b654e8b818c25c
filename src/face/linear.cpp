// Linear algebra of the C++ face.
#include "croton/ops.h"
#include "face/bridge.h"
#include "ir/op.h"

namespace croton {
namespace {

using face::build;
using face::expr_of;

template <size_t count>
std::array<Variable, count> several(std::string_view row, const Argument& x, std::vector<int64_t> ints) {
  return face::at_line(x.line(), [&](Builder& builder) {
    Attributes attributes;
    attributes.ints = std::move(ints);
    const std::vector<Expr> made = builder.apply_all(op_named(row), {expr_of(builder, x)}, std::move(attributes));
    std::array<Variable, count> result;
    for (size_t k = 0; k < count; ++k) result[k] = face::handle(made[k].var);
    return result;
  });
}

Variable one(std::string_view row, const Argument& x, std::vector<int64_t> ints = {}) {
  return build(x.line(), [&](Builder& b) { return b.apply(row, {expr_of(b, x)}, std::move(ints)); });
}

Variable solution(std::string_view row, const Argument& a, const Argument& right, std::vector<int64_t> ints = {}) {
  return build(a.line(),
               [&](Builder& b) { return b.apply(row, {expr_of(b, a, right), expr_of(b, right, a)}, std::move(ints)); });
}

}  // namespace

Variable matrix_inverse(const Argument& x) { return one("matrix_inverse", x); }
Variable det(const Argument& x) { return one("det", x); }
Variable expm(const Argument& x) { return one("expm", x); }
Variable cholesky(const Argument& x, bool lower) { return one("cholesky", x, {lower ? 1 : 0, 0}); }
Variable solve(const Argument& a, const Argument& b) { return solution("solve", a, b); }
Variable solve_triangular(const Argument& a, const Argument& b, bool lower) {
  return solution("solve_triangular", a, b, {lower ? 1 : 0});
}
std::array<Variable, 2> eigh(const Argument& x, bool lower) { return several<2>("eigh", x, {lower ? 1 : 0}); }
std::array<Variable, 3> svd(const Argument& x, bool full) { return several<3>("svd", x, {full ? 1 : 0}); }
std::array<Variable, 2> qr(const Argument& x, bool complete) { return several<2>("qr", x, {complete ? 1 : 0}); }

}  // namespace croton
