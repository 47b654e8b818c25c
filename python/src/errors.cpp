// Engine errors as Python exceptions: one class for each type of base/error.h.
#include "bindings.h"

namespace croton::python {
namespace {

PyObject* unused_input = nullptr;
PyObject* missing_input = nullptr;
PyObject* disconnected_input = nullptr;
PyObject* null_gradient = nullptr;
PyObject* internal_error = nullptr;
PyObject* linear_algebra = nullptr;

struct PendingPythonError : Error {
  using Error::Error;
};

// Most derived types first.
PyObject* class_of(const Error& error) {
  if (dynamic_cast<const DisconnectedInputError*>(&error)) return disconnected_input;
  if (dynamic_cast<const NullTypeGradError*>(&error)) return null_gradient;
  if (dynamic_cast<const UnusedInputError*>(&error)) return unused_input;
  if (dynamic_cast<const MissingInputError*>(&error)) return missing_input;
  if (dynamic_cast<const LinearAlgebraError*>(&error)) return linear_algebra;
  if (dynamic_cast<const OverflowError*>(&error)) return PyExc_ValueError;
  if (dynamic_cast<const ValueError*>(&error)) return PyExc_ValueError;
  if (dynamic_cast<const TypeError*>(&error)) return PyExc_TypeError;
  if (dynamic_cast<const IndexError*>(&error)) return PyExc_IndexError;
  if (dynamic_cast<const NotImplementedError*>(&error)) return PyExc_NotImplementedError;
  if (dynamic_cast<const MemoryError*>(&error)) return PyExc_MemoryError;
  if (dynamic_cast<const AssertionError*>(&error)) return PyExc_AssertionError;
  if (dynamic_cast<const ZeroDivisionError*>(&error)) return PyExc_ZeroDivisionError;
  if (dynamic_cast<const Interrupted*>(&error)) return PyExc_KeyboardInterrupt;
  return internal_error;
}

PyObject* new_class(nb::module_& m, const char* name, PyObject* base, const char* doc) {
  PyObject* type = PyErr_NewExceptionWithDoc(name, doc, base, nullptr);
  if (!type) throw nb::python_error();
  m.attr(std::string_view(name).substr(std::string_view(name).rfind('.') + 1).data()) = nb::borrow(type);
  return type;
}

}  // namespace

bool set_python_error(const std::exception& error) {
  if (dynamic_cast<const PendingPythonError*>(&error) && PyErr_Occurred()) return true;
  if (const auto* own = dynamic_cast<const Error*>(&error)) {
    PyErr_SetString(class_of(*own), own->what());
    return true;
  }
  return false;
}

void set_current_error() {
  try {
    throw;
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    if (!set_python_error(error)) PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

void throw_python_error(const std::string& what) { throw PendingPythonError(what); }

void register_errors(nb::module_& m) {
  unused_input =
      new_class(m, "croton.UnusedInputError", PyExc_Exception, "An input of a function that no output depends on.");
  missing_input = new_class(m, "croton.MissingInputError", PyExc_Exception,
                            "A variable that an output depends on, neither computed nor given.");
  disconnected_input = new_class(m, "croton.DisconnectedInputError", PyExc_ValueError,
                                 "A gradient with respect to a variable that the cost does not depend on.");
  null_gradient = new_class(m, "croton.NullTypeGradError", PyExc_TypeError, "A gradient that is not defined.");
  linear_algebra = nb::object(nb::module_::import_("numpy.linalg").attr("LinAlgError")).release().ptr();
  internal_error = new_class(m, "croton.InternalError", PyExc_RuntimeError, "A defect of the compiler itself.");
  nb::register_exception_translator([](const std::exception_ptr& pending, void*) {
    try {
      std::rethrow_exception(pending);
    } catch (const Error& error) {
      set_python_error(error);
    }
  });
}

}  // namespace croton::python
