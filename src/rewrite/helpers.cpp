// Helpers of rule functions. All recursion is bounded; loops over user's graphs use explicit stacks with a limit.
#include "rewrite/helpers.h"

#include "ir/clone.h"

namespace croton {
namespace {

constexpr size_t max_parts = 32;  // longer products and sums are taken apart only partly
constexpr int max_depth = 16;

bool bits_are_zero(const Literal& literal) {
  const auto item = static_cast<size_t>(item_size(literal.type.dtype));
  if (is_complex(literal.type.dtype)) return false;
  for (size_t at = 0; at < literal.bytes.size(); at += item) {
    if (element_as_double(literal.bytes.data() + at, literal.type.dtype) != 0) return false;
  }
  return true;
}

}  // namespace

Expr conformed(const Expr& e, const Type& like) {
  if (!e || !e.type().is_tensor() || e.rank() > like.rank) return {};
  Expr result = cast(pad_left(e, like.rank), like.dtype);
  return refines(result.type(), like) ? result : Expr{};
}

Exprs replaced_by(const RuleContext& context, const Expr& e) {
  const Expr result = conformed(e, context.type());
  return result ? Exprs{result} : Exprs{};
}

bool is_zero(const Var& v) {
  Var at = v;
  for (int depth = 0; depth < max_depth; ++depth) {
    if (const Literal* literal = literal_of(at)) return bits_are_zero(*literal);
    const std::string_view row = at.op().name;
    if (row == "second") {
      at = at.node->inputs[1];
    } else if (row == "alloc" || row == "dimshuffle" || row == "cast" || row == "neg" || row == "reshape" ||
               row == "rebroadcast") {
      at = at.node->inputs[0];
    } else {
      return false;
    }
  }
  return false;
}

Expr without_leading_ones(const Expr& e) {
  int first = 0;
  while (first < e.rank() && e.type().broadcasts(first)) ++first;
  std::vector<int64_t> pattern;
  for (int axis = first; axis < e.rank(); ++axis) pattern.push_back(axis);
  return dimshuffle(e, std::move(pattern));
}

Expr as_scalar(const Expr& e) { return dimshuffle(e, {}); }

// --------------------------------------------------------------------------------------------------------------- sizes

namespace {

// Elementwise results have the sizes of their operands.
Var origin_of_size(Var v, int axis) {
  for (int depth = 0; depth < 1000 && v.op().is_elementwise(); ++depth) {
    const Var* from = nullptr;
    for (const Var& input : v.node->inputs) {
      if (!from && !input.type().broadcasts(axis)) from = &input;
    }
    if (!from) break;
    v = Var(*from);
  }
  return v;
}

}  // namespace

Expr size_of(RuleContext& context, const Var& v, int axis) {
  if (v.type().broadcasts(axis)) return context.builder.integer(1);
  const SizeId id = context.shapes.sizes(v)[static_cast<size_t>(axis)];
  const SizeExpr size = context.shapes.table()[id];
  if (size.kind == SizeExpr::Kind::constant) return context.builder.integer(size.value);
  if (size.kind == SizeExpr::Kind::input_dim) return dim(context.wrap(size.leaf), static_cast<int>(size.value));
  if (size.kind == SizeExpr::Kind::input_scalar) return cast(context.wrap(size.leaf), DType::i64);
  return dim(context.wrap(origin_of_size(v, axis)), axis);
}

Exprs sizes_of_operands(RuleContext& context) {
  Exprs sizes;
  for (int axis = 0; axis < context.type().rank; ++axis) {
    const Var* from = nullptr;
    for (const Var& input : context.node->inputs) {
      if (!from && !input.type().broadcasts(axis)) from = &input;
    }
    sizes.push_back(from ? size_of(context, *from, axis) : context.builder.integer(1));
  }
  return sizes;
}

Expr filled(RuleContext& context, const Expr& value) {
  return alloc(cast(value, context.type().dtype), sizes_of_operands(context));
}

Expr alloc(const Expr& value, const Exprs& sizes) {
  const int rank = static_cast<int>(sizes.size());
  bool needed = false;
  const Expr padded = pad_left(value, rank);
  for (int axis = 0; axis < rank; ++axis) {
    needed |= padded.type().broadcasts(axis) && !is_number(sizes[static_cast<size_t>(axis)].var, 1);
  }
  if (!needed) return padded;
  Exprs inputs{without_leading_ones(value)};
  inputs.insert(inputs.end(), sizes.begin(), sizes.end());
  return value.builder->apply("alloc", std::move(inputs));
}

// ------------------------------------------------------------------------------------------------- products and sums

Product factors_of(const Var& v) {
  Product product;
  std::vector<std::pair<Var, bool>> stack{{v, false}};
  while (!stack.empty()) {
    const auto [part, inverted] = stack.back();
    stack.pop_back();
    const std::string_view row = part.op().name;
    const bool open =
        is_float(part.type().dtype) && stack.size() + product.over.size() + product.under.size() < max_parts;
    if (open && (row == "mul" || row == "true_div")) {
      stack.push_back({part.node->inputs[1], row == "mul" ? inverted : !inverted});
      stack.push_back({part.node->inputs[0], inverted});
    } else if (open && row == "inv") {
      stack.push_back({part.node->inputs[0], !inverted});
    } else if (open && row == "neg") {
      product.negative = !product.negative;
      stack.push_back({part.node->inputs[0], inverted});
    } else {
      (inverted ? product.under : product.over).push_back(part);
    }
  }
  return product;
}

Expr product_of(RuleContext& context, const Product& product) {
  const auto multiplied = [&](const std::vector<Var>& factors) {
    Expr result;
    for (const Var& factor : factors) result = result ? result * context.wrap(factor) : context.wrap(factor);
    return result;
  };
  Expr over = multiplied(product.over);
  const Expr under = multiplied(product.under);
  if (!over && !under) over = context.builder.constant(context.type().dtype, 1);
  Expr result = over;
  if (under) result = over ? over / under : call("inv", {under});
  return product.negative ? -result : result;
}

std::vector<Term> terms_of(const Var& v) {
  std::vector<Term> terms, stack{{v, false}};
  while (!stack.empty()) {
    const Term part = stack.back();
    stack.pop_back();
    const std::string_view row = part.value.op().name;
    const auto& inputs = part.value.node->inputs;
    if (stack.size() + terms.size() < max_parts && (row == "add" || row == "sub")) {
      stack.push_back({inputs[1], row == "sub" ? !part.negative : part.negative});
      stack.push_back({inputs[0], part.negative});
    } else if (row == "neg") {
      stack.push_back({inputs[0], !part.negative});
    } else {
      terms.push_back(part);
    }
  }
  return terms;
}

// ------------------------------------------------------------------------------------------------------------- samples

Expr Sampler::input(DType dtype, int rank, uint32_t ones) {
  Type type = tensor_type(dtype, rank);
  type.ones = ones;
  inputs_.push_back(new_input(type));
  return builder.wrap(inputs_.back());
}

Sample Sampler::sample(const Exprs& outputs, Range domain) const {
  Sample result{inputs_, {}, domain};
  for (const Expr& output : outputs) result.outputs.push_back(output.var);
  return result;
}

Sample sample_of(Expr (*make)(const Expr& x), Range domain, DType dtype) {
  Sampler s;
  const Expr x = s.input(dtype, 2);
  return s.sample({make(x)}, domain);
}

Sample sample_of(Expr (*make)(const Expr& x, const Expr& y), Range domain, DType dtype) {
  Sampler s;
  const Expr x = s.input(dtype, 2), y = s.input(dtype, 2);
  return s.sample({make(x, y)}, domain);
}

}  // namespace croton
