// Rows of special functions: the error function, the gamma function's logarithm, and further exponentials and
// logarithms.
#include <cmath>

#include "base/error.h"
#include "ops/elementwise_family.h"
#include "ops/registry.h"
#include "ops/scalar_gamma.h"
#include "ops/scalar_math.h"

namespace croton {
namespace {

constexpr double log_of_two = 0x1.62e42fefa39efp-1, log10_of_e = 0x1.bcb7b1526e50ep-2;
constexpr double log2_of_e = 0x1.71547652b82fep+0;
constexpr double two_over_root_pi = 0x1.20dd750429b6dp+0;

template <loop::Value (*function)(loop::Value)>
loop::Value code_of(loop::Builder&, std::span<const loop::Value> x, const Attributes&) {
  return function(x[0]);
}

// Reentrant, unlike std::lgamma, which writes a global sign.
double gammaln_value(const double* x) {
  int sign = 0;
  return ::lgamma_r(x[0], &sign);
}

Expr bell(const Partial& p) { return p.g * call("exp", {-call("sqr", {p.x[0]})}) * two_over_root_pi; }

Expr exp2_partial(const Partial& p) { return p.g * p.y * log_of_two; }
Expr log2_partial(const Partial& p) { return p.g / p.x[0] * log2_of_e; }
Expr log10_partial(const Partial& p) { return p.g / p.x[0] * log10_of_e; }
Expr erf_partial(const Partial& p) { return bell(p); }
Expr erfc_partial(const Partial& p) { return -bell(p); }
Expr gammaln_partial(const Partial& p) { return p.g * call("psi", {p.x[0]}); }
Expr psi_partial(const Partial& p) { return p.g * call("polygamma", {p.x[0]}, {1}); }

// The order is an attribute, so the value and the partial of polygamma see the node.
int order_of(const Attributes& attributes) {
  return attributes.ints.empty() ? 1 : static_cast<int>(attributes.ints[0]);
}
std::vector<Type> polygamma_type(const TypeQuery& query) {
  const int order = order_of(query.attributes);
  if (order < 1 || order > 20) raise<ValueError>("polygamma: the order is between 1 and 20, not {}", order);
  return elementwise_type(query);
}
void polygamma_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array x = converted(inputs[0], node.types[0].dtype), result = new_array(x.dtype, x.shape);
  const int order = order_of(node.attributes);
  for_each_element(x, [&](int64_t k, const std::byte* p) {
    store_double(result.data + k * item_size(x.dtype), x.dtype,
                 scalar_math::polygamma(order, element_as_double(p, x.dtype)));
  });
  outputs.assign(1, result);
}
loop::Value polygamma_code(loop::Builder&, std::span<const loop::Value> x, const Attributes& attributes) {
  return scalar_math::polygamma(order_of(attributes), x[0]);
}
std::vector<Expr> next_polygamma(const Node& node, const Expr& x, const Expr& g) {
  return {g * call("polygamma", {x}, {order_of(node.attributes) + 1})};
}

Op function(Op op) {
  op.traits |= expensive;
  op.elementwise.compute = promoted_float;
  return op;
}

std::vector<Op> make_rows() {
  return {
      elementwise_row<exp2_partial>(function({
          .name = "exp2",
          .doc = "Two to the power of each element.",
          .traits = monotone,
          .elementwise = {.value = [](const double* x) { return std::exp2(x[0]); },
                          .value_complex = [](const Complex* x) { return std::exp(x[0] * log_of_two); },
                          .code = code_of<scalar_math::exp2>},
          .ulp = 1.5,
      })),
      elementwise_row<log2_partial>(function({
          .name = "log2",
          .doc = "Logarithm of each element to base two.",
          .traits = monotone,
          .elementwise = {.value = [](const double* x) { return std::log2(x[0]); },
                          .value_complex = [](const Complex* x) { return std::log(x[0]) * log2_of_e; },
                          .code = code_of<scalar_math::log2>},
          .domain = {0.05, 5},
          .ulp = 1.5,
      })),
      elementwise_row<log10_partial>(function({
          .name = "log10",
          .doc = "Logarithm of each element to base ten.",
          .traits = monotone,
          .elementwise = {.value = [](const double* x) { return std::log10(x[0]); },
                          .value_complex = [](const Complex* x) { return std::log10(x[0]); },
                          .code = code_of<scalar_math::log10>},
          .domain = {0.05, 5},
          .ulp = 1,
      })),
      elementwise_row<erf_partial>(function({
          .name = "erf",
          .doc = "Error function of each element.",
          .traits = monotone,
          .elementwise = {.value = [](const double* x) { return std::erf(x[0]); }, .code = code_of<scalar_math::erf>},
          .ulp = 1.5,
      })),
      elementwise_row<erfc_partial>(function({
          .name = "erfc",
          .doc = "One minus the error function of each element, accurate where that is small.",
          .elementwise = {.value = [](const double* x) { return std::erfc(x[0]); }, .code = code_of<scalar_math::erfc>},
          .ulp = 6,  // the C library's
      })),
      elementwise_row<gammaln_partial>(function({
          .name = "gammaln",
          .doc = "Logarithm of the absolute value of the gamma function of each element.",
          .elementwise = {.value = gammaln_value, .code = code_of<scalar_math::gammaln>},
          .domain = {2.5, 6},
          .ulp = 6,  // the C library's for positive numbers
      })),
      elementwise_row<psi_partial>(function({
          .name = "psi",
          .doc = "Derivative of gammaln: the digamma function of each element.",
          .elementwise = {.value = [](const double* x) { return scalar_math::psi(x[0]); },
                          .code = code_of<scalar_math::psi>},
          .domain = {2.5, 6},
          .ulp = 64,  // relative to one; no bound near its zeros
      })),
      elementwise_row(function({
          .name = "polygamma",
          .doc = "Derivative of psi of some order, at least the first, of each element.",
          .attributes_doc = "[order]; 1 when empty",
          .type = polygamma_type,
          .value = polygamma_value,
          .vjp = [](const Vjp& v) { return next_polygamma(v.node, v.x[0], v.dy[0]); },
          .jvp = [](const Jvp& v) { return next_polygamma(v.node, v.x[0], v.dx[0]); },
          .elementwise = {.code = polygamma_code},
          .domain = {0.5, 6},
          .ulp = 32,
      })),
  };
}

}  // namespace

std::span<const Op> special_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
