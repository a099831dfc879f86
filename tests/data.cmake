add_library(lsc_test_data STATIC data_fixture.c)
target_link_libraries(lsc_test_data PUBLIC lsc_data lsc_test_support PRIVATE ZLIB::ZLIB)

lsc_test(data_files LIBS lsc_test_data LABELS unit format)
lsc_test(data_hostile LIBS lsc_test_data LABELS unit format)
lsc_test(data_domains LIBS lsc_test_data LABELS unit)
lsc_test(data_read LIBS lsc_test_data lsc_test_malloc LABELS unit contract)
lsc_test(data_order LIBS lsc_test_data LABELS unit contract)
lsc_test(data_task LIBS lsc_task lsc_test_data LABELS unit)
