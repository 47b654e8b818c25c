// Bindings of compile/front_linear.h, one function each.
#include "compile/front_linear.h"

#include "bindings.h"

namespace croton::python {
namespace {

// f(builder) with the user's line, and its result unwrapped.
template <class F>
Var built(F&& f) {
  UserBuilder b = line_builder();
  return f(b).var;
}

using MaybeVars = std::optional<std::vector<Var>>;

std::optional<std::vector<Expr>> wrapped_sizes(Builder& b, const MaybeVars& sizes) {
  return sizes ? std::optional(wrapped(b, *sizes)) : std::nullopt;
}

void bind_equations(nb::module_& m) {
  m.def("lstsq", [](const Var& a, const Var& right, const Var& cutoff) {
    UserBuilder b = line_builder();
    return unwrapped(front::lstsq(b.wrap(a), b.wrap(right), b.wrap(cutoff)));
  });
  m.def("pinv", [](const Var& a) { return built([&](Builder& b) { return front::pinv(b.wrap(a)); }); });
  m.def("tensorinv", [](const Var& a, int64_t count) {
    return built([&](Builder& b) { return front::tensorinv(b.wrap(a), count); });
  });
  m.def(
      "tensorsolve",
      [](const Var& a, const Var& right, const std::optional<std::vector<int64_t>>& axes) {
        return built([&](Builder& b) { return front::tensorsolve(b.wrap(a), b.wrap(right), axes); });
      },
      nb::arg("a"), nb::arg("b"), nb::arg("axes").none());
}

void bind_matrices(nb::module_& m) {
  m.def(
      "eigvalsh",
      [](const Var& a, const std::optional<Var>& right, bool lower) {
        return built([&](Builder& b) { return front::eigvalsh(b.wrap(a), right ? b.wrap(*right) : Expr{}, lower); });
      },
      nb::arg("a"), nb::arg("b").none(), nb::arg("lower"));
  m.def("matrix_power", [](const Var& a, int64_t exponent) {
    return built([&](Builder& b) { return front::matrix_power(b.wrap(a), exponent); });
  });
  m.def("batched_tensordot",
        [](const Var& x, const Var& y, const std::vector<int64_t>& x_axes, const std::vector<int64_t>& y_axes) {
          return built([&](Builder& b) { return front::batched_tensordot(b.wrap(x), b.wrap(y), x_axes, y_axes); });
        });
  m.def("kron", [](const Var& x, const Var& y) {
    return built([&](Builder& b) { return front::kron(b.wrap(x), b.wrap(y)); });
  });
  m.def("alloc_diag", [](const Var& v, int64_t offset, int64_t axis1, int64_t axis2) {
    return built([&](Builder& b) { return front::alloc_diag(b.wrap(v), offset, axis1, axis2); });
  });
}

void bind_transforms(nb::module_& m) {
  m.def(
      "rfft",
      [](const Var& x, const MaybeVars& sizes) {
        return built([&](Builder& b) { return front::rfft(b.wrap(x), wrapped_sizes(b, sizes)); });
      },
      nb::arg("x"), nb::arg("sizes").none());
  m.def(
      "irfft",
      [](const Var& x, const MaybeVars& sizes, bool odd) {
        return built([&](Builder& b) { return front::irfft(b.wrap(x), wrapped_sizes(b, sizes), odd); });
      },
      nb::arg("x"), nb::arg("sizes").none(), nb::arg("odd"));
}

}  // namespace

void bind_linear(nb::module_& m) {
  bind_equations(m);
  bind_matrices(m);
  bind_transforms(m);
}

}  // namespace croton::python
