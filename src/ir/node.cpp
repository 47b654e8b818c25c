// Nodes: creation, iterative destruction, names; literals; equality and hashes of attributes.
#include "ir/node.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/hash.h"
#include "ir/array.h"
#include "ir/op.h"

namespace croton {
namespace {

// What a dying node held. The outermost destructor of a thread empties the list; those that run inside only add to it,
// so neither a long chain nor a deep nest of bodies can exhaust the stack.
struct Garbage {
  std::vector<NodePtr> nodes;
  std::vector<std::shared_ptr<const Graph>> bodies;
};
thread_local Garbage* collecting = nullptr;

void hand_over(Node& node, Garbage& garbage) {
  for (Var& input : node.inputs) {
    if (input.node) garbage.nodes.push_back(std::move(input.node));
  }
  for (auto& body : node.bodies) {
    if (body) garbage.bodies.push_back(std::move(body));
  }
}

uint64_t type_hash(const Type& type) {
  const uint64_t tags = static_cast<uint64_t>(type.kind) << 16 | static_cast<uint64_t>(type.dtype) << 8 | type.rank;
  return hash_combine(tags, static_cast<uint64_t>(type.ones) << 32 | type.context);
}

// Bit patterns, so that NaN equals itself and 0 differs from -0.
bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

bool same_literal(const Literal* a, const Literal* b) {
  if (a == b) return true;
  return a && b && a->hash == b->hash && a->type == b->type && a->shape == b->shape && a->bytes == b->bytes;
}

bool same_handle(const Handle* a, const Handle* b) { return a == b || (a && b && a->same(*b)); }

}  // namespace

const Type& Var::type() const { return node->types[output]; }
const Op& Var::op() const { return *node->op; }

// Not mixed: walks look up neighbours one after the other, and neighbours have neighbouring ids.
size_t VarHash::operator()(const Var& v) const {
  return static_cast<size_t>((v.node ? v.node->id : 0) + v.output * 0x9e3779b97f4a7c15u);
}

uint64_t Handle::hash() const { return hash_integer(reinterpret_cast<uintptr_t>(this)); }

bool Attributes::operator==(const Attributes& other) const {
  return ints == other.ints && same_bits(floats, other.floats) && text == other.text &&
         same_literal(literal.get(), other.literal.get()) && same_handle(handle.get(), other.handle.get());
}

uint64_t Attributes::hash() const {
  uint64_t seed = hash_integers(ints, ints.size());
  if (!floats.empty()) seed = hash_bytes(floats.data(), floats.size() * sizeof(double), seed);
  if (!text.empty()) seed = hash_text(text, seed);
  if (literal) seed = hash_combine(seed, literal->hash);
  if (handle) seed = hash_combine(seed, handle->hash());
  return seed;
}

Node::~Node() {
  if (collecting) {
    hand_over(*this, *collecting);
    return;
  }
  Garbage garbage;
  hand_over(*this, garbage);
  collecting = &garbage;
  while (!garbage.nodes.empty() || !garbage.bodies.empty()) {
    if (!garbage.nodes.empty()) {
      const NodePtr node = std::move(garbage.nodes.back());
      garbage.nodes.pop_back();
    } else {
      const std::shared_ptr<const Graph> body = std::move(garbage.bodies.back());
      garbage.bodies.pop_back();
    }
  }
  collecting = nullptr;
}

NodePtr new_node(const Op& op, std::vector<Var> inputs, std::vector<Type> types, Attributes attributes,
                 std::vector<std::shared_ptr<const Graph>> bodies, LineId line) {
  static std::atomic<uint64_t> next_id{1};
  auto node = std::make_shared<Node>();
  node->op = &op;
  node->inputs = std::move(inputs);
  node->types = std::move(types);
  node->attributes = std::move(attributes);
  node->bodies = std::move(bodies);
  node->id = next_id.fetch_add(1, std::memory_order_relaxed);
  node->line = line;
  return node;
}

const std::string& name_of(const Var& v) {
  static const std::string none;
  return v.node && v.output < v.node->names.size() ? v.node->names[v.output] : none;
}

void set_name(const Var& v, std::string name) {
  if (v.node->names.size() <= v.output) v.node->names.resize(v.node->types.size());
  v.node->names[v.output] = std::move(name);
}

std::shared_ptr<const Literal> make_literal(Type type, std::vector<int64_t> shape, std::vector<std::byte> bytes) {
  const auto expected = static_cast<size_t>(checked_multiply(checked_product(shape), item_size(type.dtype)));
  if (!type.is_array() || shape.size() != type.rank || bytes.size() != expected) {
    raise<InternalError>("a literal of type {} cannot have shape {} and {} bytes", type_name(type), shape.size(),
                         bytes.size());
  }
  auto literal = std::make_shared<Literal>();
  literal->hash = hash_bytes(bytes.data(), bytes.size(), hash_integers(shape, type_hash(type)));
  literal->type = type;
  literal->shape = std::move(shape);
  literal->bytes = std::move(bytes);
  return literal;
}

std::shared_ptr<const Literal> scalar_literal(DType dtype, double value) {
  std::vector<std::byte> bytes(static_cast<size_t>(item_size(dtype)));
  store_double(bytes.data(), dtype, value);
  return make_literal(scalar_type(dtype), {}, std::move(bytes));
}

std::shared_ptr<const Literal> integer_literal(DType dtype, int64_t value) {
  std::vector<std::byte> bytes(static_cast<size_t>(item_size(dtype)));
  store_integer(bytes.data(), dtype, value);
  return make_literal(scalar_type(dtype), {}, std::move(bytes));
}

const Literal* literal_of(const Var& v) {
  return v.node && v.node->op->has(leaf) ? v.node->attributes.literal.get() : nullptr;
}

bool uniform_value(const Var& v, double& value) {
  const Literal* literal = literal_of(v);
  if (!literal || literal->bytes.empty()) return false;
  const DType dtype = literal->type.dtype;
  const auto item = static_cast<size_t>(item_size(dtype));
  const std::byte* first = literal->bytes.data();
  for (size_t at = item; at < literal->bytes.size(); at += item) {
    if (std::memcmp(first, first + at, item) != 0) return false;
  }
  value = element_as_double(first, dtype);
  // A value that a double cannot hold, or that has an imaginary part, is not reported.
  if (is_complex(dtype)) return element_as_double(first + item / 2, dtype == DType::c64 ? DType::f32 : DType::f64) == 0;
  if (!is_discrete(dtype) || item < 8) return true;
  std::byte back[8];
  store_double(back, dtype, value);
  return std::memcmp(first, back, item) == 0;
}

}  // namespace croton
