// Variables, rows, types, constants and printing.
#include <nanobind/stl/string_view.h>

#include "base/text.h"
#include "bindings.h"
#include "ir/clone.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ir/walk.h"
#include "numpy_api.h"

namespace croton::python {
namespace {

constexpr const char* kind_names[] = {"tensor", "random_state", "sparse",       "list",  "slice",
                                      "none",   "null",         "disconnected", "object"};

// (kind, dtype, broadcastable): what a Python type object is found by.
nb::tuple type_key(const Type& type) {
  nb::list ones;
  for (int axis = 0; axis < type.rank; ++axis) ones.append(type.broadcasts(axis));
  return nb::make_tuple(kind_names[static_cast<size_t>(type.kind)], std::string(dtype_name(type.dtype)),
                        nb::tuple(ones));
}

Type type_of(const std::string& kind, const std::string& dtype, const std::vector<bool>& ones) {
  for (size_t k = 0; k < std::size(kind_names); ++k) {
    if (kind != kind_names[k]) continue;
    return k == 0 ? tensor_type(dtype_from_name(dtype), ones) : kind_type(static_cast<Kind>(k));
  }
  raise<TypeError>("no kind of variable is named {}", kind);
}

Var constant_of(nb::object ndarray, const std::vector<bool>& ones) {
  if (!is_plain(ndarray.ptr())) raise<TypeError>("a constant needs an ndarray in native byte order of a numeric dtype");
  Array view;
  borrow(ndarray.ptr(), view);
  uint32_t mask = 0;
  for (size_t axis = 0; axis < ones.size(); ++axis) mask |= ones[axis] ? 1u << axis : 0u;
  UserBuilder b = line_builder();
  return b.literal(literal_of_array(view, mask)).var;
}

std::shared_ptr<const Literal> shared_literal(const Var& v) { return v.node->attributes.literal; }

nb::object value_of(const Var& v) {
  const auto literal = shared_literal(v);
  if (!literal) raise<TypeError>("{} is not a constant", variable_text(v));
  return nb::steal(to_numpy(array_of(literal)));
}

nb::dict row_of(const Op& op) {
  nb::dict d;
  d["name"] = std::string(op.name);
  d["doc"] = std::string(op.doc);
  d["theano_name"] = std::string(op.theano_name);
  d["min_inputs"] = op.min_inputs;
  d["max_inputs"] = op.max_inputs;
  d["elementwise"] = op.is_elementwise();
  d["leaf"] = op.has(leaf);
  d["no_gradient"] = std::string(op.no_gradient);
  d["commutative"] = op.has(commutative);
  d["reduces"] = op.is_reduce();
  d["domain"] = nb::make_tuple(op.domain.low, op.domain.high);
  d["ulp"] = op.ulp;
  return d;
}

std::vector<Var> apply(const std::string& row, const std::vector<Var>& inputs, std::vector<int64_t> ints,
                       const std::string& text) {
  UserBuilder b = line_builder();
  const Op* op = find_op(row);
  if (!op) raise<NotImplementedError>("Theano has this; Croton does not yet (no row '{}')", row);
  Attributes attributes;
  attributes.ints = std::move(ints);
  attributes.text = text;
  return unwrapped(b.apply_all(*op, wrapped(b, inputs), std::move(attributes)));
}

uint64_t key_of(const Var& v) { return v.node->id * 65536 + v.output; }

uint64_t type_id(const Type& type) {
  return static_cast<uint64_t>(type.kind) | static_cast<uint64_t>(type.dtype) << 4 |
         static_cast<uint64_t>(type.rank) << 12 | static_cast<uint64_t>(type.ones) << 20;
}

// (leaf, output, outputs of the node, type, keys of the inputs): all that a Python object around a variable is made
// from.
nb::tuple describe(const Var& v) {
  const std::vector<Var>& inputs = v.node->inputs;
  nb::object keys = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(inputs.size())));
  for (size_t k = 0; k < inputs.size(); ++k) {
    PyTuple_SET_ITEM(keys.ptr(), static_cast<Py_ssize_t>(k), PyLong_FromUnsignedLongLong(key_of(inputs[k])));
  }
  return nb::make_tuple(v.op().has(leaf), v.output, v.node->types.size(), type_id(v.type()), keys);
}

std::string print_graph(const std::vector<Var>& outputs, int depth, bool print_type, const std::string& ids,
                        bool stop_on_name) {
  PrintOptions options;
  options.depth = depth;
  options.print_type = print_type;
  options.stop_on_name = stop_on_name;
  using Ids = PrintOptions::Ids;
  options.ids = ids == "CHAR" ? Ids::capital : ids == "int" ? Ids::number : ids == "id" ? Ids::node : Ids::none;
  return debugprint(outputs, options);
}

std::vector<Var> clone(const std::vector<Var>& outputs, const std::vector<std::pair<Var, Var>>& substitutions) {
  UserBuilder b = line_builder();
  return replace(outputs, substitutions, b);
}

