// Printing graphs. Both printers keep their own stack, so they print a chain of a million nodes.
#include "ir/print.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "ir/array.h"
#include "ir/op.h"

namespace croton {
namespace {

// ------------------------------------------------------------------------------------------------------------- values

std::string float_text(double value, DType dtype, bool in_array) {
  std::string text = dtype == DType::f64 ? fmt::format("{}", value) : fmt::format("{}", static_cast<float>(value));
  const bool is_plain = text.find_first_not_of("-0123456789") == std::string::npos;
  return is_plain ? text + (in_array ? "." : ".0") : text;
}

std::string element_text(const std::byte* p, DType dtype, bool in_array) {
  if (dtype == DType::b1) return element_as_integer(p, dtype) ? "True" : "False";
  if (dtype == DType::u64) return std::to_string(static_cast<uint64_t>(element_as_integer(p, dtype)));
  if (is_integer(dtype)) return std::to_string(element_as_integer(p, dtype));
  if (!is_complex(dtype)) return float_text(element_as_double(p, dtype), dtype, in_array);
  const DType part = dtype == DType::c64 ? DType::f32 : DType::f64;
  const std::string imaginary = float_text(element_as_double(p + item_size(part), part), part, in_array);
  const std::string sign = imaginary.starts_with('-') ? "" : "+";
  return "(" + float_text(element_as_double(p, part), part, in_array) + sign + imaginary + "j)";
}

// Where NumPy aligns the elements of an array: at the point for plain decimals, at the right for everything else.
size_t point_of(const std::string& text) {
  const bool is_decimal = text.find('e') == std::string::npos && text.find('.') != std::string::npos;
  return is_decimal ? text.find('.') + 1 : text.size();
}

void align(std::vector<std::string>& texts) {
  size_t left = 0, right = 0;
  for (const std::string& t : texts) {
    left = std::max(left, point_of(t));
    right = std::max(right, t.size() - point_of(t));
  }
  for (std::string& t : texts) {
    const size_t after = right - (t.size() - point_of(t));
    t = std::string(left - point_of(t), ' ') + t + std::string(after, ' ');
  }
}

constexpr size_t printed_elements = 1000;  // NumPy's threshold; longer literals are cut

std::string nested_text(const std::vector<std::string>& texts, const std::vector<int64_t>& shape) {
  std::string text(shape.size(), '[');
  for (size_t k = 0; k < texts.size(); ++k) {
    if (k > 0) {
      size_t closed = 0;  // axes that end before element k
      int64_t block = 1;
      for (size_t axis = shape.size(); axis-- > 0;) {
        block *= shape[axis];
        if (static_cast<int64_t>(k) % block != 0) break;
        ++closed;
      }
      text += std::string(closed, ']') + (closed ? std::string(closed, '\n') : std::string(" "));
      if (closed) text += std::string(shape.size() - closed, ' ') + std::string(closed, '[');
    }
    text += texts[k];
  }
  return text + std::string(shape.size(), ']');
}

// -------------------------------------------------------------------------------------------------------- names of ops

std::string camel_case(std::string_view name) {
  std::string text;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      text += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return text;
}

std::string row_name(const Op& op) {
  return op.theano_name.empty() ? camel_case(op.name) : std::string(op.theano_name);
}

std::string elementwise_text(const Node& node) {
  if (node.attributes.ints.size() == 1) {  // the one attribute that elementwise rows have is a dtype
    const auto dtype = static_cast<DType>(node.attributes.ints[0]);
    return fmt::format("Elemwise{{{}{{{}}}}}", camel_case(node.op->name), dtype_name(dtype));
  }
  return fmt::format("Elemwise{{{},no_inplace}}", node.op->name);
}

std::string reduce_text(const Node& node) {
  const auto& axes = node.attributes.ints;
  const bool all = axes.size() == node.inputs[0].type().rank;
  return all ? row_name(*node.op) : fmt::format("{}{{axis=[{}]}}", row_name(*node.op), join(axes, ", "));
}

bool is_pattern(const Op& op) { return op.name == "dimshuffle"; }

// An axis that is not there prints as Theano's x.
std::string ints_text(const std::vector<int64_t>& ints) {
  return join(ints, ",", [](int64_t v) { return v == -1 ? std::string("x") : std::to_string(v); });
}

// ------------------------------------------------------------------------------------------------------------ formulas

struct Symbol {
  std::string_view name, symbol;
};
constexpr std::array<Symbol, 18> symbols = {{{"add", " + "},
                                             {"sub", " - "},
                                             {"mul", " * "},
                                             {"true_div", " / "},
                                             {"int_div", " // "},
                                             {"mod", " % "},
                                             {"pow", " ** "},
                                             {"dot", " \\dot "},
                                             {"eq", " == "},
                                             {"neq", " != "},
                                             {"lt", " < "},
                                             {"le", " <= "},
                                             {"gt", " > "},
                                             {"ge", " >= "},
                                             {"and_", " & "},
                                             {"or_", " | "},
                                             {"xor", " ^ "},
                                             {"neg", "-"}}};

std::string_view symbol_of(const Op& op) {
  for (const Symbol& s : symbols) {
    if (s.name == op.name) return s.symbol;
  }
  return {};
}

// Text before, between and after the printed arguments of a node.
struct Layout {
  std::string before, between, after;
};

Layout layout_of(const Node& node) {
  const std::string_view symbol = symbol_of(*node.op);
  if (!symbol.empty() && node.inputs.size() == 1) return {"(" + std::string(symbol), "", ")"};
  if (!symbol.empty()) return {"(", std::string(symbol), ")"};
  if (node.op->is_elementwise() && node.attributes.ints.empty()) return {std::string(node.op->name) + "(", ", ", ")"};
  if (node.op->is_reduce() && node.attributes.ints.size() == node.inputs[0].type().rank) {
    return {std::string(node.op->name) + "(", ", ", ")"};
  }
  return {op_text(node) + "(", ", ", ")"};
}

// Axes of size one put in front do not show in formulas (they are what broadcasting adds); a transposed matrix is x.T.
bool layout_of_pattern(const Node& node, Layout& layout) {
  if (!is_pattern(*node.op)) return false;
  const auto& pattern = node.attributes.ints;
  const auto first = std::find_if(pattern.begin(), pattern.end(), [](int64_t v) { return v != -1; });
  std::vector<int64_t> kept(first, pattern.end());
  bool identity = true;
  for (size_t k = 0; k < kept.size(); ++k) identity &= kept[k] == static_cast<int64_t>(k);
  if (identity) {
    layout = {};
  } else if (kept == std::vector<int64_t>{1, 0}) {
    layout = {"", "", ".T"};
  } else {
    layout = {"DimShuffle{" + ints_text(kept) + "}(", "", ")"};
  }
  return true;
}

bool is_leaf(const Var& v) { return v.op().has(leaf); }

}  // namespace

std::string literal_text(const Literal& literal) {
  const DType dtype = literal.type.dtype;
  const auto item = static_cast<size_t>(item_size(dtype));
  if (literal.shape.empty()) return element_text(literal.bytes.data(), dtype, false);
  const size_t count = literal.bytes.size() / item;
  if (count == 0) return "[]";
  std::vector<std::string> texts;
  for (size_t k = 0; k < std::min(count, printed_elements); ++k) {
    texts.push_back(element_text(literal.bytes.data() + k * item, dtype, true));
  }
  align(texts);
  if (count > printed_elements) return "[" + join(std::span(texts).first(3), " ") + " ...]";
  return nested_text(texts, literal.shape);
}

std::string op_text(const Node& node) {
  const Op& op = *node.op;
  if (op.is_elementwise() && op.theano_name.empty()) return elementwise_text(node);
  if (op.is_reduce()) return reduce_text(node);
  if (node.attributes.handle && !op.has(leaf)) return node.attributes.handle->text();
  if (node.attributes.ints.empty()) return row_name(op);
  if (is_pattern(op)) return "InplaceDimShuffle{" + ints_text(node.attributes.ints) + "}";
  return fmt::format("{}{{{}}}", row_name(op), ints_text(node.attributes.ints));
}

std::string variable_text(const Var& v) {
  const std::string& name = name_of(v);
  const Literal* literal = literal_of(v);
  if (!name.empty() && !literal) return name;
  if (!literal) return is_leaf(v) ? "<" + type_name(v.type()) + ">" : fmt::format("{}.{}", op_text(*v.node), v.output);
  std::string text = literal_text(*literal);
  double value = 0;
  if (v.type().rank > 0 && uniform_value(v, value)) {
    text = tuple_text(literal->shape) + " of " + element_text(literal->bytes.data(), literal->type.dtype, false);
  }
  if (text.size() > 20) text = text.substr(0, 10) + ".." + text.substr(text.size() - 10);
  return (name.empty() ? std::string("TensorConstant") : name) + "{" + text + "}";
}

namespace {

// Theano's digits: A .. Z, BA, BB, ...
std::string capital_id(size_t number) {
  std::string text;
  do {
    text.insert(text.begin(), static_cast<char>('A' + number % 26));
    number /= 26;
  } while (number != 0);
  return text;
}

// One line of the tree that is still to be printed.
struct TreeLine {
  Var v;
  std::string prefix, child_prefix;
  int depth = -1;
};

class TreePrinter {
 public:
  explicit TreePrinter(const PrintOptions& options) : options_(options) {}

