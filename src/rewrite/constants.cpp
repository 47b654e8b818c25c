// Rules about constants beside variables: neutral elements, chains of factors, divisions by powers of two, casts.
#include <cmath>

#include "rewrite/helpers.h"

namespace croton {
namespace {

using enum RuleKind;
using enum Phase;

// Calls f(other operand) for each operand that is the number; the first result that conforms.
template <class F>
Exprs beside_number(RuleContext& c, double number, F&& f) {
  for (size_t k = 0; k < 2; ++k) {
    if (!is_number(c.node->inputs[k], number)) continue;
    if (Exprs result = replaced_by(c, f(c.in(1 - k))); !result.empty()) return result;
  }
  return {};
}
Expr itself(const Expr& x) { return x; }

// Operands are converted to the dtype that the row computes in; a constant can be converted now.
Exprs upcast_constants(RuleContext& c) {
  const Elementwise& row = c.node->op->elementwise;
  std::vector<DType> dtypes;
  for (const Var& input : c.node->inputs) dtypes.push_back(input.type().dtype);
  const DType compute = row.compute(dtypes);
  if (is_complex(compute)) return {};  // a row may want real operands
  Exprs inputs;
  bool changed = false;
  for (size_t k = 0; k < dtypes.size(); ++k) {
    const bool convert = literal_of(c.node->inputs[k]) && dtypes[k] != compute && !(k == 0 && row.first_kept);
    inputs.push_back(convert ? cast(c.in(k), compute) : c.in(k));
    changed |= convert;
  }
  if (!changed) return {};
  return replaced_by(c, c.builder.apply(*c.node->op, std::move(inputs), c.node->attributes));
}

Exprs times_one(RuleContext& c) { return beside_number(c, 1, itself); }
Exprs times_minus_one(RuleContext& c) {
  return beside_number(c, -1, [&](const Expr& x) { return -cast(x, c.type().dtype); });
}

// -0 is the neutral element of floats: x + 0 turns -0 into 0.
Exprs plus_neutral(RuleContext& c) { return beside_number(c, is_float(c.type().dtype) ? -0.0 : 0.0, itself); }
Exprs plus_zero(RuleContext& c) { return beside_number(c, 0.0, itself); }

Exprs minus_zero(RuleContext& c) { return is_number(c.node->inputs[1], 0.0) ? replaced_by(c, c.in(0)) : Exprs{}; }
Exprs zero_minus(RuleContext& c) {
  if (!is_number(c.node->inputs[0], 0.0)) return {};
  return replaced_by(c, -cast(c.in(1), c.type().dtype));
}

Exprs divided_by_one(RuleContext& c) {
  if (!is_number(c.node->inputs[1], 1)) return {};
  if (c.node->op->name == "int_div" && !is_discrete(c.type().dtype)) return {};  // rounds
  return replaced_by(c, c.in(0));
}

// x / c = x * (1 / c) when both constants are powers of two.
Exprs divided_by_power_of_two(RuleContext& c) {
  double value = 0;
  int exponent = 0;
  if (!single_value(c.node->inputs[1], value) || std::fabs(std::frexp(value, &exponent)) != 0.5) return {};
  const bool single = c.type().dtype != DType::f64;
  if (!is_float(c.type().dtype) || c.type().dtype == DType::f16 || std::abs(exponent) > (single ? 120 : 1000))
    return {};
  const Expr inverse = c.builder.constant(c.type().dtype, 1 / value);
  return replaced_by(c, cast(c.in(0), c.type().dtype) * inverse);
}

// The other operand of a product with a constant; false when `v` is not such a product of this dtype.
bool constant_factor(RuleContext& c, const Var& v, Expr& constant, Expr& other) {
  const Node* product = node_of(v, "mul");
  if (!product || v.type().dtype != c.type().dtype) return false;
  for (size_t k = 0; k < 2; ++k) {
    double value = 0;
    if (!single_value(product->inputs[k], value)) continue;
    constant = c.wrap(product->inputs[k]);
    other = c.wrap(product->inputs[1 - k]);
    return true;
  }
  return false;
}

// A folded factor that overflowed, or lost digits to underflow, would spoil a product that was fine.
bool is_safe(const Expr& constant) {
  double value = 0;
  if (!single_value(constant.var, value)) return false;
  const double least = constant.dtype() == DType::f64 ? 1e-290 : constant.dtype() == DType::f32 ? 1e-30 : 1e-3;
  const double most = constant.dtype() == DType::f16 ? 1e4 : 1 / least;
  return std::fabs(value) > least && std::fabs(value) < most;
}

// c1 * (c2 * x) = (c1 * c2) * x, and the same with one quotient by a constant.
Exprs joined_factors(RuleContext& c) {
  if (!is_float(c.type().dtype)) return {};
  const bool quotient = c.node->op->name == "true_div";
  for (size_t k = quotient ? 1 : 0; k < 2; ++k) {
    double value = 0;
    Expr inner, other;
    if (!single_value(c.node->inputs[k], value) || !constant_factor(c, c.node->inputs[1 - k], inner, other)) continue;
    const Expr outer = cast(c.in(k), c.type().dtype);
    inner = cast(inner, c.type().dtype);
    const Expr joined = quotient ? inner / outer : inner * outer;
    if (!is_safe(inner) || !is_safe(outer) || !is_safe(joined)) continue;
    return replaced_by(c, joined * other);
  }
  return {};
}

Exprs bool_neutral(RuleContext& c) {
  if (!is_bool(c.type().dtype)) return {};
  return beside_number(c, c.node->op->name == "and_" ? 1 : 0, itself);
}

// ----------------------------------------------------------------------------------------------------------------
// casts

Exprs cast_to_same(RuleContext& c) {
  return c.node->inputs[0].type().dtype == c.type().dtype ? Exprs{c.in(0)} : Exprs{};
}

// The inner conversion is superfluous when it loses nothing.
Exprs cast_of_cast(RuleContext& c) {
  const Node* inner = node_of(c.node->inputs[0], "cast");
  if (!inner || !exactly_casts(inner->inputs[0].type().dtype, inner->types[0].dtype)) return {};
  return replaced_by(c, cast(c.wrap(inner->inputs[0]), c.type().dtype));
}

std::vector<Rule> cast_rules() {
  return {
      {.name = "local_useless_cast",
       .tags = {"local_remove_useless_cast"},
       .roots = {"cast"},
       .apply = cast_to_same,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return call("cast", {x}, {static_cast<int64_t>(DType::f64)}); })};
           }},
      {.name = "local_cast_cast",
       .roots = {"cast"},
       .apply = cast_of_cast,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return cast(cast(x, DType::f64), DType::f32); }, {-3, 3}, DType::f32),
                 sample_of([](const Expr& x) { return cast(cast(x, DType::i64), DType::f64); }, {-3, 3}, DType::i8)};
           }},
  };
}

