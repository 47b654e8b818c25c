// Nodes as plain data, for pickling: what one is made from, and the same node made again.
#include "bindings.h"
#include "ir/op.h"
#include "ops/registry.h"

namespace croton::python {
namespace {

// (row, integers, numbers, text, bodies as (inputs, outputs)): all but the inputs.
nb::tuple node_data(const Var& v) {
  const Node& node = *v.node;
  if (node.attributes.handle || node.attributes.literal) {
    raise<NotImplementedError>("'{}' holds something that cannot be pickled as data", node.op->name);
  }
  nb::list bodies;
  for (const auto& body : node.bodies) bodies.append(nb::make_tuple(body->inputs, body->outputs));
  return nb::make_tuple(std::string(node.op->name), nb::tuple(nb::cast(node.attributes.ints)),
                        nb::tuple(nb::cast(node.attributes.floats)), node.attributes.text, bodies);
}

// (file, line, function, text) of the line that made a node.
nb::tuple node_line(const Var& v) {
  const SourceLine& line = line_of(v.node->line);
  return nb::make_tuple(line.file, line.line, line.function, line.text);
}

using Bodies = std::vector<std::pair<std::vector<Var>, std::vector<Var>>>;

std::vector<Var> node_of_data(const std::string& row, std::vector<int64_t> ints, std::vector<double> floats,
                              const std::string& text, const Bodies& bodies, const std::vector<Var>& inputs,
                              const nb::tuple& line) {
  const Op* op = find_op(row);
  if (!op) raise<ValueError>("the pickle has a node '{}', which this version of Croton does not know", row);
  UserBuilder b;
  b.line = intern_line({.file = nb::cast<std::string>(line[0]),
                        .line = nb::cast<int>(line[1]),
                        .function = nb::cast<std::string>(line[2]),
                        .text = nb::cast<std::string>(line[3])});
  Attributes attributes;
  attributes.ints = std::move(ints);
  attributes.floats = std::move(floats);
  attributes.text = text;
  std::vector<std::shared_ptr<const Graph>> graphs;
  for (const auto& [body_inputs, outputs] : bodies) {
    graphs.push_back(std::make_shared<const Graph>(Graph{.inputs = body_inputs, .outputs = outputs}));
  }
  return unwrapped(b.apply_all(*op, wrapped(b, inputs), std::move(attributes), std::move(graphs)));
}

}  // namespace

void bind_pickle(nb::module_& m) {
  m.def("node_data", &node_data);
  m.def("node_line", &node_line);
  m.def("node_of_data", &node_of_data);
}

}  // namespace croton::python
