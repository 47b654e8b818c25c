// Variables of the C++ face: inputs, constants, shared variables, indexing.
#include "croton/variable.h"

#include "compile/front.h"
#include "face/bridge.h"
#include "ir/op.h"
#include "runtime/shared.h"

namespace croton {
namespace {

using face::build;
using face::var_of;

Expr bound(Builder& builder, const SliceBound& bound) {
  return bound.value.empty() ? Expr{} : face::expr_of(builder, bound.value.front());
}

front::IndexItem item_of(Builder& builder, const IndexEntry& entry) {
  using Kind = front::IndexItem::Kind;
  switch (entry.kind) {
    case IndexEntry::Kind::new_axis:
      return {.kind = Kind::new_axis};
    case IndexEntry::Kind::ellipsis:
      return {.kind = Kind::ellipsis};
    case IndexEntry::Kind::slice:
      return {.kind = Kind::slice,
              .start = bound(builder, entry.range.start),
              .stop = bound(builder, entry.range.stop),
              .step = bound(builder, entry.range.step)};
    case IndexEntry::Kind::value:
      break;
  }
  const Expr value = bound(builder, entry.range.start);
  return {.kind = value.rank() == 0 ? Kind::scalar : Kind::array, .value = value};
}

std::shared_ptr<SharedCell> cell(const Variable& variable) {
  auto found = cell_of(var_of(variable));
  if (!found) raise<TypeError>("this variable is not a shared one");
  return found;
}

}  // namespace

DType Variable::dtype() const { return var_of(*this).type().dtype; }
int Variable::rank() const { return var_of(*this).type().rank; }
const std::string& Variable::name() const { return name_of(var_of(*this)); }
void Variable::set_name(const std::string& name) const { croton::set_name(var_of(*this), name); }

Variable Variable::operator[](const IndexList& index) const {
  return build(index.line(), [&](Builder& builder) {
    std::vector<front::IndexItem> items;
    for (const IndexEntry& entry : index.entries()) items.push_back(item_of(builder, entry));
    return front::index(builder.wrap(var_of(*this)), std::move(items));
  });
}

Variable Variable::shape(std::source_location line) const {
  return build(line, [&](Builder& builder) { return front::shape(builder.wrap(var_of(*this))); });
}

Variable Variable::transposed(std::source_location line) const {
  return build(line, [&](Builder& builder) { return front::transpose(builder.wrap(var_of(*this))); });
}

Variable tensor(DType dtype, int rank, const std::string& name, const std::vector<int>& ones,
                std::source_location line) {
  return face::at_line(line, [&](Builder& builder) {
    if (rank < 0 || rank > max_rank) raise<ValueError>("a tensor has 0 to {} axes, not {}", max_rank, rank);
    Type type = tensor_type(dtype, rank);
    for (const int axis : ones) type.ones |= 1u << front::normal_axis(axis, rank, "tensor");
    const Var input{new_node(op_named("input"), {}, {type}, {}, {}, builder.line), 0};
    if (!name.empty()) set_name(input, name);
    return face::handle(input);
  });
}

Variable constant(const ArrayView& value, std::source_location line) {
  return build(line, [&](Builder& builder) {
    Array array;
    face::borrow(value.data, value.dtype, value.shape, value.strides, array);
    uint32_t ones = 0;
    for (int axis = 0; axis < array.rank(); ++axis) {
      if (array.shape[static_cast<size_t>(axis)] == 1) ones |= 1u << axis;
    }
    return builder.literal(literal_of_array(array, ones));
  });
}

SharedVariable shared(const ArrayView& value, const std::string& name, std::source_location line) {
  return face::at_line(line, [&](Builder& builder) {
    Array array = face::copied(value);
    const Type type = tensor_type(array.dtype, array.rank());
    auto made = std::make_shared<SharedCell>(type, std::move(array));
    made->name = name;
    return SharedVariable(face::handle(make_shared_variable(std::move(made), name, builder.line)));
  });
}

OwnedArray SharedVariable::get_value() const {
  const Array snapshot = cell(*this)->snapshot();
  Array copy = new_array(snapshot.dtype, snapshot.shape);
  copy_into(copy, snapshot);
  return face::owned(copy);
}

void SharedVariable::set_value(const ArrayView& value) const { cell(*this)->set(face::copied(value)); }

}  // namespace croton
