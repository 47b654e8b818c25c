// Rows that steer: identities with gradients of their own, the lazy choice, and a graph used as an op.
#include "base/error.h"
#include "ir/walk.h"
#include "ops/registry.h"
#include "ops/structure_rows.h"
#include "ops/support.h"

namespace croton {
namespace {

// ------------------------------------------------------------------------------------------------------ identities

SizeId same_scalar(SizeQuery& q) { return q.scalar(0); }

std::vector<Expr> zero_vjp(const Vjp& v) { return {zeros_of(v.x[0], v.dy[0].dtype())}; }

Op identity_row(Op op) {
  op.traits = linear | idempotent | views;
  op.type = same_type;
  op.sizes = sizes_of_first;
  op.size_value = same_scalar;
  op.value = copy_value;
  op.batch = batch_first;
  op.axes = pointwise_axes;
  op.pull = pull_same;
  op.view = whole_view;
  return op;
}

// ---------------------------------------------------------------------------------------------------------- ifelse
// Inputs: condition, n values, n other values.

size_t choices(const Node& node) { return static_cast<size_t>(node.attributes.ints[0]); }

std::vector<Type> ifelse_type(const TypeQuery& q) {
  const bool fits = q.attributes.ints.size() == 1 && q.attributes.ints[0] >= 1 &&
                    q.inputs.size() == 1 + 2 * static_cast<size_t>(q.attributes.ints[0]);
  if (!fits) raise<ValueError>("IfElse needs as many values for the first branch as for the second");
  const Type& condition = tensor_input(q, 0);
  if (condition.rank != 0 || !is_discrete(condition.dtype)) {
    raise<TypeError>("The condition of ifelse must be a bool or integer scalar, not {}", type_name(condition));
  }
  const auto n = static_cast<size_t>(q.attributes.ints[0]);
  std::vector<Type> types;
  for (size_t k = 0; k < n; ++k) {
    Type type = q.in(1 + k);
    const Type& other = q.in(1 + n + k);
    if (type.kind != other.kind || type.dtype != other.dtype || type.rank != other.rank) {
      raise<TypeError>("The two branches of ifelse should have identical types, but they are {} and {} respectively.",
                       type_name(type), type_name(other));
    }
    type.ones &= other.ones;
    types.push_back(type);
  }
  return types;
}

Sizes ifelse_sizes(SizeQuery& q) {
  const size_t n = choices(*q.node);
  SizeTable& t = q.table();
  Sizes sizes(n);
  for (size_t k = 0; k < n; ++k) {
    for (int axis = 0; axis < q.node->types[k].rank; ++axis) {
      const SizeId then = q.dim(1 + k, axis), otherwise = q.dim(1 + n + k, axis);
      // Only sizes that differ need the condition before the kernels run.
      const bool same = then == otherwise;
      sizes[k].push_back(same ? then : t.select(t.equal(q.scalar(0), t.constant(0)), otherwise, then));
    }
  }
  return sizes;
}

void ifelse_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const size_t n = choices(node), first = integer_value(inputs[0]) != 0 ? 1 : 1 + n;
  outputs.clear();
  for (size_t k = 0; k < n; ++k) outputs.push_back(copied(inputs[first + k]));
}

std::vector<std::vector<bool>> ifelse_connects(const Node& node) {
  auto connected = nothing_connected(node);
  const size_t n = choices(node);
  for (size_t k = 0; k < n; ++k) connected[1 + k][k] = connected[1 + n + k][k] = true;
  return connected;
}

std::vector<Expr> choose(const Expr& condition, const std::vector<Expr>& then, const std::vector<Expr>& otherwise) {
  Attributes attributes;
  attributes.ints = {static_cast<int64_t>(then.size())};
  std::vector<Expr> inputs = {condition};
  inputs.insert(inputs.end(), then.begin(), then.end());
  inputs.insert(inputs.end(), otherwise.begin(), otherwise.end());
  return condition.builder->apply_all(op_named("ifelse"), std::move(inputs), std::move(attributes));
}

// The branch that was not taken gets zeros, lazily: one ifelse per branch chooses between all its gradients and zeros.
std::vector<Expr> ifelse_vjp(const Vjp& v) {
  const size_t n = choices(v.node);
  std::vector<Expr> dx(v.x.size());
  for (const bool first : {true, false}) {
    const size_t offset = first ? 1 : 1 + n;
    std::vector<Expr> flowing, zeros;
    for (size_t k = 0; k < n; ++k) {
      if (!v.dy[k]) continue;
      flowing.push_back(v.dy[k]);
      zeros.push_back(zeros_of(v.x[offset + k], v.dy[k].dtype()));
    }
    const std::vector<Expr> chosen = first ? choose(v.x[0], flowing, zeros) : choose(v.x[0], zeros, flowing);
    for (size_t k = 0, at = 0; k < n; ++k) {
      if (v.dy[k]) dx[offset + k] = chosen[at++];
    }
  }
  return dx;
}

std::vector<Expr> ifelse_jvp(const Jvp& v) {
  const size_t n = choices(v.node);
  std::vector<Expr> dy(n), then, otherwise;
  std::vector<size_t> moving;
  for (size_t k = 0; k < n; ++k) {
    const Expr &left = v.dx[1 + k], &right = v.dx[1 + n + k];
    if (!left && !right) continue;
    moving.push_back(k);
    then.push_back(or_zeros(left, v.x[1 + k]));
    otherwise.push_back(or_zeros(right, v.x[1 + n + k]));
  }
  if (moving.empty()) return dy;
  const std::vector<Expr> chosen = choose(v.x[0], then, otherwise);
  for (size_t k = 0; k < moving.size(); ++k) dy[moving[k]] = chosen[k];
  return dy;
}

// A stack of conditions chooses item by item, so both branches are computed.
std::vector<Expr> ifelse_batch(const Batch& b) {
  const size_t n = choices(b.node);
  std::vector<Expr> then, otherwise, result;
  for (size_t k = 0; k < n; ++k) {
    then.push_back(stacked(b, 1 + k));
    otherwise.push_back(stacked(b, 1 + n + k));
  }
  if (!b.batched[0]) return choose(b.x[0], then, otherwise);
  for (size_t k = 0; k < n; ++k) {
    std::vector<int64_t> pattern(static_cast<size_t>(then[k].rank()), -1);
    pattern[0] = 0;
    result.push_back(call("switch", {dimshuffle(b.x[0], pattern), then[k], otherwise[k]}));
  }
  return result;
}

AxisMap ifelse_axes(const Node& node) {
  const size_t n = choices(node);
  AxisMap map;
  for (size_t k = 0; k < n; ++k) {
    map.push_back(no_axis(node.types[k].rank, node.inputs.size()));
    for (size_t axis = 0; axis < map[k].size(); ++axis) {
      map[k][axis][1 + k] = map[k][axis][1 + n + k] = static_cast<int>(axis);
    }
  }
  return map;
}

// --------------------------------------------------------------------------------------------------- op_from_graph

const Graph& body_of(const Node& node) { return *node.bodies.at(0); }

std::vector<Type> graph_type(const TypeQuery& q) {
  if (q.bodies.size() != 1) raise<InternalError>("op_from_graph has one body");
  const Graph& body = *q.bodies[0];
  if (body.inputs.size() != q.inputs.size()) {
    raise<TypeError>("OpFromGraph takes {} inputs, not {}", body.inputs.size(), q.inputs.size());
  }
  for (size_t k = 0; k < q.inputs.size(); ++k) {
    const Type &given = q.in(k), &wanted = body.inputs[k].type();
    const bool fits = given.kind == wanted.kind && given.dtype == wanted.dtype && given.rank == wanted.rank &&
                      (wanted.ones & ~given.ones) == 0;
    if (!fits)
      raise<TypeError>("Wrong type, expected {} but got {} for input {} of OpFromGraph", type_name(wanted),
                       type_name(given), k);
  }
  std::vector<Type> types;
  for (const Var& y : body.outputs) types.push_back(y.type());
  return types;
}

std::vector<Expr> graph_expand(Builder& builder, const Node& node, std::span<const Expr> x, const Drivers& drivers) {
  return drivers.inline_body(builder, body_of(node), x);
}

// Which outputs depend on which inputs through connected inputs of the body's nodes: one walk that carries, for each
// variable, the set of inputs that it depends on.
std::vector<std::vector<bool>> graph_connects(const Node& node) {
  const Graph& body = body_of(node);
  const size_t count = body.inputs.size();
  const std::vector<bool> none(count, false);
  VarMap<std::vector<bool>> reached;
  for (size_t in = 0; in < count; ++in) {
    reached.emplace(body.inputs[in], none).first->second[in] = true;
  }
  for (const NodePtr& inner : toposort(body.outputs)) {
    if (inner->inputs.empty()) continue;
    const auto links = inner->op->connects ? inner->op->connects(*inner) : std::vector<std::vector<bool>>();
    for (uint32_t out = 0; out < inner->types.size(); ++out) {
      std::vector<bool> of_output = none;
      for (size_t k = 0; k < inner->inputs.size(); ++k) {
        const auto found = reached.find(inner->inputs[k]);
        if (found == reached.end() || (!links.empty() && !links[k][out])) continue;
        for (size_t in = 0; in < count; ++in) of_output[in] = of_output[in] || found->second[in];
      }
      reached.emplace(Var{inner, out}, std::move(of_output));
    }
  }
  auto connected = nothing_connected(node);
  for (size_t out = 0; out < body.outputs.size(); ++out) {
    const auto found = reached.find(body.outputs[out]);
    for (size_t in = 0; in < count && found != reached.end(); ++in) connected[in][out] = found->second[in];
  }
  return connected;
}

bool is_continuous(const Type& type) { return type.is_tensor() && !is_discrete(type.dtype); }

// Gradients and tangents may know less of their sizes than the body's inputs ask for.
std::vector<Expr> apply_body(Builder& builder, Graph body, std::vector<Expr> inputs) {
  for (size_t k = 0; k < inputs.size(); ++k) {
    const Type &wanted = body.inputs[k].type(), &given = inputs[k].type();
    if (!wanted.is_tensor() || (wanted.ones & ~given.ones) == 0) continue;
    inputs[k] = call("rebroadcast", {inputs[k]}, {static_cast<int64_t>(wanted.ones | given.ones)});
  }
  return builder.apply_all(op_named("op_from_graph"), std::move(inputs), {},
                           {std::make_shared<const Graph>(std::move(body))});
}

std::vector<Expr> graph_vjp(const Vjp& v) {
  const auto connected = graph_connects(v.node);
  std::vector<int> outputs, wrt;
  std::vector<Expr> inputs = v.x;
  for (size_t out = 0; out < v.dy.size(); ++out) {
    if (!v.dy[out]) continue;
    outputs.push_back(static_cast<int>(out));
    inputs.push_back(v.dy[out]);
  }
  for (size_t in = 0; in < v.x.size(); ++in) {
    bool any = false;
    for (const int out : outputs) any |= connected[in][static_cast<size_t>(out)];
    if (any && v.x[in].type().is_tensor()) wrt.push_back(static_cast<int>(in));
  }
  std::vector<Expr> dx(v.x.size());
  if (wrt.empty()) return dx;
  const auto gradients = apply_body(v.builder, v.drivers.gradient(body_of(v.node), outputs, wrt), std::move(inputs));
  for (size_t k = 0; k < wrt.size(); ++k) dx[static_cast<size_t>(wrt[k])] = gradients[k];
  return dx;
}

std::vector<Expr> graph_jvp(const Jvp& v) {
  std::vector<int> wrt;
  std::vector<Expr> inputs = v.x;
  for (size_t in = 0; in < v.x.size(); ++in) {
    if (!v.dx[in]) continue;
    wrt.push_back(static_cast<int>(in));
    inputs.push_back(v.dx[in]);
  }
  if (wrt.empty()) return no_jvp(v);
  std::vector<Expr> dy = apply_body(v.builder, v.drivers.tangent(body_of(v.node), wrt), std::move(inputs));
  for (size_t out = 0; out < dy.size(); ++out) {
    if (!is_continuous(v.node.types[out])) dy[out] = Expr{};
  }
  return dy;
}

std::vector<Expr> graph_batch(const Batch& b) {
  return apply_body(b.builder, b.drivers.batch(body_of(b.node), b.batched), b.x);
}

// ------------------------------------------------------------------------------------------------------------ rows

std::vector<Op> make_rows() {
  std::vector<Op> rows = {
      identity_row({.name = "view",
                    .doc = "The same tensor as another variable.",
                    .theano_name = "ViewOp",
                    .vjp = identity_vjp,
                    .jvp = linear_jvp}),
      identity_row({.name = "disconnected_grad",
                    .doc = "The same tensor; the gradient sees no way through it.",
                    .theano_name = "DisconnectedGrad",
                    .vjp = no_vjp,
                    .jvp = no_jvp,
                    .connects = nothing_connected}),
      identity_row({.name = "zero_grad",
                    .doc = "The same tensor; its gradient is zero.",
                    .theano_name = "ZeroGrad",
                    .vjp = zero_vjp,
                    .jvp = no_jvp}),
      identity_row({.name = "undefined_grad",
                    .doc = "The same tensor; asking for its gradient is an error.",
                    .theano_name = "UndefinedGrad",
                    .no_gradient = "the program says that it has none"}),
      {.name = "ifelse",
       .min_inputs = 3,
       .max_inputs = -1,
       .doc = "The first values where the condition is not zero, else the second ones; what is not chosen is not "
              "computed. "
              "Inputs: the condition, the first values, the second values.",
       .traits = lazy,
       .attributes_doc = "how many values each branch has",
       .theano_name = "IfElse",
       .type = ifelse_type,
       .sizes = ifelse_sizes,
       .value = ifelse_value,
       .vjp = ifelse_vjp,
       .jvp = ifelse_jvp,
       .connects = ifelse_connects,
       .batch = ifelse_batch,
       .axes = ifelse_axes},
      {.name = "op_from_graph",
       .min_inputs = 0,
       .max_inputs = -1,
       .doc = "A graph used as an op. Its body is put in its place when it is compiled.",
       .traits = inlined | value_dependent_sizes,
       .theano_name = "OpFromGraph",
       .type = graph_type,
       .vjp = graph_vjp,
       .jvp = graph_jvp,
       .connects = graph_connects,
       .batch = graph_batch,
       .no_axes = "its body is asked, node by node, once it is put in",
       .expand = graph_expand},
  };
  for (const auto& family : {host_rows, scan_rows}) {
    for (const Op& row : family()) rows.push_back(row);
  }
  return rows;
}

}  // namespace

std::span<const Op> control_ops() {
  static const std::vector<Op> rows = make_rows();
  return rows;
}

}  // namespace croton