  std::string print(std::span<const Var> outputs) {
    for (const Var& output : outputs) {
      stack_.push_back({output, "", "", options_.depth});
      while (!stack_.empty()) {
        const TreeLine line = std::move(stack_.back());
        stack_.pop_back();
        if (line.depth != 0) print_line(line);
      }
    }
    return std::move(text_);
  }

 private:
  void print_line(const TreeLine& line) {
    const Var& v = line.v;
    const bool seen = numbers_.contains(v.node->id);
    const std::string type = options_.print_type ? " <" + type_name(v.type()) + ">" : "";
    if (is_leaf(v)) {
      text_ += fmt::format("{}{} {}{}\n", line.prefix, variable_text(v), id_text(*v.node), type);
      return;
    }
    const std::string index = v.node->types.size() == 1 ? "" : fmt::format(".{}", v.output);
    text_ +=
        fmt::format("{}{}{} {}{} '{}'   \n", line.prefix, op_text(*v.node), index, id_text(*v.node), type, name_of(v));
    if (!seen && !(options_.stop_on_name && !name_of(v).empty())) push_inputs(line);
  }

  void push_inputs(const TreeLine& line) {
    const auto& inputs = line.v.node->inputs;
    for (size_t k = inputs.size(); k-- > 0;) {
      const bool last = k + 1 == inputs.size();
      stack_.push_back({inputs[k], line.child_prefix + " |", line.child_prefix + (last ? "  " : " |"), line.depth - 1});
    }
  }

