// Ops written in Python: a handle of the engine whose methods call the package's module _python_op.
#include "ops/host.h"

#include "bindings.h"
#include "interpreter_lock.h"
#include "interrupt.h"
#include "numpy_api.h"

namespace croton::python {
namespace {

nb::object helper(const char* name) { return nb::module_::import_("croton._python_op").attr(name); }

// A Python object that C++ threads may copy and drop.
struct PythonObject {
  nb::object object;
  explicit PythonObject(nb::object o) : object(std::move(o)) {}
  PythonObject(const PythonObject&) = delete;
  PythonObject& operator=(const PythonObject&) = delete;
  ~PythonObject() {
    if (!Py_IsInitialized()) {
      object.release();
      return;
    }
    const WithLock held;
    object.reset();
  }
};

nb::list as_list(std::span<const Expr> expressions) {
  nb::list list;
  for (const Expr& x : expressions) list.append(x ? nb::cast(x.var) : nb::none());
  return list;
}

std::vector<Expr> as_expressions(Builder& b, nb::handle list) {
  std::vector<Expr> result;
  for (nb::handle item : list) result.push_back(item.is_none() ? Expr{} : b.wrap(nb::cast<Var>(item)));
  return result;
}

// `view` is what Python code sees as the node: its op and the types of its inputs and outputs, without the variables,
// which would keep themselves alive through this handle.
class PythonOp final : public HostOp {
 public:
  PythonOp(nb::object op, nb::object view, std::vector<Type> types, bool effect)
      : op_(std::move(op)), view_(std::move(view)), types_(std::move(types)), effect_(effect) {}

  std::vector<Type> types(std::span<const Var>) const override { return types_; }
  bool has_effect() const override { return effect_; }

  void perform(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) override {
    const WithLock held;
    nb::list values;
    // Python code may keep what it is given, and the executor reuses memory: it gets its own copies of what it cannot
    // own.
    for (const Array& x : inputs) {
      Array copy = new_array(x.dtype, x.shape);
      copy_into(copy, x);
      values.append(nb::steal(to_numpy(copy)));
    }
    const nb::object results = helper("perform")(op_.object, view_.object, values, nb::cast(node.id));
    size_t k = 0;
    for (nb::handle item : results) outputs.at(k++) = copied(item.ptr());
    look_for_interrupt();  // Python has handled, or noted, what came meanwhile
  }

  std::vector<Expr> gradient(const Vjp& v) const override {
    const WithLock held;
    return as_expressions(v.builder, helper("gradient")(op_.object, as_list(v.x), as_list(v.y), as_list(v.dy)));
  }

  std::vector<Expr> tangent(const Jvp& v) const override {
    const WithLock held;
    return as_expressions(v.builder,
                          helper("tangent")(op_.object, as_list(v.x), as_list(v.dx), nb::cast(v.node.types.size())));
  }

  std::vector<std::vector<bool>> connects(const Node& node) const override {
    const WithLock held;
    const nb::object pattern = helper("connects")(op_.object, view_.object);
    if (pattern.is_none()) return HostOp::connects(node);
    return nb::cast<std::vector<std::vector<bool>>>(pattern);
  }

  bool same(const Handle& other) const override {
    const auto* that = dynamic_cast<const PythonOp*>(&other);
    if (that == this) return true;
    if (!that || that->types_ != types_) return false;
    const WithLock held;
    return op_.object.equal(that->op_.object);
  }

  uint64_t hash() const override {
    const WithLock held;
    return static_cast<uint64_t>(nb::hash(op_.object));
  }

  std::string text() const override {
    const WithLock held;
    return nb::cast<std::string>(nb::str(op_.object));
  }

  nb::object op() const { return op_.object; }

 private:
  PythonObject op_, view_;
  std::vector<Type> types_;
  bool effect_;
};

std::vector<Var> apply(nb::object op, nb::object view, const std::vector<Var>& inputs, const std::vector<Var>& outputs,
                       bool effect) {
  UserBuilder b = line_builder();
  std::vector<Type> types;
  for (const Var& v : outputs) types.push_back(v.type());
  return unwrapped(apply_host_op(
      b, std::make_shared<PythonOp>(std::move(op), std::move(view), std::move(types), effect), wrapped(b, inputs)));
}

nb::object python_op_of(const Var& v) {
  const auto* op = dynamic_cast<const PythonOp*>(v.node->attributes.handle.get());
  return op ? op->op() : nb::none();
}

}  // namespace

void bind_host(nb::module_& m) {
  m.def("apply_python_op", &apply);
  m.def("python_op_of", &python_op_of);
}

}  // namespace croton::python
