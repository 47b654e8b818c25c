// The graph: immutable nodes with identity, variables (node, output), body graphs, attributes and literals.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/location.h"
#include "ir/type.h"

namespace croton {

struct Op;
struct Node;
struct Graph;
using NodePtr = std::shared_ptr<const Node>;

/// A variable: one output of a node. A cheap handle; a default-made one is null (false).
struct Var {
  NodePtr node;
  uint32_t output = 0;

  explicit operator bool() const { return node != nullptr; }
  bool operator==(const Var& other) const { return node == other.node && output == other.output; }  // identity
  const Type& type() const;
  const Op& op() const;
};
struct VarHash {
  size_t operator()(const Var& v) const;  // by node id: the same in every process that builds in the same order
};

/// A constant array: C-contiguous bytes. Immutable once made.
struct Literal {
  Type type;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;
  uint64_t hash = 0;  // of type, shape and bytes
};

/// Something outside the graph that an attribute refers to (a Python op, a shared variable's cell).
/// Two handles are equal when `same` says so; the default is identity.
struct Handle {
  virtual ~Handle() = default;
  virtual bool same(const Handle& other) const { return this == &other; }
  virtual uint64_t hash() const;
  virtual std::string text() const = 0;
};

/// Plain data that is part of a node's identity. A row documents the meaning of its `ints`.
struct Attributes {
  std::vector<int64_t> ints;  // axes, permutations, dtypes, flags
  std::vector<double> floats;
  std::string text;
  std::shared_ptr<const Literal> literal;
  std::shared_ptr<Handle> handle;

  bool operator==(const Attributes& other) const;
  uint64_t hash() const;
};

/// A closed sub-graph: a body of scan, ifelse or OpFromGraph. `inputs` are `input` nodes; nothing else is free in it.
struct Graph {
  std::vector<Var> inputs;
  std::vector<Var> outputs;
};

struct Node {
  const Op* op = nullptr;
  std::vector<Var> inputs;
  std::vector<Type> types;  // one per output
  Attributes attributes;
  std::vector<std::shared_ptr<const Graph>> bodies;
  uint64_t id = 0;                         // unique in the process, increasing; never used for order across processes
  LineId line = 0;                         // the user's line that made it
  mutable std::vector<LineId> lines;       // further lines, when a rewrite or merge joined several nodes
  mutable std::vector<std::string> names;  // user's names of the outputs; not part of the identity

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();  // iterative: frees a chain of a million nodes on a small stack
};

/// Makes a node without any check (builders call it after the row's rules).
NodePtr new_node(const Op& op, std::vector<Var> inputs, std::vector<Type> types, Attributes attributes = {},
                 std::vector<std::shared_ptr<const Graph>> bodies = {}, LineId line = 0);

const std::string& name_of(const Var& v);  // "" when it has none
void set_name(const Var& v, std::string name);

std::shared_ptr<const Literal> make_literal(Type type, std::vector<int64_t> shape, std::vector<std::byte> bytes);
/// A rank-0 literal of `dtype` that holds `value` (integers are converted exactly when they fit).
std::shared_ptr<const Literal> scalar_literal(DType dtype, double value);
std::shared_ptr<const Literal> integer_literal(DType dtype, int64_t value);
/// The literal of a variable made by `constant`, else nullptr.
const Literal* literal_of(const Var& v);
/// Value of a constant whose elements are all equal (rank 0 or filled); false when there is none.
bool uniform_value(const Var& v, double& value);

}  // namespace croton
