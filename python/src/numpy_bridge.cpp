// Arrays between NumPy and the engine: views of the caller's memory, and ndarrays over the engine's storages.
#define CROTON_IMPORTS_NUMPY
#include "numpy_api.h"

#include "base/memory.h"
#include "bindings.h"
#include "interpreter_lock.h"

namespace croton::python {
namespace {

constexpr int numbers[dtype_count] = {NPY_BOOL,    NPY_INT8,    NPY_INT16,  NPY_INT32,  NPY_INT64,
                                      NPY_UINT8,   NPY_UINT16,  NPY_UINT32, NPY_UINT64, NPY_HALF,
                                      NPY_FLOAT32, NPY_FLOAT64, NPY_CFLOAT, NPY_CDOUBLE};

// A small Python object that keeps memory alive: the base of the ndarrays that calls return. It owns a block, or shares
// a storage.
struct BufferObject {
  PyObject_HEAD std::byte* block;
  size_t bytes;
  std::shared_ptr<Storage> storage;
};

PyTypeObject* buffer_type = nullptr;

void free_buffer(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  auto* buffer = reinterpret_cast<BufferObject*>(self);
  release_block(buffer->block, buffer->bytes);
  buffer->storage.~shared_ptr();
  PyObject_Free(self);
  Py_DECREF(type);
}

PyObject* new_buffer(std::byte* block, size_t bytes, std::shared_ptr<Storage> storage) {
  auto* buffer = PyObject_New(BufferObject, buffer_type);
  if (!buffer) return nullptr;
  buffer->block = block;
  buffer->bytes = bytes;
  new (&buffer->storage) std::shared_ptr<Storage>(std::move(storage));
  return reinterpret_cast<PyObject*>(buffer);
}

// Takes over the reference to the buffer, which may be null (an error is set then).
PyObject* new_ndarray(const Array& array, std::byte* data, bool writeable, PyObject* buffer) {
  static_assert(sizeof(npy_intp) == sizeof(int64_t));
  if (!buffer) return nullptr;
  PyArray_Descr* descriptor = PyArray_DescrFromType(numpy_number(array.dtype));
  PyObject* result = PyArray_NewFromDescr(
      &PyArray_Type, descriptor, array.rank(), reinterpret_cast<const npy_intp*>(array.shape.data()),
      reinterpret_cast<const npy_intp*>(array.strides.data()), data, writeable ? NPY_ARRAY_WRITEABLE : 0, nullptr);
  if (!result) {
    Py_DECREF(buffer);
    return nullptr;
  }
  if (PyArray_SetBaseObject(reinterpret_cast<PyArrayObject*>(result), buffer) < 0) Py_CLEAR(result);
  return result;
}

// Foreign memory is given back wherever the last reference ends: on a thread without the interpreter's lock too.
struct HeldObject {
  PyObject* object;
  explicit HeldObject(PyObject* o) : object(new_reference(o)) {}
  HeldObject(const HeldObject&) = delete;
  HeldObject& operator=(const HeldObject&) = delete;
  ~HeldObject() {
    if (!Py_IsInitialized()) return;
    const WithLock held;
    Py_DECREF(object);
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
  const bool writeable = array.storage && !array.storage->read_only;
  return new_ndarray(array, array.data, writeable, new_buffer(nullptr, 0, array.storage));
}

PyObject* moved_to_numpy(Array& array) {
  const size_t bytes = array.storage ? array.storage->bytes : 0;
  std::byte* const block = take_memory(array);
  if (!block) {
    PyObject* result = to_numpy(array);
    leave_memory(array);
    return result;
  }
  PyObject* buffer = new_buffer(block, bytes, nullptr);
  if (!buffer) release_block(block, bytes);
  return new_ndarray(array, block, true, buffer);
}

}  // namespace croton::python
