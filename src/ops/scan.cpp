// The row of symbolic loops: a body that runs step after step over rows of sequences and on its own earlier results.
#include "ops/scan.h"

#include <algorithm>

#include "base/error.h"
#include "ir/clone.h"
#include "ops/registry.h"
#include "ops/structure_rows.h"
#include "ops/support.h"

namespace croton {

int64_t ScanState::depth() const { return *std::max_element(lags.begin(), lags.end()); }

size_t ScanLayout::state_values() const {
  size_t count = 0;
  for (const ScanState& s : states) count += s.lags.size();
  return count;
}

// [sequences, states, results, until, truncate], then for each state [keeps_all, number of lags, lags...].
ScanLayout scan_layout(const Attributes& attributes) {
  const std::vector<int64_t>& ints = attributes.ints;
  ScanLayout layout;
  layout.sequences = static_cast<size_t>(ints.at(0));
  layout.results = static_cast<size_t>(ints.at(2));
  layout.until = ints.at(3) != 0;
  layout.truncate = ints.at(4);
  auto at = ints.begin() + 5;
  for (int64_t k = 0; k < ints[1]; ++k) {
    ScanState state;
    state.keeps_all = *at++ != 0;
    const int64_t count = *at++;
    state.lags.assign(at, at + count);
    at += count;
    layout.states.push_back(std::move(state));
  }
  return layout;
}

std::vector<int64_t> scan_attributes(const ScanLayout& layout) {
  std::vector<int64_t> ints = {static_cast<int64_t>(layout.sequences), static_cast<int64_t>(layout.states.size()),
                               static_cast<int64_t>(layout.results), layout.until ? 1 : 0, layout.truncate};
  for (const ScanState& s : layout.states) {
    ints.push_back(s.keeps_all ? 1 : 0);
    ints.push_back(static_cast<int64_t>(s.lags.size()));
    ints.insert(ints.end(), s.lags.begin(), s.lags.end());
  }
  return ints;
}

std::vector<Expr> apply_scan(Builder& builder, const ScanLayout& layout, std::vector<Expr> inputs,
                             std::shared_ptr<const Graph> body) {
  Attributes attributes;
  attributes.ints = scan_attributes(layout);
  return builder.apply_all(op_named("scan"), std::move(inputs), std::move(attributes), {std::move(body)});
}

Type row_type(Type stack) {
  if (stack.rank == 0) raise<TypeError>("scan goes over the first axis, but {} has none", type_name(stack));
  --stack.rank;
  stack.ones >>= 1;
  return stack;
}

Expr fitted(const Expr& gradient, const Type& type) {
  const Expr same = cast(gradient, type.dtype);
  if ((type.ones & ~same.type().ones) == 0) return same;
  return call("rebroadcast", {same}, {static_cast<int64_t>(type.ones | same.type().ones)});
}

namespace {

// ------------------------------------------------------------------------------------------------------------- types

bool accepts(const Type& wanted, const Type& given) {
  return wanted.kind == given.kind && wanted.dtype == given.dtype && wanted.rank == given.rank &&
         (wanted.ones & ~given.ones) == 0;
}

Type stack_of(Type row) {
  ++row.rank;
  row.ones <<= 1;
  return row;
}

void check_body_input(const Graph& body, size_t k, const Type& given, std::string_view what) {
  const Type& wanted = body.inputs[k].type();
  if (accepts(wanted, given)) return;
  raise<TypeError>("scan: the step takes {} for {}, but gets {}", type_name(wanted), what, type_name(given));
}

std::vector<Type> scan_type(const TypeQuery& q) {
  if (q.bodies.size() != 1) raise<InternalError>("scan has one body");
  const Graph& body = *q.bodies[0];
  const ScanLayout layout = scan_layout(q.attributes);
  require_integer_scalar(q, 0, "the number of steps");
  const size_t constants = q.inputs.size() - layout.first_constant();
  if (q.inputs.size() < layout.first_constant() || body.inputs.size() != layout.body_constant() + constants ||
      body.outputs.size() != layout.states.size() + layout.results + (layout.until ? 1 : 0)) {
    raise<InternalError>("scan: inputs and outputs of the body do not fit the layout");
  }
  for (size_t k = 0; k < layout.sequences; ++k) {
    check_body_input(body, k, row_type(tensor_input(q, 1 + k)), "a row of a sequence");
  }
  std::vector<Type> types;
  size_t value = layout.sequences;
  for (size_t k = 0; k < layout.states.size(); ++k) {
    const Type given = row_type(tensor_input(q, layout.first_state_input() + k)), &made = body.outputs[k].type();
    for (size_t lag = 0; lag < layout.states[k].lags.size(); ++lag, ++value) {
      check_body_input(body, value, given, "an initial value");
      check_body_input(body, value, made, "a value of an earlier step");
    }
    const Type row = body.inputs[value - 1].type();
    types.push_back(layout.states[k].keeps_all ? stack_of(row) : row);
  }
  for (size_t k = 0; k < constants; ++k) {
    check_body_input(body, layout.body_constant() + k, q.in(layout.first_constant() + k), "a constant");
  }
  for (size_t k = 0; k < layout.results; ++k) types.push_back(stack_of(body.outputs[layout.states.size() + k].type()));
  return types;
}

std::vector<std::vector<bool>> scan_connects(const Node& node) {
  std::vector<std::vector<bool>> connected(node.inputs.size(), std::vector<bool>(node.types.size(), true));
  connected[0].assign(node.types.size(), false);
  return connected;
}

}  // namespace

std::vector<Op> scan_rows() {
  return {{.name = "scan",
           .min_inputs = 1,
           .max_inputs = -1,
           .doc = "Runs its body step after step. Inputs: the number of steps, sequences (step k takes row k), initial "
                  "values of states (rows in the order of time), constants. Outputs: each state's initial values and "
                  "those of all steps, or its last value; results of all steps, stacked.",
           .traits = value_dependent_sizes,
           .attributes_doc =
               "numbers of sequences, states, results; whether the body says when to stop; how many steps "
               "gradients go back (-1: all); for each state "
               "whether all values are kept, the number of lags, the lags",
           .theano_name = "Scan",
           .type = scan_type,
           .vjp = scan_vjp,
           .jvp = scan_jvp,
           .connects = scan_connects,
           .no_batch = "a loop over stacks of items",
           .no_axes = "its body is asked, step by step"}};
}

}  // namespace croton
