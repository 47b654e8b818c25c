// The line of the user's program that makes a node: the innermost frame outside the package.
#include <unordered_map>

#include "bindings.h"

namespace croton::python {
namespace {

struct FileEntry {
  bool internal = false;
  std::unordered_map<int, LineId> lines;
};

// Keyed by the file name object, which all code objects of a module share; the table holds a reference to it, so an
// address is never reused. Used under the interpreter's lock only.
using FileTable = std::unordered_map<PyObject*, FileEntry>;

FileTable& files() {
  static FileTable* const table = new FileTable;  // never destroyed: it holds Python references
  return *table;
}

std::string& package_folder() {
  static std::string folder;
  return folder;
}

FileEntry& entry_of(PyObject* file) {
  FileTable& table = files();
  const auto found = table.find(file);
  if (found != table.end()) return found->second;
  if (table.size() > 10000) {  // a program that makes code without end
    for (auto& [name, entry] : table) Py_DECREF(name);
    table.clear();
  }
  FileEntry& entry = table[new_reference(file)];
  const char* text = PyUnicode_AsUTF8(file);
  if (!text) PyErr_Clear();
  const std::string& folder = package_folder();
  entry.internal = text && !folder.empty() && std::string_view(text).substr(0, folder.size()) == folder;
  return entry;
}

// The text of a line, by the standard module linecache ("" when it cannot be had).
std::string text_of_line(PyObject* file, int line) {
  PyObject* module = PyImport_ImportModule("linecache");
  PyObject* text = module ? PyObject_CallMethod(module, "getline", "Oi", file, line) : nullptr;
  Py_XDECREF(module);
  std::string result;
  const char* utf8 = text ? PyUnicode_AsUTF8(text) : nullptr;
  if (utf8) result = utf8;
  Py_XDECREF(text);
  if (PyErr_Occurred()) PyErr_Clear();
  const size_t begin = result.find_first_not_of(" \t"), end = result.find_last_not_of(" \t\r\n");
  return begin == std::string::npos ? std::string() : result.substr(begin, end - begin + 1);
}

LineId intern_frame(PyObject* file, PyCodeObject* code, int line) {
  SourceLine source;
  const char* file_name = PyUnicode_AsUTF8(file);
  const char* function = PyUnicode_AsUTF8(code->co_name);
  if (!file_name || !function) PyErr_Clear();
  source.file = file_name ? file_name : "";
  source.function = function ? function : "";
  source.line = line;
  source.text = text_of_line(file, line);
  return intern_line(source);
}

}  // namespace

void set_package_folder(const std::string& folder) {
  package_folder() = folder;
  files().clear();
}

LineId user_line() {
  PyFrameObject* frame = PyEval_GetFrame();  // borrowed
  Py_XINCREF(frame);
  LineId result = 0;
  while (frame) {
    PyCodeObject* code = PyFrame_GetCode(frame);
    PyObject* file = code->co_filename;
    FileEntry& entry = entry_of(file);
    if (!entry.internal) {
      const int line = PyFrame_GetLineNumber(frame);
      const auto found = entry.lines.find(line);
      if (found != entry.lines.end()) {
        result = found->second;
      } else {
        result = intern_frame(file, code, line);
        files()[file].lines[line] = result;  // linecache may have run Python code
      }
      Py_DECREF(code);
      break;
    }
    Py_DECREF(code);
    PyFrameObject* back = PyFrame_GetBack(frame);
    Py_DECREF(frame);
    frame = back;
  }
  Py_XDECREF(frame);
  return result;
}

}  // namespace croton::python
