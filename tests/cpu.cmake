if(LSC_HAVE_ONEDNN)
  add_library(lsc_test_cpu STATIC cpu_fixture.c cpu_graphs.c cpu_unknown_ops.c)
  target_link_libraries(lsc_test_cpu PUBLIC lsc_nn lsc_test_support)
  lsc_test(cpu_ops LIBS lsc_test_cpu LABELS contract cpu)
  lsc_test(cpu_bits LIBS lsc_test_cpu LABELS contract cpu)
  lsc_test(cpu_plan LIBS lsc_test_cpu lsc_test_malloc LABELS contract cpu)

  lsc_test(cpu_winograd SOURCES cpu_winograd_portable.c LIBS lsc_nn LABELS unit cpu)
  # Wide vectors are passed between inlined functions only.
  set_source_files_properties(cpu_winograd_portable.c PROPERTIES COMPILE_OPTIONS "-Wno-psabi;-O2")

  add_executable(test_cpu_golden test_cpu_golden.c)
  target_link_libraries(test_cpu_golden PRIVATE lsc_test_oracle)
  foreach(model IN LISTS golden_models) # nn.cmake
    add_test(NAME cpu_golden_${model} COMMAND test_cpu_golden ${model})
    set_tests_properties(cpu_golden_${model} PROPERTIES LABELS "golden;cpu" TIMEOUT ${LSC_TEST_SECONDS})
  endforeach()
  # The executable is made in nn.cmake. Sanitizers make minutes of it.
  if(NOT LSC_SANITIZE)
    add_test(NAME nn_hessian COMMAND test_nn_hessian cpu float)
    set_tests_properties(nn_hessian PROPERTIES LABELS "golden;cpu" TIMEOUT ${LSC_TEST_SECONDS})
  endif()
endif()