void bind_var(nb::module_& m) {
  nb::class_<Var>(m, "Var", "One output of a node of the graph.")
      .def_prop_ro("key", &key_of)
      .def_prop_ro("node_id", [](const Var& v) { return v.node->id; })
      .def_prop_ro("output", [](const Var& v) { return v.output; })
      .def_prop_ro("row", [](const Var& v) { return std::string(v.op().name); })
      .def_prop_ro("is_leaf", [](const Var& v) { return v.op().has(leaf); })
      .def_prop_ro("type_key", [](const Var& v) { return type_key(v.type()); })
      .def("describe", &describe)
      .def_prop_ro("type_id", [](const Var& v) { return type_id(v.type()); })
      .def("input", [](const Var& v, size_t k) { return v.node->inputs.at(k); })
      .def_prop_ro("inputs", [](const Var& v) { return v.node->inputs; })
      .def_prop_ro("n_outputs", [](const Var& v) { return v.node->types.size(); })
      .def_prop_ro("ints", [](const Var& v) { return nb::tuple(nb::cast(v.node->attributes.ints)); })
      .def_prop_ro("text", [](const Var& v) { return v.node->attributes.text; })
      .def_prop_ro("line", [](const Var& v) { return v.node->line; })
      .def_prop_ro("op_text", [](const Var& v) { return op_text(*v.node); })
      .def_prop_rw(
          "name", [](const Var& v) { return name_of(v); },
          [](const Var& v, std::string name) { set_name(v, std::move(name)); })
      .def_prop_ro("value", &value_of)
      .def("sibling", [](const Var& v, uint32_t output) { return Var{v.node, output}; })
      .def("body",
           [](const Var& v, size_t k) {
             const Graph& body = *v.node->bodies.at(k);
             return std::pair(body.inputs, body.outputs);
           })
      .def("__eq__", [](const Var& a, const Var& b) { return a == b; })
      .def("__hash__", &key_of)
      .def("__repr__", [](const Var& v) { return variable_text(v); });
}

}  // namespace

Expr wrapped(Builder& b, const Var& v) { return b.wrap(v); }

std::vector<Expr> wrapped(Builder& b, const std::vector<Var>& vars) {
  std::vector<Expr> result;
  result.reserve(vars.size());
  for (const Var& v : vars) result.push_back(b.wrap(v));
  return result;
}

std::vector<Var> unwrapped(const std::vector<Expr>& expressions) {
  std::vector<Var> result;
  result.reserve(expressions.size());
  for (const Expr& x : expressions) result.push_back(x.var);
  return result;
}

void bind_graph(nb::module_& m) {
  bind_var(m);
  m.def("apply", &apply, nb::arg("row"), nb::arg("inputs"), nb::arg("ints") = std::vector<int64_t>{},
        nb::arg("text") = "");
  m.def("new_input", [](const std::string& kind, const std::string& dtype, const std::vector<bool>& ones,
                        const std::string& name) { return new_input(type_of(kind, dtype, ones), name); });
  m.def("constant", &constant_of);
  m.def("rows", [] {
    nb::dict rows;
    for (const Op* op : all_ops()) rows[std::string(op->name).c_str()] = row_of(*op);
    return rows;
  });
  m.def("promote", [](const std::string& a, const std::string& b) {
    return std::string(dtype_name(promote(dtype_from_name(a), dtype_from_name(b))));
  });
  m.def("dtype_code", [](const std::string& name) { return static_cast<int>(dtype_from_name(name)); });
  m.def("dtype_of_code", [](int code) { return std::string(dtype_name(static_cast<DType>(code))); });
  m.def("safely_casts", [](const std::string& from, const std::string& to) {
    return safely_casts(dtype_from_name(from), dtype_from_name(to));
  });
  m.def("type_text", [](const std::string& kind, const std::string& dtype, const std::vector<bool>& ones) {
    return type_name(type_of(kind, dtype, ones));
  });
  m.def("nearest_name",
        [](const std::string& name, const std::vector<std::string>& names) { return nearest_name(name, names); });
  m.def("debugprint", &print_graph);
  m.def("pp", [](const Var& v) { return pp(v); });
  m.def("variable_text", [](const Var& v) { return variable_text(v); });
  m.def("line_text", [](LineId line) { return line_text(line); });
  m.def("user_line", &user_line);
  m.def("clone", &clone);
  m.def(
      "toposort",
      [](const std::vector<Var>& outputs, const std::vector<Var>& stop) {
        std::vector<Var> result;
        for (const NodePtr& node : toposort(outputs, stop)) result.push_back({node, 0});
        return result;
      },
      nb::arg("outputs"), nb::arg("stop") = std::vector<Var>{});
  m.def("leaves", [](const std::vector<Var>& outputs) { return leaves(outputs); });
  m.def("op_from_graph",
        [](const std::vector<Var>& inputs, const std::vector<Var>& outputs, const std::vector<Var>& arguments) {
          UserBuilder b = line_builder();
          auto body = std::make_shared<const Graph>(make_body(inputs, outputs));
          return unwrapped(b.apply_all(op_named("op_from_graph"), wrapped(b, arguments), {}, {body}));
        });
  m.def("scan", [](const std::vector<Var>& inputs, const std::vector<Var>& outputs, const std::vector<Var>& arguments,
                   std::vector<int64_t> layout) {
    UserBuilder b = line_builder();
    auto body = std::make_shared<const Graph>(make_body(inputs, outputs));
    Attributes attributes;
    attributes.ints = std::move(layout);
    return unwrapped(b.apply_all(op_named("scan"), wrapped(b, arguments), std::move(attributes), {body}));
  });
}

}  // namespace croton::python
