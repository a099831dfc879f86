lsc_test(app_config LIBS lsc_app LABELS unit)
lsc_test(app_cli LIBS lsc_app LABELS cli)
lsc_test(app_hostile LIBS lsc_app LABELS unit)
lsc_test(app_completion LABELS cli)
