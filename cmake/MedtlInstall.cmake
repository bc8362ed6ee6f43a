# What `cmake --install` puts where, and how others find it: find_package(medtl) with the target
# medtl::plugin, or pkg-config medtl. Included last, when all targets are known.
# The tools install themselves and their manual pages, config/ its tasks, schema and models.

# Only the headers whose functions the shared object hands out; the others describe its inside.
install(FILES include/medtl/plugin.h include/medtl/error.h include/medtl/export.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/medtl)

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET OrthancMedtl)
  # Not among Orthanc's own plugins: Debian's Orthanc loads whatever lies there.
  install(TARGETS OrthancMedtl LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/medtl)
  install(FILES plugin/orthanc/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME orthanc.md)
endif()

if(TARGET medtl_plugin)
  target_include_directories(medtl_plugin INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  set_target_properties(medtl_plugin PROPERTIES EXPORT_NAME plugin)
  install(TARGETS medtl_plugin EXPORT medtl LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES examples/host.c DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/medtl)
  install(EXPORT medtl NAMESPACE medtl:: FILE medtlTargets.cmake DESTINATION ${package})
  configure_package_config_file(cmake/medtlConfig.cmake.in ${CMAKE_BINARY_DIR}/medtlConfig.cmake
    INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_DATADIR)
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/medtlConfigVersion.cmake COMPATIBILITY SameMajorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/medtlConfig.cmake ${CMAKE_BINARY_DIR}/medtlConfigVersion.cmake
          DESTINATION ${package})
  # The prefix is left to pkg-config, which finds it from where the file lies: the tree can be moved.
  string(REGEX REPLACE "[^/]+" ".." up ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  configure_file(cmake/medtl.pc.in ${CMAKE_BINARY_DIR}/medtl.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/medtl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
