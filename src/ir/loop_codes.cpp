// The tables of the loop IR: what each code takes and gives, and the helper functions that kernels may call.
#include <array>
#include <cmath>

#include "base/error.h"
#include "ir/loop.h"

namespace croton::loop {
namespace {

using O = CodeTraits::Operands;
using R = CodeTraits::Result;

// In the order of Code.
constexpr std::array<CodeTraits, static_cast<size_t>(Code::count_)> code_table = {{
    {"constant", 0, O::none, R::free, true},
    {"int_param", 0, O::none, R::index, true},
    {"range_begin", 0, O::none, R::index, true},
    {"range_end", 0, O::none, R::index, true},
    {"add", 2, O::numbers, R::same, true},
    {"sub", 2, O::numbers, R::same, true},
    {"mul", 2, O::numbers, R::same, true},
    {"div", 2, O::numbers, R::same, true},
    {"rem", 2, O::numbers, R::same, true},
    {"neg", 1, O::numbers, R::same, true},
    {"abs", 1, O::numbers, R::same, true},
    {"fma", 3, O::floats, R::same, true},
    {"min", 2, O::any, R::same, true},
    {"max", 2, O::any, R::same, true},
    {"sqrt", 1, O::floats, R::same, true},
    {"floor", 1, O::floats, R::same, true},
    {"ceil", 1, O::floats, R::same, true},
    {"trunc", 1, O::floats, R::same, true},
    {"rint", 1, O::floats, R::same, true},
    {"scale2", 2, O::floats, R::same, true},
    {"exponent", 1, O::floats, R::same, true},
    {"copysign", 2, O::floats, R::same, true},
    {"bit_and", 2, O::discrete, R::same, true},
    {"bit_or", 2, O::discrete, R::same, true},
    {"bit_xor", 2, O::discrete, R::same, true},
    {"bit_not", 1, O::discrete, R::same, true},
    {"shl", 2, O::discrete, R::same, true},
    {"shr", 2, O::discrete, R::same, true},
    {"eq", 2, O::any, R::boolean, true},
    {"ne", 2, O::any, R::boolean, true},
    {"lt", 2, O::any, R::boolean, true},
    {"le", 2, O::any, R::boolean, true},
    {"gt", 2, O::any, R::boolean, true},
    {"ge", 2, O::any, R::boolean, true},
    {"select", 3, O::none, R::same, true},
    {"cast", 1, O::any, R::free, true},
    {"bitcast", 1, O::any, R::free, true},
    {"call", 1, O::floats, R::same, true},
    {"load", 1, O::none, R::free, false},
    {"store", 2, O::none, R::none, false},
    {"prefetch", 1, O::none, R::none, false},
    {"local_load", 1, O::none, R::free, false},
    {"local_store", 2, O::none, R::none, false},
    {"transpose", 1, O::none, R::none, false},
    {"checked_index", 2, O::none, R::index, false},
    {"loop", -1, O::none, R::free, false},
    {"branch", 1, O::none, R::free, false},
    {"while", -1, O::none, R::free, false},
}};

// lgamma of the C library writes a global, so the reentrant form is used.
double lgamma_f64(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}
float lgamma_f32(float x) {
  int sign;
  return ::lgammaf_r(x, &sign);
}

}  // namespace

const CodeTraits& traits(Code code) { return code_table[static_cast<size_t>(code)]; }

const std::vector<Helper>& helpers() {
  // The index of a row is part of compiled kernels' keys: append only.
  static const std::vector<Helper> table = {
      {"sin", ::sin, ::sinf},       {"cos", ::cos, ::cosf},          {"tan", ::tan, ::tanf},
      {"asin", ::asin, ::asinf},    {"acos", ::acos, ::acosf},       {"atan", ::atan, ::atanf},
      {"sinh", ::sinh, ::sinhf},    {"cosh", ::cosh, ::coshf},       {"tanh", ::tanh, ::tanhf},
      {"asinh", ::asinh, ::asinhf}, {"acosh", ::acosh, ::acoshf},    {"atanh", ::atanh, ::atanhf},
      {"exp", ::exp, ::expf},       {"exp2", ::exp2, ::exp2f},       {"expm1", ::expm1, ::expm1f},
      {"log", ::log, ::logf},       {"log2", ::log2, ::log2f},       {"log10", ::log10, ::log10f},
      {"log1p", ::log1p, ::log1pf}, {"cbrt", ::cbrt, ::cbrtf},       {"lgamma", lgamma_f64, lgamma_f32},
      {"erf", ::erf, ::erff},       {"tgamma", ::tgamma, ::tgammaf}, {"erfc", ::erfc, ::erfcf},
  };
  return table;
}

int helper_index(std::string_view name) {
  const std::vector<Helper>& table = helpers();
  for (size_t i = 0; i < table.size(); ++i) {
    if (name == table[i].name) return static_cast<int>(i);
  }
  raise<InternalError>("no helper function is called '{}'", name);
}

}  // namespace croton::loop
