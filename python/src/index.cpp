// Index expressions from Python, and setting of regions.
#include "bindings.h"
#include "compile/front.h"

namespace croton::python {
namespace {

using front::IndexItem;

Expr part(Builder& b, nb::handle value) { return value.is_none() ? Expr{} : b.wrap(nb::cast<Var>(value)); }

// ("scalar", v), ("array", v), ("slice", start, stop, step), ("new",) or ("ellipsis",)
IndexItem item_of(Builder& b, const nb::tuple& entry) {
  const std::string kind = nb::cast<std::string>(entry[0]);
  IndexItem item;
  if (kind == "slice") {
    item.start = part(b, entry[1]);
    item.stop = part(b, entry[2]);
    item.step = part(b, entry[3]);
    return item;
  }
  item.kind = kind == "scalar"  ? IndexItem::Kind::scalar
              : kind == "array" ? IndexItem::Kind::array
              : kind == "new"   ? IndexItem::Kind::new_axis
                                : IndexItem::Kind::ellipsis;
  if (entry.size() > 1) item.value = b.wrap(nb::cast<Var>(entry[1]));
  return item;
}

}  // namespace

void bind_index(nb::module_& m) {
  m.def("index", [](const Var& x, const std::vector<nb::tuple>& entries) {
    UserBuilder b = line_builder();
    std::vector<IndexItem> items;
    for (const nb::tuple& entry : entries) items.push_back(item_of(b, entry));
    return front::index(b.wrap(x), std::move(items)).var;
  });
  m.def("set_region", [](const Var& region, const Var& values, bool add) {
    UserBuilder b = line_builder();
    return front::set_region(b.wrap(region), b.wrap(values), add).var;
  });
  m.def(
      "take",
      [](const Var& x, const Var& indices, std::optional<int64_t> axis) {
        UserBuilder b = line_builder();
        return front::take(b.wrap(x), b.wrap(indices), axis).var;
      },
      nb::arg("x"), nb::arg("indices"), nb::arg("axis").none());
  m.def("nonzero", [](const Var& x) {
    UserBuilder b = line_builder();
    std::vector<Var> positions;
    for (const Expr& e : front::nonzero(b.wrap(x))) positions.push_back(e.var);
    return positions;
  });
  m.def(
      "along_axis",
      [](const std::string& row, const Var& x, std::optional<int64_t> axis) {
        UserBuilder b = line_builder();
        return front::along_axis(row, b.wrap(x), axis).var;
      },
      nb::arg("row"), nb::arg("x"), nb::arg("axis").none());
  m.def("diagonal", [](const Var& x, int64_t offset, int64_t axis1, int64_t axis2) {
    UserBuilder b = line_builder();
    return front::diagonal(b.wrap(x), offset, axis1, axis2).var;
  });
}

}  // namespace croton::python
