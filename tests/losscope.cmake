# liblosscope. Tests of single parts link the static library, internals included. What writes many files does so in
# memory, where syncing is cheap and saves are frequent.
add_library(lsc_test_losscope STATIC losscope_fixture.c losscope_h5.c)
target_link_libraries(lsc_test_losscope PUBLIC lsc_flags lsc_hdf5 lsc_test_support)

foreach(subject layout objective plan directions surface run resume measures)
  lsc_test(losscope_${subject} LIBS losscope lsc_test_losscope LABELS unit)
endforeach()
lsc_test(losscope_ranks SOURCES losscope_post.c losscope_member.c LIBS losscope lsc_test_losscope LABELS unit ENV TMPDIR=/dev/shm)
foreach(subject file direction_file foreign hostile)
  lsc_test(losscope_${subject} LIBS losscope lsc_test_losscope LABELS format
           ENV TMPDIR=/dev/shm LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/losscope.supp:print_suppressions=0)
endforeach()

# A program to be killed and to run out of disk.
add_executable(losscope_driver losscope_driver.c losscope_fixture.c)
target_link_libraries(losscope_driver PRIVATE losscope)
foreach(subject disk kill)
  lsc_test(losscope_${subject} LIBS losscope LABELS contract ARGS $<TARGET_FILE:losscope_driver> ENV TMPDIR=/dev/shm)
  add_dependencies(test_losscope_${subject} losscope_driver)
endforeach()

# The package as a user meets it.
set(sanitizer_flag "")
if(LSC_SANITIZE)
  set(sanitizer_flag -fsanitize=${LSC_SANITIZE})
endif()
add_executable(example_quadratic ${CMAKE_SOURCE_DIR}/examples/quadratic.c)
target_link_libraries(example_quadratic PRIVATE losscope)
lsc_test(losscope_package LIBS losscope LABELS install
         ARGS $<TARGET_FILE:losscope_shared> $<TARGET_FILE:example_quadratic>)
target_compile_definitions(test_losscope_package PRIVATE LSC_TEST_FLAGS="${sanitizer_flag}")
add_dependencies(test_losscope_package losscope_shared example_quadratic)
lsc_test(losscope_new_direction LIBS losscope lsc_test_losscope ${CMAKE_DL_LIBS} LABELS contract)
target_compile_definitions(test_losscope_new_direction PRIVATE LSC_GENERATOR="${CMAKE_GENERATOR}")
