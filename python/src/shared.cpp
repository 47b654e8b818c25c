// Shared variables: the cell behind one, its value from and to NumPy.
#include "runtime/shared.h"
#include "bindings.h"
#include "interpreter_lock.h"
#include "ir/print.h"

namespace croton::python {
namespace {

SharedCell& cell(const Var& v) {
  const auto found = cell_of(v);
  if (!found) raise<TypeError>("{} is not a shared variable", variable_text(v));
  return *found;
}

Array taken(const nb::object& ndarray, bool borrow) { return borrow ? hold(ndarray.ptr()) : copied(ndarray.ptr()); }

Var make(const nb::object& ndarray, const std::vector<bool>& ones, const std::string& name, bool borrow,
         const std::string& kind) {
  Array value = taken(ndarray, borrow);
  const Type type = kind == "tensor" ? tensor_type(value.dtype, ones) : kind_type(Kind::random_state);
  auto made = std::make_shared<SharedCell>(type, std::move(value));
  made->name = name;
  return make_shared_variable(std::move(made), name, user_line());
}

// Who writes the value in place now may need the interpreter's lock before it is done.
Array snapshot(const SharedCell& cell) {
  Array value;
  if (cell.try_snapshot_into(value)) return value;
  const WithoutLock released;
  cell.snapshot_into(value);
  return value;
}

// What is given out without a copy still cannot be written by the engine: a snapshot that others hold is replaced, not
// changed.
nb::object value(const Var& v, bool borrow) {
  Array value = snapshot(cell(v));
  if (!borrow) {
    Array copy = new_array(value.dtype, value.shape);
    copy_into(copy, value);
    value = std::move(copy);
  }
  return nb::steal(to_numpy(value));
}

bool shows(const Array& array, PyObject* ndarray) {
  Array view;
  borrow(ndarray, view);
  return view.data == array.data && view.shape == array.shape && view.strides == array.strides;
}

}  // namespace

void bind_shared(nb::module_& m) {
  m.def("shared", &make, nb::arg("value"), nb::arg("broadcastable"), nb::arg("name"), nb::arg("borrow"),
        nb::arg("kind") = "tensor");
  m.def("shared_value", &value);
  m.def("set_shared_value",
        [](const Var& v, const nb::object& ndarray, bool borrow) { cell(v).set(taken(ndarray, borrow)); });
  // Whether an ndarray given out before still shows the current value.
  m.def("shared_is", [](const Var& v, const nb::object& ndarray) { return shows(snapshot(cell(v)), ndarray.ptr()); });
  m.def("shared_cell_id", [](const Var& v) { return cell(v).id(); });
  m.def("share_cell",
        [](const Var& v, const std::string& name) { return make_shared_variable(cell_of(v), name, user_line()); });
}

}  // namespace croton::python
