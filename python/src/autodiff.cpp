// Gradients, and vector-Jacobian and Jacobian-vector products.
#include "autodiff/batch.h"
#include "autodiff/forward.h"
#include "autodiff/reverse.h"
#include "bindings.h"

namespace croton::python {
namespace {

using Pairs = std::vector<std::pair<Var, Var>>;
using MaybeVars = std::vector<std::optional<Var>>;

MaybeVars given_back(const std::vector<Var>& vars) {
  MaybeVars result;
  for (const Var& v : vars) result.push_back(v ? std::optional(v) : std::nullopt);
  return result;
}

GradOptions::Disconnected disconnected_of(const std::string& text) {
  if (text == "raise") return GradOptions::Disconnected::raise;
  if (text == "warn") return GradOptions::Disconnected::warn;
  if (text == "ignore") return GradOptions::Disconnected::ignore;
  raise<ValueError>("disconnected_inputs must be 'raise', 'warn' or 'ignore', not '{}'", text);
}

void warn_user(const std::string& text) {
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 2) < 0) throw_python_error("a warning was made an error");
}

MaybeVars gradient(std::optional<Var> cost, const std::vector<Var>& wrt, const std::vector<Var>& constants,
                   const Pairs& known, const std::string& disconnected, bool zero, bool raise_undefined, bool add_names,
                   const std::string& float_x) {
  UserBuilder b = line_builder();
  GradOptions options;
  options.consider_constant = constants;
  options.known_grads = known;
  options.disconnected = disconnected_of(disconnected);
  options.return_disconnected = zero ? GradOptions::Missing::zero : GradOptions::Missing::null;
  options.raise_undefined = raise_undefined;
  options.add_names = add_names;
  options.float_x = dtype_from_name(float_x);
  options.warn = warn_user;
  return given_back(grad(cost.value_or(Var{}), wrt, options, b));
}

MaybeVars left(const std::vector<Var>& outputs, const std::vector<Var>& wrt, const std::vector<Var>& points,
               const std::vector<Var>& constants, const std::string& disconnected, const std::string& float_x) {
  UserBuilder b = line_builder();
  GradOptions options;
  options.consider_constant = constants;
  options.disconnected = disconnected_of(disconnected);
  options.float_x = dtype_from_name(float_x);
  options.warn = warn_user;
  return given_back(Lop(outputs, wrt, points, options, b));
}

MaybeVars right(const std::vector<Var>& outputs, const std::vector<Var>& wrt, const std::vector<Var>& points, bool zero,
                const std::string& float_x) {
  UserBuilder b = line_builder();
  return given_back(zero ? Rop(outputs, wrt, points, b, dtype_from_name(float_x)) : tangents(outputs, wrt, points, b));
}

std::vector<Var> stacked(const std::vector<Var>& outputs, const Pairs& replaced, const Var& size) {
  UserBuilder b = line_builder();
  return vectorize(outputs, replaced, size, b);
}

}  // namespace

void bind_autodiff(nb::module_& m) {
  m.def("grad", &gradient, nb::arg("cost").none(), nb::arg("wrt"), nb::arg("consider_constant"), nb::arg("known_grads"),
        nb::arg("disconnected"), nb::arg("zero"), nb::arg("raise_undefined"), nb::arg("add_names"), nb::arg("float_x"));
  m.def("Lop", &left);
  m.def("Rop", &right);
  m.def("vectorize", &stacked);
}

}  // namespace croton::python
