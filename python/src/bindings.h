// What the files of the Python extension share: handles, lines of the user's program, arrays from and to NumPy.
#pragma once

#include <Python.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/location.h"
#include "compile/function.h"
#include "ir/array.h"
#include "ir/expr.h"
#include "ir/node.h"

namespace croton::python {

namespace nb = nanobind;

inline PyObject* new_reference(PyObject* object) {
  Py_INCREF(object);
  return object;
}

// ---------------------------------------------------------------------------------------------- the user's lines

/// The line of the innermost frame outside the package `croton`. Cheap after the first time for a line.
LineId user_line();
/// Frames of files below this folder are the package's own.
void set_package_folder(const std::string& folder);

/// A user's builder that stamps new nodes with the user's line.
inline UserBuilder line_builder() {
  UserBuilder builder;
  builder.line = user_line();
  return builder;
}

// ---------------------------------------------------------------------------------------------- errors

/// Sets the Python exception of a C++ one. Returns false for foreign types.
bool set_python_error(const std::exception& error);
/// The current C++ exception, inside a catch block, as a Python exception (for functions of the C interface).
void set_current_error();
void register_errors(nb::module_& m);
/// Thrown through the engine when Python code called back has failed; the Python exception waits in the thread.
[[noreturn]] void throw_python_error(const std::string& what);

// ---------------------------------------------------------------------------------------------- arrays

void import_numpy();
int numpy_number(DType dtype);  // NPY_DOUBLE ...
bool dtype_of_number(int number, DType& dtype);
/// True for an ndarray in native byte order, aligned, of a dtype that the engine has.
bool is_plain(PyObject* value);
/// A view of a plain ndarray that does not keep it alive.
void borrow(PyObject* ndarray, Array& result);
/// The same, with a storage that holds a reference to the ndarray.
Array hold(PyObject* ndarray);
/// A copy in the engine's memory.
Array copied(PyObject* ndarray);
/// A new reference to an ndarray over the array's storage; read only where that is.
PyObject* to_numpy(const Array& array);
/// The same for an array that is not wanted any more; memory that it alone owns goes over without a reference count.
PyObject* moved_to_numpy(Array& array);

// ---------------------------------------------------------------------------------------------- parts of the module

Expr wrapped(Builder& b, const Var& v);
std::vector<Expr> wrapped(Builder& b, const std::vector<Var>& vars);
std::vector<Var> unwrapped(const std::vector<Expr>& expressions);

void bind_graph(nb::module_& m);
void bind_front(nb::module_& m);
void bind_linear(nb::module_& m);
void bind_index(nb::module_& m);
void bind_autodiff(nb::module_& m);
void bind_shared(nb::module_& m);
void bind_function(nb::module_& m);
void bind_host(nb::module_& m);
void bind_random(nb::module_& m);
void bind_pickle(nb::module_& m);
void bind_cache(nb::module_& m);
void bind_tools(nb::module_& m);

/// The callable type of compiled functions (call.cpp), and an instance of it.
PyObject* make_function_type();
enum class ResultForm { list, single, dict };
PyObject* new_function(std::shared_ptr<Function> function, const std::vector<bool>& strict, ResultForm form,
                       PyObject* keys);
std::shared_ptr<Function> function_of(PyObject* callable);

}  // namespace croton::python
