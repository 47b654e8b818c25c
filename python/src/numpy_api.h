// NumPy's C interface, included one way everywhere: one table of functions for the whole extension.
#pragma once

#include <Python.h>

#define PY_ARRAY_UNIQUE_SYMBOL croton_numpy_table
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#ifndef CROTON_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
