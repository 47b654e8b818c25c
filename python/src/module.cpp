// The extension module croton._core: thin bindings of the engine.
#include "bindings.h"

NB_MODULE(_core, m) {
  using namespace croton::python;
  m.doc() = "The engine of Croton. Use the package croton; this module has no stable interface.";
  // Variables live as long as the program; telling of them at exit would help nobody.
  nanobind::set_leak_warnings(false);
  import_numpy();
  register_errors(m);
  bind_graph(m);
  bind_front(m);
  bind_linear(m);
  bind_index(m);
  bind_autodiff(m);
  bind_shared(m);
  bind_function(m);
  bind_host(m);
  bind_random(m);
  bind_pickle(m);
  bind_cache(m);
  bind_tools(m);
  m.def("set_package_folder", &set_package_folder);
}
