// Types of variables: construction, and names as Theano prints them.
#include "ir/type.h"

#include "base/error.h"

namespace croton {
namespace {

std::string pattern_name(const Type& type) {
  if (type.rank == 0) return "scalar";
  if (type.rank == 1 && type.ones == 0) return "vector";
  if (type.rank == 2 && type.ones == 0b00) return "matrix";
  if (type.rank == 2 && type.ones == 0b01) return "row";
  if (type.rank == 2 && type.ones == 0b10) return "col";
  if (type.ones == 0) return fmt::format("{}D", type.rank);
  std::string text = "(";
  for (int axis = 0; axis < type.rank; ++axis) {
    if (axis > 0) text += ", ";
    text += type.broadcasts(axis) ? "True" : "False";
  }
  return text + (type.rank == 1 ? ",)" : ")");
}

void check_rank(size_t rank) {
  if (rank > static_cast<size_t>(max_rank)) {
    raise<ValueError>("a tensor may have up to {} axes, not {}", max_rank, rank);
  }
}

}  // namespace

Type tensor_type(DType dtype, const std::vector<bool>& broadcastable) {
  check_rank(broadcastable.size());
  Type type{.dtype = dtype, .rank = static_cast<uint8_t>(broadcastable.size())};
  for (size_t axis = 0; axis < broadcastable.size(); ++axis) {
    if (broadcastable[axis]) type.ones |= 1u << axis;
  }
  return type;
}

Type tensor_type(DType dtype, int rank) {
  if (rank < 0) raise<ValueError>("a tensor cannot have {} axes", rank);
  check_rank(static_cast<size_t>(rank));
  return Type{.dtype = dtype, .rank = static_cast<uint8_t>(rank)};
}

Type kind_type(Kind kind) {
  if (kind == Kind::random_state) return Type{.kind = kind, .dtype = DType::u32, .rank = 1};
  return Type{.kind = kind};
}

std::vector<bool> broadcastable(const Type& type) {
  std::vector<bool> pattern(type.rank);
  for (int axis = 0; axis < type.rank; ++axis) pattern[static_cast<size_t>(axis)] = type.broadcasts(axis);
  return pattern;
}

std::string type_name(const Type& type) {
  switch (type.kind) {
    case Kind::tensor:
      return fmt::format("TensorType({}, {})", dtype_name(type.dtype), pattern_name(type));
    case Kind::random_state:
      return "RandomStateType";
    case Kind::sparse:
      return fmt::format("Sparse[{}]", dtype_name(type.dtype));
    case Kind::list:
      return "TypedList";
    case Kind::slice:
      return "slice";
    case Kind::none:
      return "NoneTypeT";
    case Kind::null:
      return "NullType";
    case Kind::disconnected:
      return "DisconnectedType";
    case Kind::object:
      return "Generic";
  }
  raise<InternalError>("unknown kind of type {}", static_cast<int>(type.kind));
}

}  // namespace croton