  std::string id_text(const Node& node) {
    const size_t number = numbers_.emplace(node.id, numbers_.size()).first->second;
    switch (options_.ids) {
      case PrintOptions::Ids::capital:
        return "[id " + capital_id(number) + "]";
      case PrintOptions::Ids::number:
        return fmt::format("[id {}]", number);
      case PrintOptions::Ids::node:
        return fmt::format("[id {}]", node.id);
      case PrintOptions::Ids::none:
        break;
    }
    return "";
  }

  const PrintOptions& options_;
  std::unordered_map<uint64_t, size_t> numbers_;  // by node id, in the order of first appearance
  std::vector<TreeLine> stack_;
  std::string text_;
};

}  // namespace

std::string debugprint(std::span<const Var> outputs, const PrintOptions& options) {
  return TreePrinter(options).print(outputs);
}

std::string pp(const Var& v, size_t limit) {
  struct Piece {
    Var v;  // null: text
    std::string text;
  };
  std::vector<Piece> stack;
  stack.push_back({v, ""});
  std::string text;
  while (!stack.empty()) {
    const Piece piece = std::move(stack.back());
    stack.pop_back();
    if (text.size() > limit) return text + "...";
    const bool is_name = piece.v && !(piece.v == v) && !name_of(piece.v).empty();
    if (!piece.v || is_name || is_leaf(piece.v)) {
      text += piece.v ? variable_text(piece.v) : piece.text;
      continue;
    }
    const Node& node = *piece.v.node;
    Layout layout;
    if (!layout_of_pattern(node, layout)) layout = layout_of(node);
    stack.push_back({{}, layout.after});
    for (size_t k = node.inputs.size(); k-- > 0;) {
      stack.push_back({node.inputs[k], ""});
      if (k > 0) stack.push_back({{}, layout.between});
    }
    stack.push_back({{}, layout.before});
  }
  return text;
}

}  // namespace croton
