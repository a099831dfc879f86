# lsc_program(name text): install the target under its name with LSC_PROGRAM_PREFIX, with its completion for bash, and with
# the man page that help2man makes of what --help says, where help2man is.
find_program(HELP2MAN help2man)
add_feature_info(help2man HELP2MAN "man pages")

function(lsc_program name text)
  set(installed ${LSC_PROGRAM_PREFIX}${name})
  install(PROGRAMS $<TARGET_FILE:${name}> DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME ${installed})
  file(READ ${CMAKE_SOURCE_DIR}/app/completion.bash completion)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${installed}.bash
       CONTENT "${completion}\ncomplete -o default -F _losscope ${installed}\n" @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${installed}.bash RENAME ${installed}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  if(HELP2MAN AND NOT LSC_SANITIZE)
    set(page ${CMAKE_CURRENT_BINARY_DIR}/${installed}.1)
    add_custom_command(OUTPUT ${page} DEPENDS ${name} VERBATIM COMMENT "Writing ${installed}.1"
                       COMMAND ${HELP2MAN} --no-info --output=${page} --name=${text}
                               --version-string=${PROJECT_VERSION} $<TARGET_FILE:${name}>)
    add_custom_target(${name}_page ALL DEPENDS ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  endif()
endfunction()
