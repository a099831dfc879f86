# lsc_kinds(target folder/prefix list.def): add the source file of every row NAME(name, file, ...) of a
# .def list to the target. The row is the only registration; a family of names may share a file.
# Usage in C: see any .def list.
function(lsc_kinds target prefix def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${def})
  file(STRINGS ${def} rows REGEX "^[A-Z]+\\(")
  foreach(row IN LISTS rows)
    string(REGEX REPLACE "^[A-Z]+\\([a-zA-Z0-9_]+, *([a-z0-9_]+).*" "\\1" file "${row}")
    list(APPEND files ${prefix}${file}.c)
  endforeach()
  list(REMOVE_DUPLICATES files)
  target_sources(${target} PRIVATE ${files})
endfunction()
