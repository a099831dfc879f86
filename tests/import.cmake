# Files of other programs.
add_library(lsc_test_torch STATIC torch_fixture.c)
target_link_libraries(lsc_test_torch PUBLIC lsc_nn lsc_test_support PRIVATE PkgConfig::minizip)

lsc_test(nn_pickle LIBS lsc_nn LABELS format nn)
lsc_test(nn_torch LIBS lsc_nn PkgConfig::cjson LABELS format golden nn)
lsc_test(nn_torch_objects LIBS lsc_test_torch LABELS format nn)
lsc_test(nn_torch_zip LIBS lsc_test_torch LABELS format nn)
lsc_test(nn_torch_hostile LIBS lsc_nn LABELS format nn)
lsc_test(landscape_import LIBS lsc_test_landscape LABELS cli golden)
add_dependencies(test_landscape_import landscape)

add_subdirectory(fuzz)
