# Fails if PROGRAM, or a library it loads, is LLVM or MLIR, or if it does not
# load NEEDS.

execute_process(COMMAND ldd ${PROGRAM}
  OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
if(libraries MATCHES "LLVM|MLIR")
  message(FATAL_ERROR "${PROGRAM} loads LLVM:\n${libraries}")
endif()
if(NOT libraries MATCHES "${NEEDS}")
  message(FATAL_ERROR "${PROGRAM} does not load ${NEEDS}:\n${libraries}")
endif()
