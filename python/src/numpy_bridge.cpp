// Arrays between NumPy and the engine: views of the caller's memory, and ndarrays over the engine's storages.
#define CROTON_IMPORTS_NUMPY
#include "numpy_api.h"

#include "bindings.h"

namespace croton::python {
namespace {

constexpr int numbers[dtype_count] = {NPY_BOOL,    NPY_INT8,    NPY_INT16,  NPY_INT32,  NPY_INT64,
                                      NPY_UINT8,   NPY_UINT16,  NPY_UINT32, NPY_UINT64, NPY_HALF,
                                      NPY_FLOAT32, NPY_FLOAT64, NPY_CFLOAT, NPY_CDOUBLE};

// A small Python object that keeps a storage alive: the base of the ndarrays that calls return.
struct BufferObject {
  PyObject_HEAD std::shared_ptr<Storage> storage;
};

PyTypeObject* buffer_type = nullptr;

void free_buffer(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  reinterpret_cast<BufferObject*>(self)->storage.~shared_ptr();
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* new_buffer(std::shared_ptr<Storage> storage) {
  PyObject* self = buffer_type->tp_alloc(buffer_type, 0);
  if (!self) return nullptr;
  new (&reinterpret_cast<BufferObject*>(self)->storage) std::shared_ptr<Storage>(std::move(storage));
  return self;
}

// Foreign memory is given back wherever the last reference ends: on a thread without the interpreter's lock too.
struct HeldObject {
  PyObject* object;
  explicit HeldObject(PyObject* o) : object(new_reference(o)) {}
  HeldObject(const HeldObject&) = delete;
  HeldObject& operator=(const HeldObject&) = delete;
  ~HeldObject() {
    if (!Py_IsInitialized()) return;
    const PyGILState_STATE state = PyGILState_Ensure();
    Py_DECREF(object);
    PyGILState_Release(state);
  }
};

}  // namespace

void import_numpy() {
  if (_import_array() < 0) throw nb::python_error();
  static PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(free_buffer)}, {0, nullptr}};
  static PyType_Spec spec = {"croton._core.Buffer", sizeof(BufferObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  buffer_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!buffer_type) throw nb::python_error();
}

int numpy_number(DType dtype) { return numbers[static_cast<size_t>(dtype)]; }

bool dtype_of_number(int number, DType& dtype) {
  // long and long long are different numbers of one width.
  if (number == NPY_LONGLONG) number = NPY_INT64;
  if (number == NPY_ULONGLONG) number = NPY_UINT64;
  for (int k = 0; k < dtype_count; ++k) {
    if (numbers[k] != number) continue;
    dtype = static_cast<DType>(k);
    return true;
  }
  return false;
}

bool is_plain(PyObject* value) {
  if (!PyArray_Check(value)) return false;
  auto* array = reinterpret_cast<PyArrayObject*>(value);
  DType dtype;
  return PyArray_ISBEHAVED_RO(array) && dtype_of_number(PyArray_TYPE(array), dtype);
}

void borrow(PyObject* ndarray, Array& result) {
  auto* array = reinterpret_cast<PyArrayObject*>(ndarray);
  const int rank = PyArray_NDIM(array);
  if (!dtype_of_number(PyArray_TYPE(array), result.dtype))
    raise<TypeError>("an ndarray of a dtype that Croton has not");
  result.shape.assign(PyArray_DIMS(array), PyArray_DIMS(array) + rank);
  result.strides.assign(PyArray_STRIDES(array), PyArray_STRIDES(array) + rank);
  result.data = static_cast<std::byte*>(PyArray_DATA(array));
  result.storage.reset();
}

Array hold(PyObject* ndarray) {
  Array view;
  borrow(ndarray, view);
  const bool read_only = !PyArray_ISWRITEABLE(reinterpret_cast<PyArrayObject*>(ndarray));
  return view_memory(view.data, view.dtype, view.shape, view.strides, std::make_shared<HeldObject>(ndarray), read_only);
}

Array copied(PyObject* ndarray) {
  Array view;
  borrow(ndarray, view);
  Array copy = new_array(view.dtype, view.shape);
  copy_into(copy, view);
  return copy;
}

PyObject* to_numpy(const Array& array) {
  static_assert(sizeof(npy_intp) == sizeof(int64_t));
  PyArray_Descr* descriptor = PyArray_DescrFromType(numpy_number(array.dtype));
  const bool writeable = array.storage && !array.storage->read_only;
  PyObject* result = PyArray_NewFromDescr(&PyArray_Type, descriptor, array.rank(),
                                          reinterpret_cast<const npy_intp*>(array.shape.data()),
                                          reinterpret_cast<const npy_intp*>(array.strides.data()), array.data,
                                          writeable ? NPY_ARRAY_WRITEABLE : 0, nullptr);
  if (!result) return nullptr;
  PyObject* buffer = new_buffer(array.storage);
  if (!buffer || PyArray_SetBaseObject(reinterpret_cast<PyArrayObject*>(result), buffer) < 0) {
    Py_DECREF(result);
    return nullptr;
  }
  return result;
}

}  // namespace croton::python
