// The verifier of graphs.
#include "ir/graph_verify.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"

namespace croton {
namespace {

class Verifier {
 public:
  explicit Verifier(std::string_view pass) : pass_(pass) {}

  void check(std::span<const Var> outputs) {
    for (const Var& v : outputs) check_variable(v, "an output");
    check_cycles(outputs);
    for (const NodePtr& node : toposort(outputs)) check_node(*node);
  }

  // Bodies of bodies, without recursion.
  void check_bodies() {
    while (!bodies_.empty()) {
      const auto body = std::move(bodies_.back());
      bodies_.pop_back();
      check_body(*body);
    }
  }

 private:
  template <class... A>
  [[noreturn]] void fail(fmt::format_string<A...> format, A&&... arguments) const {
    raise<InternalError>("after {}: {}", pass_, fmt::format(format, std::forward<A>(arguments)...));
  }

  void check_variable(const Var& v, std::string_view what) const {
    if (!v) fail("{} is null", what);
    if (!v.node->op) fail("{} belongs to a node without a row", what);
    if (v.output >= v.node->types.size()) {
      fail("{} is output {} of {}, which has {}", what, v.output, op_text(*v.node), v.node->types.size());
    }
  }

  // A depth-first walk that meets a node whose inputs it has not finished has found a cycle.
  void check_cycles(std::span<const Var> outputs) const {
    enum class State { open, done };
    std::unordered_map<uint64_t, State> states;
    std::vector<std::pair<const Node*, size_t>> stack;
    const auto enter = [&](const Node& node) {
      const auto [place, is_new] = states.emplace(node.id, State::open);
      if (is_new) {
        stack.emplace_back(&node, 0);
      } else if (place->second == State::open) {
        fail("the graph has a cycle through {}", op_text(node));
      }
    };
    for (const Var& output : outputs) {
      enter(*output.node);
      while (!stack.empty()) {
        auto& [node, next] = stack.back();
        if (next < node->inputs.size()) {
          const Var& input = node->inputs[next++];
          check_variable(input, "an input");
          enter(*input.node);
        } else {
          states[node->id] = State::done;
          stack.pop_back();
        }
      }
    }
  }

  void check_node(const Node& node) {
    check_attributes(node);
    const std::vector<Type> types = asked_types(node);
    if (types.size() != node.types.size()) {
      fail("{} has {} outputs, its row says {}", op_text(node), node.types.size(), types.size());
    }
    for (size_t k = 0; k < types.size(); ++k) check_type(node, k, types[k]);
    for (const auto& body : node.bodies) {
      if (!body) fail("{} has a null body", op_text(node));
      bodies_.push_back(body);
    }
  }

  std::vector<Type> asked_types(const Node& node) const {
    // Free variables have the type they were made with.
    if (node.op->has(leaf) && !node.attributes.literal) return node.types;
    try {
      return infer_types({*node.op, node.inputs, node.attributes, node.bodies});
    } catch (const Error& error) {
      fail("{} refuses its inputs: {}", op_text(node), error.message);
    }
  }

  void check_type(const Node& node, size_t output, const Type& expected) const {
    const Type& type = node.types[output];
    // The context is set by the user or by placing, not by the row.
    Type placed = expected;
    placed.context = type.context;
    if (!(type == placed)) {
      fail("output {} of {} is {}, its row says {}", output, op_text(node), type_name(type), type_name(expected));
    }
    if (type.is_array() && (type.rank > max_rank || (type.rank < max_rank && type.ones >> type.rank != 0))) {
      fail("output {} of {} has an impossible type", output, op_text(node));
    }
  }

  void check_attributes(const Node& node) const {
    const Attributes& a = node.attributes;
    if (!a.ints.empty() && node.op->attributes_doc.empty()) {
      fail("{} has attributes that its row does not know", op_text(node));
    }
    if (a.literal && !(a.literal->type == node.types.at(0)) && node.op->has(leaf)) {
      fail("a constant of type {} has a literal of type {}", type_name(node.types[0]), type_name(a.literal->type));
    }
    if (!node.names.empty() && node.names.size() != node.types.size()) {
      fail("{} has {} names", op_text(node), node.names.size());
    }
  }

  void check_body(const Graph& body) {
    VarSet inputs;
    for (const Var& input : body.inputs) {
      check_variable(input, "an input of a body");
      if (!input.op().has(leaf) || !inputs.insert(input).second) fail("the inputs of a body must be distinct leaves");
    }
    check(body.outputs);
    for (const Var& free : leaves(body.outputs)) {
      if (!inputs.contains(free)) fail("a body uses {}, which is not one of its inputs", variable_text(free));
    }
  }

  std::string_view pass_;
  std::vector<std::shared_ptr<const Graph>> bodies_;
};

}  // namespace

void verify(std::span<const Var> outputs, std::string_view pass) {
  Verifier verifier(pass);
  verifier.check(outputs);
  verifier.check_bodies();
}

}  // namespace croton