std::vector<Rule> neutral_rules() {
  return {
      {.name = "local_upcast_elemwise_constant_inputs",
       .root = [](const Op& op) { return op.is_elementwise() && op.max_inputs > 1 && op.name != "second"; },
       .apply = upcast_constants,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return call("mul", {x, x.builder->integer(3, DType::i8)}); }),
                 sample_of([](const Expr& x) { return call("lt", {x, x.builder->integer(1, DType::i8)}); }, {-3, 3},
                           DType::i32)};
           }},
      {.name = "local_mul_specialize",
       .roots = {"mul"},
       .apply = times_one,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return x * 1.0; }),
                                sample_of([](const Expr& x) { return x * 1.0; }, {-3, 3}, DType::i32)};
           }},
      {.name = "local_mul_specialize",
       .roots = {"mul"},
       .apply = times_minus_one,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return x * -1.0; }),
                                sample_of([](const Expr& x) { return x * -1.0; }, {-3, 3}, DType::i16)};
           }},
      {.name = "local_add_specialize",
       .roots = {"add"},
       .apply = plus_neutral,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return x + -0.0; }),
                                sample_of([](const Expr& x) { return x + 0.0; }, {-3, 3}, DType::i32)};
           }},
      {.name = "local_add_specialize",
       .kind = accurate,
       .roots = {"add"},
       .apply = plus_zero,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return x + 0.0; })}; }},
      {.name = "local_sub_specialize",
       .roots = {"sub"},
       .apply = minus_zero,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return x - 0.0; })}; }},
      {.name = "local_sub_specialize",
       .kind = accurate,
       .roots = {"sub"},
       .apply = zero_minus,
       .samples = [] { return std::vector{sample_of([](const Expr& x) { return 0.0 - x; })}; }},
      {.name = "local_logic_specialize",
       .roots = {"and_", "or_"},
       .apply = bool_neutral,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) {
               return call("and_",
                           {call("lt", {x, x.builder->constant(DType::f64, 1)}), x.builder->constant(DType::b1, 1)});
             })};
           }},
  };
}

std::vector<Rule> factor_rules() {
  return {
      {.name = "local_intdiv_by_one",
       .roots = {"int_div", "true_div"},
       .apply = divided_by_one,
       .samples =
           [] {
             return std::vector{
                 sample_of([](const Expr& x) { return x / 1.0; }),
                 sample_of([](const Expr& x) { return call("int_div", {x, x.builder->integer(1, DType::i8)}); },
                           {-3, 3}, DType::i32)};
           }},
      {.name = "local_div_by_power_of_two",
       .roots = {"true_div"},
       .apply = divided_by_power_of_two,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return x / 4.0; }),
                                sample_of([](const Expr& x) { return x / -0.25; }, {-3, 3}, DType::f32)};
           }},
      {.name = "local_mul_canonizer",
       .kind = accurate,
       .roots = {"mul", "true_div"},
       .apply = joined_factors,
       .samples =
           [] {
             return std::vector{sample_of([](const Expr& x) { return 3.0 * (x * 5.0); }),
                                sample_of([](const Expr& x) { return (x * 5.0) / 3.0; })};
           }},
  };
}

}  // namespace

std::vector<Rule> constant_rules() {
  std::vector<Rule> rules;
  for (const auto& family : {neutral_rules, factor_rules, cast_rules}) {
    for (Rule& rule : family()) rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace croton
