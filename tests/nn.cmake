# Formula and oracle: golden values of whole networks, for every backend's tests.
add_library(lsc_test_oracle STATIC support/formula.c support/oracle.c support/small_nets.c)
target_link_libraries(lsc_test_oracle PUBLIC lsc_nn lsc_test_support PkgConfig::cjson)
set_source_files_properties(support/formula.c PROPERTIES COMPILE_OPTIONS -ffp-contract=off)

add_executable(test_nn_golden test_nn_golden.c)
target_link_libraries(test_nn_golden PRIVATE lsc_test_oracle)
# The slow ones are in tests/long/networks.sh.
set(models resnet20 resnet56 resnet56_noshort resnet110 wrn56_2 vgg9)
if(LSC_SANITIZE)
  set(models resnet20) # the others take minutes
endif()
foreach(model IN LISTS models)
  add_test(NAME nn_golden_${model} COMMAND test_nn_golden ${model})
  set_tests_properties(nn_golden_${model} PROPERTIES LABELS "golden;nn" TIMEOUT ${LSC_TEST_SECONDS})
endforeach()

lsc_test(nn_safetensors LIBS lsc_nn LABELS format nn)
lsc_test(nn_checkpoint LIBS lsc_nn LABELS format nn)
lsc_test(nn_ops LIBS lsc_test_oracle LABELS contract nn)
lsc_test(nn_losses LIBS lsc_nn LABELS contract nn)
lsc_test(nn_feature_losses LIBS lsc_nn LABELS contract nn)
lsc_test(nn_backends LIBS lsc_test_oracle LABELS contract nn)
lsc_test(nn_plan LIBS lsc_test_oracle LABELS unit nn)
lsc_test(nn_graph LIBS lsc_nn LABELS unit nn)
lsc_test(nn_values LIBS lsc_nn LABELS unit nn)
lsc_test(nn_page LIBS lsc_nn LABELS unit nn)
lsc_test(nn_metrics LIBS lsc_nn LABELS golden nn)
lsc_test(nn_scores LIBS lsc_nn LABELS format nn)
