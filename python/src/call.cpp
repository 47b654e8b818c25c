// The callable type of compiled functions, written with the C interface: the way from ndarrays in to ndarrays out.
#include "bindings.h"

#include <structmember.h>

#include <array>
#include <cstring>

#include "base/error.h"
#include "interrupt.h"
#include "numpy_api.h"

namespace croton::python {
namespace {

struct InputRule {
  DType dtype;
  int number;  // NumPy's
  int rank;
  uint32_t ones;
  bool strict;         // takes what fits and converts nothing
  npy_intp part_mask;  // the bits of a stride that are 0 when it counts whole elements
};

// Views of the arguments of one call and its results, kept between calls so that they need no new memory.
struct Frame {
  std::vector<Array> arrays;
  std::vector<Array> results;
  std::vector<std::array<std::byte, 8>> scalars;  // Python numbers given for rank-0 inputs
  std::vector<PyObject*> converted;               // references held until the call ends
};

struct CallState {
  std::shared_ptr<Function> function;
  std::vector<InputRule> inputs;
  size_t results = 0;
  ResultForm form = ResultForm::list;
  bool has_others = false;  // results that are no arrays for Python
  Frame frame;
  bool frame_taken = false;  // under the interpreter's lock
};

struct FunctionObject {
  PyObject_HEAD vectorcallfunc vectorcall;
  PyObject* dict;
  PyObject* weak_references;
  PyObject* keys;  // of a dict result
  CallState* state;
  char trust_input;  // no conversions
};

FunctionObject* self_of(PyObject* object) { return reinterpret_cast<FunctionObject*>(object); }

// Axes known to have size one have it, and strides count whole elements.
bool axes_fit(PyArrayObject* array, const InputRule& rule) {
  const npy_intp* dims = PyArray_DIMS(array);
  const npy_intp* strides = PyArray_STRIDES(array);
  uint32_t ones = rule.ones;
  npy_intp parts = 0;
  for (int axis = 0; axis < rule.rank; ++axis, ones >>= 1) {
    if ((ones & 1u) && dims[axis] != 1) return false;
    parts |= strides[axis];
  }
  return (parts & rule.part_mask) == 0;
}

bool fits(PyObject* value, const InputRule& rule) {
  if (!PyArray_Check(value)) return false;
  auto* array = reinterpret_cast<PyArrayObject*>(value);
  return PyArray_TYPE(array) == rule.number && PyArray_NDIM(array) == rule.rank && PyArray_ISBEHAVED_RO(array) &&
         axes_fit(array, rule);
}

// A view of what fits; its vectors have the rank's size already.
void view(PyObject* value, Array& array) {
  auto* ndarray = reinterpret_cast<PyArrayObject*>(value);
  const npy_intp* dims = PyArray_DIMS(ndarray);
  const npy_intp* strides = PyArray_STRIDES(ndarray);
  for (size_t axis = 0; axis < array.shape.size(); ++axis) {
    array.shape[axis] = dims[axis];
    array.strides[axis] = strides[axis];
  }
  array.data = static_cast<std::byte*>(PyArray_DATA(ndarray));
}

// Numbers of Python and NumPy for float64 and int64 scalars, and NumPy's for float32; every other case goes through the
// package's conversion.
bool load_number(PyObject* value, const InputRule& rule, std::array<std::byte, 8>& memory) {
  if (rule.rank != 0 || rule.strict) return false;
  if (PyFloat_CheckExact(value) || PyArray_IsScalar(value, Double)) {
    if (rule.dtype != DType::f64) return false;
    const double number = PyFloat_AS_DOUBLE(value);
    std::memcpy(memory.data(), &number, 8);
    return true;
  }
  if (PyArray_IsScalar(value, Float) && rule.dtype == DType::f32) {
    std::memcpy(memory.data(), &PyArrayScalar_VAL(value, Float), 4);
    return true;
  }
  if (!PyLong_CheckExact(value) && !PyArray_IsScalar(value, Integer)) return false;
  if (rule.dtype != DType::f64 && rule.dtype != DType::i64) return false;
  int overflow = 0;
  const int64_t integer = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow != 0) return false;
  if (rule.dtype == DType::i64) {
    std::memcpy(memory.data(), &integer, 8);
    return true;
  }
  const double number = static_cast<double>(integer);
  if (integer > (int64_t{1} << 53) || integer < -(int64_t{1} << 53)) return false;
  std::memcpy(memory.data(), &number, 8);
  return true;
}

// Arrays of a dtype whose values the input's dtype holds, as the package would convert them. Null, without an error,
// for all others.
PyObject* cast_safely(PyObject* value, const InputRule& rule) {
  if (rule.strict || !PyArray_Check(value)) return nullptr;
  auto* array = reinterpret_cast<PyArrayObject*>(value);
  DType dtype;
  if (PyArray_NDIM(array) != rule.rank || !dtype_of_number(PyArray_TYPE(array), dtype)) return nullptr;
  if (!safely_casts(dtype, rule.dtype)) return nullptr;
  PyObject* cast =
      PyArray_FromAny(value, PyArray_DescrFromType(rule.number), rule.rank, rule.rank,
                      NPY_ARRAY_ALIGNED | NPY_ARRAY_NOTSWAPPED | NPY_ARRAY_ENSUREARRAY | NPY_ARRAY_FORCECAST, nullptr);
  if (cast && !fits(cast, rule)) Py_CLEAR(cast);
  if (!cast) PyErr_Clear();
  return cast;
}

// The package's slow path: Theano's rules for what may become an input, and its messages.
PyObject* convert(FunctionObject* self, size_t index, PyObject* value) {
  PyObject* converted =
      PyObject_CallMethod(reinterpret_cast<PyObject*>(self), "_convert", "nO", static_cast<Py_ssize_t>(index), value);
  if (converted && !fits(converted, self->state->inputs[index])) {
    PyErr_Format(PyExc_TypeError, "input %zu was not converted to the right type", index);
    Py_CLEAR(converted);
  }
  return converted;
}

bool load(FunctionObject* self, PyObject* const* values, Frame& frame) {
  CallState& state = *self->state;
  for (size_t k = 0; k < state.inputs.size(); ++k) {
    const InputRule& rule = state.inputs[k];
    if (fits(values[k], rule)) {
      view(values[k], frame.arrays[k]);
      continue;
    }
    if (load_number(values[k], rule, frame.scalars[k])) {
      frame.arrays[k].data = frame.scalars[k].data();
      continue;
    }
    if (self->trust_input) {
      PyErr_Format(PyExc_TypeError, "trust_input: input %zu is not an aligned ndarray of %d axes and dtype %s", k,
                   rule.rank, std::string(dtype_name(rule.dtype)).c_str());
      return false;
    }
    PyObject* converted = cast_safely(values[k], rule);
    if (!converted) converted = convert(self, k, values[k]);
    if (!converted) return false;
    frame.converted.push_back(converted);
    view(converted, frame.arrays[k]);
  }
  return true;
}

// Runs the function; other C++ exceptions leave as such, with the interpreter's lock held again.
bool run(const CallState& state, Frame& frame) {
  while (true) {
    try {
      PythonCall call;
      state.function->call_into(frame.arrays, frame.results, &call);
      return true;
    } catch (const Interrupted&) {
      // Python's handler raises KeyboardInterrupt, a user's own one what it likes. If it returns, the call goes on:
      // from its beginning, for a stopped call has changed nothing.
      if (PyErr_CheckSignals() != 0) return false;
    }
  }
}

PyObject* list_of(std::vector<Array>& results) {
  PyObject* list = PyList_New(static_cast<Py_ssize_t>(results.size()));
  for (size_t k = 0; list && k < results.size(); ++k) {
    PyObject* item = moved_to_numpy(results[k]);
    if (!item) {
      Py_CLEAR(list);
      break;
    }
    PyList_SET_ITEM(list, static_cast<Py_ssize_t>(k), item);
  }
  return list;
}

// The results as a list, with what the package makes of those that are no arrays.
PyObject* finished(FunctionObject* self, std::vector<Array>& results) {
  PyObject* list = list_of(results);
  if (!list || !self->state->has_others) return list;
  PyObject* others = PyObject_CallMethod(reinterpret_cast<PyObject*>(self), "_finish", "O", list);
  Py_DECREF(list);
  return others;
}

PyObject* formed(FunctionObject* self, std::vector<Array>& results) {
  const bool is_single = self->state->form == ResultForm::single && results.size() == 1;
  if (is_single && !self->state->has_others) return moved_to_numpy(results[0]);
  PyObject* list = finished(self, results);
  if (list && is_single) {
    PyObject* item = new_reference(PyList_GET_ITEM(list, 0));
    Py_DECREF(list);
    return item;
  }
  if (!list || self->state->form != ResultForm::dict) return list;
  PyObject* dict = PyDict_New();
  for (size_t k = 0; dict && k < results.size(); ++k) {
    const auto at = static_cast<Py_ssize_t>(k);
    if (PyDict_SetItem(dict, PyTuple_GET_ITEM(self->keys, at), PyList_GET_ITEM(list, at)) < 0) Py_CLEAR(dict);
  }
  Py_DECREF(list);
  return dict;
}

void prepare(Frame& frame, const CallState& state) {
  frame.arrays.resize(state.inputs.size());
  for (size_t k = 0; k < state.inputs.size(); ++k) {
    frame.arrays[k].dtype = state.inputs[k].dtype;
    frame.arrays[k].shape.resize(static_cast<size_t>(state.inputs[k].rank));
    frame.arrays[k].strides.resize(static_cast<size_t>(state.inputs[k].rank));
  }
  frame.scalars.resize(state.inputs.size());
  frame.results.resize(state.results);
}

PyObject* run_in_frame(FunctionObject* self, PyObject* const* values, Frame& frame) {
  PyObject* result = nullptr;
  try {
    if (load(self, values, frame) && run(*self->state, frame)) result = formed(self, frame.results);
  } catch (...) {
    set_current_error();
  }
  if (!result) {
    for (Array& array : frame.results) leave_memory(array);
  }
  for (PyObject* object : frame.converted) Py_DECREF(object);
  frame.converted.clear();
  return result;
}

PyObject* run_values(FunctionObject* self, PyObject* const* values) {
  CallState& state = *self->state;
  if (state.frame_taken) {  // another call of this function is running
    Frame frame;
    prepare(frame, state);
    return run_in_frame(self, values, frame);
  }
  state.frame_taken = true;
  PyObject* result = run_in_frame(self, values, state.frame);
  state.frame_taken = false;
  return result;
}

// Keywords, defaults and wrong counts: the package's `_bind` returns all values in order, or raises.
PyObject* run_bound(FunctionObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* keyword_names) {
  PyObject* positional = PyTuple_New(count);
  PyObject* keywords = PyDict_New();
  PyObject* bound = nullptr;
  PyObject* result = nullptr;
  if (positional && keywords) {
    for (Py_ssize_t k = 0; k < count; ++k) PyTuple_SET_ITEM(positional, k, new_reference(arguments[k]));
    const Py_ssize_t named = keyword_names ? PyTuple_GET_SIZE(keyword_names) : 0;
    for (Py_ssize_t k = 0; k < named; ++k)
      PyDict_SetItem(keywords, PyTuple_GET_ITEM(keyword_names, k), arguments[count + k]);
    auto* object = reinterpret_cast<PyObject*>(self);
    if (PyDict_GetItemString(keywords, "output_subset")) {
      result = PyObject_CallMethod(object, "_call_subset", "OO", positional, keywords);
    } else {
      bound = PyObject_CallMethod(object, "_bind", "OO", positional, keywords);
    }
  }
  if (bound && (!PyTuple_Check(bound) || static_cast<size_t>(PyTuple_GET_SIZE(bound)) != self->state->inputs.size())) {
    PyErr_SetString(PyExc_TypeError, "the arguments were not bound to the inputs");
  } else if (bound) {
    result = run_values(self, &PyTuple_GET_ITEM(bound, 0));
  }
  Py_XDECREF(bound);
  Py_XDECREF(positional);
  Py_XDECREF(keywords);
  return result;
}

PyObject* call(PyObject* callable, PyObject* const* arguments, size_t flags, PyObject* keyword_names) {
  FunctionObject* self = self_of(callable);
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  const bool plain = !keyword_names || PyTuple_GET_SIZE(keyword_names) == 0;
  if (plain && static_cast<size_t>(count) == self->state->inputs.size()) return run_values(self, arguments);
  return run_bound(self, arguments, count, keyword_names);
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  FunctionObject* self = self_of(object);
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->dict);
  Py_VISIT(self->keys);
  return 0;
}

