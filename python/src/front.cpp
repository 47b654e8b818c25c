// Bindings of compile/front.h, one function each. Python passes handles; every new node gets the user's line.
#include "compile/front.h"

#include "bindings.h"
#include "ir/op.h"

namespace croton::python {
namespace {

using front::Axes;

DType dtype(const std::string& name) { return dtype_from_name(name); }

std::optional<DType> maybe_dtype(const std::optional<std::string>& name) {
  return name ? std::optional(dtype_from_name(*name)) : std::nullopt;
}

front::SumOptions sum_options(bool keep, const std::optional<std::string>& dtype,
                              const std::optional<std::string>& accumulator) {
  return {keep, maybe_dtype(dtype), maybe_dtype(accumulator)};
}

// m.def of a function from expressions to an expression, with the handles wrapped and unwrapped.
template <class... A>
void def(nb::module_& m, const char* name, Expr (*f)(A...)) {
  const auto bound = [f](auto... v) {
    UserBuilder b = line_builder();
    return f(b.wrap(v)...).var;
  };
  if constexpr (sizeof...(A) == 1) m.def(name, [bound](const Var& x) { return bound(x); });
  if constexpr (sizeof...(A) == 2) m.def(name, [bound](const Var& x, const Var& y) { return bound(x, y); });
}

void bind_shapes(nb::module_& m) {
  m.def("number", [](int64_t value) {
    UserBuilder b = line_builder();
    return front::number(b, value).var;
  });
  m.def("float_number", [](double value, const std::string& float_x) {
    UserBuilder b = line_builder();
    return front::number(b, value, dtype(float_x)).var;
  });
  m.def("constant_integer", [](const Var& v) {
    UserBuilder b;
    return front::constant_integer(b.wrap(v));
  });
  m.def("vector_length", [](const Var& v) {
    UserBuilder b;
    return front::vector_length(b.wrap(v));
  });
  m.def("vector_elements", [](const Var& v, int length) {
    UserBuilder b = line_builder();
    return unwrapped(front::vector_elements(b.wrap(v), length));
  });
  def(m, "shape", front::shape);
  m.def("reshape", [](const Var& x, const std::vector<Var>& sizes) {
    UserBuilder b = line_builder();
    return front::reshape(b.wrap(x), wrapped(b, sizes)).var;
  });
  m.def("flatten", [](const Var& x, int rank) {
    UserBuilder b = line_builder();
    return front::flatten(b.wrap(x), rank).var;
  });
  m.def("dimshuffle", [](const Var& x, const std::vector<int64_t>& pattern) {
    UserBuilder b = line_builder();
    return b.apply("dimshuffle", {b.wrap(x)}, pattern).var;
  });
  m.def("cast", [](const Var& x, const std::string& name) {
    UserBuilder b = line_builder();
    return cast(b.wrap(x), dtype(name)).var;
  });
  m.def("transpose", [](const Var& x, const std::vector<int64_t>& axes) {
    UserBuilder b = line_builder();
    return front::transpose(b.wrap(x), axes).var;
  });
  m.def("swap_axes", [](const Var& x, int64_t first, int64_t second) {
    UserBuilder b = line_builder();
    return front::swap_axes(b.wrap(x), first, second).var;
  });
  m.def("pad_left", [](const Var& x, int count) {
    UserBuilder b = line_builder();
    return pad_left(b.wrap(x), x.type().rank + count).var;
  });
  m.def("pad_right", [](const Var& x, int count) {
    UserBuilder b = line_builder();
    return front::pad_right(b.wrap(x), count).var;
  });
  m.def("pad_axis", [](const Var& x, int64_t axis) {
    UserBuilder b = line_builder();
    return front::pad_axis(b.wrap(x), axis).var;
  });
  def(m, "squeeze", front::squeeze);
  m.def("add_broadcast", [](const Var& x, const std::vector<int64_t>& axes) {
    UserBuilder b = line_builder();
    return front::add_broadcast(b.wrap(x), axes).var;
  });
  m.def("remove_broadcast", [](const Var& x, const std::vector<int64_t>& axes) {
    UserBuilder b = line_builder();
    return front::remove_broadcast(b.wrap(x), axes).var;
  });
}

void bind_creation(nb::module_& m) {
  m.def("alloc", [](const Var& value, const std::vector<Var>& sizes) {
    UserBuilder b = line_builder();
    return front::alloc(b.wrap(value), wrapped(b, sizes)).var;
  });
  m.def(
      "filled_like",
      [](const Var& x, double value, const std::optional<std::string>& name) {
        UserBuilder b = line_builder();
        return front::filled_like(b.wrap(x), value, maybe_dtype(name)).var;
      },
      nb::arg("x"), nb::arg("value"), nb::arg("dtype").none());
  m.def(
      "arange",
      [](const Var& start, const Var& stop, const Var& step, const std::optional<std::string>& name) {
        UserBuilder b = line_builder();
        return front::arange(b.wrap(start), b.wrap(stop), b.wrap(step), maybe_dtype(name)).var;
      },
      nb::arg("start"), nb::arg("stop"), nb::arg("step"), nb::arg("dtype").none());
  m.def("eye", [](const Var& rows, const Var& columns, const Var& offset, const std::string& name) {
    UserBuilder b = line_builder();
    return front::eye(b.wrap(rows), b.wrap(columns), b.wrap(offset), dtype(name)).var;
  });
  m.def("tri", [](const Var& rows, const Var& columns, const Var& offset, const std::string& name) {
    UserBuilder b = line_builder();
    return front::tri(b.wrap(rows), b.wrap(columns), b.wrap(offset), dtype(name)).var;
  });
  m.def("join", [](int64_t axis, const std::vector<Var>& parts) {
    UserBuilder b = line_builder();
    return front::join(axis, wrapped(b, parts)).var;
  });
  m.def("stack", [](const std::vector<Var>& parts, int64_t axis) {
    UserBuilder b = line_builder();
    return front::stack(wrapped(b, parts), axis).var;
  });
  m.def(
      "repeat",
      [](const Var& x, const Var& count, std::optional<int64_t> axis) {
        UserBuilder b = line_builder();
        return front::repeat(b.wrap(x), b.wrap(count), axis).var;
      },
      nb::arg("x"), nb::arg("count"), nb::arg("axis").none());
  m.def("tile", [](const Var& x, const std::vector<Var>& counts) {
    UserBuilder b = line_builder();
    return front::tile(b.wrap(x), wrapped(b, counts)).var;
  });
  m.def("split", [](const Var& x, const std::vector<Var>& sizes, int64_t axis) {
    UserBuilder b = line_builder();
    return unwrapped(front::split(b.wrap(x), wrapped(b, sizes), axis));
  });
}

void bind_reductions(nb::module_& m) {
  m.def(
      "accumulate",
      [](const std::string& row, const Var& x, const Axes& axes, bool keep, const std::optional<std::string>& dtype,
         const std::optional<std::string>& accumulator) {
        UserBuilder b = line_builder();
        return front::accumulate(row, b.wrap(x), axes, sum_options(keep, dtype, accumulator)).var;
      },
      nb::arg("row"), nb::arg("x"), nb::arg("axes").none(), nb::arg("keepdims"), nb::arg("dtype").none(),
      nb::arg("acc_dtype").none());
  m.def(
      "reduce",
      [](const std::string& row, const Var& x, const Axes& axes, bool keep) {
        UserBuilder b = line_builder();
        return front::reduce(row, b.wrap(x), axes, keep).var;
      },
      nb::arg("row"), nb::arg("x"), nb::arg("axes").none(), nb::arg("keepdims"));
  m.def(
      "argmin",
      [](const Var& x, const Axes& axes, bool keep) {
        UserBuilder b = line_builder();
        return front::argmin(b.wrap(x), axes, keep).var;
      },
      nb::arg("x"), nb::arg("axes").none(), nb::arg("keepdims"));
  m.def(
      "max_and_argmax",
      [](const Var& x, const Axes& axes, bool keep) {
        UserBuilder b = line_builder();
        const auto [largest, position] = front::max_and_argmax(b.wrap(x), axes, keep);
        return std::pair(largest.var, position.var);
      },
      nb::arg("x"), nb::arg("axes").none(), nb::arg("keepdims"));
  m.def(
      "mean",
      [](const Var& x, const Axes& axes, bool keep, const std::optional<std::string>& dtype,
         const std::optional<std::string>& accumulator) {
        UserBuilder b = line_builder();
        return front::mean(b.wrap(x), axes, sum_options(keep, dtype, accumulator)).var;
      },
      nb::arg("x"), nb::arg("axes").none(), nb::arg("keepdims"), nb::arg("dtype").none(), nb::arg("acc_dtype").none());
  m.def(
      "var",
      [](const Var& x, const Axes& axes, double ddof, bool keep, bool corrected) {
        UserBuilder b = line_builder();
        return front::var(b.wrap(x), axes, ddof, keep, corrected).var;
      },
      nb::arg("x"), nb::arg("axes").none(), nb::arg("ddof"), nb::arg("keepdims"), nb::arg("corrected"));
  m.def("true_div", [](const Var& a, const Var& b, const std::string& float_x) {
    UserBuilder builder = line_builder();
    return front::true_div(builder.wrap(a), builder.wrap(b), dtype(float_x)).var;
  });
  def(m, "dot", front::dot);
  def(m, "outer", front::outer);
  m.def("tensordot",
        [](const Var& x, const Var& y, const std::vector<int64_t>& x_axes, const std::vector<int64_t>& y_axes) {
          UserBuilder b = line_builder();
          return front::tensordot(b.wrap(x), b.wrap(y), x_axes, y_axes).var;
        });
}

void bind_networks(nb::module_& m) {
  m.def("softmax", [](const Var& x, bool logarithm) {
    UserBuilder b = line_builder();
    return front::softmax(b.wrap(x), logarithm).var;
  });
  m.def(
      "relu",
      [](const Var& x, std::optional<Var> alpha) {
        UserBuilder b = line_builder();
        return front::relu(b.wrap(x), alpha ? b.wrap(*alpha) : Expr{}).var;
      },
      nb::arg("x"), nb::arg("alpha").none());
  def(m, "elu", front::elu);
  def(m, "selu", front::selu);
  def(m, "softsign", front::softsign);
  def(m, "hard_sigmoid", front::hard_sigmoid);
  def(m, "binary_crossentropy", front::binary_crossentropy);
  def(m, "sigmoid_binary_crossentropy", front::sigmoid_binary_crossentropy);
  def(m, "categorical_crossentropy", front::categorical_crossentropy);
  m.def("one_hot", [](const Var& y, const Var& classes, const std::string& name) {
    UserBuilder b = line_builder();
    return front::one_hot(b.wrap(y), b.wrap(classes), dtype(name)).var;
  });
}

}  // namespace

void bind_front(nb::module_& m) {
  bind_shapes(m);
  bind_creation(m);
  bind_reductions(m);
  bind_networks(m);
}

}  // namespace croton::python
