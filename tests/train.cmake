add_library(lsc_test_quadratic STATIC train_quadratic.c)
target_link_libraries(lsc_test_quadratic PUBLIC lsc_optimizers lsc_test_support)

lsc_test(train_vectors LIBS lsc_test_quadratic LABELS golden)
lsc_test(train_identities LIBS lsc_test_quadratic LABELS unit)
lsc_test(train_optimizers LIBS lsc_test_quadratic LABELS contract)
lsc_test(train_new_optimizer LIBS lsc_base LABELS contract)
set_tests_properties(train_new_optimizer PROPERTIES PROCESSORS 2) # it compiles
lsc_test(train_schedules LIBS lsc_train LABELS unit)
lsc_test(train_oracle LIBS lsc_train LABELS unit)
lsc_test(train_loader LIBS lsc_train lsc_test_data LABELS unit)

# Whole runs of the program.
add_library(lsc_test_train STATIC train_fixture.c train_disturbed.c)
target_link_libraries(lsc_test_train PUBLIC lsc_train lsc_test_data)
target_compile_definitions(lsc_test_train PRIVATE LSC_BINARY_DIR="${CMAKE_BINARY_DIR}")
lsc_test(train_session LIBS lsc_test_train lsc_test_malloc LABELS unit)
foreach(subject run killed stopped faults cli)
  lsc_test(train_${subject} LIBS lsc_test_train LABELS cli)
  add_dependencies(test_train_${subject} train)
endforeach()
lsc_test(train_commands LIBS lsc_train lsc_test_faces LABELS cli)
add_dependencies(test_train_commands train)