int clear(PyObject* object) {
  FunctionObject* self = self_of(object);
  Py_CLEAR(self->dict);
  Py_CLEAR(self->keys);
  return 0;
}

void deallocate(PyObject* object) {
  FunctionObject* self = self_of(object);
  PyTypeObject* type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  if (self->weak_references) PyObject_ClearWeakRefs(object);
  clear(object);
  delete self->state;
  type->tp_free(object);
  Py_DECREF(type);
}

PyMemberDef members[] = {
    {"trust_input", T_BOOL, offsetof(FunctionObject, trust_input), 0,
     "Whether arguments are taken without conversion."},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(FunctionObject, vectorcall), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(FunctionObject, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(FunctionObject, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};
PyGetSetDef attributes[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyTypeObject* function_type = nullptr;

}  // namespace

PyObject* make_function_type() {
  static PyType_Slot slots[] = {
      {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
      {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(clear)},
      {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
      {Py_tp_members, members},
      {Py_tp_getset, attributes},
      {Py_tp_doc, const_cast<char*>("A compiled function: called with arrays, it returns new arrays.")},
      {0, nullptr}};
  // The type stays open: the package adds methods to it that need no speed.
  static PyType_Spec spec = {
      "croton._core.Function", sizeof(FunctionObject), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (!type) throw nb::python_error();
  function_type = reinterpret_cast<PyTypeObject*>(type);
  return type;
}

PyObject* new_function(std::shared_ptr<Function> function, const std::vector<bool>& strict, ResultForm form,
                       PyObject* keys) {
  auto state = std::make_unique<CallState>();
  for (const InputSpec& input : function->spec().inputs) {
    const Type& type = input.variable.type();
    const npy_intp part_mask = item_size(type.dtype) - 1;  // the size of every element is a power of two
    const bool is_strict = strict[state->inputs.size()];
    state->inputs.push_back({type.dtype, numpy_number(type.dtype), type.rank, type.ones, is_strict, part_mask});
  }
  state->results = function->spec().outputs.size();
  for (const auto& output : function->spec().outputs) state->has_others |= !output.variable.type().is_tensor();
  prepare(state->frame, *state);
  state->form = form;
  state->function = std::move(function);
  PyObject* object = function_type->tp_alloc(function_type, 0);
  if (!object) throw nb::python_error();
  FunctionObject* self = self_of(object);
  self->vectorcall = call;
  self->keys = keys ? new_reference(keys) : nullptr;
  self->state = state.release();
  return object;
}

std::shared_ptr<Function> function_of(PyObject* callable) {
  if (Py_TYPE(callable) != function_type) raise<TypeError>("this is not a compiled function");
  return self_of(callable)->state->function;
}

}  // namespace croton::python
